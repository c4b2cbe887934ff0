//! Every stored event there is, over all kinds of streams: one list, so that who reads the log can say what it doesn't
//! know before it passes it.

use crate::{
    account::AccountEvent,
    invitation::InvitationEvent,
    journal::{Recorded, StreamKind},
    key::KeyEvent,
    log::LogEvent,
    media::MediaEvent,
    organization::OrganizationEvent,
    person::PersonEvent,
    post::PostEvent,
    stored::{StoredEvent, UnreadableEvent},
    workspace::WorkspaceEvent,
};

/// The events of one kind of stream.
struct Family {
    kind: StreamKind,
    names: &'static [(&'static str, u16)],
    read: fn(&str, u16, &str) -> Result<(), UnreadableEvent>,
}

const fn family<E: StoredEvent>(kind: StreamKind) -> Family {
    Family { kind, names: E::NAMES, read: |name, schema, payload| E::read(name, schema, payload).map(drop) }
}

const FAMILIES: [Family; 9] = [
    family::<LogEvent>(StreamKind::Log),
    family::<OrganizationEvent>(StreamKind::Organization),
    family::<PersonEvent>(StreamKind::Person),
    family::<WorkspaceEvent>(StreamKind::Workspace),
    family::<KeyEvent>(StreamKind::Key),
    family::<AccountEvent>(StreamKind::Account),
    family::<PostEvent>(StreamKind::Post),
    family::<MediaEvent>(StreamKind::Media),
    family::<InvitationEvent>(StreamKind::Invitation),
];

/// A stored event's name, in every version of its shape that was ever written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The kind of stream that it belongs to.
    pub kind: StreamKind,
    /// The stored name.
    pub name: &'static str,
    /// The version that is written today; it and all before it, from 1, are read.
    pub schema: u16,
}

impl Known {
    /// Every version that is read, oldest first.
    pub fn schemas(&self) -> impl Iterator<Item = u16> + use<> {
        1..=self.schema
    }
}

/// Every stored name, in the order of the stream kinds.
pub fn all() -> impl Iterator<Item = Known> {
    FAMILIES.into_iter().flat_map(|family| {
        let kind = family.kind;
        family.names.iter().map(move |(name, schema)| Known { kind, name, schema: *schema })
    })
}

/// Whether this build reads an event of that name and version.
pub fn known(name: &str, schema: u16) -> bool {
    all().any(|it| it.name == name && (1..=it.schema).contains(&schema))
}

/// Reads a recorded event with the event type of its stream's kind, and drops it: says whether this build could.
///
/// # Errors
/// If the name or version is unknown to that kind, or the payload doesn't read.
pub fn check_readable(event: &Recorded) -> Result<(), UnreadableEvent> {
    read_as(event.stream.kind, &event.event_type, event.schema, &event.payload)
}

fn read_as(kind: StreamKind, name: &str, schema: u16, payload: &str) -> Result<(), UnreadableEvent> {
    let family = FAMILIES.into_iter().find(|family| family.kind == kind);
    family.map_or_else(|| Err(UnreadableEvent::unknown(name, schema)), |family| (family.read)(name, schema, payload))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_stands_once_and_begins_with_its_stream_kind() {
        let mut seen = BTreeSet::new();
        for it in all() {
            assert!(seen.insert(it.name), "`{}` stands twice", it.name);
            assert!(it.name.starts_with(&format!("{}.", it.kind)), "`{}` in a stream of {}", it.name, it.kind);
            assert!(it.schema >= 1, "`{}`", it.name);
        }
    }

    #[test]
    fn every_kind_of_stream_has_its_events() {
        assert_eq!(FAMILIES.map(|family| family.kind), StreamKind::ALL);
    }

    #[test]
    fn what_was_never_written_is_not_known() {
        assert!(known("post.drafted", 1));
        for (name, schema) in [("post.drafted", 0), ("post.drafted", 2), ("post.drafte", 1), ("", 1)] {
            assert!(!known(name, schema), "{name} {schema}");
        }
    }

    #[test]
    fn an_event_is_read_with_the_type_of_its_stream() {
        let paused = r#"{"at":"2026-03-01T12:00:00Z"}"#;
        assert_eq!(read_as(StreamKind::Workspace, "workspace.paused", 1, paused), Ok(()));
        assert_eq!(
            read_as(StreamKind::Post, "workspace.paused", 1, paused),
            Err(UnreadableEvent::unknown("workspace.paused", 1))
        );
        assert_eq!(
            read_as(StreamKind::Workspace, "workspace.paused", 2, paused),
            Err(UnreadableEvent::unknown("workspace.paused", 2))
        );
        let read = read_as(StreamKind::Workspace, "workspace.paused", 1, "{}");
        assert!(matches!(read, Err(UnreadableEvent::Malformed { .. })), "{read:?}");
    }
}
