//! Plans: what the operator's configuration lets a workspace do, by the name of a plan that stands in the workspace's own
//! record.
//!
//! Without plans in the configuration nothing is limited by any. A plan says how many requests each key and session of its
//! workspaces makes at most, how much they use of each quota in a calendar month (UTC), and which features they lack. What
//! is used is counted where it is stored (`campanile_events::journal::Counted`), so that no two nodes take the last unit.
//!
//! A workspace whose plan this node's configuration doesn't have is refused what a plan could refuse: that is the
//! operator's mistake, and must not make everything free.

mod allowance;
mod feature;
mod of_workspaces;
mod settings;

pub use allowance::{Allowance, Quota};
pub use feature::Feature;
pub use of_workspaces::{Plans, PlansError, QuotaUsed, WorkspaceUsed};
pub use settings::{InvalidPlan, Plan, PlanSettings};
