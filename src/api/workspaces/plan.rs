//! The plan of a workspace, as it is shown, and how it gets another.

use campanile_events::{
    commands::Request,
    ids::{Position, WorkspaceId},
    journal::Metadata,
    workspace::{WorkspaceAction, WorkspaceCommand, WorkspaceError},
};
use serde_json::{Value, json};

use super::shown::{Plan, Quota};
use crate::{
    access::plans::PlansError,
    api::{
        Api,
        http::{ApiError, instant, refused_anyway},
    },
};

impl Api {
    /// A workspace's plan with what is used of it; `null` where none limits it. Of one that this node doesn't know, its name
    /// is all that can be told.
    pub(in crate::api) async fn plan_of(&self, workspace: WorkspaceId) -> Result<Value, ApiError> {
        let core = &self.0;
        let allowance = match core.plans.of(workspace).await {
            Ok(allowance) => allowance,
            Err(PlansError::Unknown(name)) => {
                return Ok(json!(Plan { name, lacks: Vec::new(), quotas: Vec::new() }));
            }
            Err(error) => return Err(error.into()),
        };
        let Some((name, plan)) = allowance.plan() else { return Ok(Value::Null) };
        let used = core.plans.used(workspace, &allowance, core.clock.now()).await?;
        let quotas = used.into_iter().map(|it| Quota {
            quota: it.quota.as_str().to_owned(),
            limit: it.most,
            used: it.used,
            resets_at: instant(it.resets_at),
        });
        let lacks = plan.lacks.iter().map(|feature| feature.as_str().to_owned()).collect();
        Ok(json!(Plan { name: name.to_owned(), lacks, quotas: quotas.collect() }))
    }

    /// Gives a workspace a plan, or takes it away, and says where that stands in the log.
    pub(in crate::api) async fn give_plan(
        &self,
        workspace: WorkspaceId,
        plan: Option<String>,
        metadata: Metadata,
    ) -> Result<Position, ApiError> {
        let core = &self.0;
        if let Some(unknown) = plan.as_ref().filter(|name| core.plans.settings().get(name).is_none()) {
            let known: Vec<_> = core.plans.settings().all().map(|(name, _)| format!("`{name}`")).collect();
            let there = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            let message = format!("there is no plan `{unknown}` in the engine's configuration: {there}");
            return Err(ApiError::invalid("plan", "not_found", message));
        }
        let command = WorkspaceCommand { now: core.clock.now(), action: WorkspaceAction::SetPlan { plan } };
        let request = Request { workspace, id: workspace.uuid(), command, metadata, receipt: None };
        let done = core.workspaces.execute(request).await.map_err(|error| {
            refused_anyway(error, "workspace", |error| match error {
                WorkspaceError::NotFound => ApiError::not_found("workspace"),
                WorkspaceError::Exists => ApiError::internal(error),
            })
        })?;
        core.projected(done.position).await;
        Ok(done.position)
    }
}
