//! Where a process may be told to die.

use std::fmt;

/// Names a file: while it says `after_send`, the process dies where it next comes to that point; with `after_send 3`, where
/// it comes to it for the third time since.
pub const CRASH_AT: &str = "CAMPANILE_TEST_CRASH_AT";

macro_rules! crash_points {
    ($($(#[$doc:meta])* $point:ident = $name:literal),* $(,)?) => {
        /// A point on the way of a post at which the process may be told to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum CrashPoint {
            $($(#[$doc])* $point,)*
        }

        impl CrashPoint {
            /// All of them, in the order in which a post comes to them.
            pub const ALL: &[Self] = &[$(Self::$point),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

crash_points! {
    /// A batch is decided, and its transaction open.
    MidBatch = "mid_batch",
    /// The transaction is committed, and nobody was told.
    AfterAppend = "after_append",
    /// A read model's rows and its checkpoint are written, and the transaction is open.
    AfterProjectionRows = "after_projection_rows",
    /// A target is due, and its job isn't on the bus.
    BeforeDispatch = "before_dispatch",
    /// The job is on the bus.
    AfterDispatch = "after_dispatch",
    /// A worker has the job, and has done nothing.
    AfterClaim = "after_claim",
    /// A platform has given new credentials for the old ones, and they are not kept.
    AfterTokenRefresh = "after_token_refresh",
    /// The intent is stored, and no byte has left.
    BeforeSend = "before_send",
    /// The request has left, and its answer is not read.
    AfterSend = "after_send",
    /// The answer is read, and not recorded.
    AfterAnswer = "after_answer",
    /// It is recorded.
    AfterOutcome = "after_outcome",
    /// A step is recorded, and there are more.
    AfterStep = "after_step",
    /// The worker is through with the job, and the bus doesn't know.
    BeforeAck = "before_ack",
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
