//! Values of templates from JSON and to JSON, without a loss: integers of 64 bits stay exact, keys keep
//! their order.

use std::io::Write;

use minijinja::Value;
use minijinja::value::{Object, ValueKind};
use serde_json::Value as Json;

/// Deeper structures are refused instead of overflowing the stack; as deep as `serde_json` reads.
const DEPTH: usize = 128;

/// The value that templates see for a JSON value.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::from(integer),
            (None, Some(integer)) => Value::from(integer),
            (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(entries) => {
            Value::from_pairs(entries.iter().map(|(key, value)| (key.as_str(), from_json(value))))
        }
    }
}

/// Writes `value` as compact JSON.
///
/// # Errors
/// In words, when the value has no JSON form: undefined, not finite, an object without fields.
pub(crate) fn write_json(value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
    write_nested(value, out, DEPTH)
}

/// Writes `text` as a JSON string.
pub(crate) fn write_json_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory cannot fail, and every text has a JSON form.
    let _ = serde_json::to_writer(out, text);
}

fn write_nested(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), String> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(format!("a value is nested deeper than {DEPTH} levels"));
    };
    match value.kind() {
        ValueKind::Undefined => return Err("the value is undefined".to_owned()),
        ValueKind::None => out.extend_from_slice(b"null"),
        ValueKind::Bool => out.extend_from_slice(if value.is_true() { b"true" } else { b"false" }),
        ValueKind::Number => write_number(value, out)?,
        ValueKind::String => write_json_text(value.as_str().unwrap_or_default(), out),
        ValueKind::Seq | ValueKind::Iterable => {
            out.push(b'[');
            for (index, item) in value.try_iter().map_err(|error| error.to_string())?.enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_nested(&item, out, deeper)?;
            }
            out.push(b']');
        }
        ValueKind::Map => {
            out.push(b'{');
            let pairs = value.as_object().and_then(|object| object.try_iter_pairs());
            for (index, (key, item)) in pairs.into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                match key.as_str() {
                    Some(key) => write_json_text(key, out),
                    None => write_json_text(&key.to_string(), out),
                }
                out.push(b':');
                write_nested(&item, out, deeper)?;
            }
            out.push(b'}');
        }
        kind => return Err(format!("a value of kind `{kind}` has no JSON form")),
    }
    Ok(())
}

fn write_number(value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
    // Writing to memory cannot fail.
    if value.is_integer() {
        let _ = write!(out, "{value}");
        return Ok(());
    }
    match f64::try_from(value.clone()).ok().filter(|number| number.is_finite()) {
        Some(number) => {
            let _ = serde_json::to_writer(out, &number);
            Ok(())
        }
        None => Err(format!("the number {value} is not finite, which JSON cannot say")),
    }
}

/// The value without ties to the state of a user: what remains when rows and responses are gone.
///
/// # Errors
/// As [`write_json`].
pub(crate) fn detached(value: &Value) -> Result<Value, String> {
    if value.as_object().is_none() && !value.is_undefined() {
        return Ok(value.clone());
    }
    let mut json = Vec::new();
    write_json(value, &mut json)?;
    serde_json::from_slice(&json).map(|json: Json| from_json(&json)).map_err(|error| error.to_string())
}

/// An object that stands for any response: every attribute of it is there, and is such an object again.
///
/// Expressions over responses are evaluated with it once, so that a filter that does not exist is found
/// before the run.
#[derive(Debug)]
pub(crate) struct Anything;

impl Object for Anything {
    fn get_value(self: &std::sync::Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from_dyn_object(std::sync::Arc::clone(self)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write_json(value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers_of_64_bits_stay_exact() {
        for text in ["9223372036854775807", "-9223372036854775808", "18446744073709551615", "0"] {
            let json: Json = serde_json::from_str(text).unwrap();
            assert_eq!(written(&from_json(&json)), text);
        }
    }

    #[test]
    fn what_json_cannot_say_is_an_error() {
        for value in [Value::UNDEFINED, Value::from(f64::NAN), Value::from(f64::INFINITY)] {
            assert!(write_json(&value, &mut Vec::new()).is_err(), "{value:?}");
        }
        let deep = (0..500).fold(Value::from(1), |value, _| Value::from(vec![value]));
        assert!(write_json(&deep, &mut Vec::new()).unwrap_err().contains("nested"));
    }

    #[test]
    fn keys_keep_their_order() {
        assert_eq!(
            written(&from_json(&json!({"z": 1, "a": [true, null, 1.5]}))),
            r#"{"z":1,"a":[true,null,1.5]}"#
        );
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Json::from),
            any::<String>().prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|entries| Json::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_through_a_template_value_is_the_same_json(json in any_json()) {
            prop_assert_eq!(written(&from_json(&json)), json.to_string());
        }
    }
}
