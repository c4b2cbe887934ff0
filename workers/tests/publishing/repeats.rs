//! What an adapter is told of a repeat, and what comes of a failure before the intent: seen by a platform that takes notes.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use campanile_events::{
    account::{AccountStatus, Offer},
    post::{Delivery, FailureClass, MediaRules, Rules, TargetStatus, TextCount},
    seal::Open,
};
use campanile_workers::platforms::{
    Access, AuthKind, ConnectError, ConnectRequest, Connected, Credentials, Description, Found, Line, MediaLimits,
    Message, Platform, Platforms, Search, SendFailure, Sent, TextLimits, ThreadLimits,
};

use crate::house::{House, Setting, quick, text};

in_every_setting!(
    every_repeat_has_the_moment_of_the_first_intent,
    credentials_that_are_refused_before_the_intent_park_the_account,
    a_defect_of_an_adapter_ends_its_job_and_nothing_else,
);

#[derive(Debug, Default)]
struct Notes {
    sent: Vec<Message>,
    answers: VecDeque<FailureClass>,
    refuses_credentials: bool,
    /// What panics, once each.
    defects: Vec<&'static str>,
}

/// Answers as it is told to, and then with success.
#[derive(Debug, Clone, Default)]
struct NoteTaker(Arc<Mutex<Notes>>);

fn offer() -> Offer {
    let count = TextCount::default();
    let rules = Rules {
        max_text: 500,
        max_bytes: None,
        count,
        max_parts: 1,
        first_comment: false,
        max_media: 0,
        media: MediaRules::default(),
    };
    Offer { rules, delivery: Delivery::Keyed { window_ms: None, quiet_ms: 0, searchable: true } }
}

impl NoteTaker {
    fn credentials_hold(&self) -> Result<(), SendFailure> {
        let refuses = self.0.lock().expect("no panic").refuses_credentials;
        if refuses { Err(SendFailure::of(FailureClass::AuthExpired, "told_to")) } else { Ok(()) }
    }

    fn breaks(&self, what: &str) {
        let mut notes = self.0.lock().expect("no panic");
        let at = notes.defects.iter().position(|it| *it == what);
        let breaks = at.map(|at| notes.defects.remove(at));
        drop(notes);
        assert!(breaks.is_none(), "a defect on purpose");
    }
}

#[async_trait]
impl Platform for NoteTaker {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn describe(&self) -> Description {
        Description {
            name: "notes",
            title: "Notes",
            auth: AuthKind::None,
            connect_fields: &[],
            sign_in: None,
            text: TextLimits { max_length: 500, url_counts_as: None },
            thread: ThreadLimits { max_parts: 1, first_comment: false },
            media: MediaLimits { max_count: 0, max_image_bytes: None, max_video_bytes: None, max_alt_text: None },
            posting_limits: Vec::new(),
            delivery: Vec::new(),
            can_delete: false,
            limits_by_server: false,
        }
    }

    async fn connect(&self, _: ConnectRequest) -> Result<Connected, ConnectError> {
        Ok(Connected {
            server: String::new(),
            remote_id: "notes".to_owned(),
            handle: "notes".to_owned(),
            display_name: None,
            credentials: Credentials::of(&serde_json::json!({})),
            offer: offer(),
        })
    }

    async fn observe(&self, _: &Access) -> Result<Offer, SendFailure> {
        self.credentials_hold().map(|()| offer())
    }

    async fn baseline(&self, _: &Access) -> Result<Option<String>, SendFailure> {
        Ok(None)
    }

    async fn prepare(&self, _: &Access, message: &Message) -> Result<Option<Open>, SendFailure> {
        self.credentials_hold()?;
        self.breaks("prepare");
        Ok(Some(Open::new(format!("for {}", message.text.as_str()))))
    }

    async fn open(&self, _: &Access) -> Result<Box<dyn Line>, SendFailure> {
        Ok(Box::new(self.clone()))
    }

    async fn look_up(&self, _: &Access, _: &Search) -> Result<Found, SendFailure> {
        Ok(Found::Absent)
    }
}

