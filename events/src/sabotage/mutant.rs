//! Which rule a process may be told to break.

use std::fmt;

/// Names the mutant that a process is.
pub const MUTANT: &str = "CAMPANILE_TEST_MUTANT";

macro_rules! mutants {
    ($($(#[$doc:meta])* $mutant:ident = $name:literal),* $(,)?) => {
        /// A rule that is broken, to see a check go red.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $($(#[$doc])* $mutant,)*
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$mutant),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$mutant => $name,)*
                }
            }
        }
    };
}

mutants! {
    /// No intent is stored before a request leaves, only with its outcome.
    NoIntent = "no_intent",
    /// A thread's first part alone is intended before it leaves.
    OneIntent = "one_intent",
    /// Who appends is answered before the disk was asked to sync (`synchronous=OFF`).
    AnswerBeforeSync = "answer_before_sync",
    /// The journal's file is synced now and then (`synchronous=NORMAL`).
    SynchronousNormal = "synchronous_normal",
    /// A request that was not answered in time passes for one without effect.
    TimeoutIsTransient = "timeout_is_transient",
    /// So does one that was answered with a 502.
    BadGatewayIsTransient = "bad_gateway_is_transient",
    /// What is in doubt under a key is sent again at once.
    RepeatAtOnce = "repeat_at_once",
    /// A job leaves the bus before anything of it is stored.
    AckBeforeAppend = "ack_before_append",
    /// Whoever had an attempt goes on with it, whoever has the target now.
    NoFence = "no_fence",
    /// A worker whose append met another's on the same stream lets the job go.
    DropOnConflict = "drop_on_conflict",
    /// PostgreSQL numbers the log by a sequence, without a lock on its head.
    Sequence = "sequence",
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
