//! `campanile openapi`

use clap::Args;

use super::Failure;
use crate::api::openapi;

/// Print the description of the HTTP API, in OpenAPI 3.1
///
/// The same that `serve` answers to GET /v1/openapi.json. For example: campanile openapi > openapi.json
#[derive(Debug, Args)]
pub struct PrintOpenApi {}

impl PrintOpenApi {
    #[expect(clippy::unused_self, reason = "every command is run alike")]
    #[expect(clippy::unnecessary_wraps, reason = "every command is run alike")]
    pub(super) fn run(self) -> Result<(), Failure> {
        say!("{}", openapi::text().trim_end());
        Ok(())
    }
}
