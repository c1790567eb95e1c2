//! Names with values, as queries and forms have them.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::plan::compile::Texts;
use crate::plan::template::{Compiled, Failure};
use crate::suite::Template;

/// Pairs in the order written; a list gives one pair for each of its items.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pairs: Vec<(String, PairValue)>,
}

#[derive(Debug)]
enum PairValue {
    Constant(String),
    Text(Compiled),
}

impl Pairs {
    /// Compiles the values of `entries`, and says in words what they are.
    pub(crate) fn compile(entries: &[(String, Template)], texts: &mut Texts<'_>) -> (Self, String) {
        let mut pairs = Self::default();
        let mut shape = String::new();
        for (name, value) in entries {
            pairs.add(name, value, &mut shape, texts);
        }
        (pairs, shape)
    }

    fn add(&mut self, name: &str, template: &Template, shape: &mut String, texts: &mut Texts<'_>) {
        let (value, text) = match template {
            Template::Boolean(flag) => (PairValue::Constant(flag.to_string()), flag.to_string()),
            Template::Integer(number) => (PairValue::Constant(number.to_string()), number.to_string()),
            Template::Float(number) => (PairValue::Constant(number.to_string()), number.to_string()),
            Template::Text(source) => {
                let compiled = texts.typed(source);
                let text = texts.shape(&compiled);
                (PairValue::Text(compiled), text)
            }
            Template::Array(items) => {
                return items.iter().for_each(|item| self.add(name, item, shape, texts));
            }
            Template::Table(_) => {
                return texts.fail(format!(
                    "`{name}` is a table, but only a text, a number, a boolean or a list of these fits"
                ));
            }
        };
        if !shape.is_empty() {
            shape.push('&');
        }
        shape.extend([name, "=", &text]);
        self.pairs.push((name.to_owned(), value));
    }

    pub(crate) fn is_constant(&self) -> bool {
        self.pairs.iter().all(|(_, value)| match value {
            PairValue::Constant(_) => true,
            PairValue::Text(text) => text.constant().is_some(),
        })
    }

    /// Appends `name=value&name=value`, each name and value written by `encode`.
    pub(crate) fn render(
        &self,
        root: &Value,
        out: &mut String,
        encode: fn(&str, &mut String),
    ) -> Result<(), Failure> {
        let mut first = true;
        let mut write = |name: &str, value: &str| {
            if !std::mem::take(&mut first) {
                out.push('&');
            }
            encode(name, out);
            out.push('=');
            encode(value, out);
        };
        for (name, value) in &self.pairs {
            match value {
                PairValue::Constant(text) => write(name, text),
                PairValue::Text(compiled) => each_text(name, &compiled.evaluate(root)?, &mut write)
                    .map_err(|message| Failure::of(compiled.source(), message))?,
            }
        }
        Ok(())
    }
}

/// Calls `write` with each text that `value` is made of.
fn each_text(name: &str, value: &Value, write: &mut impl FnMut(&str, &str)) -> Result<(), String> {
    match value.kind() {
        ValueKind::String => write(name, value.as_str().unwrap_or_default()),
        ValueKind::Number | ValueKind::Bool => write(name, &value.to_string()),
        ValueKind::Seq | ValueKind::Iterable => {
            for item in value.try_iter().map_err(|error| error.to_string())? {
                each_text(name, &item, write)?;
            }
        }
        kind => return Err(format!("the value of `{name}` is of kind `{kind}`, which has no text")),
    }
    Ok(())
}
