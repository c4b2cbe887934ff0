//! Publishing, whole, with a real server for a judge.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use campanile_events::{
    account::AccountStatus,
    post::{Content, TargetStatus},
    seal::Open,
};
use campanile_test_servers::Pds;
use campanile_workers::platforms::{Connected, Credentials};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream},
};

use crate::{
    house::{House, quick, text},
    resident::{Resident, policy},
};

/// What the account was given, but for a server's other address, and with these fields replaced.
fn with(connected: &Connected, changes: &Value) -> Connected {
    let mut kept: Value = connected.credentials.read().unwrap();
    let fields = kept.as_object_mut().unwrap();
    fields.remove("pds_url");
    fields.extend(changes.as_object().unwrap().clone());
    Connected { credentials: Credentials::of(&kept), ..connected.clone() }
}

/// A way to the server on which the answers to the first so many posts are lost.
async fn lossy(server: &Pds, losses: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let behind = server.url().trim_start_matches("http://").to_owned();
    let posts = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&posts);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, behind.clone(), Arc::clone(&seen), losses));
        }
    });
    (url, posts)
}

async fn pass(mut client: TcpStream, behind: String, posts: Arc<AtomicUsize>, losses: usize) -> std::io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "this is no request of ours: it stands for the way to the server")]
    let mut upstream = TcpStream::connect(behind).await?;
    let mut first = vec![0; 64 * 1024];
    let length = client.read(&mut first).await?;
    upstream.write_all(&first[..length]).await?;
    let is_post = first.starts_with(b"POST /xrpc/com.atproto.repo.putRecord");
    if is_post && posts.fetch_add(1, Ordering::SeqCst) < losses {
        // The rest of the request goes on; of the answer, which ends with the connection, nothing does.
        let (mut from_client, _to_client) = client.split();
        let (mut answer, mut request) = upstream.split();
        let (mut rest, mut nothing) = (vec![0; 64 * 1024], sink());
        let answered = copy(&mut answer, &mut nothing);
        tokio::pin!(answered);
        loop {
            tokio::select! {
                _ = &mut answered => return Ok(()),
                read = from_client.read(&mut rest) => match read? {
                    0 => return answered.await.map(drop),
                    length => request.write_all(&rest[..length]).await?,
                },
            }
        }
    }
    tokio::io::copy_bidirectional(&mut client, &mut upstream).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_of_five_and_a_comment_hang_together() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "whole-ada").await;
    // A real server on a busy machine may take its time over six records: that is no lost answer.
    let mut timing = quick();
    timing.apply("lease=12").expect("a good entry");
    let house = House::open_towards(timing, policy()).await;
    let _publishing = house.start().await;
    let account = house.adopt("bluesky", ada.connected.clone()).await;
    let content = Content {
        body: Open::new("part 0"),
        thread: (1..5).map(|part| Open::new(format!("part {part}"))).collect(),
        first_comment: Some(Open::new("a comment")),
        ..Content::default()
    };
    let post = house.schedule(content, &[account], house.clock.now()).await;
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published, "{:?}", state.targets[0]);

    let posts = ada.posts().await;
    let texts: Vec<_> = posts.iter().map(|post| post["value"]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["part 0", "part 1", "part 2", "part 3", "part 4", "a comment"]);
    let named = |at: usize| json!({"uri": posts[at]["uri"], "cid": posts[at]["cid"]});
    for (index, parent) in [(1, 0), (2, 1), (3, 2), (4, 3), (5, 0)] {
        let expected = json!({"root": named(0), "parent": named(parent)});
        assert_eq!(posts[index]["value"]["reply"], expected, "{index}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_costs_no_second_record() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "lost-ada").await;
    let house = House::open_towards(quick(), policy()).await;
    let _publishing = house.start().await;
    let (url, posts) = lossy(server, 1).await;
    let account = house.adopt("bluesky", with(&ada.connected, &json!({"service_url": url}))).await;
    let post = house.schedule(text("Hello @lost-ada.test"), &[account], house.clock.now()).await;
    let state = house.ended(post).await;
    let target = &state.targets[0];
    assert_eq!(target.status(), TargetStatus::Published, "{target:?}");
    assert_eq!(target.attempts.len(), 2, "the first one's answer was lost: {target:?}");
    let standing = ada.posts().await;
    assert_eq!(standing.len(), 1);
    let remote_id = format!("{}#{}", standing[0]["uri"].as_str().unwrap(), standing[0]["cid"].as_str().unwrap());
    assert_eq!(target.done.values().filter_map(|done| done.remote_id.clone()).collect::<Vec<_>>(), [remote_id]);
    assert_eq!(posts.load(Ordering::SeqCst), 1, "what stands was not sent again");
    assert_eq!(target.duplicates, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ended_is_renewed_and_kept() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "renewed-ada").await;
    let house = House::open_towards(quick(), policy()).await;
    let _publishing = house.start().await;
    // Ended by our clock: renewed before the intent, by one of the workers for both posts.
    let account = house.adopt("bluesky", with(&ada.connected, &json!({"access_jwt": ada.expired_token()}))).await;
    let posts = [
        house.schedule(text("one"), &[account], house.clock.now()).await,
        house.schedule(text("two"), &[account], house.clock.now()).await,
    ];
    for post in posts {
        let state = house.ended(post).await;
        assert_eq!(state.targets[0].status(), TargetStatus::Published);
        assert_eq!(state.targets[0].attempts.len(), 1);
    }
    let kept = house.credentials(account).await;
    assert_ne!(kept["access_jwt"], json!(ada.expired_token()));
    assert_eq!(ada.posts().await.len(), 2);

    // Refused by the server: the attempt fails, the session is renewed, the next one goes through.
    let bob = Resident::move_in(server, "renewed-bob").await;
    let account = house.adopt("bluesky", with(&bob.connected, &json!({"access_jwt": "not.a.token"}))).await;
    let post = house.schedule(text("three"), &[account], house.clock.now()).await;
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    assert_eq!(state.targets[0].attempts.len(), 2);
    assert_eq!(bob.posts().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_password_parks_the_account() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "parked-ada").await;
    assert_eq!(ada.call("com.atproto.server.revokeAppPassword", &json!({"name": "campanile"})).await.0, 200);
    let house = House::open_towards(quick(), policy()).await;
    let _publishing = house.start().await;
    let account = house.adopt("bluesky", with(&ada.connected, &json!({"access_jwt": ada.expired_token()}))).await;
    house.schedule(text("never"), &[account], house.clock.now()).await;
    let state = house.account_becomes(account, AccountStatus::NeedsReconnect).await;
    assert_eq!(state.status, AccountStatus::NeedsReconnect);
    assert_eq!(ada.posts().await.len(), 0);
}
