//! What the table of routes knows of each operation, and what holds for all of them.

use serde_json::{Map, Value, json};

use super::{examples, links, refusals};
use crate::api::http::{Code, Needs, Route};

/// Tags are the nouns, in this order.
const TAGS: &[(&str, &str)] = &[
    ("posts", "Posts: written, scheduled, published, settled."),
    ("media", "Pictures and films of posts."),
    ("accounts", "Connected accounts."),
    ("connect", "Connecting accounts."),
    ("platforms", "What each platform takes, and what its delivery is worth."),
    ("keys", "API keys."),
    ("scopes", "What a key may be allowed."),
    ("me", "Who asks."),
    ("auth", "Signing in and out, for people."),
    ("people", "The people of a workspace."),
    ("invitations", "Inviting people into a workspace."),
    ("workspaces", "Workspaces, and their stop button."),
    ("openapi", "This description."),
    ("pages", "The pages that links lead to."),
    ("health", "Whether the process lives and is ready, and its figures."),
];

/// What every answer to a key with a limit carries.
const RATE_LIMIT: &[&str] =
    &["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Policy", "RateLimit"];

/// A revision counts changes of content and schedule, not what happens by itself.
const UNCHANGED: &str = "Unchanged since the revision that `If-None-Match` names. A post that is being sent, or was, is \
    always told whole: its revision counts no attempts. A key's last use doesn't make it another.";

/// Which codes an operation's own handler refuses with; taken out again here.
const OWN_REFUSALS: &str = "x-refusals";

/// Adds to each operation what its route says, and to the document what operations point to.
pub(super) fn complete(document: &mut Value, routes: &[Route]) {
    let mut shared = Map::new();
    for route in routes {
        let method = route.method.as_str().to_ascii_lowercase();
        if let Some(operation) = document["paths"][route.path][&method].as_object_mut() {
            describe(operation, route, &mut shared);
        }
    }
    document["tags"] = TAGS.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect();
    document["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "sk_live_…",
            "description": "A key's secret, or a test key's, or the token of a person's session (`st_…`).",
        },
        "api_key": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key's secret, in a header of its own." },
    });
    document["components"]["responses"] = shared.into();
    links::add(document);
    // One of the two has to be said, and not both.
    document["components"]["schemas"]["NewKey"]["oneOf"] =
        json!([{ "required": ["scopes"] }, { "required": ["preset"] }]);
    numbers(&mut document["components"]["schemas"]);
    document["components"]["headers"] = headers();
    document["components"]["parameters"] = parameters();
    examples::add(document);
}

fn describe(operation: &mut Map<String, Value>, route: &Route, shared: &mut Map<String, Value>) {
    // `api.posts.create`: the noun and what is done with it.
    let name = route.name.text.trim_start_matches("api.");
    let noun = name.split('.').next().unwrap_or(name);
    operation.insert("tags".to_owned(), json!([noun]));
    operation.insert("operationId".to_owned(), name.into());
    words(operation, route.needs);
    let security = match route.needs {
        Needs::Nothing => json!([]),
        Needs::AnyKey | Needs::Scope(_) => json!([{ "bearer": [] }, { "api_key": [] }]),
        Needs::Session | Needs::Role(_) => json!([{ "bearer": [] }]),
    };
    operation.insert("security".to_owned(), security);
    if let Needs::Scope(scope) = route.needs {
        operation.insert("x-required-scope".to_owned(), scope.as_str().into());
    }
    if let Some(request) = operation.get_mut("requestBody") {
        may_be_absent(request);
    }
    let codes = codes(operation, route);
    take(operation, route);
    answer(operation, route);
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    refusals::describe(responses.expect("every operation has answers"), &codes, shared);
}

/// Counts have no sign and 32 bits, for which there is no format: the one for signed ones would say less.
fn numbers(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("format").is_some_and(|format| format == "int32") {
                fields.insert("format".to_owned(), "int64".into());
            }
            fields.values_mut().for_each(numbers);
        }
        Value::Array(list) => list.iter_mut().for_each(numbers),
        _ => {}
    }
}

/// A summary is one sentence; what follows it and the scope are the description.
fn words(operation: &mut Map<String, Value>, needs: Needs) {
    let text = |name| operation.get(name).and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
    let all = [text("summary"), text("description")].join(" ");
    let (summary, rest) = all.trim().split_once(". ").unwrap_or((all.trim().trim_end_matches('.'), ""));
    let scope = match needs {
        Needs::Nothing => "Needs no key.".to_owned(),
        Needs::AnyKey => "Needs any key, or any session.".to_owned(),
        Needs::Scope(scope) => format!("Scope: `{scope}`."),
        Needs::Session => "For people: needs a session.".to_owned(),
        Needs::Role(role) => format!("For people: needs the session of a person with the role `{role}`."),
    };
    let description = if rest.is_empty() { scope } else { format!("{rest}\n\n{scope}") };
    operation.insert("summary".to_owned(), summary.into());
    operation.insert("description".to_owned(), description.into());
}

