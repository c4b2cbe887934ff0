//! The example file and the docs say what the program takes.

use campanile_events::timing::Timing;
use clap::{Args, Command};

use super::{Configuration, ConfigurationFile, ServeFlags};
use crate::access::{
    limits::LimitSettings,
    plans::{Feature, PlanSettings},
};

const EXAMPLE: &str = include_str!("../../campanile.example.toml");
const OPERATIONS: &str = include_str!("../../OPERATIONS.md");

#[test]
fn the_example_reads_and_keeps_the_time_constants() {
    let file = ConfigurationFile::parse(EXAMPLE).expect("the example");
    let read = Configuration::merge(ServeFlags::default(), file).expect("a configuration");
    assert_eq!(read.timing, Timing::default());
    assert!(Timing::default().entries().iter().all(|(name, _)| EXAMPLE.contains(&format!("\n{name} = "))));
    assert_eq!(read.limits, LimitSettings::default());
    let limits = LimitSettings::default().entries();
    assert!(limits.iter().all(|(name, number)| EXAMPLE.contains(&format!("\n{name} = {number}\n"))));
    assert!(read.plans.is_empty(), "nothing is limited by plans unless the operator says so");
    let plans = EXAMPLE.split_once("# [plans.free]").map(|(_, plans)| format!("# [plans.free]{plans}")).expect("plans");
    let plans = plans.split("\n\n").next().expect("a block").replace("# ", "");
    let file = ConfigurationFile::parse(&plans).expect("the example's plans");
    let plans = Configuration::merge(ServeFlags::default(), file).expect("a configuration").plans;
    let requests: Vec<_> = plans.all().map(|(name, plan)| (name, plan.requests_per_minute)).collect();
    assert_eq!(requests, [("free", Some(60)), ("paid", Some(600))]);
    for name in PlanSettings::NAMES {
        assert!(EXAMPLE.contains(&format!("\n# {name} = ")), "{name} in the example");
        assert!(OPERATIONS.contains(&format!("| `{name}` |")), "{name} in OPERATIONS.md");
    }
    for feature in Feature::ALL {
        assert!(OPERATIONS.contains(&format!("`{feature}`")), "{feature} in OPERATIONS.md");
    }
    assert_eq!((read.listen.as_str(), read.workers), ("127.0.0.1:8080", 4));
    assert_eq!(read.otlp_endpoint.map(String::from).as_deref(), Some("http://127.0.0.1:4318/"));
}

#[test]
fn every_flag_stands_in_the_example_and_the_docs() {
    let flags = ServeFlags::augment_args(Command::new("serve"));
    for flag in flags.get_arguments() {
        let long = flag.get_long().expect("flags have long names");
        let variable = flag.get_env().expect("flags have variables").to_str().expect("text");
        assert!(OPERATIONS.contains(&format!("`--{long}`")), "--{long} in OPERATIONS.md");
        assert!(OPERATIONS.contains(&format!("`{variable}`")), "{variable} in OPERATIONS.md");
        let key = long.replace('-', "_");
        let stands = ["", "# "].iter().any(|before| EXAMPLE.contains(&format!("\n{before}{key} = ")));
        assert!(stands || ["config", "timing", "limits", "plans"].contains(&long), "{key} in the example");
    }
    for (name, seconds) in Timing::default().entries() {
        let row = format!("| `{name}` | {} |", seconds.as_secs_f64());
        assert!(OPERATIONS.contains(&row), "{row} in OPERATIONS.md");
    }
    for (name, number) in LimitSettings::default().entries() {
        let row = format!("| `{name}` | {number} |");
        assert!(OPERATIONS.contains(&row), "{row} in OPERATIONS.md");
    }
}

#[test]
fn a_misspelt_key_is_refused_by_its_name() {
    for (right, wrong) in [("listen", "lissten"), ("lease", "leese"), ("otlp_endpoint", "otlp_endpiont")] {
        let text = EXAMPLE.replace(&format!("\n{right} = "), &format!("\n{wrong} = "));
        let refused = ConfigurationFile::parse(&text)
            .and_then(|file| Configuration::merge(ServeFlags::default(), file).map_err(|error| error.to_string()));
        let refused = refused.expect_err(wrong);
        assert!(refused.contains(wrong), "{refused}");
    }
}
