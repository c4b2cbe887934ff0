//! What an operator may say of plans.

use std::collections::{BTreeMap, BTreeSet};

use campanile_events::key::RateLimit;

use super::{Feature, Quota};

/// What takes a workspace's plan away, on the command line.
const NONE: &str = "none";
const LONGEST_NAME: usize = 40;

/// A plan. What it doesn't say is not limited by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// How many requests each key and session makes at most in a minute.
    pub requests_per_minute: Option<u32>,
    /// The same in a day (UTC).
    pub requests_per_day: Option<u32>,
    /// How much of each quota a calendar month (UTC) holds.
    pub quotas: BTreeMap<Quota, u64>,
    /// What it lacks.
    pub lacks: BTreeSet<Feature>,
    /// Whether workspaces that people make begin with it.
    pub for_new_workspaces: bool,
}

impl Plan {
    /// What its keys and sessions get, and never more than; `None` where it says nothing of that. `usual` is what it leaves
    /// out.
    pub fn requests(&self, usual: RateLimit) -> Option<RateLimit> {
        (self.requests_per_minute.is_some() || self.requests_per_day.is_some()).then(|| RateLimit {
            per_minute: self.requests_per_minute.unwrap_or(usual.per_minute),
            per_day: self.requests_per_day.unwrap_or(usual.per_day),
        })
    }
}

/// The plans that there are, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanSettings(BTreeMap<String, Plan>);

/// A setting that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// No plan can be called so.
    #[error(
        "plans: `{0}` is not a name for a plan: it must have from 1 to {LONGEST_NAME} letters a to z, digits, `-` and `_`, \
         and not be `{NONE}`"
    )]
    Name(String),
    /// A plan has nothing of that name.
    #[error("plans: unknown name `{name}` in the plan `{plan}`: there are {}", known())]
    UnknownName {
        /// Which plan.
        plan: String,
        /// What was given.
        name: String,
    },
    /// Not a number that can be meant.
    #[error("plans: `{plan}.{name}` must be a whole number from 1 to {most}")]
    OutOfRange {
        /// Which plan.
        plan: String,
        /// The setting's name.
        name: String,
        /// The greatest.
        most: u64,
    },
    /// No feature is called so.
    #[error("plans: unknown feature `{feature}` in `{plan}.lacks`: there are {}", words(Feature::ALL.map(Feature::as_str)))]
    UnknownFeature {
        /// Which plan.
        plan: String,
        /// What was given.
        feature: String,
    },
    /// Neither `true` nor `false`.
    #[error("plans: `{plan}.{name}` must be true or false")]
    NotATruth {
        /// Which plan.
        plan: String,
        /// The setting's name.
        name: String,
    },
    /// A workspace begins with one plan.
    #[error("plans: both `{one}` and `{other}` are for new workspaces")]
    TwoForNew {
        /// A plan.
        one: String,
        /// Another one.
        other: String,
    },
    /// Not of the form `plan.name=value`.
    #[error("plans: `{entry}` is not of the form plan.name=value")]
    NotASetting {
        /// What was given.
        entry: String,
    },
}

impl PlanSettings {
    /// The names of what a plan may say.
    pub const NAMES: [&str; 6] = [
        "requests_per_minute",
        "requests_per_day",
        "posts_per_month",
        "media_bytes_per_month",
        "lacks",
        "for_new_workspaces",
    ];

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plan of this name.
    pub fn get(&self, name: &str) -> Option<&Plan> {
        self.0.get(name)
    }

