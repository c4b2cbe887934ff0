//! One of each thing, made up but possible. Where a schema is used, its example stands beside it.

use serde_json::{Map, Value, json};

const POST: &str = "post_01k3v8x2m4fjta9c6d7e8fgh1j";
const ACCOUNT: &str = "acct_01k3v8wzq0e5ptj4s6y2bn7m3d";
const MEDIA: &str = "media_01k3v8w4x6g3nqf5r7t9v1w2xy";
const KEY: &str = "key_01k3v8vwr1fhs9e2x5c8d4n6ab";
/// Its checksum is wrong: it opens nothing anywhere.
const SECRET: &str = "sk_live_3fK9aBcDeFgHiJkLmNoPqRsTuVwXyZ012345";
const WORKSPACE: &str = "ws_01k3v8v0t2e9m8r4w6y1q3z5cd";
const PERSON: &str = "user_01k3v8u1b3d5f7h9j2k4m6n8pq";
const SESSION: &str = "sess_01k3v9c2e4g6j8m1p3r5t7v9xy";
const INVITATION: &str = "inv_01k3v9d3f5h7k9n2q4s6v8x1za";
/// Their checksums are wrong, too.
const TOKEN: &str = "st_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLm";
const LINK: &str = "lt_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLm";
const DUE: &str = "2026-12-01T08:00:00.000Z";
const WRITTEN: &str = "2026-11-20T10:15:30.123Z";

/// Puts an example wherever a body has a schema and none yet.
pub(super) fn add(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if let Some(request) = operation.get_mut("requestBody") {
            exemplify(request);
        }
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        responses.into_iter().flat_map(Map::values_mut).for_each(exemplify);
    }
}

fn exemplify(holder: &mut Value) {
    let Some(media) = holder.pointer_mut("/content/application~1json").and_then(Value::as_object_mut) else { return };
    if media.contains_key("example") || media.contains_key("examples") {
        return;
    }
    if let Some(example) = media.get("schema").and_then(of_schema) {
        media.insert("example".to_owned(), example);
    }
}

fn of_schema(schema: &Value) -> Option<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return of(reference.rsplit('/').next().unwrap_or_default());
    }
    if let Some(any) = schema["oneOf"].as_array() {
        return any.iter().find_map(of_schema);
    }
    let item = of_schema(schema.pointer("/properties/data/items")?)?;
    Some(json!({ "data": [item], "next_cursor": null }))
}

