//! Numbered changes to tables: each owner embeds its own, beside the code that reads the tables.

use super::{Database, DbError, Engine};

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
    match db.engine() {
        Engine::Sqlite => {}
        // Before the table is looked for: two processes may not both find it missing.
        Engine::Postgres => {
            transaction.query("select pg_advisory_xact_lock(hashtext('campanile.migrations'))::text", vec![]).await?;
        }
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
    use super::*;
    use crate::db::Sqlite;

    const FIRST: &str = "create table a (n integer not null) strict; insert into a values (1);";
    const SECOND: &str = "insert into a values (2);";

    async fn rows(db: &Sqlite) -> usize {
        db.query("select n from a", vec![]).await.unwrap().len()
    }

    #[tokio::test]
    async fn each_is_applied_once_and_in_order() {
        let db = Sqlite::open_in_memory().unwrap();
        migrate(&db, "a", &[FIRST]).await.unwrap();
        migrate(&db, "a", &[FIRST]).await.unwrap();
        assert_eq!(rows(&db).await, 1);
        migrate(&db, "a", &[FIRST, SECOND]).await.unwrap();
        assert_eq!(rows(&db).await, 2);
        migrate(&db, "b", &["create table b (n integer not null) strict"]).await.unwrap();
        migrate(&db, "a", &[FIRST, SECOND]).await.unwrap();
        assert_eq!(rows(&db).await, 2);
    }

    #[tokio::test]
    async fn one_that_fails_leaves_nothing_of_its_run() {
        let db = Sqlite::open_in_memory().unwrap();
        migrate(&db, "a", &[FIRST]).await.unwrap();
        let failed = migrate(&db, "a", &[FIRST, SECOND, "insert into nowhere values (1)"]).await;
        assert!(matches!(failed, Err(DbError::Statement(_))), "{failed:?}");
        assert_eq!(rows(&db).await, 1);
    }

    #[tokio::test]
    async fn an_older_build_is_told_so() {
        let db = Sqlite::open_in_memory().unwrap();
        migrate(&db, "a", &[FIRST, SECOND]).await.unwrap();
        let refused = migrate(&db, "a", &[FIRST]).await.unwrap_err();
        assert_eq!(refused.to_string(), "the statement failed: `a` has had 2 migrations and this build knows 1");
    }
}
