use campanile_events::db::{Database, Value};

/// Every table of the read models, and an order that their rows stand in.
const TABLES: [(&str, &str); 7] = [
    ("posts", "post_id"),
    ("post_tags", "workspace_id, tag_index, post_id"),
    ("targets", "post_id, account_id"),
    ("attempts", "post_id, account_id, number"),
    ("due_targets", "post_id, account_id"),
    ("accounts", "account_id"),
    ("keys", "key_id"),
];

/// All rows of all tables.
pub async fn dump(db: &dyn Database) -> Vec<(&'static str, Vec<Vec<Value>>)> {
    let mut all = Vec::new();
    for (table, order) in TABLES {
        let rows = db.query(&format!("select * from {table} order by {order}"), vec![]).await.unwrap();
        all.push((table, rows.iter().map(|row| row.values().to_vec()).collect()));
    }
    all
}
