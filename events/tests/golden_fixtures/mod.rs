//! Events as an installation would store them, from which new golden files are made.

mod post;

use campanile_events::{
    account::{
        AccountConnected, AccountDisconnected, AccountEvent, AccountLimitsObserved, AccountNeedsReconnect,
        AccountRateLimited, AccountReconnected, Offer,
    },
    ids::{AccountId, Epoch, OrganizationId, WorkspaceId},
    invitation::{InvitationAccepted, InvitationEvent, InvitationMade, InvitationWithdrawn},
    key::{
        KeyBounds, KeyChanged, KeyChanges, KeyCreated, KeyEvent, KeyExpired, KeyMode, KeyNarrowed, KeyOldSecretUsed,
        KeyRenamed, KeyRevoked, KeyRotated, KeyWidened, ListedBound, RateLimit, Scopes,
    },
    log::{EpochStarted, LogEvent},
    media::{MediaConfirmed, MediaEvent, MediaKind, MediaRequested, Size},
    organization::{OrganizationCreated, OrganizationEvent},
    person::{
        PersonEvent, PersonPasswordChanged, PersonRegistered, PersonResetOffered, PersonRoleGiven, PersonRoleTaken,
        Role,
    },
    post::{Delivery, MediaRules, Rules, TextCount},
    seal::Sealed,
    stored::StoredEvent,
    workspace::{WorkspaceCreated, WorkspaceEvent, WorkspacePaused, WorkspacePlanSet, WorkspaceResumed},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The case, the stored name, the schema version, the payload.
pub type Fixture = (&'static str, &'static str, u16, String);

pub fn fixtures() -> Vec<Fixture> {
    let mut all = Vec::new();
    all.extend(engine());
    all.extend(people());
    all.extend(keys());
    all.extend(accounts());
    all.extend(post::fixtures());
    all.extend(media());
    all
}

fn fixture(case: &'static str, event: &impl StoredEvent) -> Fixture {
    (case, event.name(), event.schema(), event.payload().expect("json"))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// An id as they are made: the time, then chance.
fn uuid(last: u128) -> Uuid {
    Uuid::from_u128(0x019c_a5f1_d280_7b3e_9c41_5d0e_88a2_0000 + last)
}

fn account() -> AccountId {
    uuid(0x21).into()
}

fn workspace() -> WorkspaceId {
    uuid(0x11).into()
}

fn organization() -> OrganizationId {
    uuid(0x01).into()
}

fn sealed(tail: &str) -> Sealed {
    Sealed::from_stored(format!("s1.mB0c2VhbGVkLW5vbmNlLW9mLTI0Ynl0ZXPf3Zq7hQx1TnVYp0aWt5{tail}"))
}

fn digest(tail: &str) -> String {
    format!("5b1f0a7c94e2d83f6a0be1c7d95f24083c6e7a1bd04f92e5a8c3d16f7b20d9{tail}")
}

fn engine() -> Vec<Fixture> {
    let now = at("2026-03-01T08:00:00.123456Z");
    let checkpoint = "campanile.example/log\n104277\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — campanile.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE\n";
    let epoch = |last_checkpoint| LogEvent::EpochStarted(EpochStarted { epoch: Epoch(2), last_checkpoint, at: now });
    vec![
        fixture("", &epoch(Some(checkpoint.to_owned()))),
        fixture("without_checkpoint", &epoch(None)),
        fixture("", &OrganizationEvent::Created(OrganizationCreated { name: sealed("b3Jn"), at: now })),
        fixture(
            "",
            &PersonEvent::Registered(PersonRegistered {
                organization_id: organization(),
                email: sealed("ZW1haWw"),
                email_index: digest("e1"),
                at: now,
            }),
        ),
        fixture("", &PersonEvent::RoleGiven(PersonRoleGiven { workspace_id: workspace(), role: Role::Owner, at: now })),
        fixture(
            "",
            &WorkspaceEvent::Created(WorkspaceCreated {
                organization_id: organization(),
                name: sealed("d3M"),
                at: now,
            }),
        ),
        fixture("", &WorkspaceEvent::Paused(WorkspacePaused { at: now })),
        fixture("", &WorkspaceEvent::Resumed(WorkspaceResumed { at: now })),
        fixture("", &WorkspaceEvent::PlanSet(WorkspacePlanSet { plan: Some("free".to_owned()), at: now })),
        fixture("none", &WorkspaceEvent::PlanSet(WorkspacePlanSet { plan: None, at: now })),
    ]
}

fn people() -> Vec<Fixture> {
    let now = at("2026-03-01T08:02:00.5Z");
    let invited = InvitationMade {
        email: sealed("aW52aXRlZA"),
        email_index: digest("e2"),
        role: Role::Approver,
        expires_at: at("2026-03-08T08:02:00.5Z"),
        at: now,
    };
    let accepted = InvitationAccepted { person_id: uuid(0x03).into(), email_index: digest("e2"), at: now };
    vec![
        fixture("", &PersonEvent::RoleTaken(PersonRoleTaken { workspace_id: workspace(), at: now })),
        fixture("", &PersonEvent::PasswordChanged(PersonPasswordChanged { at: now })),
        fixture(
            "",
            &PersonEvent::ResetOffered(PersonResetOffered { expires_at: at("2026-03-02T08:02:00.5Z"), at: now }),
        ),
        fixture("", &InvitationEvent::Made(invited)),
        fixture("", &InvitationEvent::Accepted(accepted)),
        fixture("", &InvitationEvent::Withdrawn(InvitationWithdrawn { email_index: digest("e2"), at: now })),
    ]
}

fn keys() -> Vec<Fixture> {
    let now = at("2026-03-01T08:05:00Z");
    let every = KeyCreated {
        workspace_id: workspace(),
        name: sealed("bmFtZQ"),
        description: Some(sealed("ZGVzYw")),
        prefix: "cmp_test_4f7q".to_owned(),
        scopes: Scopes::read(["posts:read", "posts:write", "posts:publish"]).expect("scopes"),
        mode: KeyMode::Test,
        expires_at: Some(at("2027-03-01T08:05:00Z")),
        rate_limit: Some(RateLimit { per_minute: 60, per_day: 5000 }),
        allowed_accounts: [account()].into(),
        allowed_origins: vec![sealed("b3JpZ2lu")],
        allowed_ips: vec![sealed("djQ"), sealed("djY")],
        predecessor: Some(uuid(0x31).into()),
        at: now,
    };
    let least = KeyCreated {
        description: None,
        prefix: "cmp_live_9k2d".to_owned(),
        scopes: Scopes::all(),
        mode: KeyMode::Live,
        expires_at: None,
        rate_limit: None,
        allowed_accounts: [].into(),
        allowed_origins: Vec::new(),
        allowed_ips: Vec::new(),
        predecessor: None,
        ..every.clone()
    };
    let changes = KeyChanges {
        name: Some(sealed("bmV3")),
        description: Some(Some(sealed("ZGVzYw"))),
        scopes: Some(Scopes::read(["posts:read"]).expect("scopes")),
        expires_at: Some(Some(at("2027-04-01T08:05:00Z"))),
        rate_limit: Some(RateLimit { per_minute: 10, per_day: 100 }),
        allowed_accounts: Some([account()].into()),
        allowed_origins: Some(vec![sealed("b3JpZ2lu")]),
        allowed_ips: Some(vec![sealed("djQ")]),
    };
    let taken_away = KeyChanges {
        description: Some(None),
        expires_at: Some(None),
        allowed_accounts: Some([].into()),
        allowed_origins: Some(Vec::new()),
        allowed_ips: Some(Vec::new()),
        ..KeyChanges::default()
    };
    let bounds = KeyBounds {
        scopes: changes.scopes.clone(),
        expires_at: changes.expires_at,
        rate_limit: Some(changes.rate_limit),
        allowed_accounts: changes.allowed_accounts.clone(),
        allowed_origins: changes.allowed_origins.clone(),
        allowed_ips: changes.allowed_ips.clone(),
    };
    let unbound = KeyBounds {
        expires_at: Some(None),
        rate_limit: Some(None),
        allowed_accounts: Some([].into()),
        allowed_origins: Some(Vec::new()),
        allowed_ips: Some(Vec::new()),
        ..KeyBounds::default()
    };
    let nothing_left = vec![ListedBound::AllowedAccounts, ListedBound::AllowedOrigins, ListedBound::AllowedIps];
    let (name, description) = (changes.name.clone(), changes.description.clone());
    let (successor, valid_until) = (uuid(0x32).into(), at("2026-03-02T08:05:00Z"));
    vec![
        fixture("", &KeyEvent::Created(every)),
        fixture("least", &KeyEvent::Created(least)),
        fixture("", &KeyEvent::Changed(KeyChanged { changes, at: now })),
        fixture("taken_away", &KeyEvent::Changed(KeyChanged { changes: taken_away, at: now })),
        fixture("", &KeyEvent::Renamed(KeyRenamed { name, description, at: now })),
        fixture("taken_away", &KeyEvent::Renamed(KeyRenamed { name: None, description: Some(None), at: now })),
        fixture("", &KeyEvent::Narrowed(KeyNarrowed { bounds: bounds.clone(), replaced: Vec::new(), at: now })),
        fixture(
            "replaced",
            &KeyEvent::Narrowed(KeyNarrowed { bounds: KeyBounds::default(), replaced: nothing_left, at: now }),
        ),
        fixture("", &KeyEvent::Widened(KeyWidened { bounds, at: now })),
        fixture("unbound", &KeyEvent::Widened(KeyWidened { bounds: unbound, at: now })),
        fixture("", &KeyEvent::Expired(KeyExpired { expired_at: valid_until, at: valid_until })),
        fixture("", &KeyEvent::Rotated(KeyRotated { successor, valid_until, at: now })),
        fixture("", &KeyEvent::OldSecretUsed(KeyOldSecretUsed { successor, valid_until, at: valid_until })),
        fixture("", &KeyEvent::Revoked(KeyRevoked { at: now })),
    ]
}

fn accounts() -> Vec<Fixture> {
    let now = at("2026-03-01T08:10:00.5Z");
    let rules = Rules {
        max_text: 500,
        max_bytes: None,
        count: TextCount { url_as: Some(23), mention_server_free: true, ..TextCount::default() },
        max_parts: 25,
        first_comment: true,
        max_media: 4,
        media: MediaRules::default(),
    };
    let keyed = Delivery::Keyed { window_ms: Some(3_600_000), quiet_ms: 60_000, searchable: true };
    let offer = |delivery| Offer { rules: rules.clone(), delivery };
    let connected = AccountConnected {
        platform: "mastodon".to_owned(),
        server: "https://mastodon.example".to_owned(),
        remote_id: sealed("cmVtb3Rl"),
        remote_index: digest("a1"),
        handle: sealed("aGFuZGxl"),
        display_name: Some(sealed("bmFtZQ")),
        offer: offer(keyed),
        at: now,
    };
    let least = AccountConnected {
        platform: "sandbox".to_owned(),
        server: String::new(),
        display_name: None,
        offer: offer(Delivery::Blind),
        ..connected.clone()
    };
    vec![
        fixture("", &AccountEvent::Connected(connected)),
        fixture("least", &AccountEvent::Connected(least)),
        fixture(
            "",
            &AccountEvent::Reconnected(AccountReconnected {
                server: Some("https://other.example".to_owned()),
                handle: sealed("bmV3"),
                display_name: Some(sealed("bmFtZQ")),
                offer: offer(keyed),
                at: now,
            }),
        ),
        fixture(
            "least",
            &AccountEvent::Reconnected(AccountReconnected {
                server: None,
                handle: sealed("bmV3"),
                display_name: None,
                offer: offer(keyed),
                at: now,
            }),
        ),
        fixture(
            "",
            &AccountEvent::LimitsObserved(AccountLimitsObserved { offer: offer(Delivery::Searchable), at: now }),
        ),
        fixture("", &AccountEvent::RateLimited(AccountRateLimited { until: at("2026-03-01T08:25:00Z"), at: now })),
        fixture("", &AccountEvent::NeedsReconnect(AccountNeedsReconnect { code: "invalid_grant".to_owned(), at: now })),
        fixture("", &AccountEvent::Disconnected(AccountDisconnected { remote_index: digest("a1"), at: now })),
    ]
}

fn media() -> Vec<Fixture> {
    let now = at("2026-03-01T08:20:00.25Z");
    let requested = MediaRequested {
        file_name: sealed("ZmlsZQ"),
        kind: MediaKind::Png,
        bytes: 48_213,
        alt_text: Some(sealed("YWx0")),
        expires_at: at("2026-03-01T09:20:00.25Z"),
        at: now,
    };
    let least = MediaRequested { kind: MediaKind::Mp4, alt_text: None, ..requested.clone() };
    let confirmed = MediaConfirmed { digest: digest("c1"), size: Some(Size { width: 640, height: 480 }), at: now };
    vec![
        fixture("", &MediaEvent::Requested(requested)),
        fixture("least", &MediaEvent::Requested(least)),
        fixture("", &MediaEvent::Confirmed(confirmed.clone())),
        fixture("least", &MediaEvent::Confirmed(MediaConfirmed { size: None, ..confirmed })),
    ]
}
