//! How events become bytes and come back: stable names, schema versions, upcasters.
//!
//! A stored name and its schema version are for ever. A changed shape gets a new version and an upcaster from the one
//! before; a name or version that this build doesn't know is an error that stops who reads, never skipped.

use cqrs_es::DomainEvent;
use serde_json::Value;

use crate::journal::Claim;

/// Turns a payload of one schema version into the next one's shape.
pub type Upcast = fn(Value) -> Result<Value, String>;

/// Names an event type that this process takes for unknown, as an older build would. For tests of upgrades; a release build
/// doesn't look at it.
pub const UNKNOWN_EVENT: &str = "CAMPANILE_TEST_UNKNOWN_EVENT";

/// Whether an event type is to be taken for unknown here.
#[cfg(debug_assertions)]
pub fn is_hidden(name: &str) -> bool {
    static HIDDEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    HIDDEN.get_or_init(|| std::env::var(UNKNOWN_EVENT).ok()).as_deref() == Some(name)
}

/// Whether an event type is to be taken for unknown here.
#[cfg(not(debug_assertions))]
pub const fn is_hidden(_name: &str) -> bool {
    false
}

/// An event as the journal keeps it.
pub trait StoredEvent: DomainEvent {
    /// Every stored name with the schema version that this build writes.
    const NAMES: &'static [(&'static str, u16)];

    /// Upcasters: stored name, the version that they take, and the turn to the next.
    const UPCASTS: &'static [(&'static str, u16, Upcast)] = &[];

    /// The stored name.
    fn name(&self) -> &'static str;

    /// The version of the payload's shape that is written today.
    fn schema(&self) -> u16;

    /// The payload that is stored.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    fn payload(&self) -> Result<String, serde_json::Error>;

    /// Unique names that the event takes or releases.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }

    /// Reads what was stored.
    ///
    /// # Errors
    /// If this build doesn't know the name or version, or the payload doesn't read.
    fn read(name: &str, schema: u16, payload: &str) -> Result<Self, UnreadableEvent>;
}

/// A stored event that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableEvent {
    /// A newer build wrote it.
    #[error("event type `{name}` (schema {schema}) is unknown to this build: run a newer one")]
    Unknown {
        /// The stored name.
        name: String,
        /// The schema version.
        schema: u16,
    },
    /// Its payload is not what its name and version say.
    #[error("event type `{name}` (schema {schema}) doesn't read: {reason}")]
    Malformed {
        /// The stored name.
        name: String,
        /// The schema version.
        schema: u16,
        /// What is wrong.
        reason: String,
    },
}

impl UnreadableEvent {
    /// An unknown name or version.
    pub fn unknown(name: &str, schema: u16) -> Self {
        Self::Unknown { name: name.to_owned(), schema }
    }

    /// A payload that doesn't read.
    pub fn malformed(name: &str, schema: u16, reason: impl std::fmt::Display) -> Self {
        Self::Malformed { name: name.to_owned(), schema, reason: reason.to_string() }
    }
}

