//! `campanile people`, and `login`, `whoami`, `logout`: through a running engine and on the folder.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use serde_json::{Value, json};

use crate::support::{Engine, Options, Ran, SOON, eventually};

const PASSWORD: &str = "a password for the walk";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("one JSON object")
}

/// The program as its user calls it, with a configuration folder of their own.
fn user(engine: &Engine) -> Command {
    let mut program = engine.program();
    program
        .env("XDG_CONFIG_HOME", engine.outputs().join("configuration"))
        .env_remove("CAMPANILE_SERVER")
        .env_remove("CAMPANILE_API_KEY");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_invited_at_the_machine_and_sign_in_from_anywhere() {
    let mut engine = Engine::start(Options::default()).await;
    let base = engine.base();
    let invited = json(&engine.command(&["people", "invite", "Bob@example.com", "--role", "editor", "--json"]).ok());
    assert_eq!((&invited["email"], &invited["created_by"]), (&json!("bob@example.com"), &json!("operator")));
    let page = reqwest::get(format!("{base}/join")).await.expect("a page");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    let page = page.text().await.expect("a page");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert!(page.contains(&format!("<script nonce=\"{nonce}\">")) && page.contains("/v1/invitations/accept"), "{page}");
    let accept = json!({"token": invited["token"], "password": PASSWORD});
    engine.anonymous().post("/v1/invitations/accept", accept).await.expect(201);

    let file = engine.outputs().join("password");
    fs::write(&file, format!("{PASSWORD}\n")).expect("written");
    let login = |password: &std::path::Path| {
        let password = password.to_str().expect("a path");
        Ran::of(
            user(&engine)
                .args(["login", "--server", &base, "--email", "bob@example.com"])
                .args(["--password-file", password]),
        )
    };
    let ran = login(&file).ok();
    assert!(ran.contains("bob@example.com") && !ran.contains("st_"), "{ran}");
    let kept = engine.outputs().join("configuration/campanile/sessions.json");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(kept.parent().expect("a folder"))), (0o600, 0o700));
    let me = json(&Ran::of(user(&engine).args(["whoami", "--json"])).ok());
    assert_eq!((&me["person"]["email"], &me["role"]), (&json!("bob@example.com"), &json!("editor")));
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o640)).expect("opened to others");
    let warned = Ran::of(user(&engine).args(["keys", "list", "--server", &base]));
    assert!(warned.errors.contains("sessions.json has the mode 640"), "{}", warned.errors);
    let warned = Ran::of(user(&engine).args(["whoami", "--json"]));
    assert!(warned.code == Some(0) && warned.errors.contains("chmod 600"), "{}", warned.errors);
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o600)).expect("closed again");
    assert_eq!(Ran::of(user(&engine).args(["whoami", "--json"])).errors, "");
    let kept_token =
        || json(&fs::read_to_string(&kept).expect("kept"))["sessions"][format!("{base}/")]["token"].clone();
    let client = engine.client_of(kept_token().as_str().expect("a token"));
    let account = engine.client().own_account().await;
    client.post("/v1/posts", json!({"body": "by bob", "account_ids": [account]})).await.expect(201);
    client.post("/v1/keys", json!({"name": "x", "scopes": ["*"]})).await.refused(403, "forbidden_role");

    // Who signs in again leaves nothing open behind them.
    login(&file).ok();
    client.get("/v1/me").await.refused(401, "unauthorized");
    let sessions = engine.client_of(kept_token().as_str().expect("a token")).get("/v1/auth/sessions").await.expect(200);
    assert_eq!(sessions["data"].as_array().map(Vec::len), Some(1), "{sessions}");
    let client = engine.client_of(kept_token().as_str().expect("a token"));

    assert_eq!(Ran::of(user(&engine).args(["logout"])).code, Some(0));
    client.get("/v1/me").await.refused(401, "unauthorized");
    let nobody = Ran::of(user(&engine).args(["whoami"]));
    assert!(nobody.code == Some(2) && nobody.errors.contains("campanile login"), "{}", nobody.errors);
    fs::write(&file, "wrong\n").expect("written");
    let wrong = login(&file);
    assert!(wrong.code == Some(2) && wrong.errors.contains("wrong"), "{}", wrong.errors);
    for _ in 0..4 {
        login(&file);
    }
    let slowed = login(&file);
    assert!(slowed.code == Some(2) && slowed.errors.contains("try again in"), "{}", slowed.errors);

    // What a process of its own does is there when the engine is.
    engine.terminate();
    let offered = json(&engine.command(&["people", "reset", "bob@example.com", "--json"]).ok());
    let listed = json(&engine.command(&["people", "list", "--json"]).ok());
    let roles: Vec<_> = listed["data"].as_array().expect("people").iter().map(|it| it["role"].clone()).collect();
    assert_eq!(roles, ["editor", "owner"]);
    engine.restart().await;
    let anonymous = engine.anonymous();
    let reset = json!({"token": offered["token"], "password": "another for the walk"});
    assert_eq!(anonymous.post("/v1/auth/reset", reset).await.status, 204);
    let login = json!({"email": "bob@example.com", "password": "another for the walk"});
    let token = eventually("the wait for who guessed is over", SOON, async || {
        let answer = anonymous.post("/v1/auth/login", login.clone()).await;
        if answer.status == 200 { Ok(answer.json()["token"].clone()) } else { Err(answer.text) }
    })
    .await;
    assert!(engine.command(&["people", "remove", "bob@example.com"]).ok().contains("removed bob@example.com"));
    engine.client_of(token.as_str().expect("a token")).get("/v1/me").await.refused(401, "unauthorized");
    for (arguments, named) in [
        (&["people", "remove", "bob@example.com"][..], "person"),
        (&["people", "reset", "nobody"], "e-mail"),
        (&["people", "invite", "nobody", "--role", "editor"], "email"),
        (&["people", "invite", "eve@example.com", "--role", "king"], "king"),
        (&["people", "list", "--workspace", "ws_01k00000000000000000000000"], "workspace"),
    ] {
        let ran = engine.command(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.output, ran.errors);
        assert!(ran.errors.contains(named), "{arguments:?}: {}", ran.errors);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_act_on_an_engine_elsewhere_as_who_is_signed_in() {
    let engine = Engine::start(Options::default()).await;
    let base = engine.base();
    let away = |arguments: &[&str]| Ran::of(user(&engine).args(arguments).args(["--server", &base]));
    let nobody = away(&["keys", "list"]);
    assert!(nobody.code == Some(2) && nobody.errors.contains("campanile login"), "{}", nobody.errors);

    let accept = async |invited: &Value| {
        let body = json!({"token": invited["token"], "password": PASSWORD});
        engine.anonymous().post("/v1/invitations/accept", body).await.expect(201)
    };
    accept(&json(&engine.command(&["people", "invite", "bob@example.com", "--role", "owner", "--json"]).ok())).await;
    let file = engine.outputs().join("password");
    fs::write(&file, PASSWORD).expect("written");
    let file = file.to_str().expect("a path");
    away(&["login", "--email", "bob@example.com", "--password-file", file]).ok();
    let me = json(&Ran::of(user(&engine).args(["whoami", "--json"])).ok());

    let made = json(&away(&["keys", "create", "--name", "away", "--scope", "posts:read", "--json"]).ok());
    assert_eq!(made["created_by"], me["person"]["id"], "no operator's: {made}");
    let id = made["id"].as_str().expect("an id");
    engine.client_of(made["secret"].as_str().expect("a secret")).get("/v1/posts").await.expect(200);
    let listed = json(&away(&["keys", "list", "--name", "away", "--json"]).ok());
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{listed}");
    let changed = json(&away(&["keys", "update", id, "--name", "far away", "--json"]).ok());
    assert_eq!((&changed["name"], &changed["id"]), (&"far away".into(), &id.into()), "{changed}");
    assert_eq!(json(&away(&["keys", "get", id, "--json"]).ok())["name"], "far away");
    assert!(away(&["keys", "history", id]).ok().contains("key.renamed"));
    let rotated = json(&away(&["keys", "rotate", id, "--overlap-seconds", "0", "--json"]).ok());
    let secret = rotated["secret"].as_str().expect("a secret");
    let own_key = |arguments: &[&str]| {
        Ran::of(user(&engine).env("CAMPANILE_API_KEY", secret).args(arguments).args(["--server", &base]))
    };
    let lacking = own_key(&["keys", "list"]);
    assert!(lacking.code == Some(2) && lacking.errors.contains("keys:read"), "{}", lacking.errors);
    assert!(away(&["keys", "revoke", rotated["id"].as_str().expect("an id")]).ok().contains("revoked"));
    engine.client_of(secret).get("/v1/posts").await.refused(401, "unauthorized");

    let invited = json(&away(&["people", "invite", "eve@example.com", "--role", "viewer", "--json"]).ok());
    assert_eq!(invited["url"], format!("{base}/join#{}", invited["token"].as_str().expect("a token")));
    let absent = away(&["people", "remove", "eve@example.com"]);
    assert!(absent.code == Some(2) && absent.errors.contains("person"), "{}", absent.errors);
    accept(&invited).await;
    assert!(away(&["people", "list"]).ok().contains("eve@example.com"));
    assert!(away(&["people", "remove", "Eve@example.com"]).ok().contains("removed"));
    assert!(!away(&["people", "list"]).ok().contains("eve@example.com"));

    assert!(away(&["pause"]).ok().contains("is paused since"));
    let me = json(&Ran::of(user(&engine).args(["whoami", "--json"])).ok());
    assert!(me["paused_at"].is_string(), "{me}");
    let workspace = me["workspace_id"].as_str().expect("an id");
    assert!(away(&["resume", "--workspace", workspace]).ok().contains("goes on"));
    for (arguments, named) in [
        (&["pause", "--all"][..], "at the machine only"),
        (&["people", "reset", "bob@example.com"], "at the machine only"),
        (&["projections", "status"], "--server"),
        (&["log", "stats"], "--server"),
        (&["keys", "list", "--workspace", "ws_01k00000000000000000000000"], "workspace"),
        (&["pause", "--workspace", "nowhere/else"], "nowhere/else"),
    ] {
        let ran = away(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.output, ran.errors);
        assert!(ran.errors.contains(named), "{arguments:?}: {}", ran.errors);
    }
}
