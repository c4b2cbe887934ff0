//! `campanile keys`, through a running engine and on the folder.

use serde_json::{Value, json};

use crate::support::{Engine, Options, Ran};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("one JSON object")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_made_and_revoked_at_the_machine_holds_at_once_and_no_longer() {
    let mut engine = Engine::start(Options::default()).await;
    let made = engine.command(&["keys", "create", "--name", "ci", "--scope", "posts:read,keys:read", "--json"]).ok();
    let made = json(&made);
    let (id, secret) = (made["id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    let client = engine.client_of(secret);
    let shown = client.get(&format!("/v1/keys/{id}")).await.expect(200);
    assert_eq!((&shown["name"], &shown["created_by"]), (&json!("ci"), &json!("operator")));
    assert_eq!(shown["rate_limit"], json!({"per_minute": 60, "per_day": 10_000}));
    client.post("/v1/keys", json!({"name": "x", "scopes": ["*"]})).await.refused(403, "forbidden_scope");

    let revoked = engine.command(&["keys", "revoke", id]).ok();
    assert!(revoked.contains(id), "{revoked}");
    assert_eq!(client.get("/v1/posts").await.refused(401, "unauthorized")["reason"], "revoked_key");

    // What a process of its own does is there when the engine is.
    engine.terminate();
    let words = engine.command(&["keys", "create", "--name", "later", "--scope", "*", "--mode", "test"]).ok();
    let secret = words.lines().find_map(|line| line.strip_prefix("secret")).expect("a secret").trim().to_owned();
    assert!(secret.starts_with("sk_test_"), "{words}");
    let listed = json(&engine.command(&["keys", "list", "--json"]).ok());
    let of = |name: &str| listed["data"].as_array().expect("keys").iter().find(|key| key["name"] == name).cloned();
    assert_eq!(of("ci").expect("the first")["status"], "revoked");
    assert_eq!(of("later").expect("the second")["mode"], "test");
    assert!(!listed.to_string().contains(&secret[12..]), "a secret is shown once");
    engine.restart().await;
    assert_eq!(engine.client_of(&secret).get("/v1/posts").await.status, 200);
    let table = engine.command(&["keys", "list"]).ok();
    assert!(table.contains("later") && table.starts_with("ID"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_changed_and_told_of_at_the_machine() {
    let mut engine = Engine::start(Options::default()).await;
    let made = engine.command(&["keys", "create", "--name", "ci", "--scope", "posts:read,posts:write", "--json"]).ok();
    let made = json(&made);
    let (id, secret) = (made["id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    let client = engine.client_of(secret);
    let update = ["keys", "update", id, "--scope", "posts:read", "--per-minute", "30", "--allow-ip", "10.0.0.0/8"];
    let changed = json(&engine.command(&[&update[..], &["--description", "of the build", "--json"]].concat()).ok());
    assert_eq!(changed["rate_limit"], json!({"per_minute": 30, "per_day": 10_000}), "the day's stays");
    assert_eq!((&changed["name"], &changed["scopes"]), (&json!("ci"), &json!(["posts:read"])));
    client.get("/v1/posts").await.refused(403, "ip_not_allowed");
    engine.command(&["keys", "update", id, "--any-ip", "--no-description"]).ok();
    assert_eq!(client.get("/v1/posts").await.status, 200);
    client.post("/v1/posts", json!({})).await.refused(403, "forbidden_scope");

    let nothing = engine.command(&["keys", "update", id]);
    assert!(nothing.code == Some(2) && nothing.errors.contains("--scope"), "{}", nothing.errors);
    let wrong = engine.command(&["keys", "update", id, "--name", "", "--allow-ip", "10.0.0.0/99"]);
    assert!(wrong.code == Some(2) && wrong.errors.contains("`name`"), "{}", wrong.errors);
    assert!(wrong.errors.contains("allowed_ips"), "{}", wrong.errors);
    let absent = engine.command(&["keys", "get", "key_01k2x3y4z5a6b7c8d9e0f1g2h3"]);
    assert!(absent.code == Some(2) && absent.errors.contains("no such key"), "{}", absent.errors);

    // On the folder, too.
    engine.terminate();
    let shown = engine.command(&["keys", "get", id]).ok();
    for line in ["name         ci", "scopes       posts:read", "limit        30 a minute, 10000 a day"] {
        assert!(shown.lines().any(|it| it == line), "{line}: {shown}");
    }
    assert_eq!(json(&engine.command(&["keys", "get", id, "--json"]).ok())["description"], Value::Null);
    let told = json(&engine.command(&["keys", "history", id, "--json"]).ok());
    let kinds: Vec<_> = told["data"].as_array().expect("events").iter().map(|it| it["type"].clone()).collect();
    assert_eq!(kinds, ["key.created", "key.renamed", "key.narrowed", "key.renamed", "key.widened"]);
    assert!(told["data"].as_array().expect("events").iter().all(|it| it["actor"] == "operator"), "{told}");
    assert_eq!(told["refused_writes"][0]["code"], "forbidden_scope", "{told}");
    let words = engine.command(&["keys", "history", id]).ok();
    assert!(words.contains("key.widened") && words.contains("refused 1 times"), "{words}");
    assert!(!words.contains(&secret[12..]) && !shown.contains(&secret[12..]), "a secret is shown once");
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_of_a_revoked_key_are_called_off_if_asked() {
    let engine = Engine::start(Options::default()).await;
    let made = json(&engine.command(&["keys", "create", "--name", "calendar", "--scope", "*", "--json"]).ok());
    let client = engine.client_of(made["secret"].as_str().expect("a secret"));
    let account = client.own_account().await;
    let later = json!({"body": "later", "account_ids": [account], "schedule": {"at": "2099-12-01T09:00:00Z"}});
    let post = client.post("/v1/posts", later).await.expect(201);
    let id = made["id"].as_str().expect("an id");
    let revoked = json(&engine.command(&["keys", "revoke", id, "--cancel-scheduled", "--json"]).ok());
    assert_eq!((&revoked["scheduled_posts"], &revoked["canceled_posts"]), (&json!(1), &json!(1)), "{revoked}");
    let post = format!("/v1/posts/{}", post["id"].as_str().expect("an id"));
    assert_eq!(engine.client().get(&post).await.expect(200)["status"], "canceled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_all_its_bounds_is_made_found_and_rotated_at_the_machine() {
    let mut engine = Engine::start(Options::default()).await;
    let account = engine.client().own_account().await;
    let made = json(
        &engine
            .command(&[
                "keys",
                "create",
                "--name",
                "News room",
                "--preset",
                "drafter",
                "--scope",
                "audit:read",
                "--expires-in-days",
                "30",
                "--per-minute",
                "7",
                "--allow-ip",
                "127.0.0.1,2001:db8::/32",
                "--allow-origin",
                "https://app.example.com",
                "--allow-account",
                &account,
                "--json",
            ])
            .ok(),
    );
    assert_eq!(made["rate_limit"], json!({"per_minute": 7, "per_day": 10_000}), "{made}");
    assert_eq!(made["allowed_ips"], json!(["127.0.0.1/32", "2001:db8::/32"]));
    assert_eq!(
        (&made["allowed_origins"], &made["allowed_accounts"]),
        (&json!(["https://app.example.com"]), &json!([account]))
    );
    assert!(made["scopes"].as_array().is_some_and(|it| it.len() == 7 && it.contains(&json!("media:upload"))), "{made}");
    let id = made["id"].as_str().expect("an id");
    let ids = |engine: &Engine, arguments: &[&str]| -> Vec<Value> {
        let listed = json(&engine.command(&[&["keys", "list", "--json"], arguments].concat()).ok());
        listed["data"].as_array().expect("keys").iter().map(|key| key["id"].clone()).collect()
    };
    assert_eq!(ids(&engine, &["--name", "news r"]), [json!(id)]);

    // Without an engine that runs, too; `0` revokes the old one at once.
    let rotated = json(&engine.command(&["keys", "rotate", id, "--json"]).ok());
    assert_eq!((&rotated["predecessor"], &rotated["scopes"]), (&json!(id), &made["scopes"]), "{rotated}");
    engine.terminate();
    let next = rotated["id"].as_str().expect("an id");
    let words = engine.command(&["keys", "rotate", next, "--overlap-seconds", "0"]).ok();
    assert!(words.contains("secret   sk_live_"), "{words}");
    assert_eq!(ids(&engine, &["--status", "revoked"]), [json!(next)]);
    assert_eq!(ids(&engine, &["--status", "active", "--name", "NEWS"]).len(), 2);
    let again = engine.command(&["keys", "rotate", next]);
    assert_eq!(again.code, Some(2), "{}", again.errors);
    engine.restart().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_done_is_said_and_exits_with_2() {
    let engine = Engine::start(Options::default()).await;
    for (arguments, named) in [
        (&["keys", "create", "--name", "x", "--scope", "posts:fly"][..], "posts:fly"),
        (&["keys", "create", "--name", "x"], "--scope"),
        (&["keys", "create", "--name", "x", "--scope", "*", "--expires-in-days", "0"], "expires_in_days"),
        (&["keys", "revoke", "key_01k00000000000000000000000"], "key"),
        (&["keys", "revoke", "../log"], "../log"),
        (&["keys", "rotate", "../log"], "../log"),
        (&["keys", "rotate", "key_01k00000000000000000000000"], "key"),
        (&["keys", "create", "--name", "x", "--preset", "king"], "king"),
        (&["keys", "create", "--name", "x", "--scope", "*", "--allow-ip", "here"], "allowed_ips[0]"),
        (&["keys", "list", "--status", "dead"], "dead"),
        (&["keys", "list", "--workspace", "ws_01k00000000000000000000000"], "workspace"),
    ] {
        let ran = engine.command(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.output, ran.errors);
        assert!(ran.errors.contains(named), "{arguments:?}: {}", ran.errors);
    }
    let all = engine.client().all("/v1/keys").await;
    assert_eq!(all.len(), 1, "nothing was made: {all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_limit_is_filled_up_with_what_is_usual_there_whoever_makes_the_key() {
    const LIMITS: &str = "per_minute=70,per_day=7000";
    let mut engine = Engine::start(Options { limits: Some(LIMITS), ..Options::default() }).await;
    let limit = |per_minute: u32, per_day: u32| json!({"per_minute": per_minute, "per_day": per_day});
    let cases = [
        (&["--per-minute", "7"][..], json!({"per_minute": 7}), limit(7, 7000)),
        (&["--per-day", "8"], json!({"per_day": 8}), limit(70, 8)),
        (&[], json!({}), limit(70, 7000)),
    ];
    for serves in [true, false] {
        for (flags, said, is) in &cases {
            let mut program = engine.program();
            program.args(["keys", "create", "--name", "k", "--scope", "*", "--json"]).args(*flags);
            let made = json(&Ran::of(program.env("CAMPANILE_LIMITS", LIMITS)).ok());
            assert_eq!(made["rate_limit"], *is, "{flags:?}, while it serves: {serves}");
            if serves {
                let body = json!({"name": "k", "scopes": ["*"], "rate_limit": said});
                assert_eq!(engine.client().post("/v1/keys", body).await.expect(201)["rate_limit"], *is, "{said}");
            }
        }
        if serves {
            engine.terminate();
        }
    }
}
