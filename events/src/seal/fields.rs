//! The names of sealed fields. What is sealed under one name opens under no other; a name is for ever.
//!
//! A post's texts go by their own place in its content (`body`, `thread[0].body`, …), as
//! [`crate::post::Content::try_map`] names them.

/// The platform's name of an account.
pub const ACCOUNT_REMOTE_ID: &str = "account.remote_id";
/// What people call an account.
pub const ACCOUNT_HANDLE: &str = "account.handle";
/// An account's displayed name.
pub const ACCOUNT_DISPLAY_NAME: &str = "account.display_name";
/// Where people see a step that is live.
pub const TARGET_URL: &str = "target.url";
/// A platform's own words about a failure.
pub const FAILURE_MESSAGE: &str = "failure.message";
/// A client's label.
pub const POST_TAG: &str = "post.tag";
/// What the client calls a medium's file.
pub const MEDIA_FILE_NAME: &str = "media.file_name";
/// What somebody reads who can't see a medium.
pub const MEDIA_ALT_TEXT: &str = "media.alt_text";
/// The address that a medium's bytes are given to.
pub const MEDIA_UPLOAD_URL: &str = "media.upload_url";
/// What a key is called.
pub const KEY_NAME: &str = "key.name";
/// What is said of a key.
pub const KEY_DESCRIPTION: &str = "key.description";
/// From where a browser may send a key.
pub const KEY_ALLOWED_ORIGIN: &str = "key.allowed_origin";
/// From which network a key may be sent.
pub const KEY_ALLOWED_IP: &str = "key.allowed_ip";
/// From where a key was last used.
pub const KEY_LAST_USED_FROM: &str = "key.last_used_from";
/// From where a request came that was refused to a key.
pub const KEY_REFUSED_FROM: &str = "key.refused_from";
/// The secret that an answer showed once, kept to answer the same request again.
pub const RECEIPT_SECRET: &str = "receipt.secret";
/// What a workspace is called.
pub const WORKSPACE_NAME: &str = "workspace.name";
/// What an organization is called.
pub const ORGANIZATION_NAME: &str = "organization.name";
/// The e-mail address that an invitation is for.
pub const INVITATION_EMAIL: &str = "invitation.email";
/// From where somebody signed in.
pub const SESSION_ADDRESS: &str = "session.address";
/// With which program somebody signed in.
pub const SESSION_CLIENT: &str = "session.client";
/// A person's e-mail address.
pub const PERSON_EMAIL: &str = "person.email";
