//! What is wrong of one kind: the first few are told, the rest are counted.

use super::Finding;

/// How many findings of a kind are told.
const TOLD: usize = 5;

/// What is wrong of one kind.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    count: u64,
    told: Vec<String>,
}

impl Wrong {
    pub(super) fn note(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(text());
        }
    }

    pub(super) fn finding(self, check: &'static str, well: String) -> Finding {
        let ok = self.count == 0;
        let more = self.count.saturating_sub(TOLD as u64);
        let mut text = if ok { well } else { self.told.join("; ") };
        if more > 0 {
            text = format!("{text}; and {more} more");
        }
        Finding { check, ok, text }
    }
}
