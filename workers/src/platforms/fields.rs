//! The fields of a request to connect, taken out by name, so that a wrong one is named and never repeated.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ConnectError;

/// What is left of a request's fields.
pub struct Fields<'a>(BTreeMap<&'a str, &'a Value>);

impl<'a> Fields<'a> {
    /// The fields of a JSON object.
    pub fn of(body: &'a Value) -> Result<Self, ConnectError> {
        let Value::Object(fields) = body else {
            return Err(ConnectError::invalid("body", "not_an_object", "must be a JSON object"));
        };
        Ok(Self(fields.iter().map(|(name, value)| (name.as_str(), value)).collect()))
    }

    /// A text that must be there and say something.
    pub fn text(&mut self, name: &str) -> Result<&'a str, ConnectError> {
        self.optional_text(name)?.ok_or_else(|| ConnectError::invalid(name, "missing", "is required"))
    }

    /// A text that may be absent or null.
    pub fn optional_text(&mut self, name: &str) -> Result<Option<&'a str>, ConnectError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(ConnectError::invalid(name, "invalid", "must not hold U+0000"))
            }
            Some(Value::String(text)) if text.trim().is_empty() => {
                Err(ConnectError::invalid(name, "empty", "must not be empty"))
            }
            Some(Value::String(text)) => Ok(Some(text.trim())),
            Some(_) => Err(ConnectError::invalid(name, "not_text", "must be text")),
        }
    }

    /// Refuses whatever nobody asked for.
    pub fn finish(self) -> Result<(), ConnectError> {
        match self.0.into_keys().next() {
            Some(name) => Err(ConnectError::invalid(name, "unknown_field", "is not a field of this request")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<(String, Option<String>), ConnectError> {
        let mut fields = Fields::of(body)?;
        let read = (fields.text("a")?.to_owned(), fields.optional_text("b")?.map(str::to_owned));
        fields.finish()?;
        Ok(read)
    }

    #[test]
    fn a_wrong_field_is_named_and_its_value_is_not() {
        assert_eq!(read(&json!({"a": " x ", "b": null})).unwrap(), ("x".to_owned(), None));
        assert_eq!(read(&json!({"a": "x", "b": "y"})).unwrap(), ("x".to_owned(), Some("y".to_owned())));
        for (body, message) in [
            (json!([]), "`body`: must be a JSON object"),
            (json!({}), "`a`: is required"),
            (json!({"a": ""}), "`a`: must not be empty"),
            (json!({"a": "hush\0"}), "`a`: must not hold U+0000"),
            (json!({"a": "hush", "b": 1}), "`b`: must be text"),
            (json!({"a": "hush", "c": "hush"}), "`c`: is not a field of this request"),
        ] {
            assert_eq!(read(&body).unwrap_err().to_string(), message);
        }
    }
}
