//! KServe v1 predict and explain: any JSON in, plausible JSON out.
//!
//! A body with `instances` (or `inputs`) gets a list with one element for each of them; a body with `input`
//! gets embeddings; any other gets one prediction with its probabilities.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::body::{self, Batch};
use crate::content;
use crate::glance::{self, Echo, Glance};
use crate::reply::{Api, Reply};
use crate::route::Verb;
use crate::server::{Served, Server};

const API: Api = Api::KServe;
/// Length of the embeddings that predict gives.
const DIMENSIONS: usize = 64;

/// Answers a predict or explain request.
pub(crate) async fn answer(server: &Server, verb: Verb, name: &str, body: Bytes) -> Result<Reply, Reply> {
    let asked = read(&body)?;
    drop(body);
    let mut serving = server.serve(API, name, verb).await?;
    let answer = match asked {
        Asked::Instances(instances) => batch(verb, name, instances, &mut serving),
        _ if serving.error_inside => batch(verb, name, vec![Echo::new()], &mut serving),
        Asked::Embeddings(count) => embeddings(name, count, &mut serving.random),
        Asked::Free(echo) => free(verb, name, echo, &mut serving.random),
    };
    Ok(Reply::ok(&answer))
}

/// What a body asks for.
#[derive(Debug, PartialEq)]
enum Asked {
    Instances(Vec<Echo>),
    Embeddings(usize),
    Free(Echo),
}

fn read(body: &[u8]) -> Result<Asked, Reply> {
    let body: PredictBody =
        serde_json::from_slice(body).map_err(|error| body::not_understood(API, &error))?;
    if let Some(instances) = body.instances {
        let instances = instances.bounded(API, "instances")?;
        return Ok(Asked::Instances(instances.into_iter().map(Glance::into_echo).collect()));
    }
    match body.input {
        Some(Glance::List(count)) if count > body::MAX_BATCH => {
            Err(API.bad_request(&format!("at most {} texts at once, got {count}", body::MAX_BATCH)))
        }
        Some(Glance::List(count)) => Ok(Asked::Embeddings(count)),
        Some(Glance::LongText | Glance::Plain(Value::String(_))) => Ok(Asked::Embeddings(1)),
        _ => Ok(Asked::Free(body.echo)),
    }
}

fn batch(verb: Verb, name: &str, instances: Vec<Echo>, served: &mut Served) -> Value {
    let broken = served.error_inside.then(|| served.random.usize(..instances.len().max(1)));
    let mut elements = Vec::with_capacity(instances.len());
    for (at, echo) in instances.into_iter().enumerate() {
        elements.push(element(verb, name, echo, broken == Some(at), &mut served.random));
    }
    if broken.is_some() && elements.is_empty() {
        elements.push(element(verb, name, Echo::new(), true, &mut served.random));
    }
    match verb {
        Verb::Predict => json!({ "predictions": elements }),
        Verb::Explain => json!({ "explanations": elements }),
    }
}

fn element(verb: Verb, name: &str, echo: Echo, broken: bool, random: &mut fastrand::Rng) -> Value {
    let mut element = start(name, echo);
    element.insert("status_code".to_owned(), if broken { 500 } else { 200 }.into());
    if broken {
        element.insert("errors".to_owned(), "simulated error in one instance".into());
        return Value::Object(element);
    }
    let probability = content::share(random);
    match verb {
        Verb::Predict => {
            element.insert("prediction".to_owned(), (probability >= 0.5).into());
            element.insert("probability".to_owned(), probability.into());
        }
        Verb::Explain => {
            element.insert("feature_importances".to_owned(), content::vector(4, random).into());
        }
    }
    Value::Object(element)
}

fn free(verb: Verb, name: &str, echo: Echo, random: &mut fastrand::Rng) -> Value {
    let mut answer = start(name, echo);
    match verb {
        Verb::Predict => {
            let (yes, no) = content::shares(random);
            let output = json!({ "prediction": yes >= no, "probabilities": { "true": yes, "false": no } });
            answer.insert("output".to_owned(), output);
        }
        Verb::Explain => {
            let explanation = json!({ "feature_importances": content::vector(4, random) });
            answer.insert("explanations".to_owned(), json!([explanation]));
        }
    }
    Value::Object(answer)
}

fn embeddings(name: &str, count: usize, random: &mut fastrand::Rng) -> Value {
    json!({ "model_name": name, "data": content::embeddings(count, DIMENSIONS, random) })
}

fn start(name: &str, echo: Echo) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("model_name".to_owned(), name.into());
    object.insert("model_version".to_owned(), content::MODEL_VERSION.into());
    object.extend(echo.into_iter().map(|(key, value)| (key.to_owned(), value)));
    object
}

/// The parts of a body that decide about its answer.
#[derive(Debug, Default)]
struct PredictBody {
    instances: Option<Batch<Glance>>,
    input: Option<Glance>,
    echo: Echo,
}

impl<'de> Deserialize<'de> for PredictBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = PredictBody;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PredictBody, A::Error> {
        let mut body = PredictBody::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Instances => body.instances = Some(map.next_value()?),
                Key::Input => body.input = Some(map.next_value()?),
                Key::Echoed(name) => glance::echo_value(&mut map, name, &mut body.echo)?,
                Key::Unknown => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(body)
    }
}

enum Key {
    Instances,
    Input,
    Echoed(&'static str),
    Unknown,
}

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
        Ok(match key {
            "instances" | "inputs" => Key::Instances,
            "input" => Key::Input,
            _ => glance::echoed(key).map_or(Key::Unknown, Key::Echoed),
        })
    }
}

#[cfg(test)]
mod tests;
