//! A JSON value looked at in passing: what it is, and the few fields of it that an answer repeats.
//!
//! Everything else is checked to be JSON and skipped, so that an image costs no memory.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Fields of requests that answers repeat, so that a reader sees which row of a table was answered.
const ECHOED: [&str; 8] =
    ["rev_id", "lang", "language", "page_id", "page_title", "title", "wiki_id", "check_type"];
/// Longest text that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 256;

/// The fields that an answer repeats, in the order of the request.
pub(crate) type Echo = Vec<(&'static str, Value)>;

/// What a value is.
#[derive(Debug, PartialEq)]
pub(crate) enum Glance {
    /// Null.
    Nothing,
    /// A number, a truth value or a short text.
    Plain(Value),
    /// A text too long to be kept.
    LongText,
    /// A list of so many elements.
    List(usize),
    /// An object, with what it holds to repeat.
    Object(Echo),
}

impl Glance {
    /// The fields to repeat: none unless it is an object.
    pub(crate) fn into_echo(self) -> Echo {
        match self {
            Self::Object(echo) => echo,
            _ => Echo::new(),
        }
    }
}

/// The name under which a field is repeated, if it is.
pub(crate) fn echoed(key: &str) -> Option<&'static str> {
    ECHOED.into_iter().find(|name| *name == key)
}

/// Reads the value of a field to repeat into `echo`, if it is short.
pub(crate) fn echo_value<'de, A: MapAccess<'de>>(
    map: &mut A,
    name: &'static str,
    echo: &mut Echo,
) -> Result<(), A::Error> {
    if let Glance::Plain(value) = map.next_value()? {
        // A key that is given twice counts once: the number of echoed fields stays that of their names.
        echo.retain(|(known, _)| *known != name);
        echo.push((name, value));
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Glance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GlanceVisitor)
    }
}

struct GlanceVisitor;

impl<'de> Visitor<'de> for GlanceVisitor {
    type Value = Glance;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Glance, E> {
        Ok(Glance::Nothing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Glance, E> {
        Ok(Glance::Plain(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Glance, E> {
        Ok(Glance::Plain(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Glance, E> {
        Ok(Glance::Plain(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Glance, E> {
        Ok(Glance::Plain(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Glance, E> {
        Ok(if value.len() > MAX_TEXT_BYTES { Glance::LongText } else { Glance::Plain(value.into()) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Glance, A::Error> {
        let mut len = 0;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            len += 1;
        }
        Ok(Glance::List(len))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Glance, A::Error> {
        let mut echo = Echo::new();
        while let Some(Key(name)) = map.next_key()? {
            match name {
                Some(name) => echo_value(&mut map, name, &mut echo)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Glance::Object(echo))
    }
}

/// A key, kept only if its field is repeated.
struct Key(Option<&'static str>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(Key(echoed(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn glance(text: &str) -> Glance {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn short_values_are_kept_and_the_rest_is_passed_over() {
        assert_eq!(glance("null"), Glance::Nothing);
        assert_eq!(glance("12"), Glance::Plain(json!(12)));
        assert_eq!(glance("-1"), Glance::Plain(json!(-1)));
        assert_eq!(glance("1.5"), Glance::Plain(json!(1.5)));
        assert_eq!(glance("true"), Glance::Plain(json!(true)));
        assert_eq!(glance(r#""\u00e9n""#), Glance::Plain(json!("én")));
        assert_eq!(glance(&format!("{:?}", "x".repeat(MAX_TEXT_BYTES + 1))), Glance::LongText);
        assert_eq!(glance("[1, [2, 3], {}]"), Glance::List(3));
    }

    #[test]
    fn an_object_keeps_only_the_plain_fields_that_answers_repeat() {
        let text = r#"{"image": "AAAA", "rev_id": 7, "lang": {"a": 1}, "title": null, "language": "vi"}"#;
        assert_eq!(glance(text).into_echo(), [("rev_id", json!(7)), ("language", json!("vi"))]);
        assert_eq!(glance("[1]").into_echo(), []);
    }

    #[test]
    fn a_field_given_twice_counts_once() {
        assert_eq!(glance(r#"{"rev_id": 1, "rev_id": 2}"#).into_echo(), [("rev_id", json!(2))]);
    }
}