fn codes(operation: &mut Map<String, Value>, route: &Route) -> Vec<Code> {
    let own = operation.shift_remove(OWN_REFUSALS).unwrap_or_default();
    let own = own.as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut codes: Vec<_> = own.map(|name| refusals::code(name).expect("a code that there is")).collect();
    if !route.name.is_probe() {
        codes.push(Code::RateLimited);
    }
    if route.needs == Needs::Nothing {
        if may_be_repeated(route) {
            codes.extend([Code::IdempotencyMismatch, Code::IdempotencyInProgress]);
        }
        return codes;
    }
    codes.extend([Code::Unauthorized, Code::OriginNotAllowed, Code::IpNotAllowed]);
    codes.extend([Code::Internal, Code::Unavailable]);
    if matches!(route.needs, Needs::Scope(_)) {
        codes.push(Code::ForbiddenScope);
    }
    if route.needs != Needs::AnyKey {
        codes.push(Code::ForbiddenRole);
    }
    // For a workspace that is none, or none of theirs.
    codes.extend([Code::NotFound, Code::InvalidRequest]);
    // Whatever stands on accounts is closed to keys that are bound to others.
    if route.path.starts_with("/v1/posts") || route.path.starts_with("/v1/accounts/") {
        codes.push(Code::AccountNotAllowed);
    }
    if route.path.contains('{') {
        codes.push(Code::NotFound);
    }
    let has_parameters = operation.get("parameters").is_some();
    if operation.contains_key("requestBody") {
        codes.extend([Code::InvalidRequest, Code::UnsupportedMediaType, Code::PayloadTooLarge]);
    } else if has_parameters || reads(route) {
        codes.push(Code::InvalidRequest);
    }
    if may_be_repeated(route) {
        codes.extend([Code::IdempotencyMismatch, Code::IdempotencyInProgress]);
        // For a wrong key, and a body that nobody asked for but which the key is kept with.
        codes.extend([Code::InvalidRequest, Code::PayloadTooLarge]);
    }
    if takes_revision(route) {
        codes.push(Code::VersionMismatch);
    }
    codes
}

fn reads(route: &Route) -> bool {
    route.method == "GET"
}

fn may_be_repeated(route: &Route) -> bool {
    route.method == "POST" && (route.keeps_receipts || route.needs != Needs::Nothing)
}

fn takes_revision(route: &Route) -> bool {
    // Sessions don't change: they end.
    (route.method == "PATCH" || route.method == "DELETE") && !route.path.starts_with("/v1/auth/")
}

/// A body that may be absent may not be `null` all the same.
fn may_be_absent(request: &mut Value) {
    let Some(schema) = request.pointer_mut("/content/application~1json/schema") else { return };
    let there = schema["oneOf"].as_array().filter(|any| any[0]["type"] == "null").map(|any| any[1].clone());
    if let Some(there) = there {
        *schema = there;
        request["required"] = false.into();
    }
}

/// What a request may carry beside its own parameters.
fn take(operation: &mut Map<String, Value>, route: &Route) {
    let shared = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    let mut all = Vec::new();
    if route.path.contains("{id}") {
        let noun = route.path.split('/').nth(2).unwrap_or_default();
        let kind = match noun {
            "posts" => "post_id",
            "accounts" => "acct_id",
            "keys" => "key_id",
            "media" => "media_id",
            "workspaces" => "ws_id",
            "auth" => "sess_id",
            "people" => "user_id",
            "invitations" => "inv_id",
            other => panic!("ids of {other} have no name in the description"),
        };
        let schema = json!({ "$ref": format!("#/components/schemas/{kind}") });
        all.push(json!({ "name": "id", "in": "path", "required": true, "schema": schema }));
    }
    if route.path.contains("{platform}") {
        all.push(shared("platform"));
    }
    all.extend(operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default());
    if may_be_repeated(route) {
        all.push(shared("Idempotency-Key"));
    }
    if takes_revision(route) {
        all.push(shared("If-Match"));
    }
    if reads(route) && operation["responses"].get("200").is_some_and(has_revision) {
        all.push(shared("If-None-Match"));
    }
    if reads(route) && route.needs != Needs::Nothing {
        all.push(shared("Campanile-Position"));
    }
    if !matches!(route.needs, Needs::Nothing | Needs::Session) {
        all.push(shared("Campanile-Workspace"));
    }
    all.push(shared("X-Request-Id"));
    operation.insert("parameters".to_owned(), all.into());
}

