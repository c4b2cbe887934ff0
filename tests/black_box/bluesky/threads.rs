//! A thread whose engine dies in its middle.

use serde_json::{Value, json};

use super::{
    LIMIT, classes, engine, publish,
    resident::Resident,
    texts,
    way::{Loss, Way},
};
use crate::support::published;

const PARTS: usize = 5;

/// Each part names the first one and the one before it.
fn hang_together(records: &[Value]) {
    let named = |at: usize| json!({"uri": records[at]["uri"], "cid": records[at]["cid"]});
    for (at, record) in records.iter().enumerate() {
        let expected = if at == 0 { Value::Null } else { json!({"root": named(0), "parent": named(at - 1)}) };
        assert_eq!(record["value"]["reply"], expected, "part {at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_goes_on_where_a_kill_cut_it_off() {
    let Some(way) = Way::open().await else { return };
    let mut engine = engine().await;
    let client = engine.client();
    // The third part stood already, and nobody had heard of it; and it had left, and never arrived.
    for (number, (loss, stand)) in [(Loss::AnswerForEver, 3), (Loss::RequestForEver, 2)].into_iter().enumerate() {
        let ada = Resident::move_in(&way.pds, &format!("thread-{number}")).await;
        let account = ada.connect(&client, &way.url, &ada.app_password("campanile").await).await;
        way.next("com.atproto.repo.putRecord", &[None, None, Some(loss)]);
        let thread: Vec<_> = (1..PARTS).map(|part| json!({"body": format!("part {part}")})).collect();
        let post = publish(&client, &account, "part 0", json!({"thread": thread})).await;
        way.has_lost(number + 1).await;
        assert_eq!(ada.posts().await.len(), stand, "{loss:?}");
        engine.kill9();
        engine.restart().await;
        let done = published(&client, &post, LIMIT).await;
        let results = client.get(&format!("/v1/posts/{post}/results")).await.expect(200);
        let result = &results["data"][0];
        assert_eq!(classes(result["attempts"].as_array().expect("attempts")), ["lapsed", "none"], "{loss:?}: {result}");
        assert_eq!(result["duplicates_observed"], 0, "{loss:?}: {result}");

        let records = ada.posts().await;
        assert_eq!(texts(&records), ["part 0", "part 1", "part 2", "part 3", "part 4"], "{loss:?}");
        hang_together(&records);
        let target = &done["targets"][0];
        let parts = target["parts"].as_array().expect("parts").iter();
        let told: Vec<_> = parts.map(|part| part["remote_id"].as_str().expect("a name").to_owned()).collect();
        let name = |record: &Value| {
            format!("{}#{}", record["uri"].as_str().unwrap_or(""), record["cid"].as_str().unwrap_or(""))
        };
        assert_eq!(told, records.iter().map(name).collect::<Vec<_>>(), "what the engine tells is what stands");
    }
}
