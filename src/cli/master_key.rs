//! `campanile master-key`

use campanile_events::seal::MasterKey;
use clap::Args;
use secrecy::ExposeSecret;

use super::Failure;

/// Print a new master key, for --master-key-file
///
/// 64 hexadecimal characters from the operating system's generator. Nothing is kept of it. For example:
/// (umask 077; campanile master-key > /etc/campanile/master.key)
#[derive(Debug, Args)]
pub struct PrintMasterKey {}

impl PrintMasterKey {
    #[expect(clippy::unused_self, reason = "every command is run alike")]
    #[expect(clippy::unnecessary_wraps, reason = "every command is run alike")]
    pub(super) fn run(self) -> Result<(), Failure> {
        println!("{}", MasterKey::generate().to_hex().expose_secret());
        Ok(())
    }
}