/// The headers of what is not a refusal.
fn answer(operation: &mut Map<String, Value>, route: &Route) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    if reads(route) && responses.get("200").is_some_and(has_revision) {
        responses.insert("304".to_owned(), json!({ "description": UNCHANGED }));
    }
    for (status, response) in responses.iter_mut() {
        let mut names = vec!["X-Request-Id"];
        if has_revision(response) || status == "304" {
            names.push("ETag");
        }
        // What answers a command with a list only judged.
        let is_list = response.pointer("/content/application~1json/schema/properties/data").is_some();
        let is_beside_the_log = route.path.starts_with("/v1/auth/");
        let may_do_nothing = is_list || is_beside_the_log || route.needs == Needs::Nothing;
        if !reads(route) && !may_do_nothing {
            names.extend(["Campanile-Position", "Campanile-Projected"]);
        }
        if may_be_repeated(route) {
            names.push("Idempotent-Replayed");
        }
        if route.needs != Needs::Nothing {
            names.extend(RATE_LIMIT);
        }
        let headers: Map<_, _> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
            .collect();
        response["headers"] = headers.into();
    }
}

/// Whether it shows one thing that has a revision.
fn has_revision(response: &Value) -> bool {
    let shown = response["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
    let shown = shown.rsplit('/').next().unwrap_or_default();
    ["Post", "Account", "Media", "Key", "KeyWithSecret", "RotatedKey", "RevokedKey", "Person", "InvitationWithLink"]
        .contains(&shown)
}

fn headers() -> Value {
    json!({
        "X-Request-Id": {
            "description": "The request's id: the client's own if it sent a safe one.", "required": true,
            "schema": { "type": "string" },
        },
        "ETag": {
            "description": "The revision, for `If-Match` and `If-None-Match`.", "required": true,
            "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" }, "example": "\"3\"",
        },
        "Campanile-Position": {
            "description": "The command's place in the log: epoch and position.", "required": true,
            "schema": { "type": "string", "pattern": "^[0-9]+-[0-9]+$" }, "example": "1-104277",
        },
        "Campanile-Projected": {
            "description": "`false` if reads don't show it yet; it is done all the same.",
            "schema": { "type": "string", "enum": ["false"] },
        },
        "Idempotent-Replayed": {
            "description": "`true` if this request was carried out before: this is its answer of then.",
            "schema": { "type": "string", "enum": ["true"] },
        },
        "WWW-Authenticate": { "required": true, "schema": { "type": "string", "enum": ["Bearer"] } },
        "X-RateLimit-Limit": {
            "description": "How many requests the key, with those before and after it by rotation, or the person in all sessions may make in a minute (UTC); absent for a key without limits.",
            "schema": { "type": "integer" }, "example": 60,
        },
        "X-RateLimit-Remaining": {
            "description": "How many it may still make in this minute; never more than is left.",
            "schema": { "type": "integer" }, "example": 59,
        },
        "X-RateLimit-Reset": {
            "description": "When the minute ends, in Unix seconds.", "schema": { "type": "integer" }, "example": 1_796_115_660,
        },
        "RateLimit-Policy": {
            "description": "Both windows: how many requests (`q`) in how many seconds (`w`).",
            "schema": { "type": "string" }, "example": "\"minute\";q=60;w=60, \"day\";q=10000;w=86400",
        },
        "RateLimit": {
            "description": "Both windows: how many requests are left (`r`), and for how many seconds (`t`).",
            "schema": { "type": "string" }, "example": "\"minute\";r=59;t=42, \"day\";r=9999;t=31242",
        },
        "Retry-After": { "description": "In seconds.", "required": true, "schema": { "type": "integer" } },
    })
}

fn parameters() -> Value {
    json!({
        "platform": {
            "name": "platform", "in": "path", "required": true, "description": "The platform's name.",
            "schema": { "$ref": "#/components/schemas/PlatformName" },
        },
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header",
            "description": "The same key with the same request answers as the first did, for at least 24 hours; with another request it is refused. What was refused or changed nothing, such as a validation, is not remembered.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        },
        "If-Match": {
            "name": "If-Match", "in": "header",
            "description": "The `ETag` that it must still have; without it the last write wins.",
            "schema": { "type": "string" }, "example": "\"3\"",
        },
        "If-None-Match": {
            "name": "If-None-Match", "in": "header",
            "description": "The `ETag` of what is known already: 304 if it is unchanged.",
            "schema": { "type": "string" }, "example": "\"3\"",
        },
        "Campanile-Position": {
            "name": "Campanile-Position", "in": "header",
            "description": "Waits until reads show this place in the log, up to 5 s; then 503. A place of before the log was restored is 400.",
            "schema": { "type": "string", "pattern": "^[0-9]{1,9}-[0-9]{1,18}$" },
        },
        "Campanile-Workspace": {
            "name": "Campanile-Workspace", "in": "header",
            "description": "The workspace that a person means; needed by who may enter several. A key opens one only.",
            "schema": { "$ref": "#/components/schemas/ws_id" },
        },
        "X-Request-Id": {
            "name": "X-Request-Id", "in": "header",
            "description": "A name for this request, of up to 128 letters, digits and `-_.:/+=@`; any other is replaced.",
            "schema": { "type": "string" },
        },
    })
}
