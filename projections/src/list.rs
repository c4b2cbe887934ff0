//! The one list of read models.

use std::sync::Arc;

use crate::{
    accounts::Accounts, folded::Folded, invitations::Invitations, keys::Keys, people::People, posts::Posts,
    projection::Projection, workspaces::Workspaces,
};

/// Every read model, made anew: each runner has its own. Two of one name stop the start.
pub fn all() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(Folded::<Posts>::default()),
        Arc::new(Folded::<Accounts>::default()),
        Arc::new(Folded::<Keys>::default()),
        Arc::new(Folded::<Workspaces>::default()),
        Arc::new(Folded::<People>::default()),
        Arc::new(Folded::<Invitations>::default()),
    ]
}
