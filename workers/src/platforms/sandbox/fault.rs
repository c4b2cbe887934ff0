//! What goes wrong on demand.

use serde::{Deserialize, Serialize};

/// Where a request can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// A post is sent.
    #[default]
    Send,
    /// The account's posts are asked for.
    LookUp,
    /// An account is checked.
    Connect,
    /// A picture or film is brought.
    Upload,
    /// A post is taken away.
    Delete,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// 422, for good.
    Refuse,
    /// 429.
    RateLimit {
        /// In so many seconds it may be tried again.
        retry_after: u64,
    },
    /// An error without an effect; a 503 says so.
    ErrorBefore {
        /// The status.
        status: u16,
    },
    /// An error with the effect.
    ErrorAfter {
        /// The status.
        status: u16,
    },
    /// The effect, then the connection ends without an answer.
    LoseAnswer,
    /// The effect at once, the answer after a while.
    AnswerLate {
        /// How long it takes.
        seconds: f64,
    },
    /// The connection is reset, without an effect.
    Reset,
    /// The connection is reset after the effect.
    ResetAfter,
    /// No answer and no effect; then the connection ends.
    Hang {
        /// How long it takes.
        seconds: f64,
    },
    /// The connection ends without an answer; the effect comes after.
    EffectLate {
        /// How long it takes.
        seconds: f64,
    },
    /// All goes well, but the key is known only after a while. Goes together with another fault.
    KeyStoredLate {
        /// How long it takes.
        seconds: f64,
    },
    /// 401.
    TokenExpired,
    /// The effect, then a 200 that can't be read.
    Nonsense,
}

impl FaultKind {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::RateLimit { .. } => "rate_limit",
            Self::ErrorBefore { .. } => "error_before",
            Self::ErrorAfter { .. } => "error_after",
            Self::LoseAnswer => "lose_answer",
            Self::AnswerLate { .. } => "answer_late",
            Self::Reset => "reset",
            Self::ResetAfter => "reset_after",
            Self::Hang { .. } => "hang",
            Self::EffectLate { .. } => "effect_late",
            Self::KeyStoredLate { .. } => "key_stored_late",
            Self::TokenExpired => "token_expired",
            Self::Nonsense => "nonsense",
        }
    }
}

/// A fault and the requests it meets.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "FaultForm")]
pub struct Fault {
    /// The handle of the account that it meets; `None` for all.
    pub account: Option<String>,
    /// Which requests it meets.
    pub on: Point,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many such requests it still lets pass before it meets one.
    pub after: u32,
    /// How many requests it still meets; `None` for all.
    pub times: Option<u32>,
    /// How likely it meets one, from 0 to 1.
    pub probability: f64,
    /// Where its chance begins: the same seed meets the same requests.
    pub seed: u64,
}

impl Fault {
    /// A fault that meets the next `times` posts of one account, or of all.
    pub fn next(account: Option<&str>, kind: FaultKind, times: u32) -> Self {
        let account = account.map(str::to_owned);
        Self { account, on: Point::Send, kind, after: 0, times: Some(times), probability: 1.0, seed: 0 }
    }

    /// The same, for other requests.
    #[must_use]
    pub fn on(self, on: Point) -> Self {
        Self { on, ..self }
    }

    /// The same, after so many requests that go well.
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }
}

/// A fault as it is written in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultForm {
    kind: String,
    account: Option<String>,
    #[serde(default)]
    on: Point,
    #[serde(default)]
    after: u32,
    times: Option<u32>,
    probability: Option<f64>,
    #[serde(default)]
    seed: u64,
    retry_after: Option<u64>,
    status: Option<u16>,
    seconds: Option<f64>,
}

/// A fault that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFault {
    /// No fault has that name.
    #[error("unknown kind `{0}`")]
    UnknownKind(String),
    /// A number that is out of its range.
    #[error("`{0}` is out of range")]
    OutOfRange(&'static str),
}

impl TryFrom<FaultForm> for Fault {
    type Error = InvalidFault;

    fn try_from(form: FaultForm) -> Result<Self, InvalidFault> {
        let seconds = form.seconds.unwrap_or(1.0);
        let status = form.status.unwrap_or(503);
        let probability = form.probability.unwrap_or(1.0);
        if !(0.0..=86_400.0).contains(&seconds) {
            return Err(InvalidFault::OutOfRange("seconds"));
        }
        if !(500..=599).contains(&status) {
            return Err(InvalidFault::OutOfRange("status"));
        }
        if !(0.0..=1.0).contains(&probability) {
            return Err(InvalidFault::OutOfRange("probability"));
        }
        let kind = match form.kind.as_str() {
            "refuse" => FaultKind::Refuse,
            "rate_limit" => FaultKind::RateLimit { retry_after: form.retry_after.unwrap_or(1) },
            "error_before" => FaultKind::ErrorBefore { status },
            "error_after" => FaultKind::ErrorAfter { status },
            "lose_answer" => FaultKind::LoseAnswer,
            "answer_late" => FaultKind::AnswerLate { seconds },
            "reset" => FaultKind::Reset,
            "reset_after" => FaultKind::ResetAfter,
            "hang" => FaultKind::Hang { seconds },
            "effect_late" => FaultKind::EffectLate { seconds },
            "key_stored_late" => FaultKind::KeyStoredLate { seconds },
            "token_expired" => FaultKind::TokenExpired,
            "nonsense" => FaultKind::Nonsense,
            _ => return Err(InvalidFault::UnknownKind(form.kind)),
        };
        // One that depends on chance goes on until it is taken away, if nobody says how often.
        let times = form.times.or(form.probability.is_none().then_some(1));
        Ok(Self { account: form.account, on: form.on, kind, after: form.after, times, probability, seed: form.seed })
    }
}

