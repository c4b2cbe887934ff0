//! The words that may stand in a field. A word that is added elsewhere and forgotten here does not compile.

use campanile_events::{account, invitation, key, media, person, post};
use campanile_workers::platforms;
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::api::media::MediaStatus;

fn one_of(words: Vec<Value>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $words:expr),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of($words)
            }
        }

        impl ToSchema for $name {}
    )*};
}

macro_rules! of_enum {
    ($of:ty: $($variant:ident)* $(, never $($hidden:ident)*)?) => {{
        const fn known(word: &$of) {
            match word {
                $(<$of>::$variant => {})*
                $($(<$of>::$hidden => {})*)?
            }
        }
        vec![$({
            let word = <$of>::$variant;
            known(&word);
            json!(word)
        }),*]
    }};
}

words! {
    /// Where a post stands.
    PostStatusName = of_enum!(post::PostStatus: Draft AwaitingApproval Scheduled Publishing Published PartiallyPublished
        Failed Missed Unknown Canceled),
    /// Where a target stands.
    TargetStatusName = of_enum!(post::TargetStatus: Pending Scheduled Publishing Retrying Published Failed Missed
        Unknown Canceled),
    /// What a failure means.
    FailureClassName = of_enum!(post::FailureClass: NotSent Transient RateLimited AuthExpired Rejected OutdatedAdapter
        Uncertain Lapsed),
    /// How an attempt ended.
    AttemptOutcome = [vec![json!("published")], of_enum!(post::FailureClass: NotSent Transient RateLimited AuthExpired
        Rejected OutdatedAdapter Uncertain Lapsed)].concat(),
    /// What to do with a target that is not live.
    ThenName = of_enum!(post::Then: Resend GiveUp),
    /// What to do with a local time that doesn't exist.
    OnGapName = of_enum!(post::OnGap: Later Earlier Reject),
    /// What to do with a local time that exists twice.
    OnOverlapName = of_enum!(post::OnOverlap: Earlier Later Reject),
    /// Whether an account can be used.
    ConnectedStatus = of_enum!(account::AccountStatus: Connected NeedsReconnect Disconnected, never Absent),
    /// Whether a key opens anything.
    KeyStatusName = of_enum!(key::KeyStatus: Active Expired Revoked),
    /// Where a key may publish: everywhere, or to sandbox accounts only.
    KeyModeName = of_enum!(key::KeyMode: Live Test),
    /// What a person is in a workspace.
    RoleName = of_enum!(person::Role: Owner Editor Approver Viewer),
    /// Whether somebody can come by an invitation.
    InvitationStatusName = of_enum!(invitation::InvitationStatus: Open Accepted Expired Withdrawn),
    /// What an account's server offers to tell one send from two.
    DeliveryClass = vec![json!("keyed"), json!("searchable"), json!("blind")],
    /// What a picture or film is.
    MediaKindName = media::MediaKind::ALL.iter().map(|kind| json!(kind)).collect(),
    /// Where a picture or film stands.
    MediaStatusName = of_enum!(MediaStatus: AwaitingUpload Uploaded Ready Expired),
    /// A platform.
    PlatformName = platforms::descriptions().iter().map(|platform| json!(platform.name)).collect(),
    /// A scope.
    ScopeName = key::Scope::ALL.iter().map(|scope| json!(scope.as_str())).collect(),
    /// A scope by our name for it, or by that which clients of other services hold.
    AskedScope = ["*", "insights:read", "media:write"].into_iter().chain(key::Scope::ALL.iter().map(|it| it.as_str()))
        .map(|it| json!(it)).collect(),
    /// A set of scopes by one word.
    PresetName = key::PRESETS.iter().map(|preset| json!(preset.name)).collect(),
    /// A scope; `*` holds all, those to come too.
    GrantedScope = std::iter::once("*").chain(key::Scope::ALL.iter().map(|it| it.as_str())).map(|it| json!(it)).collect(),
}
