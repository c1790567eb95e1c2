//! Counts the tokens of prompts and messages without keeping them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use crate::body::MAX_BATCH;

/// What is to be completed or embedded: a text, a list of texts, a list of token ids, or a list of such lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prompts {
    /// Tokens of each prompt, of the first [`MAX_BATCH`].
    pub(super) tokens: Vec<u64>,
    /// How many prompts there are.
    pub(super) count: usize,
}

impl Prompts {
    fn one(tokens: u64) -> Self {
        Self { tokens: vec![tokens], count: 1 }
    }
}

/// The content of a chat message: a text, a list of parts, or null.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Words of all its texts; images and audio count nothing.
    pub(super) tokens: u64,
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

impl<'de> Deserialize<'de> for Prompts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PromptsVisitor)
    }
}

struct PromptsVisitor;

impl<'de> Visitor<'de> for PromptsVisitor {
    type Value = Prompts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a list of texts, a list of token ids or a list of such lists")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Prompts, E> {
        Ok(Prompts::one(words(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Prompts, A::Error> {
        let mut prompts = Prompts { tokens: Vec::new(), count: 0 };
        let mut ids = 0;
        while let Some(item) = seq.next_element()? {
            match item {
                Item::Token => ids += 1,
                Item::Prompt(tokens) => {
                    prompts.count += 1;
                    if prompts.count <= MAX_BATCH {
                        prompts.tokens.push(tokens);
                    }
                }
            }
        }
        match (ids, prompts.count) {
            (0, _) => Ok(prompts),
            (ids, 0) => Ok(Prompts::one(ids)),
            _ => Err(A::Error::custom("token ids and whole prompts are mixed in one list")),
        }
    }
}

/// An element of a list of prompts.
enum Item {
    /// A token id.
    Token,
    /// A prompt of so many tokens.
    Prompt(u64),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a token id or a list of token ids")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Item, E> {
        Ok(Item::Token)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Item, E> {
        Ok(Item::Prompt(words(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
        let mut tokens = 0;
        while seq.next_element::<u64>()?.is_some() {
            tokens += 1;
        }
        Ok(Item::Prompt(tokens))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of parts")
    }

    fn visit_unit<E: Error>(self) -> Result<Content, E> {
        Ok(Content { tokens: 0 })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Content, E> {
        Ok(Content { tokens: words(text) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content, A::Error> {
        let mut tokens = 0;
        while let Some(Part { text }) = seq.next_element()? {
            tokens += text;
        }
        Ok(Content { tokens })
    }
}

/// A part of a message.
#[derive(Deserialize)]
struct Part {
    #[serde(default, deserialize_with = "count_words")]
    text: u64,
}

fn count_words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Content::deserialize(deserializer).map(|content| content.tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(text: &str) -> Result<Prompts, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn content(text: &str) -> u64 {
        serde_json::from_str::<Content>(text).unwrap().tokens
    }

    #[test]
    fn prompts_come_in_four_forms() {
        let these = |tokens: &[u64]| Ok(Prompts { tokens: tokens.to_vec(), count: tokens.len() });
        assert_eq!(prompts(r#""Once upon  a time""#), these(&[4]));
        assert_eq!(prompts(r#"["one", "two words"]"#), these(&[1, 2]));
        assert_eq!(prompts("[11, 12, 13]"), these(&[3]));
        assert_eq!(prompts("[[11, 12], [13]]"), these(&[2, 1]));
        assert_eq!(prompts("[]"), these(&[]));
    }

    #[test]
    fn anything_else_is_no_prompt() {
        assert!(prompts("7").unwrap_err().starts_with("invalid type: integer `7`, expected a text, a list"));
        assert!(prompts(r#"[1, "a"]"#).unwrap_err().starts_with("token ids and whole prompts are mixed"));
        assert!(prompts("[[-1]]").unwrap_err().starts_with("invalid value: integer `-1`"));
    }

    #[test]
    fn a_message_counts_the_words_of_all_its_texts() {
        assert_eq!(content(r#""How are you?""#), 3);
        assert_eq!(content("null"), 0);
        let parts = r#"[{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]"#;
        assert_eq!(content(parts), 3);
    }
}