/// The faults that wait, oldest first.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that this request meets.
    pub(super) fn take(&mut self, handle: &str, point: Point) -> Option<FaultKind> {
        self.first(handle, point, |kind| !matches!(kind, FaultKind::KeyStoredLate { .. }))
    }

    /// How long the key of this request stays unknown.
    pub(super) fn take_key_delay(&mut self, handle: &str) -> Option<f64> {
        match self.first(handle, Point::Send, |kind| matches!(kind, FaultKind::KeyStoredLate { .. })) {
            Some(FaultKind::KeyStoredLate { seconds }) => Some(seconds),
            _ => None,
        }
    }

    fn first(&mut self, handle: &str, point: Point, wanted: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        let met = self.0.iter_mut().position(|fault| {
            let concerned = fault.on == point
                && wanted(&fault.kind)
                && fault
                    .account
                    .as_deref()
                    .is_none_or(|account| account.trim_start_matches('@').eq_ignore_ascii_case(handle))
                && chance(&mut fault.seed) < fault.probability;
            if concerned && fault.after > 0 {
                fault.after -= 1;
                return false;
            }
            concerned
        })?;
        let kind = self.0[met].kind;
        if let Some(times) = &mut self.0[met].times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(met);
            }
        }
        Some(kind)
    }
}

/// The next number in `0.0..1.0` after a seed, by `SplitMix64`.
fn chance(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_from_json_and_wrong_ones_are_named() {
        let fault: Fault =
            serde_json::from_str(r#"{"account":"demo","kind":"rate_limit","retry_after":7,"times":3}"#).unwrap();
        assert_eq!(fault, Fault::next(Some("demo"), FaultKind::RateLimit { retry_after: 7 }, 3));
        for (text, message) in [
            (r#"{"kind":"fire"}"#, "unknown kind `fire`"),
            (r#"{"kind":"error_after","status":200}"#, "`status` is out of range"),
            (r#"{"kind":"hang","seconds":-1}"#, "`seconds` is out of range"),
            (r#"{"kind":"reset","probability":2}"#, "`probability` is out of range"),
        ] {
            assert_eq!(serde_json::from_str::<Fault>(text).unwrap_err().to_string(), message);
        }
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"reset","sometimes":1}"#).is_err());
    }

    #[test]
    fn a_fault_meets_its_own_requests_so_many_times() {
        let mut faults = Faults::default();
        faults.add(Fault::next(Some("@A"), FaultKind::Reset, 2));
        faults.add(Fault::next(None, FaultKind::KeyStoredLate { seconds: 3.0 }, 1));
        faults.add(Fault::next(None, FaultKind::Refuse, 1).on(Point::LookUp));
        assert_eq!(faults.take("b", Point::Send), None);
        assert_eq!(faults.take_key_delay("b"), Some(3.0));
        assert_eq!(faults.take_key_delay("b"), None);
        assert_eq!(faults.take("a", Point::LookUp), Some(FaultKind::Refuse));
        let met: Vec<_> = (0..3).map(|_| faults.take("a", Point::Send)).collect();
        assert_eq!(met, [Some(FaultKind::Reset), Some(FaultKind::Reset), None]);
    }

    #[test]
    fn a_fault_lets_those_before_it_pass() {
        let mut faults = Faults::default();
        faults.add(serde_json::from_str(r#"{"kind":"reset","account":"a","after":2}"#).unwrap());
        assert_eq!(faults.take("b", Point::Send), None, "another's request does not count");
        let met: Vec<_> = (0..4).map(|_| faults.take("a", Point::Send)).collect();
        assert_eq!(met, [None, None, Some(FaultKind::Reset), None]);
    }

    #[test]
    fn chance_meets_the_same_requests_again() {
        let met = |seed: u64| {
            let mut faults = Faults::default();
            let text = format!(r#"{{"kind":"reset","probability":0.3,"seed":{seed}}}"#);
            faults.add(serde_json::from_str(&text).unwrap());
            (0..1000).map(|_| faults.take("a", Point::Send).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(met(1), met(1));
        assert_ne!(met(1), met(2));
        let count = met(1).iter().filter(|met| **met).count();
        assert!((250..350).contains(&count), "{count}");
    }
}
