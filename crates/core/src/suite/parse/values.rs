//! Reading single values: what a key's value must be, and the mistake where it is not.

use std::time::Duration;

use toml::de::DeValue;

use super::fields::{Context, Entry, Node, found};
use crate::error::Located;
use crate::suite::{Template, Wait, parse_wait};
use crate::units::{UnitError, parse_duration, parse_rate, parse_share};

/// Letters, digits and `_`, not starting with a digit: a name that templates and environments can use.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Context {
    /// Reports that the value of `entry` is not what it must be.
    pub(super) fn mistake<T>(&mut self, entry: Entry, expected: &str) -> Option<T> {
        let message = format!("`{}` must be {expected}, got {}", entry.name(), found(entry.value.get_ref()));
        self.wrong(entry.value.span(), message);
        None
    }

    fn unit<T>(&mut self, entry: Entry, read: Result<T, UnitError>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(entry.value.span(), format!("`{}`: {error}", entry.name()));
                None
            }
        }
    }

    /// A text, which may be empty.
    pub(super) fn text(&mut self, entry: Entry) -> Option<Located<String>> {
        match entry.value.get_ref() {
            DeValue::String(text) => Some(self.located(entry.value, text)),
            _ => self.mistake(entry, "a text in quotes"),
        }
    }

    fn located(&self, node: &Node, text: &str) -> Located<String> {
        Located::new(text.to_owned(), self.at(node.span()))
    }

    /// A text with something in it.
    pub(super) fn filled(&mut self, entry: Entry) -> Option<Located<String>> {
        let text = self.text(entry)?;
        if text.value.trim().is_empty() {
            self.wrong(entry.value.span(), format!("`{}` is empty", entry.name()));
            return None;
        }
        Some(text)
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, entry: Entry) -> Option<Vec<Located<String>>> {
        let DeValue::Array(items) = entry.value.get_ref() else {
            return self.mistake(entry, "a list of texts such as [\"a\", \"b\"]");
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => texts.push(self.located(item, text)),
                other => {
                    let message =
                        format!("`{}` must be a list of texts, got {} in it", entry.name(), found(other));
                    self.wrong(item.span(), message);
                }
            }
        }
        Some(texts)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, entry: Entry) -> Option<bool> {
        match entry.value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => self.mistake(entry, "true or false"),
        }
    }

    /// A whole number from 1 up.
    pub(super) fn count(&mut self, entry: Entry) -> Option<u32> {
        let count = match entry.value.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        match count {
            Some(count) if count > 0 => Some(count),
            _ => self.mistake(entry, "a whole number from 1 up"),
        }
    }

    /// A duration as text, or a number of seconds.
    pub(super) fn duration(&mut self, entry: Entry) -> Option<Duration> {
        match quantity(entry.value) {
            Some(text) => self.unit(entry, parse_duration(text)),
            None => self.mistake(entry, "a duration such as \"200ms\", \"1.5s\" or \"1h20m\""),
        }
    }

    /// A duration that is not zero.
    pub(super) fn some_time(&mut self, entry: Entry) -> Option<Duration> {
        let duration = self.duration(entry)?;
        if duration.is_zero() {
            self.wrong(entry.value.span(), format!("`{}` must be above 0", entry.name()));
            return None;
        }
        Some(duration)
    }

    /// A wait as text, or a number of seconds.
    pub(super) fn wait(&mut self, entry: Entry) -> Option<Wait> {
        match quantity(entry.value) {
            Some(text) => self.unit(entry, parse_wait(text)),
            None => self.mistake(entry, "a wait such as \"1s..5s\", \"200ms\" or \"pace 2s\""),
        }
    }

    /// A rate as text, or a number of events a second; above 0.
    pub(super) fn rate(&mut self, entry: Entry) -> Option<f64> {
        let number = match entry.value.get_ref() {
            DeValue::String(text) => return self.unit(entry, parse_rate(text)),
            DeValue::Integer(_) | DeValue::Float(_) => quantity(entry.value)?.parse::<f64>().ok(),
            _ => None,
        };
        match number {
            Some(rate) if rate > 0.0 && rate.is_finite() => Some(rate),
            _ => self.mistake(entry, "a number above 0, or a rate such as \"5/s\""),
        }
    }

    /// A share as text with `%`, or a number between 0 and 1.
    pub(super) fn share(&mut self, entry: Entry) -> Option<f64> {
        match quantity(entry.value) {
            Some(text) => self.unit(entry, parse_share(text)),
            None => self.mistake(entry, "a share such as \"10%\" or 0.1"),
        }
    }

    /// Any value, its texts being templates; dates and numbers that JSON does not have are mistakes.
    pub(super) fn template(&mut self, node: &Node) -> Option<Template> {
        Some(match node.get_ref() {
            DeValue::String(text) => Template::Text(self.located(node, text)),
            DeValue::Boolean(value) => Template::Boolean(*value),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Template::Integer(number),
                Err(_) => return self.refuse(node, "does not fit into 64 bits; write it as text in quotes"),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Template::Float(number),
                _ => return self.refuse(node, "is not a number that can be sent"),
            },
            DeValue::Datetime(_) => return self.refuse(node, "cannot be sent; write it as text in quotes"),
            DeValue::Array(items) => {
                Template::Array(items.iter().filter_map(|item| self.template(item)).collect())
            }
            DeValue::Table(_) => Template::Table(self.template_table(node)?),
        })
    }

    fn refuse(&mut self, node: &Node, why: &str) -> Option<Template> {
        self.wrong(node.span(), format!("{} {why}", found(node.get_ref())));
        None
    }

    /// A table whose values are templates; its keys are not.
    fn template_table(&mut self, node: &Node) -> Option<Vec<(String, Template)>> {
        let mut pairs = Vec::new();
        for (key, value) in node.get_ref().as_table()? {
            if key.get_ref().contains("{{") {
                self.wrong(key.span(), "a key cannot be a template, only values can");
            }
            if let Some(value) = self.template(value) {
                pairs.push((key.get_ref().to_string(), value));
            }
        }
        Some(pairs)
    }

    /// A table of names and values, the texts among them being templates; a list gives its name several
    /// values.
    pub(super) fn pairs(&mut self, entry: Entry) -> Option<Vec<(String, Template)>> {
        let DeValue::Table(table) = entry.value.get_ref() else {
            return self.mistake(entry, "a table such as { name = \"value\" }");
        };
        for (key, value) in table {
            let values = match value.get_ref() {
                DeValue::Array(items) => items.iter().collect(),
                _ => vec![value],
            };
            for value in values.into_iter().filter(|value| !is_single(value)) {
                let found = found(value.get_ref());
                let what = format!("`{}` of `{}`", key.get_ref(), entry.name());
                self.wrong(
                    value.span(),
                    format!("{what} must be a single value or a list of them, got {found}"),
                );
            }
        }
        self.template_table(entry.value)
    }
}

fn is_single(node: &Node) -> bool {
    !matches!(node.get_ref(), DeValue::Array(_) | DeValue::Table(_))
}

/// The text of a quantity: a text, or a number as it is written.
fn quantity<'t>(node: &'t Node) -> Option<&'t str> {
    match node.get_ref() {
        DeValue::String(text) => Some(text),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
        DeValue::Float(number) => Some(number.as_str()),
        _ => None,
    }
}
