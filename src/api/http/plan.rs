//! What a workspace's plan doesn't let it, as its client sees it.

use campanile_events::{journal::Exceeded, key::KeyMode};
use serde::Serialize;

use super::{ApiError, Asker, Code, instant};
use crate::access::plans::{Allowance, Feature, PlansError, Quota};

/// Which plan refuses what: the one entry of the refusal's `details`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanDetail {
    /// What was asked for: a field, or the quota.
    pub field: String,
    /// `not_in_plan`, or `used_up`.
    pub code: &'static str,
    /// What a person reads.
    pub message: String,
    /// The plan's name.
    pub plan: String,
    /// The feature that it lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<&'static str>,
    /// The quota that is used up.
    #[serde(flatten)]
    pub quota: Option<QuotaDetail>,
}

/// A quota that is used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotaDetail {
    /// Its name.
    pub quota: String,
    /// How much a month holds.
    pub limit: u64,
    /// How much of it is used.
    pub used: u64,
    /// How much was asked for.
    pub requested: u64,
    /// When the next month begins.
    pub resets_at: String,
}

impl Allowance {
    /// Refuses what the plan lacks, if `asked`, which this field does.
    ///
    /// # Errors
    /// `payment_required`.
    pub(in crate::api) fn check(&self, feature: Feature, asked: bool, field: &str) -> Result<(), ApiError> {
        let Some(plan) = self.lacking(feature).filter(|_| asked) else { return Ok(()) };
        let message = format!("the plan `{plan}` of this workspace has no {}", feature.told());
        let detail = PlanDetail {
            field: field.to_owned(),
            code: "not_in_plan",
            message: message.clone(),
            plan: plan.to_owned(),
            feature: Some(feature.as_str()),
            quota: None,
        };
        Err(ApiError { plan: Some(Box::new(detail)), ..ApiError::new(Code::PaymentRequired, message) })
    }
}

impl Asker {
    /// Counts a post against the plan: one of a test key is none.
    pub(in crate::api) fn counting_post(self, allowance: &Allowance) -> Self {
        if self.caller.grant.mode == KeyMode::Test {
            return self;
        }
        let counted = allowance.counting(Quota::Posts, 1);
        self.counting(counted)
    }
}

impl From<&Exceeded> for ApiError {
    fn from(exceeded: &Exceeded) -> Self {
        let Exceeded { counted, used, resets_at } = exceeded;
        let resets_at = instant(*resets_at);
        let left = counted.most.saturating_sub(*used);
        let message = format!(
            "the plan `{}` of this workspace has {} `{}`: {left} are left, and {} asked for; the next month begins at \
             {resets_at}",
            counted.plan, counted.most, counted.quota, counted.amount
        );
        let quota = QuotaDetail {
            quota: counted.quota.clone(),
            limit: counted.most,
            used: *used,
            requested: counted.amount,
            resets_at,
        };
        let detail = PlanDetail {
            field: counted.quota.clone(),
            code: "used_up",
            message: message.clone(),
            plan: counted.plan.clone(),
            feature: None,
            quota: Some(quota),
        };
        Self { plan: Some(Box::new(detail)), ..Self::new(Code::QuotaExceeded, message) }
    }
}

impl From<PlansError> for ApiError {
    fn from(error: PlansError) -> Self {
        match error {
            PlansError::Load(error) => error.into(),
            PlansError::Db(error) => error.into(),
            error @ PlansError::Unknown(_) => Self::unavailable(error),
        }
    }
}
