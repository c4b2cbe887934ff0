//! Plans: what a workspace's lets it do, counted to the end and no further, and put on record.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Engine, Options,
    mastodon::{Flavour, MastodonStandIn, TOKEN},
};

const PLANS: &str = "free.requests_per_minute=600,free.posts_per_month=3,free.media_bytes_per_month=1000,\
                     free.lacks=threads+scheduling+several_accounts,paid.requests_per_minute=6000,\
                     paid.posts_per_month=100,plain.requests_per_day=5000,plain.lacks=media+first_comments";
/// The same, where a command opens the folder itself.
const FILE: &str = "[plans.free]\nposts_per_month = 3\nlacks = [\"threads\"]\n[plans.paid]\nrequests-per-minute = 6000\n\
                    [plans.old]\nposts_per_month = 9\n";

async fn start() -> Engine {
    Engine::start(Options { plans: Some(PLANS), ..Options::default() }).await
}

async fn post(client: &Client, account: &str, text: &str) -> Answer {
    client.post("/v1/posts", json!({"body": text, "account_ids": [account]})).await
}

async fn plan(client: &Client) -> Value {
    client.get("/v1/me").await.expect(200)["plan"].clone()
}

async fn posts(client: &Client) -> usize {
    client.all("/v1/posts").await.len()
}

/// The one detail of a refusal.
fn detail(error: &Value) -> Value {
    assert_eq!(error["details"].as_array().map(Vec::len), Some(1), "{error}");
    error["details"][0].clone()
}

