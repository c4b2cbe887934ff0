//! Figures that somebody knows already: read when they are asked for.

use std::sync::atomic::AtomicU64;

use campanile_projections::runner::RunnerError;
use campanile_workers::publishing::Leader;
use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{
    Metrics,
    labels::{OfProjection, OfQuota, OfRole},
};
use crate::{configuration::Role, engine::Core};

#[derive(Debug)]
pub(super) struct Gauges {
    position: Gauge,
    lag: Family<OfProjection, Gauge>,
    parked: Family<OfProjection, Gauge>,
    oldest: Gauge<f64, AtomicU64>,
    queue: Gauge,
    bus_connected: Gauge,
    bus_repairs: Gauge,
    roles: Family<OfRole, Gauge>,
    leader: Gauge,
    leader_unheard: Gauge<f64, AtomicU64>,
    outdated: Gauge,
    quota_used: Family<OfQuota, Gauge>,
    quota_limit: Family<OfQuota, Gauge>,
}

/// Why the figures can't be given.
#[derive(Debug, thiserror::Error)]
pub enum FiguresError {
    /// The log doesn't answer.
    #[error(transparent)]
    Journal(#[from] campanile_events::journal::ReadError),
    /// The read models don't answer.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// A read model doesn't answer.
    #[error(transparent)]
    Query(#[from] campanile_projections::page::QueryError),
    /// What was counted against plans can't be read.
    #[error(transparent)]
    Counted(#[from] campanile_events::db::DbError),
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let gauges = Self {
            position: Gauge::default(),
            lag: Family::default(),
            parked: Family::default(),
            oldest: Gauge::default(),
            queue: Gauge::default(),
            bus_connected: Gauge::default(),
            bus_repairs: Gauge::default(),
            roles: Family::default(),
            leader: Gauge::default(),
            leader_unheard: Gauge::default(),
            outdated: Gauge::default(),
            quota_used: Family::default(),
            quota_limit: Family::default(),
        };
        registry.register("log_position", "The last event's place in the log", gauges.position.clone());
        registry.register("projection_lag_events", "Events that a read model has yet to take", gauges.lag.clone());
        let about = "Streams with an event that a read model can't apply";
        registry.register("projection_parked_streams", about, gauges.parked.clone());
        let about = "For how long the oldest target that is due has waited for a worker";
        registry.register_with_unit("oldest_due_unclaimed", about, Unit::Seconds, gauges.oldest.clone());
        registry.register("queue_jobs", "Jobs that wait for a worker", gauges.queue.clone());
        registry.register("bus_connected", "Whether jobs can travel: 1 or 0", gauges.bus_connected.clone());
        let about = "How often this node made a lost stream, or a lost or deaf consumer, anew";
        registry.register("bus_repairs", about, gauges.bus_repairs.clone());
        registry.register("role", "Whether this process has a role: 1 or 0", gauges.roles.clone());
        registry.register("leader", "Whether this node's scheduler leads: 1 or 0", gauges.leader.clone());
        let about = "For how long this node's scheduler has heard of no leader";
        registry.register_with_unit("leader_unheard", about, Unit::Seconds, gauges.leader_unheard.clone());
        let about = "Whether this build has met what only a newer one knows, and gives way: 1 or 0";
        registry.register("build_outdated", about, gauges.outdated.clone());
        let about = "How much of a quota of its plan a workspace has used in this calendar month";
        registry.register("quota_used", about, gauges.quota_used.clone());
        let about = "How much of a quota its plan gives a workspace in a calendar month";
        registry.register("quota_limit", about, gauges.quota_limit.clone());
        gauges
    }
}

impl Metrics {
    /// All figures, those of the engine's parts as they are now.
    ///
    /// # Errors
    /// If a part doesn't answer.
    pub async fn read(&self, core: &Core) -> Result<String, FiguresError> {
        let gauges = &self.0.gauges;
        gauges.position.set(core.journal.head().await?.position.0.cast_signed());
        for it in core.runner.status().await? {
            let of = OfProjection { projection: it.name };
            gauges.lag.get_or_create(&of).set(it.lag.cast_signed());
            gauges.parked.get_or_create(&of).set(it.parked as i64);
        }
        gauges.oldest.set(core.publishing.oldest_unclaimed().await?.as_secs_f64());
        gauges.queue.set(core.publishing.queue_depth() as i64);
        let bus = core.publishing.bus_health();
        gauges.bus_connected.set(i64::from(bus.connected && bus.stream));
        gauges.bus_repairs.set(bus.repairs.cast_signed());
        for role in Role::ALL {
            let of = OfRole { role: role.as_str() };
            gauges.roles.get_or_create(&of).set(i64::from(core.roles.has(role)));
        }
        let leads = matches!(core.publishing.leader(), Some(Leader::This { .. }));
        gauges.leader.set(i64::from(leads));
        gauges.leader_unheard.set(core.publishing.leader_unheard().as_secs_f64());
        gauges.outdated.set(i64::from(core.outdated.reason().is_some()));
        self.read_quotas(core).await?;
        Ok(self.text())
    }

    /// Those of workspaces whose plan has quotas; what was there before may be of another month, or another plan.
    async fn read_quotas(&self, core: &Core) -> Result<(), FiguresError> {
        let gauges = &self.0.gauges;
        let used = core.plans.used_by_all(core.read.everywhere().as_ref(), core.clock.now()).await?;
        gauges.quota_used.clear();
        gauges.quota_limit.clear();
        for it in used {
            let of = OfQuota { workspace: it.workspace.to_string(), plan: it.plan, quota: it.quota.as_str() };
            gauges.quota_used.get_or_create(&of).set(it.used.cast_signed());
            gauges.quota_limit.get_or_create(&of).set(it.most.cast_signed());
        }
        Ok(())
    }
}
