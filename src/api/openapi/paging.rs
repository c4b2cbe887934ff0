//! Which part of a list.

use utoipa::IntoParams;

/// The parameters of every list that has parts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many at most.
    #[param(minimum = 1, maximum = 50, default = 20)]
    pub limit: Option<u32>,
    /// How many to leave out; `cursor` is better, for it is stable while the list grows.
    #[param(minimum = 0, maximum = 1_000_000, default = 0)]
    pub offset: Option<u32>,
    /// Where to go on: the `next_cursor` of the part before.
    pub cursor: Option<String>,
}
