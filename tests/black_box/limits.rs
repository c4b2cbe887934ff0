//! A key's limits outlive the process that counts them.

use reqwest::Method;
use serde_json::json;

use crate::support::{Client, Engine, Options};

const LIMIT: usize = 300;
/// What is taken at once of a limit, and lost by a crash.
const PORTION: usize = LIMIT / 100;
/// How many requests are under way when the engine is killed.
const UNDER_WAY: usize = 12;

/// A key with a limit, and how many of its requests were let in.
struct Counted {
    client: Client,
    header: &'static str,
    admitted: usize,
    unanswered: usize,
}

impl Counted {
    async fn of(engine: &Engine, window: &'static str) -> Self {
        let mut limit = json!({"per_minute": 1_000_000, "per_day": 1_000_000});
        limit[window] = json!(LIMIT);
        let body = json!({"name": window, "scopes": ["posts:read"], "rate_limit": limit});
        let made = engine.client().post("/v1/keys", body).await.expect(201);
        let client = engine.client_of(made["secret"].as_str().expect("a secret"));
        Self { client, header: window, admitted: 0, unanswered: 0 }
    }

    /// Asks so often; whether the limit was met.
    async fn ask(&mut self, times: usize) -> bool {
        for _ in 0..times {
            let answer = self.client.get("/v1/me").await;
            if answer.status == 429 {
                return true;
            }
            answer.expect(200);
            self.admitted += 1;
            let left: usize = answer.header("x-ratelimit-remaining").parse().expect("a number");
            let most = LIMIT.saturating_sub(self.admitted);
            assert!(left <= most, "{}: {left} are said to be left, of at most {most}", self.header);
        }
        false
    }

    /// Asks while the engine is killed.
    fn asking(&self) -> Vec<tokio::task::JoinHandle<bool>> {
        let ask = |client: Client| async move {
            let request = client.request(Method::GET, "/v1/me");
            client.try_send(request).await.is_ok_and(|answer| answer.status == 200)
        };
        (0..UNDER_WAY).map(|_| tokio::spawn(ask(self.client.clone()))).collect()
    }
}

/// The day that requests are counted in, by its end.
async fn day(key: &Counted) -> String {
    key.client.get("/v1/me").await.header("x-ratelimit-reset").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_gives_a_key_nothing_anew_and_takes_hardly_anything() {
    // A minute as long as a day: what is counted before a restart is counted after it.
    let options = Options { limits: Some("minute=86400"), ..Options::default() };
    let mut engine = Engine::start(options).await;
    // Should a day end meanwhile, another is begun with other keys.
    loop {
        let mut keys = [Counted::of(&engine, "per_minute").await, Counted::of(&engine, "per_day").await];
        let clock = Counted::of(&engine, "per_day").await;
        let today = day(&clock).await;
        for key in &mut keys {
            assert!(!key.ask(50).await);
        }
        let under_way: Vec<_> = keys.iter().map(Counted::asking).collect();
        engine.kill9();
        for (key, answers) in keys.iter_mut().zip(under_way) {
            for answered in answers {
                if answered.await.expect("asked") { key.admitted += 1 } else { key.unanswered += 1 }
            }
        }
        engine.restart().await;
        for key in &mut keys {
            assert!(!key.ask(50).await);
        }
        engine.terminate();
        engine.restart().await;
        for key in &mut keys {
            assert!(key.ask(LIMIT).await, "{}: {} were let in of {LIMIT}", key.header, key.admitted);
        }
        engine.kill9();
        engine.restart().await;
        for key in &mut keys {
            assert!(key.ask(1).await, "{}: what was used up is used up", key.header);
        }
        if day(&clock).await != today {
            continue;
        }
        for key in &keys {
            let Counted { header, admitted, unanswered, .. } = key;
            assert!(*admitted <= LIMIT, "{header}: {admitted}");
            assert!(admitted + unanswered + PORTION >= LIMIT, "{header}: {admitted}, and {unanswered} unanswered");
        }
        return;
    }
}
