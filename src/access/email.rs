//! An e-mail address in its one form: without spaces around it, in small letters, composed (NFC), so that it is the same
//! from every system's keyboard.

use std::fmt;

use campanile_events::seal::Open;
use unicode_normalization::UnicodeNormalization;

/// The longest that mail can be sent to.
const LONGEST: usize = 254;

/// An address. Personal: it never shows in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(Open);

/// A text that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// If nobody can have such an address. Whether somebody has is another question.
    pub fn read(text: &str) -> Result<Self, InvalidEmail> {
        let text: String = text.trim().nfc().collect::<String>().to_lowercase().nfc().collect();
        let (name, host) = text.split_once('@').ok_or(InvalidEmail)?;
        let strange = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '@';
        if name.is_empty()
            || host.is_empty()
            || text.len() > LONGEST
            || [name, host].iter().any(|it| it.contains(strange))
        {
            return Err(InvalidEmail);
        }
        Ok(Self(Open::new(text)))
    }

    /// The address itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What stands behind the `@`.
    pub fn host(&self) -> &str {
        self.as_str().split_once('@').map_or("", |(_, host)| host)
    }

    /// To be sealed.
    pub fn open(&self) -> &Open {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form_and_shows_nowhere() {
        for (text, form) in [
            ("ada@example.com", Some("ada@example.com")),
            (" Ada.L+news@Example.COM\n", Some("ada.l+news@example.com")),
            ("ÄDA@example.com", Some("äda@example.com")),
            ("a\u{308}da@example.com", Some("äda@example.com")),
            ("A\u{308}da@example.com", Some("äda@example.com")),
            ("ada", None),
            ("@example.com", None),
            ("ada@", None),
            ("a@b@c", None),
            ("a da@example.com", None),
            ("ada@exam\0ple.com", None),
            ("", None),
        ] {
            assert_eq!(Email::read(text).ok().as_ref().map(Email::as_str), form, "{text:?}");
        }
        assert!(Email::read(&format!("{}@example.com", "a".repeat(250))).is_err());
        let email = Email::read("ada@example.com").expect("an address");
        assert_eq!((email.host(), format!("{email:?}").contains("ada")), ("example.com", false));
    }
}
