//! Who is let in where: every route of the program's own table with every credential, with the exact status, code and
//! reason.
//!
//! - `asked`: for each route a request in which nothing is wrong but who sends it, and what it comes to. A route that it
//!   doesn't know fails the test.
//! - `credentials`: who sends it.
//! - `strangers`: how many requests are taken that nobody answers for. `refused`: where refusals are told.

mod asked;
mod credentials;
mod refused;
mod strangers;

use std::collections::BTreeMap;

use asked::{Asked, Stage};
use campanile::api::{
    http::{Needs, Route},
    routes,
};
use campanile_events::person::Role;
use credentials::{Credential, Credentials, Means};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::support::{Answer, Client, Engine, Options};

/// What an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    status: u16,
    code: &'static str,
    reason: &'static str,
}

/// A person's sessions share one limit, and here each makes a request for every route.
const UNHURRIED: &str = "per_minute=1000000,per_day=1000000";

/// What is told of limits.
const LIMITS: [&str; 5] =
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-policy", "ratelimit"];

const fn due(status: u16, code: &'static str) -> Due {
    Due { status, code, reason: "" }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_gives_every_credential_what_its_table_says() {
    let options = Options { proxies: Some("127.0.0.0/8"), limits: Some(UNHURRIED), ..Options::default() };
    let engine = Engine::start(options).await;
    let mut stage = Stage::of(&engine).await;
    let mut credentials = Credentials::of(&engine, &stage).await;
    let mut tried = 0;
    for route in routes::all() {
        for at in 0..credentials.of_route(&route).await {
            let asked = stage.ask(&route).await;
            let credential = credentials.at(at);
            let answer = send(&route, credential, &asked.path, asked.body.as_ref()).await;
            let case = format!("{route:?} with {}: {}", credential.name, answer.text);
            let Due { status, code, reason } = expected(&route, credential.means, &asked);
            assert_eq!(seen(&answer), (status, code.to_owned(), reason.to_owned()), "{case}");
            check(&answer, &route, credential, &case);
            let is_foreign = credential.means == Means::Elsewhere && code == "not_found";
            if let Some(absent) = asked.absent.filter(|_| is_foreign) {
                let admin = stage.admin();
                let nobodys = admin.request(route.method.clone(), &absent.path);
                let nobodys = admin.send(absent.body.iter().fold(nobodys, RequestBuilder::json)).await;
                assert_eq!(told(&answer, &asked.named), told(&nobodys, &absent.named), "{case}");
            }
            tried += 1;
            stage.tidy_up(&route).await;
            credentials.renew(at, &route).await;
        }
    }
    for credential in credentials.lasting() {
        for (method, path, due) in strays() {
            let request = credential.client.request(method.clone(), path);
            let request = credential.headers.iter().fold(request, |it, (name, value)| it.header(*name, value));
            let answer = credential.client.send(request).await;
            let case = format!("{method} {path} with {}: {}", credential.name, answer.text);
            assert_eq!(seen(&answer), (due.status, due.code.to_owned(), String::new()), "{case}");
            check_limits(&answer, credential.holds(), &case);
        }
    }
    println!("record: {tried} requests of {} routes", routes::all().len());
    assert!(tried >= routes::all().len() * credentials::LEAST, "only {tried}");
}

/// A path that there isn't, and of each path that there is a method that it doesn't take.
fn strays() -> Vec<(Method, &'static str, Due)> {
    let mut methods: BTreeMap<&str, Vec<Method>> = BTreeMap::new();
    for route in routes::all() {
        methods.entry(route.path).or_default().push(route.method);
    }
    let wrong = methods.into_iter().map(|(path, taken)| {
        let mut others = [Method::DELETE, Method::PUT, Method::PATCH, Method::TRACE].into_iter();
        (others.find(|it| !taken.contains(it)).expect("no path takes all"), path, due(405, "method_not_allowed"))
    });
    wrong.chain([(Method::GET, "/v1/nothing", due(404, "not_found"))]).collect()
}

async fn send(route: &Route, credential: &Credential, path: &str, body: Option<&Value>) -> Answer {
    let client: &Client = &credential.client;
    let request = client.request(route.method.clone(), path);
    let request = credential.headers.iter().fold(request, |it, (name, value)| it.header(*name, value));
    client.send(body.iter().fold(request, RequestBuilder::json)).await
}

/// Status, code and reason.
fn seen(answer: &Answer) -> (u16, String, String) {
    let word = |name: &str| error(answer)[name].as_str().unwrap_or_default().to_owned();
    (answer.status, word("code"), word("reason"))
}

/// The error, or nothing: some answers are no JSON.
fn error(answer: &Answer) -> Value {
    serde_json::from_str::<Value>(&answer.text).map(|mut it| it["error"].take()).unwrap_or_default()
}

/// What a table of routes and one of roles come to.
fn expected(route: &Route, means: Means, asked: &Asked) -> Due {
    if route.needs == Needs::Nothing {
        return asked.due;
    }
    match (means, route.needs) {
        (Means::Nobody(refusal), _) => refusal,
        (Means::Lacking, Needs::Scope(_)) => due(403, "forbidden_scope"),
        (Means::Person(role), Needs::Scope(scope)) if !role.allows(scope) => due(403, "forbidden_role"),
        (Means::Person(role), Needs::Role(needed)) if role != needed => due(403, "forbidden_role"),
        (Means::Person(role), _) if role != Role::Owner && asked.for_owners => due(403, "forbidden_role"),
        (Means::Person(_), _) => asked.due,
        (_, Needs::Session | Needs::Role(_)) => due(403, "forbidden_role"),
        (Means::Elsewhere, _) if asked.absent.is_some() => due(404, "not_found"),
        (Means::Bound, _) => asked.bound,
        (Means::Having | Means::Lacking | Means::Elsewhere, _) => asked.due,
    }
}

/// What goes with a status, whatever the route.
fn check(answer: &Answer, route: &Route, credential: &Credential, case: &str) {
    let error = error(answer);
    if answer.status == 401 && route.needs != Needs::Nothing {
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{case}");
    }
    check_limits(answer, credential.holds() && route.needs != Needs::Nothing, case);
    let is_forbidden = matches!(error["code"].as_str(), Some("forbidden_scope" | "forbidden_role"));
    if let (true, Needs::Scope(scope)) = (is_forbidden, route.needs) {
        assert_eq!(error["scope"], scope.as_str(), "{case}");
    }
    if answer.status >= 400 {
        assert_eq!(answer.header("campanile-position"), "", "{case}: what is refused leaves nothing");
        assert_eq!(error["request_id"].as_str(), Some(answer.header("x-request-id")), "{case}");
    }
}

/// Who shows a key or a session that holds is told all of what is left of its limits, and nobody else is.
fn check_limits(answer: &Answer, is_known: bool, case: &str) {
    for name in LIMITS {
        assert_eq!(!answer.header(name).is_empty(), is_known, "`{name}` in {case}");
    }
}

/// All that a refusal says, its headers too, but for what the client named itself, the request's own id and time, and what is
/// left of the client's own limits.
fn told(answer: &Answer, named: &str) -> (u16, BTreeMap<String, String>, Value) {
    let is_own = |name: &str| name.contains("ratelimit") || ["x-request-id", "date"].contains(&name);
    let headers = answer.headers.iter().filter(|(name, _)| !is_own(name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    let text = if named.is_empty() { answer.text.clone() } else { answer.text.replace(named, "…") };
    let mut error = serde_json::from_str::<Value>(&text).expect("an error")["error"].take();
    error["request_id"].take();
    (answer.status, headers, error)
}
