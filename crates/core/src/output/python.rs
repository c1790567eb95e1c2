//! Numbers and texts as Python writes them: the formats inside Locust's files.
//!
//! Knows `str()` of floats, `repr()` of texts and nothing about statistics.

use std::fmt::Write;

/// `value` as Python's `str()` writes a float: the shortest digits that read back as the same number, always
/// with `.0` or an exponent, an exponent only below 1e-4 and from 1e16.
#[must_use]
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        // Rust's `{:?}` has the same digits, and the same `.0`, inside this range.
        let mut text = format!("{value}");
        if !text.contains('.') {
            text.push_str(".0");
        }
        return text;
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

/// `text` as Python's `repr()` writes a string: single quotes unless only they occur in it, escapes for
/// everything that is not printable.
///
/// Which characters are printable follows this program's Unicode tables, which can be newer than those of
/// the Python that wrote a file.
#[must_use]
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        push_escaped(&mut out, character, quote);
    }
    out.push(quote);
    out
}

fn push_escaped(out: &mut String, character: char, quote: char) {
    let code = u32::from(character);
    // Writing into a String cannot fail.
    let _ = match character {
        '\\' => write!(out, "\\\\"),
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        c if c == quote => write!(out, "\\{c}"),
        ' '..='~' => write!(out, "{character}"),
        c if code > 0xa0 && is_printable(c) => write!(out, "{c}"),
        _ if code < 0x100 => write!(out, "\\x{code:02x}"),
        _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// The standard library's own notion of printable (no control, format, surrogate, private, unassigned or
/// separator character), which is Python's too. The `a` in front keeps it from escaping combining marks,
/// which it does at the start of a text only.
fn is_printable(character: char) -> bool {
    let mut escaped = ['a', character].iter().collect::<String>().escape_debug().skip(1).collect::<Vec<_>>();
    escaped.len() == 1 && escaped.pop() == Some(character)
}

/// `text` as a string of Python's `json` module, quotes included: ASCII only, everything else as UTF-16 escapes.
#[must_use]
pub fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing into a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compare::python_number;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        // Printed by CPython 3.11.
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (210.0, "210.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.0 / 3.0, "0.3333333333333333"),
            (164.172_351_9, "164.1723519"),
            (0.0001, "0.0001"),
            (0.000_099_999, "9.9999e-05"),
            (0.000_01, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568e+17"),
            (1e22, "1e+22"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        // Printed by CPython 3.11.
        for (text, quoted) in [
            ("", "''"),
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("say \"hi\"", "'say \"hi\"'"),
            ("both ' and \"", "'both \\' and \"'"),
            ("a\\b\n\r\t\0\u{1b}\u{7f}", "'a\\\\b\\n\\r\\t\\x00\\x1b\\x7f'"),
            ("é ü 漢 😀", "'é ü 漢 😀'"),
            ("\u{a0}\u{ad}\u{85}", "'\\xa0\\xad\\x85'"),
            ("\u{200b}\u{2028}\u{feff}\u{e000}", "'\\u200b\\u2028\\ufeff\\ue000'"),
            ("\u{e0001}\u{10ffff}", "'\\U000e0001\\U0010ffff'"),
            ("e\u{301}\u{301}", "'e\u{301}\u{301}'"),
            ("\u{301}", "'\u{301}'"),
        ] {
            assert_eq!(repr(text), quoted, "{text:?}");
        }
    }

    #[test]
    fn json_strings_are_escaped_as_python_escapes_them() {
        // Printed by CPython 3.11.
        assert_eq!(
            json_string("a\"\\/\n\u{8}\u{c}\u{1}\u{7f}é😀"),
            r#""a\"\\/\n\b\f\u0001\u007f\u00e9\ud83d\ude00""#
        );
    }

    proptest! {
        #[test]
        fn a_json_string_is_read_back_as_it_was(text in ".*") {
            prop_assert_eq!(serde_json::from_str::<String>(&json_string(&text)).unwrap(), text);
        }

        #[test]
        fn a_float_is_read_back_as_it_was(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(python_number(&float(value)).map(f64::to_bits), Some(value.to_bits()));
        }

        #[test]
        fn a_written_float_is_written_again_the_same(digits in "-?[0-9]{1,15}(\\.[0-9]{1,12})?(e[-+]?[0-9]{1,2})?") {
            let value = python_number(&digits).unwrap();
            let text = float(value);
            prop_assert_eq!(float(python_number(&text).unwrap()), text.clone());
            prop_assert!(text.contains('.') || text.contains('e'));
        }

        #[test]
        fn a_quoted_text_is_one_line_between_equal_quotes(text in ".*") {
            let quoted = repr(&text);
            let quote = quoted.chars().next();
            prop_assert!(quote == Some('\'') || quote == Some('"'));
            prop_assert_eq!(quoted.chars().next_back(), quote);
            prop_assert!(!quoted.contains(['\n', '\r']));
        }
    }
}
