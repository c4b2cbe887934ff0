//! What each platform takes to connect an account, for the API's description. The platforms say it and read it themselves.

use std::collections::BTreeMap;

use campanile_workers::platforms::{self, ConnectField, Description, FieldForm};
use serde_json::{Map, Value, json};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        RefOr,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::Schema,
    },
};

/// The schema of what a platform's own page gives.
const FINISH: &str = "SignInCode";

/// What the platform in the path takes.
#[derive(Debug)]
pub struct Credentials;

/// What it takes to begin on the platform's own page.
#[derive(Debug)]
pub struct SignInFields;

impl IntoParams for SignInFields {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut by_name: BTreeMap<&str, (ConnectField, Vec<&str>)> = BTreeMap::new();
        for platform in platforms::descriptions() {
            for field in platform.sign_in.iter().flat_map(|sign_in| sign_in.fields) {
                by_name.entry(field.name).or_insert_with(|| (*field, Vec::new())).1.push(platform.name);
            }
        }
        by_name.into_values().map(|(field, platforms)| parameter(&field, &platforms)).collect()
    }
}

/// Not required: where there is no such page it is no parameter.
fn parameter(field: &ConnectField, platforms: &[&str]) -> Parameter {
    let mut schema = property(field);
    schema["type"] = json!("string");
    schema.as_object_mut().map(|schema| schema.remove("description"));
    let about = format!("{} For `{}`.", field.about, platforms.join("`, `"));
    ParameterBuilder::new()
        .name(field.name)
        .parameter_in(ParameterIn::Query)
        .description(Some(about))
        .schema(Some(read(schema)))
        .build()
}

impl PartialSchema for Credentials {
    fn schema() -> RefOr<Schema> {
        let one = |platform: &Description| {
            let reference = format!("#/components/schemas/{}", schema_name(platform));
            json!({"$ref": reference, "description": format!("For `{}`.", platform.name)})
        };
        let mut any: Vec<_> = platforms::descriptions().iter().map(one).collect();
        let finish = format!("#/components/schemas/{FINISH}");
        any.push(json!({"$ref": finish, "description": "For what `GET` began, on platforms with `oauth`."}));
        read(json!({"oneOf": any, "description": "What the platform in the path takes."}))
    }
}

impl ToSchema for Credentials {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(platforms::descriptions().iter().map(|platform| (schema_name(platform), account(platform))));
        schemas.push((FINISH.to_owned(), finish()));
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

fn finish() -> RefOr<Schema> {
    let text = |about: &str| json!({"type": "string", "minLength": 1, "description": about});
    read(json!({
        "type": "object",
        "description": "What the platform's page gave.",
        "required": ["code", "state"],
        "properties": {
            "code": text("What it led back with."),
            "state": text("What it led back with, and `GET` gave: good once, for ten minutes."),
        },
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
