//! The checks are checked: what was all right, and one thing after the other that wasn't.

use std::time::Duration;

use campanile_events::ids::{AccountId, PostId};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Evidence, Table, check};
use crate::{
    kills::{
        ended::Posts,
        story::Log,
        tenants::Account,
        troubles::Past,
        written::{Entry, Fate, Given, Wish},
    },
    support::Truth,
};

/// A run with one post on each kind of account, all of it by a few values that a test alters.
struct Run {
    journal: Vec<Entry>,
    posts: Vec<Value>,
    events: Vec<Value>,
    truth: Value,
    past: Vec<Past>,
}

fn start() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().expect("a time")
}

fn at(millis: u64) -> String {
    (start() + Duration::from_millis(millis)).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn moment(millis: u64) -> DateTime<Utc> {
    start() + Duration::from_millis(millis)
}

impl Run {
    /// Posts due after one second, each sent once and seen at once.
    fn good() -> Self {
        let (mut journal, mut posts, mut events) = (Vec::new(), Vec::new(), Vec::new());
        let (mut visible, mut requests) = (Vec::new(), Vec::new());
        for (number, class) in (1_u128..).zip(["keyed", "searchable", "blind"]) {
            let id = PostId::from_uuid(uuid(number));
            let account = AccountId::from_uuid(uuid(number)).to_string();
            let (text, marker) = (format!("post {number}"), format!("marker {number}"));
            let post = json!({
                "id": id.to_string(), "status": "published", "body": text, "account_ids": [account],
                "scheduled_at": at(1_000),
                "targets": [{"account_id": account, "status": "published", "parts": [{"remote_id": number.to_string()}]}],
            });
            journal.push(Entry {
                key: format!("key {number}"),
                tenant: 0,
                account: Account { id: account, handle: class.to_owned(), class },
                text: text.clone(),
                wish: Wish::At(moment(1_000)),
                body: Value::Null,
                asked_at: start(),
                tries: 1,
                fate: Fate::Answered(Given::with(&post)),
            });
            let intent = json!({"number": 1, "marker": marker, "at": at(1_000), "not_after": at(1_600)});
            for (kind, data) in [("post.attempt_started", json!({"number": 1})), ("post.send_intended", intent)] {
                events.push(event(number, kind, &data));
            }
            posts.push(post);
            requests.push(json!({"seq": number, "account": class, "marker": marker, "received_at": at(1_010),
                "fault": null, "answered": 200}));
            visible.push(json!({"account": class, "remote_id": number.to_string(), "text": text, "marker": marker,
                "visible_at": at(1_010), "request_seq": number}));
        }
        let truth = json!({"visible": visible, "requests": requests, "uploads": [], "removed": []});
        Self { journal, posts, events, truth, past: Vec::new() }
    }

    /// The promises that are found broken.
    fn broken(self) -> Vec<&'static str> {
        let mut posts = Posts::new();
        for post in self.posts {
            posts.entry(post["body"].as_str().expect("a text").to_owned()).or_default().push(post);
        }
        let lines: Vec<_> = self.events.iter().map(Value::to_string).collect();
        let log = Log::read(&lines.join("\n"));
        let truth: Truth = serde_json::from_value(self.truth).expect("the sandbox's journal");
        let mut table = Table::default();
        let evidence = Evidence { journal: &self.journal, posts: &posts, log: &log, truth: &truth, past: &self.past };
        check(&evidence, &mut table);
        table.broken()
    }

    fn with(mut self, alter: impl FnOnce(&mut Self)) -> Vec<&'static str> {
        alter(&mut self);
        self.broken()
    }

    /// A second request and what it showed.
    fn sent_again(&mut self, place: usize, millis: u64) {
        let again = |list: &mut Value, time: &str, seq: &str| {
            let mut again = list[place].clone();
            (again[time], again[seq]) = (json!(at(millis)), json!(9));
            list.as_array_mut().expect("a list").push(again);
        };
        again(&mut self.truth["visible"], "visible_at", "request_seq");
        again(&mut self.truth["requests"], "received_at", "seq");
    }

    fn intended_again(&mut self, place: usize, millis: u64) {
        let marker = format!("marker {}", place + 1);
        let data = json!({"number": 2, "marker": marker, "at": at(millis), "not_after": at(millis + 600)});
        self.events.push(event(place as u128 + 1, "post.send_intended", &data));
    }

    fn ends(&mut self, place: usize, status: &str) {
        self.posts[place]["targets"][0]["status"] = json!(status);
    }

    /// The target is unknown, and the log says so.
    fn is_unknown(&mut self, place: usize, code: &str) {
        self.ends(place, "unknown");
        let failure = json!({"class": "uncertain", "code": code});
        self.events.push(event(
            place as u128 + 1,
            "post.target_unknown",
            &json!({"failure": failure, "at": at(1_700)}),
        ));
    }
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

fn event(post: u128, kind: &str, data: &Value) -> Value {
    let recorded = data["at"].as_str().map_or_else(|| at(0), str::to_owned);
    json!({"position": "1-1", "recorded_at": recorded, "type": kind, "stream": format!("post/{}", uuid(post)), "data": data})
}

