//! The accounts that a post goes to, with what their platforms take.

use campanile_events::{
    account::AccountStatus,
    ids::AccountId,
    post::{Post, TargetRef, TargetRules},
};

use crate::{
    access::{Caller, OutOfReach},
    api::http::{ApiError, Detail},
    engine::Core,
};

/// The targets of a post to these accounts.
///
/// # Errors
/// `not_found` names each account that isn't there; `test_key_live_account` the first that a test key may not use,
/// `account_not_allowed` one that the key isn't bound to.
pub(super) async fn targets(core: &Core, caller: &Caller, ids: &[AccountId]) -> Result<Vec<TargetRules>, ApiError> {
    let mut targets = Vec::with_capacity(ids.len());
    let mut wrong = Vec::new();
    for (at, account_id) in ids.iter().copied().enumerate() {
        let loaded = core.accounts.load(caller.workspace, account_id.uuid()).await?;
        let connected = loaded.map(|loaded| loaded.state).filter(|it| it.status != AccountStatus::Disconnected);
        let offered = connected.and_then(|it| Some((it.platform.clone(), it.offer.clone()?.rules)));
        let Some((platform, rules)) = offered else {
            wrong.push(Detail {
                field: format!("account_ids[{at}]"),
                code: "not_found".to_owned(),
                message: "there is no such account".to_owned(),
                account_id: Some(account_id.to_string()),
                platform: None,
            });
            continue;
        };
        caller.reaches_account(account_id, &platform)?;
        targets.push(TargetRules { target: TargetRef { account_id, platform }, rules });
    }
    if wrong.is_empty() { Ok(targets) } else { Err(ApiError::unnamed_all(wrong)) }
}

/// Refuses to show a post to a key that is bound to other accounts than its.
pub(super) fn check_accounts(caller: &Caller, post: &Post) -> Result<(), ApiError> {
    let foreign = post.targets.iter().find(|target| !caller.may_use(target.account_id));
    foreign.map_or(Ok(()), |target| Err(OutOfReach::OtherAccount(target.account_id).into()))
}
