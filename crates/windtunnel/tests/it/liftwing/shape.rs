//! What a JSON value looks like, written as JSON: an object has these keys and no others, a text says what
//! stands in its place, anything else is meant literally.
//!
//! - `text`: a text that is not empty and not `None`
//! - `integer`, `integer 10 1000`: a whole number, between two bounds
//! - `repeated 5 20`: a phrase so many times, joined by blanks
//! - `=tone`: this text

use serde_json::Value;

/// Says where `value` differs from `shape`, if it does.
pub(crate) fn fits(value: &Value, shape: &Value) -> Result<(), String> {
    let fitting = match (value, shape) {
        (Value::Object(entries), Value::Object(shapes)) => {
            for key in entries.keys().chain(shapes.keys()) {
                match (entries.get(key), shapes.get(key)) {
                    (Some(value), Some(shape)) => {
                        fits(value, shape).map_err(|error| format!("{key}: {error}"))?;
                    }
                    (Some(_), None) => return Err(format!("the key `{key}` is too much")),
                    _ => return Err(format!("the key `{key}` is missing")),
                }
            }
            true
        }
        (Value::Array(items), Value::Array(shapes)) => {
            for (value, shape) in items.iter().zip(shapes) {
                fits(value, shape)?;
            }
            items.len() == shapes.len()
        }
        (value, Value::String(words)) => is(value, words),
        (value, shape) => value == shape,
    };
    if fitting { Ok(()) } else { Err(format!("{value} instead of {shape}")) }
}

fn is(value: &Value, words: &str) -> bool {
    if let Some(text) = words.strip_prefix('=') {
        return value == text;
    }
    let bound = |at: usize| words.split(' ').nth(at).map(|bound| bound.parse::<u64>().unwrap());
    let (least, most) = (bound(1).unwrap_or(0), bound(2).unwrap_or(u64::MAX));
    match (words.split(' ').next(), value) {
        (Some("text"), Value::String(text)) => !text.is_empty() && text != "None",
        (Some("integer"), value) => value.as_u64().is_some_and(|number| (least..=most).contains(&number)),
        (Some("repeated"), Value::String(text)) => {
            (least..=most).any(|times| is_repeated(text, usize::try_from(times).unwrap()))
        }
        _ => false,
    }
}

fn is_repeated(text: &str, times: usize) -> bool {
    let whole = text.len() + 1;
    let phrase = text.get(..(whole / times).saturating_sub(1)).unwrap_or_default();
    whole.is_multiple_of(times) && !phrase.is_empty() && vec![phrase; times].join(" ") == text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_tells_what_is_wrong_from_what_is_right() {
        let shape = json!({"n": "integer 1 9", "t": "text", "r": "repeated 2 3", "c": ["=x"], "d": true});
        let right = json!({"n": 5, "t": "1984", "r": "a b a b", "c": ["x"], "d": true});
        assert_eq!(fits(&right, &shape), Ok(()));
        for (key, wrong) in [
            ("n", json!("5")),
            ("n", json!(10)),
            ("n", json!(5.0)),
            ("t", json!("None")),
            ("t", json!(1984)),
            ("t", json!(null)),
            ("r", json!("a b a c")),
            ("r", json!("ab")),
            ("c", json!(["y"])),
            ("c", json!(["x", "x"])),
            ("d", json!("true")),
            ("more", json!(1)),
        ] {
            let mut value = right.clone();
            value[key] = wrong;
            assert!(fits(&value, &shape).is_err(), "{value}");
        }
        assert!(fits(&json!({"n": 5}), &shape).is_err());
    }
}
