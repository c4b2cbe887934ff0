//! `GET /operator/plans` and `POST /operator/plans`

use axum::extract::State;
use campanile_events::{ids::WorkspaceId, journal::Month};
use campanile_projections::workspaces;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::{
    Api,
    http::{Answer, ApiError, Body, Parameters, instant},
    operator::AtMachine,
};

/// Which plan a workspace is to have.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Its name; `null` for none.
    plan: Option<String>,
}

/// The plans that there are, and every workspace with its own and what it has used of it this month.
pub async fn list(State(api): State<Api>, given: Parameters) -> Result<Answer, ApiError> {
    given.finish()?;
    let core = &api.0;
    let mut data = Vec::new();
    for id in workspaces::all(core.read.everywhere().as_ref()).await? {
        data.push(shown(&api, id).await?);
    }
    let plans: Map<_, _> = core
        .plans
        .settings()
        .all()
        .map(|(name, plan)| {
            let quotas: Map<_, _> =
                plan.quotas.iter().map(|(quota, most)| (quota.as_str().to_owned(), json!(most))).collect();
            let lacks: Vec<_> = plan.lacks.iter().map(|feature| feature.as_str()).collect();
            let shown = json!({
                "requests_per_minute": plan.requests_per_minute,
                "requests_per_day": plan.requests_per_day,
                "quotas": quotas,
                "lacks": lacks,
            });
            (name.to_owned(), shown)
        })
        .collect();
    let now = core.clock.now();
    Ok(Answer::ok(json!({
        "month": Month::of(now).as_str(),
        "resets_at": instant(Month::ends(now)),
        "plans": plans,
        "data": data,
    })))
}

/// Gives a workspace a plan, or takes it away.
pub async fn set(
    State(api): State<Api>,
    operator: AtMachine,
    mut given: Parameters,
    Body(new): Body<NewPlan>,
) -> Result<Answer, ApiError> {
    let workspace = api.workspace(&mut given).await?;
    given.finish()?;
    let position = api.give_plan(workspace, new.plan, operator.metadata()).await?;
    Ok(api.placed(Answer::ok(shown(&api, workspace).await?), position).await)
}

async fn shown(api: &Api, workspace: WorkspaceId) -> Result<Value, ApiError> {
    let loaded = api.0.workspaces.load(workspace, workspace.uuid()).await?;
    let name = loaded.and_then(|loaded| loaded.state.plan.clone());
    let plan = api.plan_of(workspace).await?;
    Ok(json!({ "workspace_id": workspace, "plan": name, "quotas": plan["quotas"] }))
}
