//! KServe v2 (Open Inference Protocol) infer, JSON only: tensors in, tensors out.
//!
//! Checks what a client can get wrong (datatype, shape against number of elements) and answers with one
//! number per row of the batch, the batch being the first dimension of the first input.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::body::{self, Batch};
use crate::content;
use crate::reply::{Api, Reply};
use crate::route::Verb;
use crate::server::Server;

const API: Api = Api::KServe;
/// Numbers in one answer at most: outputs × rows.
const MAX_NUMBERS: u64 = 1_000_000;
/// Datatypes of the protocol that JSON can carry. FP16 and BF16 need the binary extension.
const DATATYPES: [&str; 12] = [
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP32", "FP64", "BYTES",
];

/// Answers an infer request.
pub(crate) async fn answer(server: &Server, name: &str, body: Bytes) -> Result<Reply, Reply> {
    let asked = read(&body)?;
    drop(body);
    let mut random = server.serve(API, name, Verb::Predict).await?.random;
    let outputs: Vec<Value> = asked
        .outputs
        .iter()
        .map(|output| {
            let data: Vec<f64> = (0..asked.rows).map(|_| content::share(&mut random)).collect();
            json!({ "name": output, "shape": [asked.rows], "datatype": "FP32", "data": data })
        })
        .collect();
    let id = asked.id.unwrap_or_else(|| content::id(&mut random));
    Ok(Reply::ok(&json!({
        "model_name": name,
        "model_version": content::MODEL_VERSION,
        "id": id,
        "outputs": outputs,
    })))
}

/// What a body asks for.
#[derive(Debug, PartialEq)]
struct Asked {
    id: Option<String>,
    outputs: Vec<String>,
    rows: u64,
}

#[derive(Deserialize)]
struct InferBody {
    id: Option<String>,
    inputs: Batch<Input>,
    outputs: Option<Batch<Output>>,
}

#[derive(Deserialize)]
struct Input {
    name: String,
    shape: Vec<u64>,
    datatype: String,
    data: Option<Elements>,
}

#[derive(Deserialize)]
struct Output {
    name: String,
}

fn read(body: &[u8]) -> Result<Asked, Reply> {
    let body: InferBody = body::object(API, body)?;
    let inputs = body.inputs.bounded(API, "inputs")?;
    let Some(first) = inputs.first() else {
        return Err(API.bad_request("`inputs` is empty"));
    };
    let rows = first.shape.first().copied().unwrap_or(1);
    for input in &inputs {
        input.check().map_err(|message| API.bad_request(&message))?;
    }
    let outputs = body.outputs.map(|outputs| outputs.bounded(API, "outputs")).transpose()?;
    let outputs = match outputs {
        Some(outputs) if !outputs.is_empty() => outputs.into_iter().map(|output| output.name).collect(),
        _ => vec!["output-0".to_owned()],
    };
    if rows.saturating_mul(outputs.len() as u64) > MAX_NUMBERS {
        let message = format!("{} outputs of {rows} rows are too many for one answer", outputs.len());
        return Err(API.bad_request(&message));
    }
    Ok(Asked { id: body.id, outputs, rows })
}

impl Input {
    fn check(&self) -> Result<(), String> {
        let Self { name, shape, datatype, data } = self;
        if !DATATYPES.contains(&datatype.as_str()) {
            return Err(format!(
                "input `{name}`: unknown datatype `{datatype}`, expected one of {}",
                DATATYPES.join(", ")
            ));
        }
        let Some(Elements(found)) = data else {
            return Err(format!(
                "input `{name}` has no `data`; binary tensors are not available in this version"
            ));
        };
        let expected = shape.iter().try_fold(1_u64, |product, dimension| product.checked_mul(*dimension));
        if expected != Some(*found) {
            return Err(format!("input `{name}`: shape {shape:?} does not hold {found} elements"));
        }
        Ok(())
    }
}

