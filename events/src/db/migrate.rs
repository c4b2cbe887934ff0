//! Numbered changes to tables: each owner embeds its own, beside the code that reads the tables.

use super::{Database, DbError, Engine};

/// Before the table is looked for: two processes may not both find it missing. Who comes later waits for as long as
/// changing tables takes, which is what the usual time limits are not made for.
const ONE_BY_ONE: &str = "set local statement_timeout = 0; set local lock_timeout = '2min';
    set local idle_in_transaction_session_timeout = '1min';
    select pg_advisory_xact_lock(hashtext('campanile.migrations'))";

/// Applies the migrations that `owner` has not had yet, in order and in one transaction: all or none.
///
/// A migration's number is its place in `migrations`, from 1; a released one is never edited, moved or taken out.
/// Processes that start together wait for one another.
///
/// # Errors
/// [`DbError::Statement`] also if the database has had more migrations than this build knows: it belongs to a newer
/// build.
pub async fn migrate(db: &dyn Database, owner: &str, migrations: &[&str]) -> Result<(), DbError> {
    let mut transaction = db.begin().await?;
    if db.engine() == Engine::Postgres {
        transaction.execute_script(ONE_BY_ONE).await?;
    }
    transaction.execute_script(table(db.engine())).await?;
    let applied = transaction
        .query("select count(*) as applied from migrations where owner = $1", vec![owner.into()])
        .await?
        .first()
        .map_or(Ok(0), |row| row.number("applied"))? as usize;
    let Some(missing) = migrations.get(applied..) else {
        return Err(DbError::Statement(format!(
            "`{owner}` has had {applied} migrations and this build knows {}",
            migrations.len()
        )));
    };
    for (number, script) in (applied + 1..).zip(missing) {
        transaction.execute_script(script).await?;
        transaction
            .execute("insert into migrations (owner, number) values ($1, $2)", vec![owner.into(), number.into()])
            .await?;
    }
    transaction.commit().await
}

const fn table(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "create table if not exists migrations (
                owner text not null, number integer not null, primary key (owner, number)
            ) strict, without rowid"
        }
        Engine::Postgres => {
            "create table if not exists migrations (
                owner text not null, number bigint not null, primary key (owner, number)
            )"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::engines::Databases;

    const FIRST: &str = "create table a (n integer not null); insert into a values (1);";
    const SECOND: &str = "insert into a values (2);";

    crate::on_every_engine!(
        each_is_applied_once_and_in_order,
        one_that_fails_leaves_nothing_of_its_run,
        an_older_build_is_told_so,
        many_at_once_all_succeed,
    );

    async fn rows(db: &dyn Database) -> usize {
        db.query("select n from a", vec![]).await.unwrap().len()
    }

    async fn each_is_applied_once_and_in_order(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let db = db.as_ref();
        migrate(db, "a", &[FIRST]).await.unwrap();
        migrate(db, "a", &[FIRST]).await.unwrap();
        assert_eq!(rows(db).await, 1);
        migrate(db, "a", &[FIRST, SECOND]).await.unwrap();
        assert_eq!(rows(db).await, 2);
        migrate(db, "b", &["create table b (n integer not null)"]).await.unwrap();
        migrate(db, "a", &[FIRST, SECOND]).await.unwrap();
        assert_eq!(rows(db).await, 2);
    }

    async fn one_that_fails_leaves_nothing_of_its_run(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        migrate(db.as_ref(), "a", &[FIRST]).await.unwrap();
        let failed = migrate(db.as_ref(), "a", &[FIRST, SECOND, "insert into nowhere values (1)"]).await;
        assert!(matches!(failed, Err(DbError::Statement(_))), "{failed:?}");
        assert_eq!(rows(db.as_ref()).await, 1);
    }

    async fn an_older_build_is_told_so(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        migrate(db.as_ref(), "a", &[FIRST, SECOND]).await.unwrap();
        let refused = migrate(db.as_ref(), "a", &[FIRST]).await.unwrap_err();
        assert_eq!(refused.to_string(), "the statement failed: `a` has had 2 migrations and this build knows 1");
    }

    /// Each with connections of its own, as nodes have.
    async fn many_at_once_all_succeed(engine: Engine) {
        let databases = Arc::new(Databases::of(engine));
        let one = |owner: &'static str| {
            let databases = Arc::clone(&databases);
            tokio::spawn(async move {
                let db = databases.open("a").await;
                migrate(db.as_ref(), owner, &[FIRST, SECOND][..if owner == "a" { 2 } else { 0 }]).await
            })
        };
        let all = ["a", "a", "b", "a", "a", "c", "a", "a"].map(one);
        for migrated in futures::future::join_all(all).await {
            migrated.unwrap().unwrap();
        }
        assert_eq!(rows(databases.open("a").await.as_ref()).await, 2);
    }
}
