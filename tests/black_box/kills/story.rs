//! What the engine's log says of each target.

use std::collections::{BTreeMap, HashMap};

use campanile_events::ids::PostId;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The durable word that a request was about to leave.
#[derive(Debug, Clone)]
pub(super) struct Intent {
    pub marker: String,
    /// By the clock of the log, which is the machine's; the worker's own estimate of it may be milliseconds ahead.
    pub recorded: DateTime<Utc>,
    pub at: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
}

/// Why a target is in doubt.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub class: String,
    pub code: String,
    pub at: DateTime<Utc>,
}

/// What the log says of a post; each has one target here.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    pub intents: Vec<Intent>,
    pub attempts: usize,
    /// Each time that it stood in doubt.
    pub doubts: Vec<Doubt>,
    /// When it became unknown.
    pub unknown: Option<DateTime<Utc>>,
    /// How often a second post was said to stand.
    pub doubled: usize,
    /// Its events, as they are printed when something is wrong.
    pub events: Vec<String>,
}

/// The log, read.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub events: usize,
    /// Where the positions don't count up by one.
    pub holes: Vec<String>,
    stories: HashMap<String, Story>,
}

impl Log {
    /// What `log tail` printed.
    pub fn read(lines: &str) -> Self {
        let mut log = Self::default();
        for line in lines.lines() {
            let event: Value = serde_json::from_str(line).expect("a line of JSON");
            log.events += 1;
            let position = event["position"].as_str().expect("a position");
            if position.split_once('-').and_then(|(_, place)| place.parse().ok()) != Some(log.events) {
                log.holes.push(format!("{position} is the {}th", log.events));
            }
            if let Some(post) = event["stream"].as_str().and_then(|stream| stream.strip_prefix("post/")) {
                log.stories.entry(post.to_owned()).or_default().take(&event);
            }
        }
        log
    }

    /// What it says of a post.
    pub fn of(&self, post: &str) -> Option<&Story> {
        let id: PostId = post.parse().expect("a post's id");
        self.stories.get(&id.uuid().to_string())
    }

    /// How many attempts it tells of.
    pub fn attempts(&self) -> usize {
        self.stories.values().map(|story| story.attempts).sum()
    }
}

impl Story {
    fn take(&mut self, event: &Value) {
        let (kind, data) = (event["type"].as_str().unwrap_or_default(), &event["data"]);
        let at = |field: &str| -> DateTime<Utc> {
            let text = data[field].as_str().unwrap_or_else(|| panic!("`{field}` in {event}"));
            text.parse().expect("a time")
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match kind {
            "post.attempt_started" => self.attempts += 1,
            "post.send_intended" => {
                self.intents.push(Intent {
                    marker: text(&data["marker"]),
                    recorded: event["recorded_at"].as_str().and_then(|at| at.parse().ok()).expect("a time"),
                    at: at("at"),
                    not_after: at("not_after"),
                });
            }
            "post.target_uncertain" => self.doubts.push(Doubt {
                class: text(&data["failure"]["class"]),
                code: text(&data["failure"]["code"]),
                at: at("at"),
            }),
            "post.target_unknown" => {
                self.unknown = Some(at("at"));
                self.doubts.push(Doubt {
                    class: text(&data["failure"]["class"]),
                    code: text(&data["failure"]["code"]),
                    at: at("at"),
                });
            }
            "post.duplicate_observed" => self.doubled += 1,
            _ => {}
        }
        let data: BTreeMap<_, _> = data.as_object().into_iter().flatten().filter(|it| it.0 != "content").collect();
        self.events.push(format!("{} {kind} {data:?}", text(&event["recorded_at"])));
    }
}
