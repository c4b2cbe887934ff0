//! `http`: requests with a key over connections that stay open.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, ensure};
use campanile_events::ids::PostId;
use http::StatusCode;
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{Mutex, oneshot},
};

use super::{
    Figures, Place, Plan, Route, Telling,
    bare::{Bare, SELECT, STATIC},
    connection::{Connection, Request},
    figures::Measured,
    house::House,
    load::load,
    rows::Rows,
};
use crate::{
    configuration::{Configuration, Role, Roles},
    engine::Engine,
};

const INSERT: &str = "a route of axum with a one-row-insert transaction";

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Vec<Figures>> {
    let (house, store) = House::build(place, "http").await?;
    let rows = Rows::create(&house.configuration, &store.clock, plan.clients).await?;
    drop(store);
    let roles = Roles::only([Role::Api, Role::Projector]);
    let configuration = Configuration { roles, ..house.configuration.clone() };
    let engine = Engine::open(&configuration).await?;
    let account = house.connect(engine.core(), "bench").await?;
    let post = house.ask(engine.core(), "/v1/posts", &body(account.to_string().as_str(), "first")).await?;
    let post = post["id"].as_str().context("a post has an id")?.to_owned();

    let posts = [post.parse::<PostId>()?.uuid()].into();
    let bare = Bare::serve(Arc::clone(engine.core().read.everywhere()), posts, Some(rows)).await?;
    let yardstick = bare.address();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        // A sender that is gone says the same.
        engine.serve(Some(listener), async { drop(stopped.await) }).await
    });

    let mut figures = Vec::new();
    let secret = Some(house.secret.as_str());
    if plan.route != Some(Route::Post) {
        let path = format!("/v1/posts/{post}");
        let get = move |_| Request::get(path.clone());
        let measured = ask_all("GET", plan, telling, (address, secret), StatusCode::OK, get).await?;
        let selected =
            ask_all("a bare GET", plan, telling, (yardstick, None), StatusCode::OK, |_| Request::get("/")).await?;
        let fixed =
            ask_all("a static GET", plan, telling, (yardstick, None), StatusCode::OK, |_| Request::get("/static"))
                .await?;
        let held =
            Figures::of("http", plan.clients, &measured, (SELECT, &selected)).against("static_route", STATIC, &fixed);
        figures.push(held.with("route", "GET /v1/posts/{id}").with("engine", place.engine()));
    }
    if plan.route != Some(Route::Get) {
        let account = account.to_string();
        let post = move |number| Request::post("/v1/posts", &body(&account, &format!("number {number}")));
        let measured = ask_all("POST", plan, telling, (address, secret), StatusCode::CREATED, post).await?;
        let insert = |_| Request::post("/", &json!({}));
        let bare = ask_all("a bare POST", plan, telling, (yardstick, None), StatusCode::OK, insert).await?;
        let fixed = |_| Request::post("/static", &json!({}));
        let fixed = ask_all("a static POST", plan, telling, (yardstick, None), StatusCode::OK, fixed).await?;
        let held =
            Figures::of("http", plan.clients, &measured, (INSERT, &bare)).against("static_route", STATIC, &fixed);
        figures.push(held.with("route", "POST /v1/posts").with("engine", place.engine()));
    }
    drop(stop);
    served.await??;
    drop(bare);
    Ok(figures)
}

fn body(account: &str, text: &str) -> serde_json::Value {
    json!({"body": format!("A post of the usual length that says something: {text}."), "account_ids": [account]})
}

/// Has every client ask over a connection of its own.
pub(super) async fn ask_all(
    what: &'static str,
    plan: &Plan,
    telling: &dyn Telling,
    (address, secret): (SocketAddr, Option<&str>),
    expected: StatusCode,
    request: impl Fn(u64) -> Request + Send + Sync + 'static,
) -> anyhow::Result<Measured> {
    let mut connections = Vec::with_capacity(plan.clients);
    for _ in 0..plan.clients {
        connections.push(Mutex::new(Connection::open(address, secret).await?));
    }
    let (connections, numbers) = (Arc::new(connections), AtomicU64::new(0));
    let measured = load(what, plan.clients, plan.length, telling, move |client| {
        let (connections, request) = (Arc::clone(&connections), request(numbers.fetch_add(1, Ordering::Relaxed)));
        async move {
            let (status, answer) = connections[client].lock().await.ask(request).await?;
            ensure!(status == expected, "{status}: {}", String::from_utf8_lossy(&answer));
            Ok(())
        }
    });
    measured.await
}
