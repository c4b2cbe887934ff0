//! What a post says, held against what its platform has.

use campanile_events::post::{Phase, Post, Step};

use super::Platform;

/// The first thing that is wrong: a step that is live twice, one that is live and taken for lost, one that is taken for live
/// and isn't.
pub fn lie(post: &Post, platform: &Platform) -> Option<String> {
    let target = &post.targets[0];
    let open = matches!(target.phase, Phase::Publishing | Phase::Settling(_) | Phase::Unknown | Phase::Published);
    for step in post.steps(target.account_id) {
        let (made, done) = (platform.made(step), target.done.contains_key(&step));
        if made > 1 {
            return Some(format!("{step} is live {made} times"));
        }
        if made == 1 && !done && !open {
            return Some(format!("{step} is live, and the target takes it for {}", target.status()));
        }
        if made == 0 && done {
            return Some(format!("{step} is taken for live, and isn't"));
        }
        // A first comment may fail beside a post that is live.
        if target.phase == Phase::Published && !done && step != Step::Comment {
            return Some(format!("published without {step}"));
        }
    }
    (target.duplicates > 0).then(|| "a second post was seen".to_owned())
}
