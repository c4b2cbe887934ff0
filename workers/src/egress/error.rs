//! How a request that leaves fails, and whether it left.

/// Why there is no answer. Nothing here repeats a header, a body or a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Not an address that requests go to.
    #[error("not a usable address: {0}")]
    InvalidUrl(&'static str),
    /// The name leads only to addresses that may not be reached.
    #[error("the host has no address that may be reached")]
    Forbidden,
    /// The name leads nowhere.
    #[error("the host's name doesn't resolve")]
    Resolve,
    /// No address took the connection.
    #[error("no connection: {0}")]
    Connect(std::io::ErrorKind),
    /// The other side is not who it should be, or speaks no TLS that we do.
    #[error("no TLS session")]
    Tls,
    /// Name, connection and TLS took too long.
    #[error("the connection took too long")]
    ConnectTimeout,
    /// The other side hung up before the first byte of the request.
    #[error("the connection was closed before the request")]
    ClosedBefore,
    /// No whole answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection was reset.
    #[error("the connection was reset")]
    Reset,
    /// The connection was closed with no whole answer.
    #[error("the connection was closed without a whole answer")]
    Closed,
    /// The answer was not HTTP, or its head was too large.
    #[error("the answer is not readable")]
    Unreadable,
    /// The answer's body is larger than is taken.
    #[error("the answer is too large")]
    TooLarge,
}

impl EgressError {
    /// Whether a byte of the request may have left. If not, it can't have had an effect.
    pub const fn may_have_been_sent(&self) -> bool {
        match self {
            Self::InvalidUrl(_)
            | Self::Forbidden
            | Self::Resolve
            | Self::Connect(_)
            | Self::Tls
            | Self::ConnectTimeout
            | Self::ClosedBefore => false,
            Self::Timeout | Self::Reset | Self::Closed | Self::Unreadable | Self::TooLarge => true,
        }
    }

    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl(_) => "invalid_url",
            Self::Forbidden => "egress_forbidden",
            Self::Resolve => "resolve",
            Self::Connect(_) => "connect",
            Self::Tls => "tls",
            Self::ConnectTimeout => "connect_timeout",
            Self::ClosedBefore => "closed_before",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Unreadable => "unreadable_answer",
            Self::TooLarge => "answer_too_large",
        }
    }
}
