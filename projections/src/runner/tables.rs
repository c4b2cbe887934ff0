//! Making, dropping and swapping a projection's tables.

use campanile_events::db::{DbError, Engine, Transaction};

use crate::{projection::Projection, rows::table_name, views};

/// Makes empty live tables, in place of what an earlier build left.
pub(super) async fn begin_anew(
    transaction: &mut dyn Transaction,
    engine: Engine,
    projection: &dyn Projection,
    build: u64,
) -> Result<(), DbError> {
    create_beside(transaction, engine, projection, build).await?;
    swap(transaction, engine, projection).await
}

/// Makes the tables of a build beside the live ones, over what an earlier one may have left there.
pub(super) async fn create_beside(
    transaction: &mut dyn Transaction,
    engine: Engine,
    projection: &dyn Projection,
    build: u64,
) -> Result<(), DbError> {
    for definition in projection.tables() {
        let name = table_name(definition, true);
        transaction.execute_script(&format!("drop table if exists {name}")).await?;
        transaction.execute_script(&definition.create(engine, &name, build)).await?;
    }
    Ok(())
}

/// Puts the tables beside the live ones in their place.
pub(super) async fn swap(
    transaction: &mut dyn Transaction,
    engine: Engine,
    projection: &dyn Projection,
) -> Result<(), DbError> {
    for definition in projection.tables() {
        let (live, beside) = (table_name(definition, false), table_name(definition, true));
        // The views still read the old ones.
        let away = match engine {
            Engine::Sqlite => format!("drop table if exists {live}"),
            Engine::Postgres => format!("alter table if exists {live} rename to {}", old(&live)),
        };
        transaction.execute_script(&away).await?;
        transaction.execute_script(&format!("alter table {beside} rename to {live}")).await?;
    }
    if engine == Engine::Postgres {
        let has = |table| projection.tables().iter().any(|definition| definition.table.name == table);
        for view in views::ALL.iter().filter(|view| has(view.table)) {
            transaction.execute_script(&view.create()).await?;
        }
        for definition in projection.tables() {
            let live = table_name(definition, false);
            transaction.execute_script(&format!("drop table if exists {}", old(&live))).await?;
        }
    }
    Ok(())
}

fn old(live: &str) -> String {
    format!("{live}__old")
}
