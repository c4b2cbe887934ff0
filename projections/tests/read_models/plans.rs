//! What SQLite makes of the statements that are asked all the time: planned once, without what is bound, and over indexes.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use campanile_events::{
    db::{Database, DbError, Engine, Row, Transaction, Value},
    ids::{AccountId, Position},
};
use campanile_projections::{
    digests, due,
    page::Page,
    posts::{self, PostFilter},
};
use chrono::Duration;
use uuid::Uuid;

use crate::support::House;

/// Notes each statement's plan.
#[derive(Debug)]
struct Planned(Arc<dyn Database>, Mutex<Vec<String>>);

impl Planned {
    fn take(&self) -> String {
        self.1.lock().unwrap().drain(..).collect::<Vec<_>>().join("\n")
    }
}

#[async_trait]
impl Database for Planned {
    fn engine(&self) -> Engine {
        self.0.engine()
    }

    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        for row in self.0.query(&format!("explain query plan {sql}"), values.clone()).await? {
            let step = row.text("detail")?;
            self.1.lock().unwrap().push(step);
        }
        self.0.query(sql, values).await
    }

    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        self.0.execute(sql, values).await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, DbError> {
        self.0.begin().await
    }
}

#[tokio::test]
async fn what_is_asked_all_the_time_goes_by_an_index() {
    let house = House::new(Engine::Sqlite).await;
    let mut town = house.town(90);
    let db = house.tables("a").await;
    town.live(200).await;
    house.runner(db).await.catch_up().await.unwrap();
    let (now, [workspace, _]) = (town.now(), town.workspaces);
    let id = *town.posts.keys().next().unwrap();
    let planned = Planned(db, Mutex::default());
    let db: &dyn Database = &planned;

    due::changed_since(db, Position(1), now, 10).await.unwrap();
    let plan = planned.take();
    assert_eq!(plan.matches("due_targets_changed_").count(), 2, "{plan}");
    assert!(!plan.contains("due_targets_next_"), "{plan}");
    due::between(db, now - Duration::hours(1), now, 10).await.unwrap();
    due::overdue(db, now, 10).await.unwrap();
    due::oldest(db).await.unwrap();
    let plan = planned.take();
    assert_eq!(plan.matches("due_targets_next_").count(), 3, "{plan}");
    due::watched(db, 10).await.unwrap();
    let plan = planned.take();
    assert!(plan.contains("due_targets_watched_"), "{plan}");
    posts::get(db, workspace, id).await.unwrap();
    posts::list(db, workspace, &PostFilter::default(), &Page::first(10)).await.unwrap();
    digests::posts(db, workspace, AccountId::from(Uuid::from_u128(1)), "digest", now).await.unwrap();
    let plan = planned.take();
    assert!(plan.lines().count() >= 3 && plan.contains("SEARCH"), "{plan}");
    for bad in ["SCAN posts", "SCAN targets", "SCAN content_digests", "B-TREE"] {
        assert!(!plan.contains(bad), "{bad}: {plan}");
    }
}
