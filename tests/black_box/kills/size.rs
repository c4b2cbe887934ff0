//! How much is to happen.

use std::time::Duration;

use crate::support::{Chance, Place};

/// A run's numbers. Whatever follows by chance follows from the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub seed: u64,
    /// How often something is killed. What is stopped, paused and cut comes on top of it.
    pub kills: u32,
    /// How many targets are to be published.
    pub posts: usize,
    pub workspaces: usize,
}

impl Size {
    /// What is pushed with every change, but for what the environment says.
    pub fn usual() -> Self {
        let number = |name: &str, usual: usize| match std::env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a whole number")),
            Err(_) => usual,
        };
        // On one node some of the kills are the platform's: 20 are left for the engine.
        let (kills, posts) = if Place::is_of_many_nodes() { (20, 1_000) } else { (25, 400) };
        Self {
            seed: Chance::seed(),
            kills: number("CAMPANILE_KILLS", kills) as u32,
            posts: number("CAMPANILE_POSTS", posts),
            workspaces: number("CAMPANILE_WORKSPACES", 3).max(1),
        }
    }

    /// How long posts are written, and something goes wrong.
    pub fn window(self) -> Duration {
        // Long enough for what a kill takes with what comes back after it.
        let each = if Place::is_of_many_nodes() { 4_000 } else { 2_600 };
        Duration::from_millis(each) * self.kills.max(1)
    }
}

/// Says how to repeat a run that failed.
pub(super) struct Replay(pub Size);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Size { seed, kills, posts, workspaces } = self.0;
            let setting = if Place::is_of_many_nodes() { "production" } else { "embedded" };
            let mutant = std::env::var("CAMPANILE_TEST_MUTANT");
            let mutant = mutant.map(|name| format!("CAMPANILE_TEST_MUTANT={name} ")).unwrap_or_default();
            eprintln!(
                "to repeat: {mutant}CAMPANILE_TESTS_SETTING={setting} CAMPANILE_SEED={seed} CAMPANILE_KILLS={kills} \
                 CAMPANILE_POSTS={posts} CAMPANILE_WORKSPACES={workspaces} tests/run -E 'test(/^kills::/)'"
            );
        }
    }
}