/// The first instant of the next month.
fn next_month() -> String {
    let now = crate::support::now();
    let first = now.date_naive() - chrono::Days::new(u64::from(chrono::Datelike::day0(&now)));
    format!("{}T00:00:00.000Z", first + chrono::Months::new(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_used_up_and_comes_back_with_another_plan() {
    let mut engine = start().await;
    let client = engine.client();
    let account = client.own_account().await;
    assert_eq!(plan(&client).await, Value::Null);
    post(&client, &account, "before there was a plan").await.expect(201);
    let unknown = engine.command(&["plans", "set", "fre"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.errors);
    assert!(unknown.errors.contains("there is no plan `fre`"), "{}", unknown.errors);
    assert!(engine.command(&["plans", "set", "free"]).ok().ends_with(" has the plan free\n"));
    let resets_at = next_month();
    let quotas = |posts: u64, bytes: u64| {
        json!([
            {"quota": "posts_per_month", "limit": 3, "used": posts, "resets_at": resets_at},
            {"quota": "media_bytes_per_month", "limit": 1000, "used": bytes, "resets_at": resets_at},
        ])
    };
    let lacks = json!(["threads", "several_accounts", "scheduling"]);
    assert_eq!(plan(&client).await, json!({"name": "free", "lacks": lacks, "quotas": quotas(0, 0)}));

    let on_trial = json!({"name": "trial", "scopes": ["*"], "mode": "test"});
    let on_trial = client.post("/v1/keys", on_trial).await.expect(201);
    let on_trial = engine.client_of(on_trial["secret"].as_str().expect("a secret"));
    post(&on_trial, &account, "a test key's").await.expect(201);
    post(&client, &account, "one").await.expect(201);
    let two = post(&client, &account, "two").await.expect(201);
    let keyed = || {
        let request = client.request(Method::POST, "/v1/posts").header("Idempotency-Key", "the third");
        request.json(&json!({"body": "three", "account_ids": [account]}))
    };
    let three = client.send(keyed()).await.expect(201);
    let again = client.send(keyed()).await;
    assert_eq!((again.expect(201)["id"].clone(), again.header("idempotent-replayed")), (three["id"].clone(), "true"));
    assert_eq!(plan(&client).await["quotas"], quotas(3, 0));

    let before = written(&engine);
    let refused = post(&client, &account, "four").await.refused(402, "quota_exceeded");
    let expected = json!({
        "field": "posts_per_month", "code": "used_up", "message": refused["message"],
        "plan": "free", "quota": "posts_per_month", "limit": 3, "used": 3, "requested": 1, "resets_at": resets_at,
    });
    assert_eq!(detail(&refused), expected);
    assert_eq!(posts(&client).await, 5, "what was refused is not there");
    assert_eq!(written(&engine), before);
    post(&on_trial, &account, "a test key's second").await.expect(201);
    // Deleting gives nothing back; what is there goes on.
    client.delete(&format!("/v1/posts/{}", two["id"].as_str().expect("an id"))).await;
    post(&client, &account, "four").await.refused(402, "quota_exceeded");
    let path = format!("/v1/posts/{}", three["id"].as_str().expect("an id"));
    client.patch(&path, json!({"body": "three, in other words"})).await.expect(200);
    client.post_empty(&format!("{path}/publish")).await.expect(200);

    client.announce("image/png", 600, None).await.expect(201);
    let refused = client.announce("image/png", 500, None).await.refused(402, "quota_exceeded");
    let refused = detail(&refused);
    assert_eq!((&refused["quota"], &refused["used"]), (&json!("media_bytes_per_month"), &json!(600)), "{refused}");
    assert_eq!((&refused["plan"], &refused["requested"]), (&json!("free"), &json!(500)), "{refused}");
    client.announce("image/png", 400, None).await.expect(201);

    engine.kill9();
    engine.restart().await;
    assert_eq!(plan(&client).await["quotas"], quotas(3, 1000));
    post(&client, &account, "four").await.refused(402, "quota_exceeded");
    let listed = engine.command(&["plans", "list"]).ok();
    assert!(listed.contains("posts_per_month         3 of 3\n"), "{listed}");
    assert!(listed.contains("media_bytes_per_month   1000 of 1000\n"), "{listed}");
    let figures = engine.anonymous().get("/metrics").await.text;
    let of = |name: &str| {
        let line = figures.lines().find(|line| line.starts_with(name) && line.contains("posts_per_month"));
        line.and_then(|line| line.rsplit_once(' ')).map(|(_, value)| value.to_owned())
    };
    assert_eq!(of("campanile_quota_used{").as_deref(), Some("3"), "{figures}");
    assert_eq!(of("campanile_quota_limit{").as_deref(), Some("3"), "{figures}");

    engine.command(&["plans", "set", "paid"]).ok();
    post(&client, &account, "four").await.expect(201);
    let quota = &plan(&client).await["quotas"][0];
    assert_eq!((&quota["limit"], &quota["used"]), (&json!(100), &json!(4)), "the month goes on");
    engine.command(&["plans", "set", "none"]).ok();
    assert_eq!(plan(&client).await, Value::Null);
    let given: Vec<_> = events(&engine, "workspace.plan_set");
    let plans: Vec<_> = given.iter().map(|event| event["data"]["plan"].clone()).collect();
    assert_eq!(plans, [json!("free"), json!("paid"), Value::Null]);
    assert!(given.iter().all(|event| event["actor"] == "operator"), "{given:?}");
    let counted = events(&engine, "post.drafted");
    let counted = counted.iter().filter(|event| event["counted"]["quota"] == "posts_per_month").count();
    assert_eq!(counted, 4, "the log says what counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_lacks_is_refused_by_its_name() {
    let engine = start().await;
    let client = engine.client();
    let account = client.own_account().await;
    let other = client.post("/v1/connect/sandbox", json!({"handle": "other", "delivery": "keyed"})).await.expect(201);
    let accounts = json!([account, other["id"]]);
    let later = json!({"at": "2126-12-01T09:00:00Z"});
    let threaded = json!({"body": "a", "account_ids": [account], "thread": [{"body": "b"}]});
    let before = client.post("/v1/posts", threaded.clone()).await.expect(201);
    let before = format!("/v1/posts/{}", before["id"].as_str().expect("an id"));
    engine.command(&["plans", "set", "free"]).ok();
    let over = json!({"body": "a", "account_ids": [account], "overrides": {&account: {"thread": [{"body": "b"}]}}});
    let scheduled = json!({"body": "a", "account_ids": [account], "schedule": later});
    let at = written(&engine);
    for (answer, field, feature) in [
        (client.post("/v1/posts", threaded).await, "thread".to_owned(), "threads"),
        (client.post("/v1/posts", over).await, format!("overrides.{account}.thread"), "threads"),
        (client.post("/v1/posts", scheduled).await, "schedule".to_owned(), "scheduling"),
        (client.post(&format!("{before}/schedule"), later).await, "at".to_owned(), "scheduling"),
        (
            client.post("/v1/posts", json!({"body": "a", "account_ids": accounts})).await,
            "account_ids".to_owned(),
            "several_accounts",
        ),
        (client.patch(&before, json!({"account_ids": accounts})).await, "account_ids".to_owned(), "several_accounts"),
        (client.patch(&before, json!({"thread": [{"body": "c"}]})).await, "thread".to_owned(), "threads"),
    ] {
        let refused = answer.refused(402, "payment_required");
        let expected = json!({
            "field": field, "code": "not_in_plan", "message": refused["message"], "plan": "free", "feature": feature,
        });
        assert_eq!(detail(&refused), expected, "{}", answer.request);
    }
    assert_eq!(written(&engine), at, "nothing was written");
    // What a post has, it keeps.
    client.patch(&before, json!({"body": "other words"})).await.expect(200);
    engine.command(&["plans", "set", "plain"]).ok();
    let refused = client.announce("image/png", 5, None).await.refused(402, "payment_required");
    assert_eq!((&detail(&refused)["feature"], &detail(&refused)["plan"]), (&json!("media"), &json!("plain")));
    let commented = json!({"body": "a comment", "account_ids": [account], "first_comment": "b"});
    let refused = client.post("/v1/posts", commented).await.refused(402, "payment_required");
    assert_eq!(detail(&refused)["feature"], "first_comments");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_sessions_get_what_the_plan_says_and_no_more() {
    let mut engine = start().await;
    let client = engine.client();
    let limit = |answer: &Answer| answer.header("x-ratelimit-limit").to_owned();
    assert_eq!(limit(&client.get("/v1/me").await), "", "the key of init has no limit");
    let greedy = json!({"name": "greedy", "scopes": ["*"], "rate_limit": {"per_minute": 9000, "per_day": 90000}});
    let greedy = client.post("/v1/keys", greedy).await.expect(201);
    let greedy = engine.client_of(greedy["secret"].as_str().expect("a secret"));
    assert_eq!(limit(&greedy.get("/v1/me").await), "9000");
    engine.terminate();
    std::fs::write(engine.place().data().join("campanile.toml"), FILE).expect("a file");
    let refused = engine.command(&["plans", "set", "plain"]);
    assert_eq!(refused.code, Some(2), "it goes by the file: {}", refused.errors);
    assert!(engine.command(&["plans", "set", "old"]).ok().ends_with(" has the plan old\n"), "on the folder");
    engine.restart().await;
    // What `serve` doesn't know could be any bound.
    assert_eq!(plan(&client).await, json!({"name": "old", "lacks": [], "quotas": []}));
    let account = client.own_account().await;
    post(&client, &account, "unbounded").await.refused(503, "unavailable");
    assert!(engine.said().contains("has a plan that isn't in the configuration"), "{}", engine.said());
    engine.command(&["plans", "set", "paid"]).ok();
    post(&client, &account, "bounded again").await.expect(201);
    let comes_to = async |who: &Client, most: &str| {
        // Other nodes, and this one where there may be others, know it within a second.
        crate::support::eventually("the plan holds", crate::support::SOON, async || {
            let limit = limit(&who.get("/v1/me").await);
            if limit == most { Ok(()) } else { Err(limit) }
        })
        .await;
    };
    comes_to(&client, "6000").await;
    comes_to(&greedy, "6000").await;
    let made = client.post("/v1/keys", json!({"name": "usual", "scopes": ["*"]})).await.expect(201);
    assert_eq!(made["rate_limit"], json!({"per_minute": 6000, "per_day": 10000}));
    let slow = json!({"name": "slow", "scopes": ["*"], "rate_limit": {"per_minute": 70, "per_day": 700}});
    let slow = client.post("/v1/keys", slow).await.expect(201);
    let slow = engine.client_of(slow["secret"].as_str().expect("a secret"));
    assert_eq!(limit(&slow.get("/v1/me").await), "70");
    engine.command(&["plans", "set", "free"]).ok();
    comes_to(&client, "600").await;
    assert_eq!(limit(&greedy.get("/v1/me").await), "600");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_exactly_as_many_get_in_as_the_plan_says() {
    let engine = start().await;
    let client = engine.client();
    let account = client.own_account().await;
    engine.command(&["plans", "set", "free"]).ok();
    let texts: Vec<_> = (0..24).map(|number| format!("number {number}")).collect();
    let answers = join_all(texts.iter().map(|text| post(&client, &account, text))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(402, "quota_exceeded");
    }
    assert_eq!((made, posts(&client).await), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_people_make_begins_with_the_plan_for_new_ones() {
    let plans = Some("free.for_new_workspaces=true,free.requests_per_minute=77,paid.requests_per_minute=600");
    let engine = Engine::start(Options { plans, ..Options::default() }).await;
    let reset = engine.command(&["people", "reset", "owner@example.com", "--json"]).ok();
    let reset: Value = serde_json::from_str(&reset).expect("one JSON object");
    let password = "fourteen bells at noon";
    let anonymous = engine.anonymous();
    let chosen = json!({"token": reset["token"], "password": password});
    assert_eq!(anonymous.post("/v1/auth/reset", chosen).await.status, 204);
    let login = json!({"email": "owner@example.com", "password": password});
    let session = anonymous.post("/v1/auth/login", login).await.expect(200);
    let owner = engine.client_of(session["token"].as_str().expect("a token"));
    assert_eq!(owner.get("/v1/me").await.header("x-ratelimit-limit"), "60");
    let made = owner.post("/v1/workspaces", json!({"name": "another"})).await.expect(201);
    assert_eq!(made["plan"], "free");
    let of_all = owner.get("/v1/workspaces").await.expect(200);
    let plans: Vec<_> = of_all["data"].as_array().expect("a list").iter().map(|it| it["plan"].clone()).collect();
    assert_eq!(plans, [Value::Null, json!("free")], "the first has none");
    let there = owner.request(Method::GET, "/v1/me").header("Campanile-Workspace", made["id"].as_str().expect("an id"));
    let there = owner.send(there).await;
    assert_eq!(there.header("x-ratelimit-limit"), "77", "a session gets what the plan says");
    assert_eq!(there.expect(200)["plan"], json!({"name": "free", "lacks": [], "quotas": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_test_key_wrote_counts_once_it_goes_to_a_live_account() {
    let engine = start().await;
    let client = engine.client();
    let account = client.own_account().await;
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let body = json!({"instance_url": server.address, "access_token": TOKEN});
    let live = client.post("/v1/connect/mastodon", body).await.expect(201)["id"].clone();
    engine.command(&["plans", "set", "free"]).ok();
    let on_trial = json!({"name": "trial", "scopes": ["*"], "mode": "test"});
    let on_trial = client.post("/v1/keys", on_trial).await.expect(201);
    let on_trial = engine.client_of(on_trial["secret"].as_str().expect("a secret"));
    let mut paths = Vec::new();
    for text in ["one", "two"] {
        let written = post(&on_trial, &account, text).await.expect(201);
        paths.push(format!("/v1/posts/{}", written["id"].as_str().expect("an id")));
    }
    let used = async || plan(&client).await["quotas"][0]["used"].clone();
    assert_eq!(used().await, 0);
    for (to, counted) in [(&live, 1), (&json!(account), 1), (&live, 1)] {
        client.patch(&paths[0], json!({"account_ids": [to]})).await.expect(200);
        assert_eq!(used().await, counted, "{to}");
    }
    for text in ["three", "four"] {
        post(&client, &account, text).await.expect(201);
    }
    client.patch(&paths[1], json!({"account_ids": [live]})).await.refused(402, "quota_exceeded");
    client.patch(&paths[1], json!({"body": "still a test"})).await.expect(200);
}

/// How many events of posts and media there are.
fn written(engine: &Engine) -> usize {
    let text = engine.command(&["log", "tail"]).ok();
    let of = |line: &&str| line.contains("\"post.") || line.contains("\"media.");
    text.lines().filter(of).count()
}

/// What the log says happened, of one kind.
fn events(engine: &Engine, kind: &str) -> Vec<Value> {
    let text = engine.command(&["log", "tail"]).ok();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    all.filter(|event| event["type"] == kind).collect()
}
