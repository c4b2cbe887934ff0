//! The labels that figures go by.

use prometheus_client::encoding::EncodeLabelSet;

/// A platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OnPlatform {
    pub platform: String,
}

/// How an attempt on a platform ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Ended {
    pub platform: String,
    pub class: &'static str,
}

/// A request's route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OnRoute {
    pub method: &'static str,
    pub route: String,
}

/// A request's route and what it was answered with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Answered {
    pub method: &'static str,
    pub route: String,
    pub status: u16,
}

/// A part of the engine that a process runs, or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfRole {
    pub role: &'static str,
}

/// A read model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfProjection {
    pub projection: &'static str,
}

/// A quota of a workspace's plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfQuota {
    pub workspace: String,
    pub plan: String,
    pub quota: &'static str,
}

/// A refusal's code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfCode {
    pub code: &'static str,
}

/// How an attempt to sign in ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Login {
    pub outcome: &'static str,
}
