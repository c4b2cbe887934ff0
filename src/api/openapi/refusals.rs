//! Refusals in the description: which codes can occur is said by name, their statuses and words come from one list.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::http::Code;

const ALL: &[Code] = &[
    Code::InvalidRequest,
    Code::Unauthorized,
    Code::ForbiddenScope,
    Code::ForbiddenRole,
    Code::OriginNotAllowed,
    Code::IpNotAllowed,
    Code::AccountNotAllowed,
    Code::PaymentRequired,
    Code::QuotaExceeded,
    Code::RateLimited,
    Code::TestKeyLiveAccount,
    Code::NotFound,
    Code::MethodNotAllowed,
    Code::Conflict,
    Code::DuplicatePost,
    Code::IdempotencyInProgress,
    Code::VersionMismatch,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::ConnectionRefused,
    Code::UnprocessablePost,
    Code::IdempotencyMismatch,
    Code::Internal,
    Code::Unavailable,
];

/// A code that has no meaning here does not compile; it belongs into the list above too.
const fn meaning(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest => {
            "Fields, parameters or headers are wrong; `details` names each, and none where the body is no JSON."
        }
        Code::Unauthorized => "No key and no session, or one that opens nothing; `reason` says why.",
        Code::ForbiddenScope => "The key lacks a scope; `scope` names it.",
        Code::ForbiddenRole => {
            "The person's role in the workspace doesn't let them; `role` says what they are there, `scope` what it lacks. Or a key asks for what is for people."
        }
        Code::OriginNotAllowed => "The key is bound to other origins.",
        Code::IpNotAllowed => "The key is bound to other addresses.",
        Code::AccountNotAllowed => "The key is bound to other accounts; `account_id` names the one that it asked for.",
        Code::PaymentRequired => "The workspace's plan lacks it; `details` names the plan and the feature.",
        Code::QuotaExceeded => {
            "A quota of the workspace's plan doesn't hold as much any more; `details` names the plan and the quota, and says when the next month begins. Nothing was stored."
        }
        Code::RateLimited => {
            "The requests of this minute or day have been made, too many came from one address without a key, or there were too many attempts to sign in; `Retry-After` says when to come again."
        }
        Code::TestKeyLiveAccount => {
            "A test key works with test keys and sandbox accounts only, and doesn't pause or resume its workspace."
        }
        Code::NotFound => "There is no such thing in this workspace.",
        Code::MethodNotAllowed => "The path doesn't take this method.",
        Code::Conflict => "The state forbids it; `state` says which.",
        Code::DuplicatePost => "The same content on the same account within a day; `post_id` names the other.",
        Code::VersionMismatch => "It changed since it was read; `revision` says what it is at.",
        Code::PayloadTooLarge => {
            "The body is too long: JSON may have 1 MiB, an upload what was announced. The connection is closed."
        }
        Code::UnsupportedMediaType => "The body is compressed, or should be JSON and is not by its `Content-Type`.",
        Code::ConnectionRefused => "The platform refused the credentials, in its own words.",
        Code::UnprocessablePost => "The content breaks a platform's rules; `details` for each target.",
        Code::IdempotencyMismatch => "The idempotency key was used for another request.",
        Code::IdempotencyInProgress => "The first request with this idempotency key is under way.",
        Code::Internal => "A defect; the request's id finds it in the log.",
        Code::Unavailable => "A part is down, or what was asked can't be shown yet: try again soon.",
    }
}

/// The code of this name.
pub(super) fn code(name: &str) -> Option<Code> {
    ALL.iter().copied().find(|code| code.as_str() == name)
}

/// Points to the answers of these refusals, beside the answers that are there; `shared` gets those that it lacks.
pub(super) fn describe(responses: &mut Map<String, Value>, codes: &[Code], shared: &mut Map<String, Value>) {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in ALL.iter().filter(|code| codes.contains(code)) {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let name = names.join("-or-");
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        shared.entry(name).or_insert_with(|| response(&codes));
        responses.entry(status.to_string()).or_insert(reference);
    }
}

fn response(codes: &[Code]) -> Value {
    let description: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), meaning(*code))).collect();
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let examples: Map<_, _> =
        codes.iter().map(|code| (code.as_str().to_owned(), json!({ "value": example(*code) }))).collect();
    let code = json!({ "properties": { "code": { "enum": names } } });
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } });
    if codes.contains(&Code::Unauthorized) {
        headers["WWW-Authenticate"] = json!({ "$ref": "#/components/headers/WWW-Authenticate" });
    }
    if codes.contains(&Code::RateLimited) || codes.contains(&Code::Unavailable) {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/Retry-After" });
    }
    json!({
        "description": description.join("\n\n"),
        "headers": headers,
        "content": { "application/json": {
            "schema": {
                "$ref": "#/components/schemas/Refusal",
                "properties": { "error": code },
            },
            "examples": examples,
        }},
    })
}

fn example(code: Code) -> Value {
    json!({ "error": {
        "code": code.as_str(),
        "message": meaning(code),
        "request_id": "req_01k3v8x2m4fjta9c6d7e8fgh1j",
        "details": [],
    }})
}
