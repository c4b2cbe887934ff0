//! The shapes of answers that are not refusals.

use std::{collections::BTreeMap, marker::PhantomData};

use utoipa::{
    IntoResponses, ToSchema,
    openapi::{
        Content, Ref, RefOr, Response, ResponseBuilder,
        schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type},
    },
};

/// `201` with what was made.
#[derive(Debug)]
pub struct Made<T>(PhantomData<T>);

/// `200` with one thing.
#[derive(Debug)]
pub struct Told<T>(PhantomData<T>);

/// `200` with a list, or a part of one.
#[derive(Debug)]
pub struct Listed<T>(PhantomData<T>);

/// `204`: done, and nothing to show.
#[derive(Debug)]
pub struct Done;

type Responses = BTreeMap<String, RefOr<Response>>;

fn with(status: &str, description: &str, schema: RefOr<Schema>) -> Responses {
    let content = Content::new(Some(schema));
    let response = ResponseBuilder::new().description(description).content("application/json", content).build();
    [(status.to_owned(), response.into())].into()
}

fn named<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

impl<T: ToSchema> IntoResponses for Made<T> {
    fn responses() -> Responses {
        with("201", "What was made.", named::<T>())
    }
}

impl<T: ToSchema> IntoResponses for Told<T> {
    fn responses() -> Responses {
        with("200", "What was asked for, or what it is now.", named::<T>())
    }
}

impl<T: ToSchema> IntoResponses for Listed<T> {
    fn responses() -> Responses {
        let cursor = [Type::String, Type::Null].into_iter().collect::<SchemaType>();
        let cursor = ObjectBuilder::new()
            .schema_type(cursor)
            .description(Some("What `cursor` takes to go on; `null` at the end."));
        let list = ObjectBuilder::new()
            .property("data", ArrayBuilder::new().items(named::<T>()))
            .required("data")
            .property("next_cursor", cursor)
            .required("next_cursor");
        with("200", "A list, or a part of one.", list.into())
    }
}

impl IntoResponses for Done {
    fn responses() -> Responses {
        [("204".to_owned(), Response::new("Done; there is nothing to show.").into())].into()
    }
}