/// The example of a schema.
fn of(name: &str) -> Option<Value> {
    Some(match name {
        "NewPost" => json!({
            "body": "Launch day is here.", "account_ids": [ACCOUNT], "tags": ["launch"],
            "thread": [{ "body": "And this is why." }], "first_comment": "Ask us anything.",
            "schedule": { "local_time": "2026-12-01T09:00:00", "time_zone": "Europe/Berlin" },
        }),
        "PostChanges" => json!({ "body": "Launch day is here, at last.", "first_comment": null }),
        "Schedule" => json!({ "local_time": "2026-12-01T09:00:00", "time_zone": "Europe/Berlin", "on_gap": "later" }),
        "Nothing" => json!({}),
        "Targets" => json!({ "account_ids": [ACCOUNT] }),
        "Settlement" => json!({ "account_id": ACCOUNT, "outcome": "not_published", "then": "resend" }),
        "NewKey" => json!({
            "name": "ci-deploy", "scopes": ["posts:read", "posts:write"], "mode": "live", "expires_in_days": 90,
            "rate_limit": { "per_minute": 60, "per_day": 10_000 },
            "allowed_origins": ["https://app.example.com"], "allowed_ips": ["203.0.113.0/24"],
        }),
        "KeyEdits" => json!({ "scopes": ["posts:read"], "expires_in_days": 30, "description": null }),
        "Rotation" => json!({ "overlap_seconds": 3_600 }),
        "Leaked" => json!({ "secret": SECRET }),
        "DeadKey" => json!({ "id": KEY, "prefix": "sk_live_3fK9", "status": "revoked", "revoked_at": WRITTEN }),
        "Credentials" => json!({ "handle": "demo", "delivery": "keyed" }),
        "SignIn" => json!({
            "auth_url": "https://mastodon.example/oauth/authorize?response_type=code&client_id=3fK9&state=mJ3s0aJm",
            "state": "mJ3s0aJm", "expires_at": WRITTEN,
        }),
        "Post" => post(),
        "Account" => account(),
        "Key" => key(),
        "KeyWithSecret" => with(key(), json!({ "secret": SECRET })),
        "RotatedKey" => with(
            key(),
            json!({
                "id": "key_01k3v9a0b1c2d3e4f5g6h7j8km", "predecessor": KEY, "secret": SECRET, "old_key_valid_until": DUE,
            }),
        ),
        "RevokedKey" => with(
            key(),
            json!({ "status": "revoked", "revoked_at": DUE, "revision": 2, "scheduled_posts": 3, "canceled_posts": 0 }),
        ),
        "Me" => json!({
            "type": "key",
            "key": { "id": KEY, "name": "ci-deploy", "prefix": "sk_live_3fK9", "mode": "live", "expires_at": null },
            "workspace_id": WORKSPACE, "paused_at": null, "scopes": ["posts:read", "posts:write"],
        }),
        "Pause" => json!({ "id": WORKSPACE, "paused_at": WRITTEN }),
        "Verdict" => json!({ "account_id": ACCOUNT, "platform": "mastodon", "ok": true, "violations": [] }),
        "NewMedia" => json!({
            "file_name": "bell.png", "content_type": "image/png", "bytes": 20_480, "alt_text": "A bell",
        }),
        "UploadAddress" => json!({
            "id": MEDIA, "upload_url": format!("https://campanile.example/v1/media/{MEDIA}/content?bytes=20480&expires=1796115600&signature=00"),
            "expires_at": DUE, "method": "PUT", "headers": { "Content-Type": "image/png" },
        }),
        "Media" => json!({
            "id": MEDIA, "status": "ready", "revision": 2, "file_name": "bell.png", "content_type": "image/png",
            "bytes": 20_480, "width": 640, "height": 480, "alt_text": "A bell", "upload_expires_at": DUE,
            "created_at": WRITTEN, "confirmed_at": WRITTEN,
        }),
        "ScopeList" => json!({
            "data": [{ "name": "posts:read", "description": "Read posts and their results." }], "next_cursor": null,
            "presets": [{
                "name": "admin", "description": "Does everything, also what comes later.", "scopes": ["*"],
            }],
            "aliases": [{ "name": "media:write", "scopes": ["media:upload"] }],
        }),
        "Platform" => platform(),
        "TargetResults" => json!({
            "account_id": ACCOUNT, "platform": "mastodon", "status": "published",
            "url": "https://mastodon.example/@ada/1", "published_at": DUE,
            "parts": [{ "step": "part-0", "remote_id": "1", "url": "https://mastodon.example/@ada/1" }], "duplicates_observed": 0,
            "attempts": [{
                "number": 1, "started_at": DUE, "ended_at": DUE, "outcome": "published", "delivery": "keyed",
                "error": null,
                "steps": [{ "step": "part-0", "remote_id": "1", "url": "https://mastodon.example/@ada/1" }],
            }],
        }),
        "KeyHistory" => json!({
            "data": [with(of("HistoryEvent")?, json!({ "type": "key.revoked", "data": { "at": WRITTEN } }))],
            "next_cursor": null,
            "refused_writes": [{
                "route": "api.posts.create", "code": "unauthorized", "count": 3, "first_at": WRITTEN, "last_at": WRITTEN,
                "last_request_id": "req_01k3v8x2m3e0a1b2c3d4e5f6g7", "last_from": "203.0.113.7",
            }],
        }),
        "HistoryEvent" => json!({
            "id": "evt_01k3v8x2m6e4qb7n9r2s5t8vwx", "type": "post.unscheduled", "schema": 1, "version": 3,
            "position": "1-104277", "at": WRITTEN, "actor": KEY, "request_id": "req_01k3v8x2m3e0a1b2c3d4e5f6g7",
            "leaf_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "data": {},
        }),
        _ => return of_people(name),
    })
}

