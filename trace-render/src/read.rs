//! Traces from files: JSON Lines as [`JsonLinesExporter`](trace_core::JsonLinesExporter) writes them, and OTLP/JSON as the
//! OpenTelemetry Collector's file exporter does.

mod json_lines;
mod otlp_json;
mod parts;
mod polls;

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use trace_core::Trace;

/// Reads the spans of a text in either format and puts them together: a part for every trace and resource.
///
/// # Errors
///
/// When the text is neither format, with the first place where that shows; when it has no span at all.
pub fn read(text: &str) -> Result<Vec<Trace>, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Probe>();
    let traces = match documents.next() {
        None => Vec::new(),
        Some(Err(error)) => return Err(ReadError::at(&error, 0)),
        Some(Ok(probe)) if probe.resource_spans.is_some() => otlp_json::read(text)?,
        Some(Ok(probe)) if probe.trace_id.is_some() => json_lines::read(text)?,
        Some(Ok(_)) => {
            return Err(ReadError {
                line: 1,
                column: 1,
                message: "neither a span of JSON Lines (no `trace_id`) nor OTLP/JSON (no `resourceSpans`)".to_owned(),
            });
        }
    };
    match traces.is_empty() {
        true => Err(ReadError { line: 1, column: 1, message: "there is no span in it".to_owned() }),
        false => Ok(traces),
    }
}

/// As much of a document as tells its format.
#[derive(Deserialize)]
struct Probe {
    #[serde(default, alias = "resource_spans", rename = "resourceSpans")]
    resource_spans: Option<IgnoredAny>,
    #[serde(default)]
    trace_id: Option<IgnoredAny>,
}

/// Why a text could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    line: usize,
    column: usize,
    message: String,
}

impl ReadError {
    /// What the parser says, `lines` below where it thinks it is.
    fn at(error: &serde_json::Error, lines: usize) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message).to_owned();
        Self { line: error.line().max(1) + lines, column: error.column().max(1), message }
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in bytes, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ReadError {}
