//! What each platform takes to connect an account, for the API's description. The platforms say it and read it themselves.

use campanile_workers::platforms::{self, ConnectField, Description, FieldForm};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// What the platform in the path takes.
#[derive(Debug)]
pub struct Credentials;

impl PartialSchema for Credentials {
    fn schema() -> RefOr<Schema> {
        let one = |platform: &Description| {
            let reference = format!("#/components/schemas/{}", schema_name(platform));
            json!({"$ref": reference, "description": format!("For `{}`.", platform.name)})
        };
        let any: Vec<_> = platforms::descriptions().iter().map(one).collect();
        read(json!({"oneOf": any, "description": "What the platform in the path takes."}))
    }
}

impl ToSchema for Credentials {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(platforms::descriptions().iter().map(|platform| (schema_name(platform), account(platform))));
    }
}

/// `MastodonAccount`.
fn schema_name(platform: &Description) -> String {
    let title: String = platform.title.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{title}Account")
}

fn account(platform: &Description) -> RefOr<Schema> {
    let fields = platform.connect_fields;
    let required: Vec<_> = fields.iter().filter(|field| !field.is_optional).map(|field| field.name).collect();
    let properties: Map<_, _> = fields.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    read(json!({
        "type": "object",
        "description": format!("For `{}`.", platform.name),
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    }))
}

fn property(field: &ConnectField) -> Value {
    let mut property = match field.form {
        FieldForm::Text => json!({"minLength": 1}),
        FieldForm::Pattern(pattern) => json!({"pattern": pattern}),
        FieldForm::OneOf(words) if field.is_optional => {
            json!({"enum": words.iter().copied().map(Value::from).chain([Value::Null]).collect::<Vec<_>>()})
        }
        FieldForm::OneOf(words) => json!({"enum": words}),
        FieldForm::Server { example } => json!({"format": "uri", "example": example}),
    };
    // What may be absent may be null.
    property["type"] = if field.is_optional { json!(["string", "null"]) } else { json!("string") };
    property["description"] = field.about.into();
    property
}

fn read(schema: Value) -> RefOr<Schema> {
    serde_json::from_value(schema).expect("it has the form of a schema")
}
