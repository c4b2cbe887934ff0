//! Rows and checkpoint move together.

use std::sync::{Arc, atomic::Ordering};

use campanile_events::db::{Database, Engine};

use crate::support::{House, Watched, dump};

campanile_events::on_every_engine!(a_commit_that_fails_leaves_rows_and_checkpoint,);

async fn a_commit_that_fails_leaves_rows_and_checkpoint(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(30);
    let watched = Watched::over(house.tables("a").await);
    let db: Arc<dyn Database> = watched.clone();
    let runner = house.runner(&db).await;
    let before = town.live(200).await.pop().unwrap().position;
    runner.catch_up().await.unwrap();
    let rows = dump(db.as_ref()).await;

    town.live(50).await;
    watched.commits_fail.store(true, Ordering::Release);
    for _ in 0..2 {
        let failed = runner.run_once().await.unwrap_err();
        assert!(!failed.is_final(), "{failed}");
    }
    assert_eq!(dump(db.as_ref()).await, rows);
    assert!(runner.status().await.unwrap().iter().all(|status| status.position == before));
    assert_eq!(runner.position(), before, "nothing is announced that can't be read");

    watched.commits_fail.store(false, Ordering::Release);
    runner.catch_up().await.unwrap();
    let fresh = house.tables("fresh").await;
    house.runner(&fresh).await.catch_up().await.unwrap();
    assert_eq!(dump(db.as_ref()).await, dump(fresh.as_ref()).await);
}
