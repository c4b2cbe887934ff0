//! What a process does.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// A part of the engine that a process may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Answers requests.
    Api,
    /// Keeps the read models current.
    Projector,
    /// Puts due targets on the bus.
    Scheduler,
    /// Publishes.
    Worker,
}

impl Role {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Api, Self::Projector, Self::Scheduler, Self::Worker];

    /// The word that operators write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Projector => "projector",
            Self::Scheduler => "scheduler",
            Self::Worker => "worker",
        }
    }
}

/// The roles of one process; all of them unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Default for Roles {
    fn default() -> Self {
        Self(Role::ALL.into_iter().collect())
    }
}

impl Roles {
    /// These and no others.
    pub fn only(roles: impl IntoIterator<Item = Role>) -> Self {
        Self(roles.into_iter().collect())
    }

    /// Whether the process runs this part.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Reads names.
    ///
    /// # Errors
    /// The first that is no role.
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownRole> {
        let words = names.into_iter().map(str::trim).filter(|name| !name.is_empty());
        let roles = words.map(|name| {
            let known = Role::ALL.into_iter().find(|role| role.as_str() == name);
            known.ok_or_else(|| UnknownRole(name.to_owned()))
        });
        let roles: BTreeSet<_> = roles.collect::<Result<_, _>>()?;
        Ok(if roles.is_empty() { Self::default() } else { Self(roles) })
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Roles {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::read(text.split(','))
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role `{0}`: there are api, projector, scheduler and worker")]
pub struct UnknownRole(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_and_unknown_ones_named() {
        let some: Roles = "api, worker".parse().expect("good names");
        assert!(some.has(Role::Api) && some.has(Role::Worker) && !some.has(Role::Scheduler));
        assert_eq!("".parse(), Ok(Roles::default()));
        assert_eq!("api,king".parse::<Roles>(), Err(UnknownRole("king".into())));
    }
}