#[test]
fn what_is_right_is_found_right() {
    assert!(Run::good().broken().is_empty());
}

#[test]
fn a_second_post_is_found_of_each_class() {
    for (place, promise) in [(0, "Once, keyed"), (1, "Once, searchable"), (2, "Once, blind")] {
        let broken = Run::good().with(|run| {
            run.intended_again(place, 3_000);
            run.sent_again(place, 3_010);
        });
        assert_eq!(broken, [promise]);
        let broken = Run::good().with(|run| run.sent_again(place, 1_020));
        assert_eq!(broken, [promise, "Intended first"], "without an intent");
    }
}

#[test]
fn only_a_searchable_one_is_excused_by_a_request_that_outlived_the_settle_time() {
    // The first request comes when the second has been intended.
    let late = |place: usize| {
        Run::good().with(|run| {
            run.intended_again(place, 6_000);
            run.truth["visible"][place]["visible_at"] = json!(at(6_005));
            run.truth["requests"][place]["received_at"] = json!(at(6_005));
            run.sent_again(place, 6_010);
        })
    };
    assert_eq!(late(0), ["Once, keyed"]);
    assert!(late(1).is_empty());
    assert_eq!(late(2), ["Once, blind"]);
}

#[test]
fn a_false_word_is_found() {
    let invisible = |run: &mut Run| run.truth["visible"] = json!([]);
    assert_eq!(Run::good().with(invisible), ["No false word"]);
    for status in ["failed", "canceled", "missed", "publishing"] {
        assert_eq!(Run::good().with(|run| run.ends(0, status)), ["No false word", "A way out"], "{status}");
    }
    let other = |run: &mut Run| run.posts[0]["targets"][0]["parts"][0]["remote_id"] = json!("2");
    assert_eq!(Run::good().with(other), ["No false word"]);
    let alarm = |run: &mut Run| run.events.push(event(1, "post.duplicate_observed", &json!({})));
    assert_eq!(Run::good().with(alarm), ["No false word"]);
    let strange = |run: &mut Run| run.truth["visible"][0]["text"] = json!("a stranger");
    assert_eq!(Run::good().with(strange), ["No false word", "Nothing that nobody wrote"]);
}

#[test]
fn doubt_needs_a_cause() {
    assert_eq!(Run::good().with(|run| run.is_unknown(2, "closed")), ["Honest doubt"]);
    assert!(Run::good().with(|run| run.is_unknown(2, "timeout")).is_empty());
    let by_fault = |run: &mut Run| {
        run.is_unknown(2, "closed");
        run.truth["requests"][2]["fault"] = json!("lose_answer");
    };
    assert!(Run::good().with(by_fault).is_empty());
    let past = |begun, ended, costs_answers| {
        Run::good().with(|run: &mut Run| {
            run.is_unknown(2, "closed");
            let kind = "node killed".to_owned();
            run.past.push(Past { kind, begun: moment(begun), ended: moment(ended), costs_answers });
        })
    };
    assert!(past(1_100, 1_200, true).is_empty());
    assert_eq!(past(1_100, 1_200, false), ["Honest doubt"], "it cost no answers");
    assert_eq!(past(100, 200, true), ["Honest doubt"], "it was before");
    assert_eq!(past(1_800, 1_900, true), ["Honest doubt"], "it was after");
    let who_can_be_asked = |run: &mut Run| run.is_unknown(1, "timeout");
    assert_eq!(Run::good().with(who_can_be_asked), ["A way out"]);
    assert_eq!(Run::good().with(|run| run.ends(2, "unknown")), ["Honest doubt"], "the log doesn't say so");
}

#[test]
fn what_comes_too_soon_is_found() {
    let soon = |run: &mut Run| run.journal[0].wish = Wish::At(moment(1_020));
    assert_eq!(Run::good().with(soon), ["No sooner", "Whole"]);
}

#[test]
fn what_is_lost_half_or_there_twice_is_found() {
    let lost = |run: &mut Run| {
        run.posts.remove(0);
        run.truth["visible"].as_array_mut().expect("a list").remove(0);
    };
    assert_eq!(Run::good().with(lost), ["Nothing lost"]);
    let never_answered = |run: &mut Run| {
        lost(run);
        run.journal[0].fate = Fate::Silence;
    };
    assert!(Run::good().with(never_answered).is_empty(), "there or not");
    let half = |run: &mut Run| {
        run.journal[0].fate = Fate::Silence;
        run.posts[0]["scheduled_at"] = Value::Null;
    };
    assert_eq!(Run::good().with(half), ["Whole"]);
    let twice = |run: &mut Run| run.posts.push(run.posts[0].clone());
    assert_eq!(Run::good().with(twice), ["One key, one post"]);
    let refused = |run: &mut Run| run.journal[0].fate = Fate::Refused(500, "internal".to_owned());
    assert_eq!(Run::good().with(refused), ["Refused for a reason"]);
}
