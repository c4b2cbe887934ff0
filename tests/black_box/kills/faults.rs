//! What goes wrong on the platform meanwhile.

use serde_json::json;

use crate::support::{Chance, SandboxServer};

/// Kinds after which the engine can't know what became of a request, though nothing killed it.
pub(super) const LOSSY: &[&str] = &["lose_answer", "error_after", "reset", "reset_after", "effect_late"];

pub(crate) async fn add(sandbox: &SandboxServer, chance: &mut Chance) {
    for (kind, probability, more) in [
        ("lose_answer", 0.03, json!({})),
        ("error_before", 0.05, json!({"status": 503})),
        ("error_after", 0.03, json!({"status": 502})),
        ("reset", 0.03, json!({})),
        ("reset_after", 0.03, json!({})),
        ("effect_late", 0.02, json!({"seconds": 0.4})),
        // Requests that take their time are the ones that a kill finds on their way.
        ("answer_late", 0.7, json!({"seconds": 0.3})),
    ] {
        let mut fault = json!({"kind": kind, "probability": probability, "seed": chance.next()});
        for (name, value) in more.as_object().expect("an object") {
            fault[name] = value.clone();
        }
        sandbox.fault(fault).await;
    }
}
