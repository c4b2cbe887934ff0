//! Options that a scenario has no use for: on the command line they are refused, rather than passed over.

use std::ffi::OsStr;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, error::ErrorKind, parser::ValueSource};

use super::Bench;
use crate::bench::Scenario::{
    self, Append, Authenticate, Burst, Command as Commands, Growth, Http, Precision, Rebuild, Replay, Startup,
};

/// The options that don't count everywhere, and the scenarios that go by each.
const OPTIONS: [(&str, &[Scenario]); 8] = [
    ("clients", &[Append, Http, Burst, Commands, Growth]),
    ("seconds", &[Append, Http, Burst, Precision, Commands, Authenticate, Growth]),
    ("events", &[Replay, Rebuild, Startup]),
    ("targets", &[Startup, Burst, Precision]),
    ("posts", &[Growth]),
    ("route", &[Http]),
    ("database_url", &[Append, Replay, Rebuild, Http, Burst, Precision, Commands, Authenticate, Growth]),
    ("nats_url", &[Burst, Precision]),
];

const URLS: [&str; 2] = ["database_url", "nats_url"];

/// Has nothing of its own: looks that what is given fits the scenario. A variable or a file may say it for others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fitting;

impl Args for Fitting {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for Fitting {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Some(scenario) = matches.get_one::<Scenario>("scenario") else { return Ok(Self) };
        let given = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        if let Some((name, scenarios)) = OPTIONS.iter().find(|(name, them)| given(name) && !them.contains(scenario)) {
            return Err(refused(ErrorKind::ArgumentConflict, unfit(name, *scenario, scenarios)));
        }
        let is_empty = |name: &str| {
            let raw = matches.get_raw(name).and_then(|mut values| values.next());
            given(name) && raw.is_some_and(OsStr::is_empty)
        };
        match URLS.into_iter().find(|name| is_empty(name)) {
            // A variable of that name that isn't set would have another engine measured.
            Some(name) => Err(refused(ErrorKind::InvalidValue, format!("`--{}` is empty", name.replace('_', "-")))),
            None => Ok(Self),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// With the usage of this command.
fn refused(kind: ErrorKind, message: String) -> Error {
    Bench::augment_args(Command::new("bench").bin_name("campanile bench")).error(kind, message)
}

fn unfit(name: &str, scenario: Scenario, scenarios: &[Scenario]) -> String {
    let counts: Vec<_> = scenarios.iter().map(ToString::to_string).collect();
    format!("`{scenario}` has no use for `--{}`: that counts for {}", name.replace('_', "-"), counts.join(", "))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    fn read(arguments: &[&str]) -> Result<ArgMatches, String> {
        let command = Bench::augment_args(Command::new("bench"));
        let matches = command.try_get_matches_from([&["bench"], arguments].concat()).expect("good arguments");
        Fitting::from_arg_matches(&matches).map(|Fitting| matches).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_scenario_has_no_use_for_is_refused_by_name() {
        let refused = read(&["append", "--targets", "5"]).expect_err("append publishes nothing");
        let said = "error: `append` has no use for `--targets`: that counts for startup, burst, precision\n\n\
                    Usage: campanile bench [OPTIONS] <SCENARIO>";
        assert!(refused.starts_with(said), "{refused}");
        let empty = read(&["append", "--database-url", ""]).expect_err("no server");
        assert!(empty.starts_with("error: `--database-url` is empty\n"), "{empty}");
        for (name, scenarios) in OPTIONS {
            let option = format!("--{}", name.replace('_', "-"));
            let value = match name {
                "route" => "get",
                "seconds" => "1",
                _ => "1000",
            };
            for scenario in Scenario::value_variants() {
                let read = read(&[&scenario.to_string(), &option, value]);
                assert_eq!(read.is_ok(), scenarios.contains(scenario), "{scenario} {option}: {read:?}");
            }
        }
        assert!(read(&["precision"]).is_ok(), "defaults are for whom they concern");
    }

    #[test]
    fn the_help_names_the_scenarios_that_an_option_counts_for() {
        let command = Bench::augment_args(Command::new("bench"));
        for (name, scenarios) in OPTIONS.into_iter().filter(|(name, _)| *name != "database_url") {
            let option = command.get_arguments().find(|it| it.get_id() == name).expect("an option");
            let help = option.get_help().expect("a help").to_string();
            for scenario in Scenario::value_variants() {
                let named = help.split(|it: char| !it.is_alphanumeric()).any(|word| word == scenario.to_string());
                assert_eq!(named, scenarios.contains(scenario), "{name} and {scenario}: {help}");
            }
        }
    }
}
