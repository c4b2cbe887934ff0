//! How far a key reaches: a test key to nothing that is live, a key with accounts of its own to nothing beyond them.
//! Whatever a key is about to do is asked here, and nowhere else.

use campanile_events::{
    ids::AccountId,
    key::{Excess, Grant, Key, KeyMode},
    post::Post,
};

use super::Caller;

/// The platform whose accounts are nobody's.
const SANDBOX: &str = "sandbox";

/// Whether accounts of this platform are nobody's: nothing that is sent there is live.
pub fn is_sandbox(platform: &str) -> bool {
    platform == SANDBOX
}

/// Why a key doesn't reach something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfReach {
    /// A test key, and an account of a live platform.
    #[error("a test key works with sandbox accounts only, and {0} is a live one")]
    LiveAccount(AccountId),
    /// A test key, and a live platform.
    #[error("a test key connects sandbox accounts only")]
    LivePlatform,
    /// A test key, and a live key.
    #[error("a test key works with test keys only, and this is a live one")]
    LiveKey,
    /// A test key, and the whole workspace.
    #[error("a test key can't stop or start what live accounts publish")]
    LiveWorkspace,
    /// Another account than those that the key is bound to.
    #[error("this key is bound to other accounts, and {0} is none of them")]
    OtherAccount(AccountId),
    /// A key that may use accounts that this one may not.
    #[error("this key is bound to accounts, and the other key reaches beyond them")]
    FreerKey,
    /// The whole workspace, for a key that is bound to some of its accounts.
    #[error("this key is bound to accounts, and the workspace has others")]
    WholeWorkspace,
}

impl Caller {
    /// Whether anything of its own workspace can be out of its reach.
    pub fn is_confined(&self) -> bool {
        self.is_on_trial() || !self.grant.allowed_accounts.is_empty()
    }

    /// Whether it may do something with this account.
    pub fn reaches_account(&self, account: AccountId, platform: &str) -> Result<(), OutOfReach> {
        if !self.may_use(account) {
            return Err(OutOfReach::OtherAccount(account));
        }
        self.reaches_platform(platform).map_err(|_| OutOfReach::LiveAccount(account))
    }

    /// Whether it may bring in accounts of this platform.
    pub fn reaches_platform(&self, platform: &str) -> Result<(), OutOfReach> {
        if self.is_on_trial() && !is_sandbox(platform) { Err(OutOfReach::LivePlatform) } else { Ok(()) }
    }

    /// Whether it may give this post commands: all of its accounts have to be within reach.
    pub fn reaches_post(&self, post: &Post) -> Result<(), OutOfReach> {
        post.targets.iter().try_for_each(|target| self.reaches_account(target.account_id, &target.platform))
    }

    /// Whether it may change or end this key.
    pub fn reaches_key(&self, key: &Key) -> Result<(), OutOfReach> {
        if self.is_on_trial() && key.mode == KeyMode::Live {
            return Err(OutOfReach::LiveKey);
        }
        let accounts = |of| Grant { allowed_accounts: of, ..Grant::everything() };
        let own = accounts(self.grant.allowed_accounts.clone());
        match accounts(key.allowed_accounts.clone()).exceeds(&own) {
            Some(Excess::Account(_)) => Err(OutOfReach::FreerKey),
            _ => Ok(()),
        }
    }

    /// Whether it may do what concerns every account of its workspace.
    pub fn reaches_workspace(&self) -> Result<(), OutOfReach> {
        if self.is_on_trial() {
            return Err(OutOfReach::LiveWorkspace);
        }
        if self.grant.allowed_accounts.is_empty() { Ok(()) } else { Err(OutOfReach::WholeWorkspace) }
    }

    fn is_on_trial(&self) -> bool {
        self.grant.mode == KeyMode::Test
    }
}
