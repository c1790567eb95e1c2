//! The functions that templates can call.
//!
//! Random ones draw from the stream of choices of the user that is rendered for. A name that is added here
//! is added to [`VARYING`] as well when two calls may give two values.

use fastrand::Rng;
use jiff::Timestamp;
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::plan::scope::{Files, UserState, current};
use crate::plan::values::write_json;

/// Functions whose result may differ from call to call: a request that calls one is rendered each time.
pub(crate) const VARYING: [&str; 10] = [
    "choice",
    "counter",
    "now",
    "random_file",
    "random_float",
    "random_int",
    "repeat",
    "timestamp",
    "timestamp_ms",
    "uuid",
];

/// Bytes of one repeated text, at most.
const MOST_REPEATED: usize = 64 << 20;

/// Adds the functions, and the filter `tojson` without its escapes for HTML.
pub(crate) fn add_to(environment: &mut Environment<'static>) {
    environment.add_function("random_int", random_int);
    environment.add_function("random_float", random_float);
    environment.add_function("choice", choice);
    environment.add_function("repeat", repeat);
    environment.add_function("file_base64", file_base64);
    environment.add_function("random_file", random_file);
    environment.add_function("uuid", uuid);
    environment.add_function("now", || rfc3339(Timestamp::now()));
    environment.add_function("timestamp", || Timestamp::now().as_second());
    environment.add_function("timestamp_ms", || Timestamp::now().as_millisecond());
    environment.add_function("counter", counter);
    environment.add_function("salt", salt);
    environment.add_filter("tojson", to_json_text);
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// The user that is rendered for.
fn user<T>(work: impl FnOnce(&mut UserState) -> T) -> Result<T, Error> {
    current(work).ok_or_else(|| invalid("this function needs a user, which there is none of here"))
}

fn with_choices<T>(work: impl FnOnce(&mut Rng) -> T) -> Result<T, Error> {
    user(|user| work(&mut user.numbers.choices))
}

/// A whole number from `from` to `to`, both included.
fn random_int(from: i64, to: i64) -> Result<i64, Error> {
    if from > to {
        return Err(invalid(format!("`random_int({from}, {to})`: the first number is above the second")));
    }
    with_choices(|choices| choices.i64(from..=to))
}

/// A number from `from`, included, to `to`, left out.
fn random_float(from: f64, to: f64) -> Result<f64, Error> {
    if !from.is_finite() || !to.is_finite() || from > to {
        return Err(invalid(format!("`random_float({from}, {to})`: the first number is above the second")));
    }
    with_choices(|choices| from + choices.f64() * (to - from))
}

/// One item of a list.
fn choice(list: &Value) -> Result<Value, Error> {
    if list.as_str().is_some() {
        return Err(invalid("`choice` takes a list, not a text"));
    }
    let items: Vec<_> = list.try_iter()?.collect();
    if items.is_empty() {
        return Err(invalid("`choice` takes a list that is not empty"));
    }
    with_choices(|choices| items[choices.usize(..items.len())].clone())
}

/// `text` a random number of times, `min` to `max`, joined by blanks.
fn repeat(text: &str, min: usize, max: usize) -> Result<String, Error> {
    if min > max {
        return Err(invalid(format!("`repeat(..., {min}, {max})`: the first number is above the second")));
    }
    if (text.len() + 1).saturating_mul(max) > MOST_REPEATED {
        let limit = MOST_REPEATED >> 20;
        return Err(invalid(format!("`repeat(..., {min}, {max})` may exceed {limit} MiB")));
    }
    let times = with_choices(|choices| choices.usize(min..=max))?;
    Ok(vec![text; times].join(" "))
}

/// The content of a file as base64.
fn file_base64(path: &str) -> Result<Value, Error> {
    let file = user(|user| match &mut user.files {
        Files::Reading(reader) => reader.file(path),
        Files::Ready(store) => store.file(path),
    })?;
    file.map_err(invalid)?.get_attr("base64")
}

/// A file of a folder, with `name`, `path` and `base64`; the same one until the task ends.
fn random_file(folder: &str) -> Result<Value, Error> {
    user(|user| user.random_file(folder))?.map_err(invalid)
}

/// A random UUID (RFC 9562, version 4). The run's salt is in it: an id that comes again in the next run
/// would be none.
fn uuid() -> Result<String, Error> {
    let random = user(|user| user.numbers.choices.u128(..) ^ user.module.salt.number)?;
    let bits = random & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// A moment to the millisecond, in UTC.
fn rfc3339(moment: Timestamp) -> String {
    // The milliseconds of a moment are those of a moment.
    Timestamp::from_millisecond(moment.as_millisecond()).unwrap_or(moment).to_string()
}

/// 1, 2, 3 ... for each user.
fn counter() -> Result<u64, Error> {
    user(|user| {
        user.counter += 1;
        user.counter
    })
}

/// The same text throughout the run, another one in the next run.
fn salt() -> Result<Value, Error> {
    user(|user| Value::from(&user.module.salt.text))
}

/// JSON in which nothing is escaped that JSON does not ask for: bodies are not embedded in HTML.
fn to_json_text(value: &Value) -> Result<String, Error> {
    let mut json = Vec::new();
    write_json(value, &mut json).map_err(invalid)?;
    String::from_utf8(json).map_err(|error| invalid(error.to_string()))
}