/// The same for what people do.
fn of_people(name: &str) -> Option<Value> {
    Some(match name {
        "Login" => json!({ "email": "ada@example.com", "password": "correct horse battery staple" }),
        "Begun" => json!({
            "token": TOKEN, "session_id": SESSION, "expires_at": DUE,
            "person": { "id": PERSON, "email": "ada@example.com" }, "workspaces": [workspace()],
        }),
        "Session" => json!({
            "id": SESSION, "current": true, "created_at": WRITTEN, "last_used_at": WRITTEN, "expires_at": DUE,
            "address": "203.0.113.7", "client": "campanile/0.1.0",
        }),
        "NewPassword" => json!({
            "current_password": "correct horse battery staple", "new_password": "another horse battery staple",
        }),
        "Reset" | "Coming" => json!({ "token": LINK, "password": "correct horse battery staple" }),
        "NewWorkspace" => json!({ "name": "Newsroom" }),
        "Workspace" => workspace(),
        "NewRole" => json!({ "role": "approver" }),
        "Person" => json!({
            "id": PERSON, "email": "ada@example.com", "role": "editor", "revision": 2, "registered_at": WRITTEN,
        }),
        "Guest" => json!({ "email": "bob@example.com", "role": "editor" }),
        "Invitation" => invitation(),
        "InvitationWithLink" => {
            with(invitation(), json!({ "token": LINK, "url": format!("https://campanile.example/join#{LINK}") }))
        }
        "Joined" => json!({
            "person": { "id": PERSON, "email": "bob@example.com" }, "workspace_id": WORKSPACE, "role": "editor",
        }),
        _ => return None,
    })
}

fn with(mut thing: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut thing, more) {
        fields.extend(more);
    }
    thing
}

fn workspace() -> Value {
    json!({ "id": WORKSPACE, "name": "Newsroom", "role": "owner", "paused_at": null, "created_at": WRITTEN })
}

fn invitation() -> Value {
    json!({
        "id": INVITATION, "email": "bob@example.com", "role": "editor", "status": "open", "person_id": null,
        "revision": 1, "created_by": PERSON, "created_at": WRITTEN, "expires_at": DUE, "accepted_at": null,
        "withdrawn_at": null,
    })
}

fn post() -> Value {
    json!({
        "id": POST, "status": "scheduled", "revision": 1, "body": "Launch day is here.", "account_ids": [ACCOUNT],
        "media_ids": [], "tags": ["launch"], "thread": [{ "body": "And this is why." }],
        "first_comment": "Ask us anything.", "overrides": {},
        "targets": [{
            "account_id": ACCOUNT, "platform": "mastodon", "status": "scheduled", "attempts": 0, "url": null, "parts": [],
            "error": null, "warning": null, "published_at": null, "next_attempt_at": null,
        }],
        "scheduled_at": DUE, "local_time": "2026-12-01T09:00:00", "time_zone": "Europe/Berlin",
        "late_limit_seconds": 3600, "give_up_after_seconds": 3600, "created_by": KEY,
        "created_at": WRITTEN, "updated_at": WRITTEN,
    })
}

fn account() -> Value {
    json!({
        "id": ACCOUNT, "platform": "mastodon", "server": "mastodon.example", "remote_id": "1", "handle": "@ada",
        "display_name": "Ada", "status": "connected",
        "delivery": { "class": "keyed", "window_seconds": 3600, "searchable": true },
        "limits": {
            "max_length": 500, "url_counts_as": 23, "max_parts": 25, "first_comment": true, "max_media": 4,
            "media_types": ["image/jpeg", "image/png"], "max_image_bytes": 16_777_216, "max_video_bytes": null,
            "max_alt_text": 1500,
        },
        "rate_limited_until": null, "revision": 1, "connected_at": WRITTEN, "updated_at": WRITTEN,
    })
}

fn key() -> Value {
    json!({
        "id": KEY, "name": "ci-deploy", "description": null, "prefix": "sk_live_3fK9",
        "scopes": ["posts:read", "posts:write"], "mode": "live", "status": "active",
        "rate_limit": { "per_minute": 60, "per_day": 10_000 }, "allowed_origins": [],
        "allowed_ips": ["203.0.113.0/24"], "allowed_accounts": [], "predecessor": null, "successor": null,
        "revision": 1, "created_by": "operator", "created_at": WRITTEN, "expires_at": null, "rotated_at": null,
        "revoked_at": null, "last_used_at": null, "last_used_from": null,
    })
}

fn platform() -> Value {
    json!({
        "name": "mastodon", "title": "Mastodon", "auth": "access_token",
        "connect_fields": ["instance_url", "access_token"],
        "oauth": { "fields": ["instance_url", "redirect_uri"], "scopes": ["read:accounts", "write:statuses"] },
        "text": { "max_length": 500, "url_counts_as": 23 }, "thread": { "max_parts": 25, "first_comment": true },
        "media": { "max_count": 4, "max_image_bytes": null, "max_video_bytes": null, "max_alt_text": 1500 },
        "posting_limits": [{ "requests": 300, "per_seconds": 300, "counted_by": "account" }],
        "delivery": [{ "class": "keyed", "window_seconds": 3600, "holds_for": "servers that run Mastodon" }],
        "limits_by_server": true,
    })
}
