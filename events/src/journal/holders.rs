//! Who holds which name, folded from the events' own headers: what an engine's table of claims must say.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{ClaimAction, HeldClaim, Recorded, StreamId};
use crate::ids::{Position, WorkspaceId};

type Name = (WorkspaceId, String, String);

/// The names that are held after the events so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holders(BTreeMap<Name, (StreamId, Position)>);

impl Holders {
    /// The next event. Who takes its own name again, or releases another's, changes nothing.
    ///
    /// # Errors
    /// The kind of a name that it takes though another holds it: no engine lets such an event in.
    pub fn fold(&mut self, event: &Recorded) -> Result<(), String> {
        for claim in &event.claims {
            let name = (event.workspace, claim.kind.clone(), claim.value.clone());
            match (claim.action, self.0.entry(name)) {
                (ClaimAction::Take, Entry::Vacant(free)) => drop(free.insert((event.stream, event.position))),
                (ClaimAction::Take, Entry::Occupied(held)) if held.get().0 != event.stream => {
                    return Err(claim.kind.clone());
                }
                (ClaimAction::Release, Entry::Occupied(held)) if held.get().0 == event.stream => drop(held.remove()),
                (ClaimAction::Take | ClaimAction::Release, _) => {}
            }
        }
        Ok(())
    }

    /// Every name that is held.
    pub(super) fn held(&self) -> impl Iterator<Item = HeldClaim> + '_ {
        self.0.iter().map(|((workspace, kind, value), (holder, position))| HeldClaim {
            workspace: *workspace,
            kind: kind.clone(),
            value: value.clone(),
            holder: *holder,
            position: *position,
        })
    }

    /// How many names are held.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no name is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a table of claims says otherwise, in words, each name once.
    pub fn differences(&self, table: &[HeldClaim]) -> Vec<String> {
        let mut left = self.0.clone();
        let mut found = Vec::new();
        for HeldClaim { workspace, kind, value, holder, position } in table {
            match left.remove(&(*workspace, kind.clone(), value.clone())) {
                None => found.push(format!("{holder} holds the {kind} `{value}`, which no event gave it")),
                Some(held) if held != (*holder, *position) => {
                    let (by, since) = held;
                    found.push(format!(
                        "{holder} holds the {kind} `{value}` since position {position}, and by the events {by} does, \
                         since position {since}"
                    ));
                }
                Some(_) => {}
            }
        }
        let lost = left.into_iter().map(|((_, kind, value), (holder, position))| {
            format!("nobody holds the {kind} `{value}`, which {holder} took at position {position}")
        });
        found.extend(lost);
        found
    }
}
