//! What the server keeps of a post.

use std::time::Duration;

use campanile_test_servers::Pds;
use chrono::SecondsFormat;
use serde_json::json;

use super::{
    LIMIT, classes, engine, publish,
    resident::Resident,
    texts,
    way::{Loss, Way},
};
use crate::support::{attempts, now, png, published};

#[tokio::test(flavor = "multi_thread")]
async fn a_post_goes_out_now_and_later_and_with_a_picture() {
    let Some(pds) = tokio::task::spawn_blocking(Pds::shared).await.expect("a server, or why there is none") else {
        return;
    };
    let engine = engine().await;
    let client = engine.client();
    let ada = Resident::move_in(pds, "now-ada").await;
    let account = ada.connect(&client, &pds.url(), &ada.app_password("campanile").await).await;

    let sent = publish(&client, &account, "now", json!({})).await;
    let sent = published(&client, &sent, LIMIT).await;
    let records = ada.posts().await;
    assert_eq!(texts(&records), ["now"]);
    let key = records[0]["uri"].as_str().and_then(|uri| uri.rsplit('/').next()).expect("a record's key");
    assert_eq!(sent["targets"][0]["url"], format!("https://bsky.app/profile/now-ada.test/post/{key}"));

    let due = (now() + Duration::from_secs(2)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let body = json!({"body": "later", "account_ids": [account], "schedule": {"at": due}});
    let planned = client.post("/v1/posts", body).await.expect(201);
    assert_eq!(texts(&ada.posts().await), ["now"], "nothing stands before its time");
    published(&client, planned["id"].as_str().expect("an id"), LIMIT).await;
    let records = ada.posts().await;
    assert_eq!(texts(&records), ["now", "later"]);
    let made = records[1]["value"]["createdAt"].as_str().expect("a time");
    assert!(made >= due.as_str(), "made {made}, due {due}");

    let bytes = png(640, 360, 5_000);
    let picture = client.medium("image/png", &bytes, Some("Glocken & <Türme>")).await;
    let shown = publish(&client, &account, "look", json!({"media_ids": [picture]})).await;
    published(&client, &shown, LIMIT).await;
    let records = ada.posts().await;
    assert_eq!(texts(&records), ["now", "later", "look"]);
    let embed = &records[2]["value"]["embed"];
    let [image] = embed["images"].as_array().expect("pictures").as_slice() else { panic!("one picture in {embed}") };
    assert_eq!(embed["$type"], "app.bsky.embed.images");
    assert_eq!(
        (&image["alt"], &image["aspectRatio"]),
        (&json!("Glocken & <Türme>"), &json!({"width": 640, "height": 360}))
    );
    assert_eq!((&image["image"]["mimeType"], &image["image"]["size"]), (&json!("image/png"), &json!(bytes.len())));
    let cid = image["image"]["ref"]["$link"].as_str().expect("the hash of the bytes");
    assert_eq!(ada.blob(cid).await, ("image/png".to_owned(), bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_costs_no_second_record() {
    let Some(way) = Way::open().await else { return };
    let engine = engine().await;
    let client = engine.client();
    let ada = Resident::move_in(&way.pds, "lost-ada").await;
    let account = ada.connect(&client, &way.url, &ada.app_password("campanile").await).await;
    let picture = client.medium("image/png", &png(4, 3, 1_000), None).await;
    for (number, more) in [json!({}), json!({"media_ids": [picture]})].into_iter().enumerate() {
        way.next("com.atproto.repo.putRecord", &[Some(Loss::Answer)]);
        let post = publish(&client, &account, &format!("post {number}"), more).await;
        published(&client, &post, LIMIT).await;
        way.has_lost(number + 1).await;
        let tried = attempts(&client, &post).await;
        assert_eq!(classes(&tried), ["uncertain", "none"], "{tried:?}");
        assert_eq!(ada.posts().await.len(), number + 1);
    }
    assert_eq!(texts(&ada.posts().await), ["post 0", "post 1"]);
}
