//! What follows from a command to an account, and how events change it.

use super::{
    Account, AccountAction, AccountCommand, AccountConnected, AccountDisconnected, AccountError, AccountEvent,
    AccountLimitsObserved, AccountNeedsReconnect, AccountRateLimited, AccountReconnected, AccountStatus,
};

impl Account {
    /// What follows from a command. Pure.
    ///
    /// # Errors
    /// If the account's state forbids it. Then nothing follows.
    pub fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountError> {
        let AccountCommand { now: at, action } = command;
        match (&self.status, action) {
            (AccountStatus::Disconnected, _) => Err(AccountError::Disconnected),
            (
                AccountStatus::Absent,
                AccountAction::Connect { platform, server, remote_id, remote_index, handle, display_name, offer },
            ) => Ok(vec![AccountEvent::Connected(AccountConnected {
                platform,
                server,
                remote_id,
                remote_index,
                handle,
                display_name,
                offer,
                at,
            })]),
            (AccountStatus::Absent, _) => Err(AccountError::NotFound),
            (_, AccountAction::Connect { remote_index, .. }) if remote_index != self.remote_index => {
                Err(AccountError::OtherAccount)
            }
            (_, AccountAction::Connect { server, handle, display_name, offer, .. }) => {
                let server = Some(server).filter(|server| *server != self.server);
                let event = AccountReconnected { server, handle, display_name, offer, at };
                Ok(vec![AccountEvent::Reconnected(event)])
            }
            (_, AccountAction::ObserveLimits { offer }) if Some(&offer) == self.offer.as_ref() => Ok(Vec::new()),
            (_, AccountAction::ObserveLimits { offer }) => {
                Ok(vec![AccountEvent::LimitsObserved(AccountLimitsObserved { offer, at })])
            }
            (_, AccountAction::RateLimit { until }) => {
                let news = until > at && self.rate_limited_until.is_none_or(|known| until > known);
                let event = AccountEvent::RateLimited(AccountRateLimited { until, at });
                Ok(if news { vec![event] } else { Vec::new() })
            }
            (AccountStatus::NeedsReconnect, AccountAction::NeedReconnect { .. }) => Ok(Vec::new()),
            (_, AccountAction::NeedReconnect { code }) => {
                Ok(vec![AccountEvent::NeedsReconnect(AccountNeedsReconnect { code, at })])
            }
            (_, AccountAction::Disconnect) => {
                let remote_index = self.remote_index.clone();
                Ok(vec![AccountEvent::Disconnected(AccountDisconnected { remote_index, at })])
            }
        }
    }

    pub(super) fn fold(&mut self, event: AccountEvent) {
        self.revision += 1;
        match event {
            AccountEvent::Connected(event) => {
                self.status = AccountStatus::Connected;
                self.platform = event.platform;
                self.server = event.server;
                self.remote_id = event.remote_id;
                self.remote_index = event.remote_index;
                self.handle = event.handle;
                self.display_name = event.display_name;
                self.offer = Some(event.offer);
                self.connected_at = Some(event.at);
                self.updated_at = Some(event.at);
            }
            AccountEvent::Reconnected(event) => {
                self.status = AccountStatus::Connected;
                self.server = event.server.unwrap_or_else(|| std::mem::take(&mut self.server));
                self.handle = event.handle;
                self.display_name = event.display_name;
                self.offer = Some(event.offer);
                self.rate_limited_until = None;
                self.updated_at = Some(event.at);
            }
            AccountEvent::LimitsObserved(event) => {
                self.offer = Some(event.offer);
                self.updated_at = Some(event.at);
            }
            AccountEvent::RateLimited(event) => {
                self.rate_limited_until = Some(event.until);
                self.updated_at = Some(event.at);
            }
            AccountEvent::NeedsReconnect(event) => {
                self.status = AccountStatus::NeedsReconnect;
                self.updated_at = Some(event.at);
            }
            AccountEvent::Disconnected(event) => {
                self.status = AccountStatus::Disconnected;
                self.updated_at = Some(event.at);
            }
        }
    }
}
