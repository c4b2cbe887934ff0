//! What a client fills in to connect an account, and the one form of a server's address.

use serde::{Serialize, Serializer};
use url::Url;

use super::{ConnectError, Fields};
use crate::egress::Egress;

/// A field of the request that connects an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectField {
    /// Its name.
    pub name: &'static str,
    /// What belongs into it, in a sentence for people.
    pub about: &'static str,
    /// What it may hold.
    pub form: FieldForm,
    /// Whether it may be absent.
    pub is_optional: bool,
}

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldForm {
    /// Any text that is not empty.
    Text,
    /// A text of this pattern (ECMA 262).
    Pattern(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// The address of the server that the account lives on.
    Server {
        /// Such as this one.
        example: &'static str,
    },
}

impl ConnectField {
    /// A field that must be there.
    pub const fn new(name: &'static str, form: FieldForm, about: &'static str) -> Self {
        Self { name, about, form, is_optional: false }
    }

    /// The same, which may be absent.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }

    /// Its server's address in the one form that is kept: `https` unless it says otherwise, and no path.
    pub(super) fn server(&self, fields: &mut Fields<'_>) -> Result<Url, ConnectError> {
        self.address(fields.text(self.name)?)
    }

    /// The same, where it is there.
    pub(super) fn optional_server(&self, fields: &mut Fields<'_>) -> Result<Option<Url>, ConnectError> {
        fields.optional_text(self.name)?.map(|given| self.address(given)).transpose()
    }

    /// Refuses an address to which secrets would go in the clear, unless it is one that the operator named.
    pub(super) async fn keeps_secrets(&self, address: &Url, egress: &Egress) -> Result<(), ConnectError> {
        if address.scheme() == "https" || egress.names(address).await {
            return Ok(());
        }
        let message = "must begin with https://; plain http goes only to servers that this engine's operator named with `--allow-egress`";
        Err(ConnectError::invalid(self.name, "not_https", message))
    }

    fn address(&self, given: &str) -> Result<Url, ConnectError> {
        let text = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
        let is_bare = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
        };
        Url::parse(&text).ok().filter(is_bare).ok_or_else(|| {
            let FieldForm::Server { example } = self.form else {
                return ConnectError::invalid(self.name, "invalid", "must be an address");
            };
            ConnectError::invalid(self.name, "invalid", format!("must be an address such as {example}"))
        })
    }
}

impl Serialize for ConnectField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: ConnectField =
        ConnectField::new("server", FieldForm::Server { example: "https://bells.example" }, "The server.");

    #[test]
    fn a_servers_address_has_one_form() {
        for (given, kept) in [
            ("bells.example", "https://bells.example/"),
            ("https://Bells.example:443/", "https://bells.example/"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000/"),
            ("bells.example:8443", "https://bells.example:8443/"),
        ] {
            assert_eq!(SERVER.address(given).map(String::from), Ok(kept.to_owned()), "{given}");
        }
        for given in [
            "",
            "two words",
            "ftp://bells.example",
            "file:///etc",
            "https://",
            "https://hush@bells.example",
            "https://:hush@bells.example",
            "https://bells.example/path",
            "https://bells.example/?hush",
            "https://bells.example/#hush",
        ] {
            let refused = SERVER.address(given).unwrap_err().to_string();
            assert_eq!(refused, "`server`: must be an address such as https://bells.example", "{given}");
        }
    }
}