    /// Every plan, by its name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Plan)> {
        self.0.iter().map(|(name, plan)| (name.as_str(), plan))
    }

    /// The plan that workspaces begin with that people make.
    pub fn for_new(&self) -> Option<&str> {
        self.all().find(|(_, plan)| plan.for_new_workspaces).map(|(name, _)| name)
    }

    /// Refuses what doesn't go together, once all is set.
    ///
    /// # Errors
    /// If two plans are for new workspaces.
    pub fn check(&self) -> Result<(), InvalidPlan> {
        let mut new = self.all().filter(|(_, plan)| plan.for_new_workspaces).map(|(name, _)| name.to_owned());
        match (new.next(), new.next()) {
            (Some(one), Some(other)) => Err(InvalidPlan::TwoForNew { one, other }),
            _ => Ok(()),
        }
    }

    /// The plan of this name, which is made if need be.
    ///
    /// # Errors
    /// If no plan can be called so.
    pub fn named(&mut self, name: &str) -> Result<&mut Plan, InvalidPlan> {
        let fits = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"-_".contains(&letter);
        if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(fits) || name == NONE {
            return Err(InvalidPlan::Name(name.to_owned()));
        }
        Ok(self.0.entry(name.to_owned()).or_default())
    }

    /// Sets what a plan says, by its name.
    ///
    /// # Errors
    /// If a plan can't be called so, says nothing of that name, or can't say that.
    pub fn set(&mut self, plan: &str, name: &str, value: &str) -> Result<(), InvalidPlan> {
        let own = self.named(plan)?;
        let number = |most: u64| {
            let read = value.parse().ok().filter(|number| (1..=most).contains(number));
            read.ok_or_else(|| InvalidPlan::OutOfRange { plan: plan.to_owned(), name: name.to_owned(), most })
        };
        let requests = || number(u32::MAX.into()).map(|it| u32::try_from(it).unwrap_or(u32::MAX));
        match name {
            "requests_per_minute" => own.requests_per_minute = Some(requests()?),
            "requests_per_day" => own.requests_per_day = Some(requests()?),
            "for_new_workspaces" => {
                let not_a_truth = |_| InvalidPlan::NotATruth { plan: plan.to_owned(), name: name.to_owned() };
                own.for_new_workspaces = value.parse().map_err(not_a_truth)?;
            }
            "lacks" => {
                let words = value.split('+').map(str::trim).filter(|word| !word.is_empty());
                let features = words.map(|word| {
                    let unknown = |()| InvalidPlan::UnknownFeature { plan: plan.to_owned(), feature: word.to_owned() };
                    word.parse::<Feature>().map_err(unknown)
                });
                own.lacks = features.collect::<Result<_, _>>()?;
            }
            name => {
                let Some(quota) = Quota::ALL.into_iter().find(|quota| quota.as_str() == name) else {
                    return Err(InvalidPlan::UnknownName { plan: plan.to_owned(), name: name.to_owned() });
                };
                own.quotas.insert(quota, number(i64::MAX.cast_unsigned())?);
            }
        }
        Ok(())
    }

    /// Reads `free.posts_per_month=100,free.lacks=media+threads,…`; what isn't named stays as it is.
    ///
    /// # Errors
    /// If an entry is not `plan.name=value`, or is refused by [`PlanSettings::set`].
    pub fn apply(&mut self, text: &str) -> Result<(), InvalidPlan> {
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let not_a_setting = || InvalidPlan::NotASetting { entry: entry.to_owned() };
            let (name, value) = entry.split_once('=').ok_or_else(not_a_setting)?;
            let (plan, name) = name.split_once('.').ok_or_else(not_a_setting)?;
            self.set(plan.trim(), name.trim(), value.trim())?;
        }
        Ok(())
    }
}

fn known() -> String {
    words(PlanSettings::NAMES)
}

fn words<const COUNT: usize>(all: [&str; COUNT]) -> String {
    all.map(|word| format!("`{word}`")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_and_what_can_not_be_meant_is_named() {
        let mut plans = PlanSettings::default();
        plans
            .apply(
                "free.requests_per_minute=60, free.posts_per_month=100,free.media_bytes_per_month=5000000000,\
                 free.lacks=media+threads,paid.requests_per_minute=600,paid.lacks=",
            )
            .expect("good plans");
        let free = plans.get("free").expect("it was named");
        assert_eq!((free.requests_per_minute, free.requests_per_day), (Some(60), None));
        assert_eq!(free.quotas, [(Quota::Posts, 100), (Quota::MediaBytes, 5_000_000_000)].into());
        assert_eq!(free.lacks, [Feature::Media, Feature::Threads].into());
        let usual = RateLimit { per_minute: 7, per_day: 70 };
        assert_eq!(free.requests(usual), Some(RateLimit { per_minute: 60, per_day: 70 }));
        assert_eq!(Plan::default().requests(usual), None);
        assert_eq!(plans.all().map(|(name, _)| name).collect::<Vec<_>>(), ["free", "paid"]);
        plans.apply("free.for_new_workspaces=true").expect("a truth");
        assert_eq!((plans.for_new(), plans.check()), (Some("free"), Ok(())));
        let mut both = plans.clone();
        both.apply("paid.for_new_workspaces=true").expect("a truth");
        let refused = both.check().expect_err("one too many").to_string();
        assert_eq!(refused, "plans: both `free` and `paid` are for new workspaces");
        for (text, message) in [
            ("free.ai_calls_per_month=1", "plans: unknown name `ai_calls_per_month` in the plan `free`: there are"),
            ("free.lacks=media+webhooks", "plans: unknown feature `webhooks` in `free.lacks`: there are `media`,"),
            ("free.posts_per_month=0", "plans: `free.posts_per_month` must be a whole number from 1 to"),
            ("free.requests_per_day=4294967296", "plans: `free.requests_per_day` must be a whole number from 1 to"),
            ("free.posts_per_month", "plans: `free.posts_per_month` is not of the form plan.name=value"),
            ("posts_per_month=1", "plans: `posts_per_month=1` is not of the form plan.name=value"),
            ("Free.posts_per_month=1", "plans: `Free` is not a name for a plan"),
            ("free.for_new_workspaces=1", "plans: `free.for_new_workspaces` must be true or false"),
            ("none.posts_per_month=1", "plans: `none` is not a name for a plan"),
        ] {
            let refused = plans.clone().apply(text).expect_err(text).to_string();
            assert!(refused.starts_with(message), "{text}: {refused}");
        }
    }
}