/// The number of scalars in a list, however deep they lie: data may be flat or nested.
struct Elements(u64);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("numbers, truth values, texts, or lists of them")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Elements, E> {
        Ok(Elements(1))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Elements, E> {
        Ok(Elements(1))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Elements, E> {
        Ok(Elements(1))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Elements, E> {
        Ok(Elements(1))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Elements, E> {
        Ok(Elements(1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Elements, A::Error> {
        let mut total = 0;
        while let Some(Elements(inner)) = seq.next_element()? {
            total += inner;
        }
        Ok(Elements(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(body: &Value) -> Result<Asked, String> {
        read(body.to_string().as_bytes()).map_err(|reply| String::from_utf8(reply.body).unwrap())
    }

    fn input(shape: &Value, datatype: &str, data: &Value) -> Value {
        json!({ "inputs": [{ "name": "x", "shape": shape, "datatype": datatype, "data": data }] })
    }

    #[test]
    fn flat_and_nested_data_are_counted_alike() {
        let expected = Ok(Asked { id: None, outputs: vec!["output-0".to_owned()], rows: 2 });
        assert_eq!(asked(&input(&json!([2, 2]), "FP32", &json!([1, 2.5, -3, 4]))), expected);
        assert_eq!(asked(&input(&json!([2, 2]), "FP32", &json!([[1, 2], [3, 4]]))), expected);
        assert_eq!(asked(&input(&json!([2]), "BYTES", &json!(["a", "b"]))), expected);
    }

    #[test]
    fn the_id_and_the_names_of_outputs_are_the_clients() {
        let body = json!({
            "id": "7",
            "inputs": [{ "name": "x", "shape": [1], "datatype": "BOOL", "data": [true] }],
            "outputs": [{ "name": "label" }, { "name": "score" }],
        });
        let outputs = vec!["label".to_owned(), "score".to_owned()];
        assert_eq!(asked(&body), Ok(Asked { id: Some("7".to_owned()), outputs, rows: 1 }));
    }

    #[test]
    fn mistakes_of_the_client_are_told() {
        for (body, message) in [
            (json!({ "inputs": [] }), "`inputs` is empty"),
            (input(&json!([2, 2]), "FP32", &json!([1])), "input `x`: shape [2, 2] does not hold 1 elements"),
            (
                input(&json!([u64::MAX, 2]), "FP32", &json!([1])),
                "input `x`: shape [18446744073709551615, 2] does not hold 1 elements",
            ),
            (
                input(&json!([1]), "FP16", &json!([1])),
                "input `x`: unknown datatype `FP16`, expected one of BOOL, UINT8, UINT16, UINT32, UINT64, \
                 INT8, INT16, INT32, INT64, FP32, FP64, BYTES",
            ),
            (
                json!({ "inputs": [{ "name": "x", "shape": [1], "datatype": "FP32" }] }),
                "input `x` has no `data`; binary tensors are not available in this version",
            ),
            (
                input(&json!([9_000_000, 0]), "FP32", &json!([])),
                "1 outputs of 9000000 rows are too many for one answer",
            ),
            (json!({}), "unexpected content of the body: missing field `inputs` at line 1 column 2"),
        ] {
            assert_eq!(asked(&body), Err(json!({ "error": message }).to_string()));
        }
    }

    /// Data of this shape, nested.
    fn nested(shape: &[u64]) -> Value {
        match shape.split_first() {
            None => json!(1.5),
            Some((first, rest)) => (0..*first).map(|_| nested(rest)).collect(),
        }
    }

    proptest! {
        #[test]
        fn data_nested_as_its_shape_says_fits(shape in prop::collection::vec(0..4_u64, 1..5)) {
            let found = asked(&input(&json!(shape), "FP64", &nested(&shape)));
            prop_assert_eq!(found.map(|asked| asked.rows), Ok(shape[0]));
        }
    }
}
