//! What an engine's refusal says to a person.

use serde_json::Value;

/// The words of a refusal: of several wrong fields, each with what is wrong of it.
pub(super) fn words(answer: &Value) -> Option<String> {
    let error = &answer["error"];
    let detail = |it: &Value| Some(format!("`{}`: {}", it["field"].as_str()?, it["message"].as_str()?));
    let details: Vec<_> = error["details"].as_array().into_iter().flatten().filter_map(detail).collect();
    if details.len() > 1 { Some(details.join("; ")) } else { error["message"].as_str().map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let one = json!({"field": "a", "code": "invalid", "message": "is odd"});
        let other = json!({"field": "b", "code": "invalid", "message": "is even"});
        let error = |details: &[&Value]| json!({"error": {"message": "`a`: is odd (and more)", "details": details}});
        assert_eq!(words(&error(&[&one, &other])).as_deref(), Some("`a`: is odd; `b`: is even"));
        assert_eq!(words(&error(&[&one])).as_deref(), Some("`a`: is odd (and more)"));
        assert_eq!(words(&json!({"error": {"message": "no"}})).as_deref(), Some("no"));
        assert_eq!(words(&json!([])), None);
    }
}