#[async_trait]
impl Line for NoteTaker {
    fn is_open(&mut self) -> bool {
        true
    }

    fn digest_input(&self, message: &Message) -> Vec<u8> {
        message.intended_at.to_rfc3339().into_bytes()
    }

    async fn send(self: Box<Self>, message: Message) -> Result<Sent, SendFailure> {
        self.0.lock().expect("no panic").sent.push(message);
        self.breaks("send");
        let mut notes = self.0.lock().expect("no panic");
        match notes.answers.pop_front() {
            Some(class) => Err(SendFailure::of(class, "told_to")),
            None => Ok(Sent { remote_id: "1".to_owned(), url: None }),
        }
    }
}

async fn house_with(setting: Setting, notes: Notes) -> (House, NoteTaker, campanile_events::ids::AccountId) {
    let taker = NoteTaker(Arc::new(Mutex::new(notes)));
    let mut house = House::open(setting, quick()).await;
    house.platforms = Platforms::of(vec![Arc::new(taker.clone())]).expect("one platform");
    let connected = taker.connect(ConnectRequest { body: serde_json::json!({}), timing: quick() }).await;
    let account = house.adopt("notes", connected.expect("connected")).await;
    (house, taker, account)
}

async fn every_repeat_has_the_moment_of_the_first_intent(setting: Setting) {
    // Refused first, then uncertain, then refused again: under one marker all along.
    let answers = [FailureClass::Transient, FailureClass::Uncertain, FailureClass::Transient].into();
    let (house, taker, account) = house_with(setting, Notes { answers, ..Notes::default() }).await;
    let _publishing = house.start().await;
    let post = house.schedule(text("hello"), &[account], house.clock.now()).await;
    let state = house.ended(post).await;
    let target = &state.targets[0];
    assert_eq!(target.status(), TargetStatus::Published, "{target:?}");
    let first = target.attempts[0].intents[0].clone();
    let notes = taker.0.lock().expect("no panic");
    let told: Vec<_> = notes.sent.iter().map(|it| (it.marker.clone(), it.intended_at, it.is_repeat)).collect();
    let repeat = (first.marker.clone(), first.at, true);
    assert_eq!(told, [(first.marker, first.at, false), repeat.clone(), repeat.clone(), repeat]);
    let digests: Vec<_> = target.attempts.iter().map(|attempt| &attempt.intents[0].request_digest).collect();
    assert!(digests.iter().all(|digest| **digest == first.request_digest), "the requests were the same: {digests:?}");
    assert!(notes.sent.iter().all(|it| it.prepared == Some(Open::new("for hello"))));
}

async fn credentials_that_are_refused_before_the_intent_park_the_account(setting: Setting) {
    let (house, taker, account) = house_with(setting, Notes { refuses_credentials: true, ..Notes::default() }).await;
    let _publishing = house.start().await;
    let post = house.schedule(text("hello"), &[account], house.clock.now()).await;
    house.account_becomes(account, AccountStatus::NeedsReconnect).await;
    assert!(taker.0.lock().expect("no panic").sent.is_empty());
    let state = house.post(post).await;
    assert!(state.targets[0].attempts.iter().all(|attempt| attempt.intents.is_empty()), "nothing was intended");
}

async fn a_defect_of_an_adapter_ends_its_job_and_nothing_else(setting: Setting) {
    let defects = vec!["prepare", "send"];
    let (house, taker, account) = house_with(setting, Notes { defects, ..Notes::default() }).await;
    let publishing = house.start().await;
    let post = house.schedule(text("hello"), &[account], house.clock.now()).await;
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published, "{:?}", state.targets[0]);
    // Who panicked while sending may have been heard: what follows is a repeat under the same key.
    let (told, left): (Vec<_>, _) = {
        let notes = taker.0.lock().expect("no panic");
        (notes.sent.iter().map(|it| it.is_repeat).collect(), notes.defects.len())
    };
    assert_eq!((told, left), (vec![false, true], 0), "both defects came");
    let workers = publishing.status().await.into_iter().find(|part| part.part == "workers").expect("there are workers");
    assert!(workers.ok, "{}", workers.text);
}
