//! The pieces that a data block is written in: lists, tables of what is called by its number, texts and values.

use std::collections::HashMap;
use std::fmt::Write as _;

use trace_core::__render::is_hidden;
use trace_core::Value;

/// Things that are written once and then called by their number.
#[derive(Debug)]
pub(super) struct Table<K> {
    pub(super) items: String,
    numbers: HashMap<K, usize>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { items: String::new(), numbers: HashMap::new() }
    }
}

impl<K: Eq + std::hash::Hash> Table<K> {
    pub(super) fn number(&mut self, key: K, write: impl FnOnce(&mut String, &K)) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(key).or_insert_with_key(|key| {
            comma(&mut self.items);
            write(&mut self.items, key);
            next
        })
    }
}

pub(super) fn comma(list: &mut String) {
    if !list.is_empty() {
        list.push(',');
    }
}

pub(super) fn entry(list: &mut String, item: impl std::fmt::Display) {
    comma(list);
    let _ = write!(list, "{item}");
}

/// A value that is no text as JSON, so that no integer loses a digit and no number its type.
pub(super) fn value_json(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::I64(value) => int_json(*value),
        Value::F64(value) => double_json(*value),
        Value::String(text) => {
            let mut out = String::new();
            push_string(&mut out, text);
            out
        }
        Value::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{{\"bytes\":\"{hex}\"}}")
        }
        Value::BoolArray(values) => array_json("bool", values, |value| value.to_string()),
        Value::I64Array(values) => array_json("int", values, |&value| int_json(value)),
        Value::F64Array(values) => array_json("double", values, |&value| double_json(value)),
        Value::StringArray(values) => array_json("string", values, |text| {
            let mut out = String::new();
            push_string(&mut out, text);
            out
        }),
        // A type that this version does not know.
        other => {
            let mut out = String::new();
            push_string(&mut out, &other.to_string());
            out
        }
    }
}

fn int_json(value: i64) -> String {
    const MAX_SAFE: u64 = (1 << 53) - 1;
    if value.unsigned_abs() <= MAX_SAFE { value.to_string() } else { format!("{{\"int\":\"{value}\"}}") }
}

fn double_json(value: f64) -> String {
    match value {
        _ if value.is_nan() => "{\"double\":\"NaN\"}".to_owned(),
        f64::INFINITY => "{\"double\":\"Infinity\"}".to_owned(),
        f64::NEG_INFINITY => "{\"double\":\"-Infinity\"}".to_owned(),
        // With a point or an exponent, and -0.0 as itself.
        _ => format!("{value:?}"),
    }
}

fn array_json<T>(of: &str, values: &[T], json: impl FnMut(&T) -> String) -> String {
    match values {
        [] => format!("{{\"empty\":\"{of}\"}}"),
        _ => format!("[{}]", values.iter().map(json).collect::<Vec<_>>().join(",")),
    }
}

/// The text as a JSON string in which nothing can end a script element and nothing is hidden.
pub(super) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ if c == '<' || is_hidden(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
