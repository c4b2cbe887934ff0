//! What a platform asks for before it lets us post.

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// One account's credentials: a JSON object whose fields its adapter knows. Never shows in `Debug`, wiped when dropped.
#[derive(Debug, Clone)]
pub struct Credentials(SecretString);

/// Credentials that are not of the form that the adapter keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored credentials don't read as this platform's")]
pub struct UnreadableCredentials;

impl Credentials {
    /// Credentials in the adapter's own form.
    ///
    /// # Panics
    /// If `form` doesn't become JSON; the adapters' forms are plain structs of text.
    pub fn of(form: &impl Serialize) -> Self {
        let text = serde_json::to_string(form).expect("a struct of text becomes JSON");
        Self(text.into())
    }

    /// Credentials as they were kept.
    pub fn from_json(text: SecretString) -> Self {
        Self(text)
    }

    /// To keep them sealed.
    pub fn to_json(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.expose_secret().to_owned())
    }

    /// The adapter's own form.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, UnreadableCredentials> {
        // The parser's own words could repeat a part of the secret.
        serde_json::from_str(self.0.expose_secret()).map_err(|_| UnreadableCredentials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_back_and_show_nowhere() {
        let kept = Credentials::of(&serde_json::json!({"token": "hush"}));
        let again = Credentials::from_json(kept.to_json().as_str().into());
        assert_eq!(again.read::<serde_json::Value>().unwrap()["token"], "hush");
        let error = again.read::<u32>().unwrap_err();
        let shown = format!("{kept:?} {error} {error:?}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}
