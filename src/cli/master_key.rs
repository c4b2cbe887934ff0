//! `campanile master-key`

use campanile_events::seal::MasterKey;
use clap::Args;
use secrecy::ExposeSecret;

use super::Failure;

const EXAMPLES: &str = "Example:
  (umask 077; campanile master-key > /etc/campanile/master.key)";

/// Print a new master key, for --master-key-file
///
/// 64 hexadecimal characters from the operating system's generator. Nothing is kept of it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PrintMasterKey {}

impl PrintMasterKey {
    #[expect(clippy::unused_self, reason = "every command is run alike")]
    #[expect(clippy::unnecessary_wraps, reason = "every command is run alike")]
    pub(super) fn run(self) -> Result<(), Failure> {
        say!("{}", MasterKey::generate().to_hex().expose_secret());
        Ok(())
    }
}