/// Brings a payload to the shape that `current` names, one version at a time. `None` where nothing had to be done.
///
/// # Errors
/// If a step is missing or refuses the payload.
pub fn upcast(
    steps: &[(&'static str, u16, Upcast)],
    name: &str,
    schema: u16,
    current: u16,
    payload: &str,
) -> Result<Option<Value>, UnreadableEvent> {
    if schema == current {
        return Ok(None);
    }
    if schema > current || schema == 0 {
        return Err(UnreadableEvent::unknown(name, schema));
    }
    let mut value: Value =
        serde_json::from_str(payload).map_err(|error| UnreadableEvent::malformed(name, schema, error))?;
    for version in schema..current {
        let step = steps.iter().find(|(of, from, _)| *of == name && *from == version);
        let (_, _, turn) = step.ok_or_else(|| UnreadableEvent::unknown(name, schema))?;
        value = turn(value).map_err(|reason| UnreadableEvent::malformed(name, schema, reason))?;
    }
    Ok(Some(value))
}

/// Makes an aggregate's event enum and the way it is stored. Each variant holds a struct, which is the payload.
///
/// ```ignore
/// stored_events! {
///     /// What happened to a lamp.
///     pub enum LampEvent {
///         /// It was lit.
///         Lit(LampLit) = "lamp.lit" @ 1,
///     }
/// }
/// ```
#[macro_export]
macro_rules! stored_events {
    (
        $(#[$doc:meta])*
        pub enum $type:ident {
            $($(#[$variant_doc:meta])* $variant:ident($payload:ty) = $name:literal @ $schema:literal),* $(,)?
        }
        $(upcasts = $upcasts:expr;)?
        $(claims = $claims:expr;)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type", content = "data")]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant($payload)),*
        }

        impl cqrs_es::DomainEvent for $type {
            fn event_type(&self) -> String {
                $crate::stored::StoredEvent::name(self).to_owned()
            }

            fn event_version(&self) -> String {
                $crate::stored::StoredEvent::schema(self).to_string()
            }
        }

        impl $crate::stored::StoredEvent for $type {
            const NAMES: &'static [(&'static str, u16)] = &[$(($name, $schema)),*];
            $(const UPCASTS: &'static [(&'static str, u16, $crate::stored::Upcast)] = $upcasts;)?

            fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),* }
            }

            fn schema(&self) -> u16 {
                match self { $(Self::$variant(_) => $schema),* }
            }

            fn payload(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(payload) => serde_json::to_string(payload)),* }
            }

            $(fn claims(&self) -> Vec<$crate::journal::Claim> {
                let claims: fn(&Self) -> Vec<$crate::journal::Claim> = $claims;
                claims(self)
            })?

            fn read(name: &str, schema: u16, payload: &str) -> Result<Self, $crate::stored::UnreadableEvent> {
                use $crate::stored::UnreadableEvent;
                match name {
                    _ if $crate::stored::is_hidden(name) => Err(UnreadableEvent::unknown(name, schema)),
                    $($name => {
                        let turned = $crate::stored::upcast(Self::UPCASTS, name, schema, $schema, payload)?;
                        match turned {
                            Some(value) => serde_json::from_value(value),
                            None => serde_json::from_str(payload),
                        }
                        .map(Self::$variant)
                        .map_err(|error| UnreadableEvent::malformed(name, schema, error))
                    })*
                    _ => Err(UnreadableEvent::unknown(name, schema)),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct LampLit {
        watts: u32,
    }

    stored_events! {
        /// What happened to a lamp.
        pub enum LampEvent {
            /// It was lit. Version 1 kept `kilowatts`, version 2 a text.
            Lit(LampLit) = "lamp.lit" @ 3,
        }
        upcasts = &[
            ("lamp.lit", 1, |value| Ok(json!({"watts": value["kilowatts"].to_string() + "000"}))),
            ("lamp.lit", 2, |value| {
                let watts: u32 = value["watts"].as_str().and_then(|it| it.parse().ok()).ok_or("watts is no number")?;
                Ok(json!({"watts": watts}))
            }),
        ];
    }

    #[test]
    fn older_shapes_are_brought_up_step_by_step() {
        let lit = LampEvent::Lit(LampLit { watts: 2000 });
        for (schema, payload) in [(1, r#"{"kilowatts":2}"#), (2, r#"{"watts":"2000"}"#), (3, r#"{"watts":2000}"#)] {
            assert_eq!(LampEvent::read("lamp.lit", schema, payload), Ok(lit.clone()), "schema {schema}");
        }
    }

    #[test]
    fn what_this_build_does_not_know_is_an_error() {
        let unknown = |name: &str, schema| Err(UnreadableEvent::unknown(name, schema));
        assert_eq!(LampEvent::read("lamp.lit", 4, "{}"), unknown("lamp.lit", 4));
        assert_eq!(LampEvent::read("lamp.lit", 0, "{}"), unknown("lamp.lit", 0));
        assert_eq!(LampEvent::read("lamp.broken", 1, "{}"), unknown("lamp.broken", 1));
        for payload in ["", "[]", r#"{"watts":"many"}"#, r#"{"watts":-1}"#] {
            let read = LampEvent::read("lamp.lit", 2, payload);
            assert!(matches!(read, Err(UnreadableEvent::Malformed { .. })), "{payload}: {read:?}");
        }
    }
}
