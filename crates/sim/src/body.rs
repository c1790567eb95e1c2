//! Bodies of requests: read to a limit, and taken apart without being kept.
//!
//! A request that waits in the queue holds only what its answer needs. Images, texts and tensors are checked
//! to be JSON while they are skipped, and are gone before the wait begins.

use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;

use bytes::{Buf, Bytes};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::Body;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::reply::{Api, Reply};

/// Longest body, in bytes; a longer one is answered with 413. An image of 24 MiB fits in as base64.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// How much of a longer body is read and thrown away, in bytes, before the connection is closed.
const MAX_DISCARDED_BYTES: usize = 4 * MAX_BODY_BYTES;
/// Most elements of a batch: instances, texts to embed, prompts, tensors.
pub(crate) const MAX_BATCH: usize = 4_096;

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The client went away, or sent no valid chunks: nobody waits for an answer.
    Broken,
    /// It is too long.
    TooLong,
}

/// Reads a body to its end.
///
/// One that is too long is read on for a while and thrown away: a client that is still sending when its
/// connection is closed may never see the answer.
pub(crate) async fn read<B>(body: B) -> Result<Bytes, Unread>
where
    B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let mut body = pin!(body);
    // A length that is announced is known to be too long before anything is kept.
    if body.size_hint().lower() <= MAX_BODY_BYTES as u64 {
        match Limited::new(body.as_mut(), MAX_BODY_BYTES).collect().await {
            Ok(read) => return Ok(read.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {}
            Err(_) => return Err(Unread::Broken),
        }
    }
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, Buf::remaining);
        if discarded > MAX_DISCARDED_BYTES {
            break;
        }
    }
    Err(Unread::TooLong)
}

/// The answer to a body that is too long.
pub(crate) fn too_long(api: Api) -> Reply {
    let message = format!("the body is longer than {MAX_BODY_BYTES} bytes");
    api.error(StatusCode::PAYLOAD_TOO_LARGE, &message).and_close()
}

/// Whether the first sign of a body opens an object; what follows may still be broken.
fn opens_object(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// A body that must be a JSON object, as `T` reads it.
///
/// # Errors
/// The answer, a 400 that says where and why.
pub(crate) fn object<'a, T: Deserialize<'a>>(api: Api, body: &'a [u8]) -> Result<T, Reply> {
    // Serde would also read the fields of a struct from a list, by position.
    let object = opens_object(body);
    match serde_json::from_slice(body) {
        Ok(read) if object => Ok(read),
        Err(error) if object || !error.is_data() => Err(not_understood(api, &error)),
        _ => Err(api.bad_request("the body must be a JSON object")),
    }
}

/// The answer to a body that is no JSON, or not what this endpoint takes.
pub(crate) fn not_understood(api: Api, error: &serde_json::Error) -> Reply {
    let what = if error.is_data() { "unexpected content of the body" } else { "the body is not JSON" };
    api.bad_request(&format!("{what}: {error}"))
}

/// The elements of a list, the first [`MAX_BATCH`] of them kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch<T> {
    pub(crate) items: Vec<T>,
    /// How many there were.
    len: usize,
}

impl<T> Batch<T> {
    /// All elements.
    ///
    /// # Errors
    /// There are too many; `what` are they called.
    pub(crate) fn bounded(self, api: Api, what: &str) -> Result<Vec<T>, Reply> {
        if self.len > MAX_BATCH {
            let message = format!("at most {MAX_BATCH} {what} at once, got {}", self.len);
            return Err(api.bad_request(&message));
        }
        Ok(self.items)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Batch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BatchVisitor(PhantomData))
    }
}

struct BatchVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BatchVisitor<T> {
    type Value = Batch<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < MAX_BATCH {
            let Some(item) = seq.next_element()? else {
                return Ok(Batch { len: items.len(), items });
            };
            items.push(item);
        }
        let mut len = items.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            len += 1;
        }
        Ok(Batch { items, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    #[test]
    fn a_batch_counts_what_it_does_not_keep() {
        let text = format!("[{}]", vec!["1"; MAX_BATCH + 2].join(","));
        let batch: Batch<u8> = serde_json::from_str(&text).unwrap();
        assert_eq!(batch.items.len(), MAX_BATCH);
        let refusal = batch.bounded(Api::KServe, "instances").unwrap_err();
        assert_eq!(refusal.body, br#"{"error":"at most 4096 instances at once, got 4098"}"#);
        let batch: Batch<u8> = serde_json::from_str("[1, 2]").unwrap();
        assert_eq!(batch.bounded(Api::KServe, "instances"), Ok(vec![1, 2]));
    }

    #[test]
    fn a_body_that_is_no_object_is_refused_with_the_reason() {
        let refusal = |body: &[u8]| {
            let reply = object::<IgnoredAny>(Api::KServe, body).unwrap_err();
            String::from_utf8(reply.body).unwrap()
        };
        assert_eq!(refusal(b"[1]"), r#"{"error":"the body must be a JSON object"}"#);
        assert_eq!(
            refusal(b"{\"a\":"),
            r#"{"error":"the body is not JSON: EOF while parsing a value at line 1 column 5"}"#
        );
        assert_eq!(
            refusal(b""),
            r#"{"error":"the body is not JSON: EOF while parsing a value at line 1 column 0"}"#
        );
        assert!(object::<IgnoredAny>(Api::KServe, b" \n{}").is_ok());
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_not_read() {
        let body = |len| Full::new(Bytes::from(vec![b' '; len]));
        assert!(matches!(read(body(MAX_BODY_BYTES)).await, Ok(bytes) if bytes.len() == MAX_BODY_BYTES));
        assert!(matches!(read(body(MAX_BODY_BYTES + 1)).await, Err(Unread::TooLong)));
    }
}
