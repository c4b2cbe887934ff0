//! Sets of scopes that people ask for by one word, and the words that clients of other services hold.

use super::Scope;

/// A set of scopes with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Whom it is for, in a sentence.
    pub description: &'static str,
    /// The names of its scopes, as a key takes them.
    pub scopes: &'static [&'static str],
}

/// Every preset, from the least to the most.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "reader",
        description: "Reads posts, accounts and the calendar, and changes nothing.",
        scopes: &["posts:read", "queue:read", "schedule:read", "connections:read"],
    },
    Preset {
        name: "drafter",
        description: "Writes drafts with pictures, and leaves publishing to others.",
        scopes: &["posts:read", "posts:write", "media:upload", "queue:read", "schedule:read", "connections:read"],
    },
    Preset {
        name: "publisher",
        description: "Writes, schedules and publishes.",
        scopes: &[
            "posts:read",
            "posts:write",
            "posts:publish",
            "posts:delete",
            "media:upload",
            "queue:read",
            "queue:write",
            "schedule:read",
            "connections:read",
        ],
    },
    Preset {
        name: "reporter",
        description: "Reads figures, results and the record.",
        scopes: &["posts:read", "analytics:read", "connections:read", "audit:read"],
    },
    Preset { name: "admin", description: "Does everything, also what comes later.", scopes: &["*"] },
];

/// Names that clients of other services hold, with ours.
pub const ALIASES: &[(&str, &[Scope])] =
    &[("insights:read", &[Scope::AnalyticsRead, Scope::ConnectionsRead]), ("media:write", &[Scope::MediaUpload])];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Scopes;

    #[test]
    fn every_preset_is_made_of_scopes() {
        for preset in PRESETS {
            let scopes = Scopes::read(preset.scopes.iter().copied()).expect(preset.name);
            assert_eq!(scopes.names().len(), preset.scopes.len(), "{}", preset.name);
        }
        for (alias, scopes) in ALIASES {
            let names: Vec<_> = scopes.iter().map(|it| it.as_str()).collect();
            assert_eq!(Scopes::read([*alias]).expect(alias).names(), names);
        }
    }
}
