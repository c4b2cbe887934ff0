//! Where positions come from: the head row, whose lock is taken before anything is read and held to the commit.
//!
//! A mutant takes them from a sequence, as many do: numbered at the insert, visible with the commit, in another order.

use std::borrow::Cow;

use tokio_postgres::Client;

use super::{
    link::{BEGIN, INSERT},
    rows::HEAD,
};
use crate::sabotage::{Mutant, mutated};

const SEQUENCE: &str = "create sequence if not exists mutant_positions";

/// What begins an append's transaction.
pub(super) fn begin() -> &'static str {
    if mutated(Mutant::Sequence) { "begin isolation level read committed read write" } else { BEGIN }
}

/// What reads the head row.
pub(super) fn head() -> Cow<'static, str> {
    if mutated(Mutant::Sequence) { HEAD.into() } else { format!("{HEAD} for update").into() }
}

/// What stores events.
pub(super) fn insert() -> Cow<'static, str> {
    if !mutated(Mutant::Sequence) {
        return INSERT.into();
    }
    let given = "unnest($1::bigint[])";
    INSERT.replace(given, &format!("nextval('mutant_positions') + 0 * {given}")).into()
}

/// Makes ready what a mutant numbers by.
pub(super) async fn prepare(client: &Client) {
    if mutated(Mutant::Sequence) {
        // Of several that make it at once, one does.
        let _made_by_another = client.batch_execute(SEQUENCE).await;
    }
}
