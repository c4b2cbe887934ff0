//! A request's JSON as it was written, read strictly: no field twice, no list where an object is meant, no U+0000.
//!
//! serde reads a list as the fields of a struct in their order, and keeps the last of two fields of one name in a map;
//! nobody who writes such a request means that.

use serde::{
    Deserialize, Deserializer,
    de::{
        self, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Number};

use super::{Detail, declared::inside};

/// How many flaws are told.
const TOLD: usize = 100;

/// A value with its fields in their order.
#[derive(Clone)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// What no field may hold, anywhere in it, each with its place: U+0000, which no engine keeps, and a second field of
    /// the same name.
    pub(super) fn flaws(&self) -> Vec<Detail> {
        let mut found = Vec::new();
        self.look("", &mut found);
        found
    }

    fn look(&self, path: &str, found: &mut Vec<Detail>) {
        match self {
            _ if found.len() >= TOLD => {}
            Self::Text(text) if text.contains('\0') => {
                found.push(Detail::new(path, "invalid_character", "must not hold U+0000"));
            }
            Self::List(list) => {
                for (at, value) in list.iter().enumerate() {
                    value.look(&format!("{path}[{at}]"), found);
                }
            }
            Self::Object(fields) => {
                let mut seen = std::collections::HashSet::with_capacity(fields.len());
                for (name, value) in fields {
                    let place = inside(path, name);
                    if name.contains('\0') {
                        found.push(Detail::new(place, "invalid_character", "must not hold U+0000"));
                    } else if seen.insert(name) {
                        value.look(&place, found);
                    } else {
                        found.push(Detail::new(place, "repeated", "stands there twice"));
                    }
                }
            }
            Self::Text(_) | Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(it) => Unexpected::Bool(*it),
            Self::Number(it) => it.as_i64().map_or_else(
                || it.as_u64().map_or_else(|| Unexpected::Float(it.as_f64().unwrap_or_default()), Unexpected::Unsigned),
                Unexpected::Signed,
            ),
            // The client's own text is no part of a message.
            Self::Text(_) => Unexpected::Other("a text"),
            Self::List(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTree)
    }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Tree, E> {
        Ok(Tree::Number(it.into()))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Tree, E> {
        Ok(Tree::Number(it.into()))
    }

    fn visit_f64<E: de::Error>(self, it: f64) -> Result<Tree, E> {
        Number::from_f64(it).map(Tree::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E>(self, it: &str) -> Result<Tree, E> {
        Ok(Tree::Text(it.to_owned()))
    }

    fn visit_string<E>(self, it: String) -> Result<Tree, E> {
        Ok(Tree::Text(it))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = list.next_element()? {
            all.push(value);
        }
        Ok(Tree::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(field) = fields.next_entry()? {
            all.push(field);
        }
        Ok(Tree::Object(all))
    }
}

impl IntoDeserializer<'_, Error> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(it) => visitor.visit_bool(it),
            Self::Number(it) => it.deserialize_any(visitor),
            Self::Text(it) => visitor.visit_string(it),
            Self::List(list) => visitor.visit_seq(SeqDeserializer::new(list.into_iter())),
            Self::Object(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if matches!(self, Self::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Object(_) => self.deserialize_any(visitor),
            other => Err(Error::invalid_type(other.unexpected(), &"an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(variant) => {
                let variant: de::value::StringDeserializer<Error> = variant.into_deserializer();
                variant.deserialize_enum(name, variants, visitor)
            }
            Self::Object(mut fields) if fields.len() == 1 => {
                let fields = MapDeserializer::new(fields.drain(..));
                visitor.visit_enum(de::value::MapAccessDeserializer::new(fields))
            }
            other => Err(Error::invalid_type(other.unexpected(), &"one of its names")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}
