//! The durable word before a request leaves: what is to be sent, and until when.

use campanile_events::{
    commands::CommandError,
    post::{Intent, PostAction, PostError, Step},
    sabotage::{Mutant, mutated},
};
use chrono::Duration;

use super::publisher::{Look, Publisher};
use crate::platforms::{Line, Message};

impl Publisher {
    /// The intent to send the message now. Where it is the first under its marker, its moment becomes the message's.
    pub(super) fn intent(&self, look: &Look<'_>, line: &dyn Line, message: &mut Message) -> Intent {
        let at = self.context.clock.now();
        if !message.is_repeat {
            message.intended_at = at;
        }
        let window = Duration::from_std(self.context.timing.send_window()).unwrap_or(Duration::MAX);
        Intent {
            step: message.step,
            marker: message.marker.clone(),
            request_digest: look.key.digest("request", &line.digest_input(message)),
            at,
            not_after: at + window,
        }
    }

    /// Makes the intent durable to send a step that isn't its attempt's first.
    pub(super) async fn intend(
        &self,
        look: &Look<'_>,
        number: u32,
        intent: &Intent,
    ) -> Result<(), CommandError<PostError>> {
        if is_late(intent) { Ok(()) } else { self.store(look, number, intent).await }
    }

    /// Stores, once its answer is there, what a mutant did not intend before.
    pub(super) async fn intend_late(&self, look: &Look<'_>, number: u32, intent: &Intent) {
        if is_late(intent) {
            // Refused, it is refused again with the outcome.
            let _refused_then = self.store(look, number, intent).await;
        }
    }

    async fn store(&self, look: &Look<'_>, number: u32, intent: &Intent) -> Result<(), CommandError<PostError>> {
        let (account_id, intent) = (look.job.account_id, intent.clone());
        let action = PostAction::IntendSend { account_id, number, worker: self.worker, intent };
        self.context.command(self.worker, look.job, action).await.map(drop)
    }
}

/// Whether a mutant sends this before it intends to.
fn is_late(intent: &Intent) -> bool {
    mutated(Mutant::NoIntent) || (mutated(Mutant::OneIntent) && intent.step != Step::Part(0))
}
