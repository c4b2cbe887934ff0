//! Ids as they are written: a kind, and 26 characters.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let pattern = concat!("^", $kind, "_[0-7][0-9a-hjkmnp-tv-z]{25}$");
                ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                concat!($kind, "_id").into()
            }
        }
    )*};
}
ids! {
    /// An account.
    AccountRef = "acct",
    /// An event of the log.
    EventRef = "evt",
    /// An invitation.
    InvitationRef = "inv",
    /// A key.
    KeyRef = "key",
    /// A picture or film.
    MediaRef = "media",
    /// A person.
    PersonRef = "user",
    /// A post.
    PostRef = "post",
    /// A request.
    RequestRef = "req",
    /// A session.
    SessionRef = "sess",
    /// A workspace.
    WorkspaceRef = "ws",
}
