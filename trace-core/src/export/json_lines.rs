//! The JSON Lines exporter: one span a line.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::export::span_json::{push_line, resource_json};
use crate::export::target::Target;
use crate::exporter::{Batch, ExportError, SpanExporter};
use crate::trace::Trace;

/// From how many bytes on lines are written, at the latest; a longer line is written as a whole.
const CHUNK_BYTES: usize = 256 * 1024;

/// Writes every span, soon after it ended, as one line of JSON: for files, for `jq`, for databases that read JSON Lines.
///
/// Nothing that was recorded is lost, neither to a reader with 64-bit integers nor to JavaScript, whose numbers hold
/// integers up to 2^53 - 1 only.
///
/// | member | what |
/// |---|---|
/// | `trace_id` | string, 32 hexadecimal digits |
/// | `span_id` | string, 16 hexadecimal digits |
/// | `parent_id` | string, 16 hexadecimal digits; `null` for a root |
/// | `parent_is_remote` | `true` if the parent is a span of another process; else left out |
/// | `flags` | number from 0 to 255, the [`TraceFlags`](crate::TraceFlags) |
/// | `trace_state` | string, what the systems along the trace's way say of it, as in the header `tracestate`; left out if they say nothing |
/// | `name` | string |
/// | `kind` | `"internal"`, `"server"`, `"client"`, `"producer"` or `"consumer"` |
/// | `start_unix_nano` | string of decimal digits, nanoseconds since 1970: a number of that size would lose its last three digits in JavaScript; OTLP's JSON does the same |
/// | `end_unix_nano` | the same; `null` for a span that is open |
/// | `duration_ns` | number, nanoseconds, for filters such as `jq 'select(.duration_ns > 1e6)'`; it is the difference of the two above, which stays exact where the number would not, after 104 days; `null` for a span that is open |
/// | `status` | `{"code": …}` with `"unset"`, `"ok"`, or `"error"` and a `"description"` |
/// | `outcome` | `"ok"`, `"error"`, `"panicked"`, `"cancelled"`, `"never_polled"` or `"open"` |
/// | `attributes` | object, by key in the order set; values below |
/// | `events` | array of `{"name", "unix_nano", "attributes", "dropped_attributes"}` in order of time |
/// | `links` | array of `{"trace_id", "span_id", "flags", "is_remote", "trace_state", "attributes", "dropped_attributes"}` |
/// | `dropped` | `{"attributes", "events", "links"}`, how many did not fit |
/// | `polls` | if polls were timed: see below |
/// | `thread` | if polls were timed, of a sync span: number of the thread it ended on |
/// | `anatomy` | the same: `{"busy_ns", "children_ns", "no_span_ns", "queued_ns"}`, which sum to the duration, and `"children"`: the children it waited on, the longest first, each `{"span_id", "waited_ns", "certain"}` ([`Anatomy`](crate::Anatomy)) |
/// | `blocked_behind` | array of `{"trace_id", "span_id", "name", "up_to_ns", "poll_ns", "exact"}`: waits behind long polls of others, the longest first ([`BlockedBehind`](crate::BlockedBehind)) |
/// | `held_up` | `{"spans", "up_to_ns"}`: what its own long polls cost others ([`HeldUp`](crate::HeldUp)) |
/// | `critical` | if polls were timed and the trace was written whole, of a span that its critical path goes through: `{"own_ns", "hop"}` ([`CriticalShare`](crate::CriticalShare)) |
/// | `cancellation` | of a span that was given up: `{"elapsed_ns", "polls", "dropped", "waiting_in"}`, of which `dropped` is `"in_parents_poll"`, `"with_parent"`, `"from_outside"` or `"unknown"`, and `waiting_in` is `{"span_id", "name"}` ([`Cancellation`](crate::Cancellation)) |
/// | `code` | `{"file", "line", "module", "level"}`, where the span stands in the source |
/// | `scope` | `{"name", "version"}` of the crate it stands in |
/// | `resource` | object like `attributes`, what the spans of the process have in common |
///
/// From `attributes` on, and inside events and links, what is empty, zero, `false` or unknown is left out.
///
/// Polls:
///
/// | member of `polls` | what |
/// |---|---|
/// | `count`, `busy_ns`, `self_busy_ns` | numbers: how many, how long all of them, and that less the polls of other spans inside |
/// | `first_poll_delay_ns` | number: from the start of the span to the first |
/// | `longest_ns`, `longest_start_ns`, `longest_thread` | numbers: the longest, when it began after the start of the span, and its thread |
/// | `longest_woken_ns`, `longest_woken_by` | number, hex: when it was woken after the start of the span, and by which span; else left out |
/// | `threads` | object of the threads' names by their numbers, as far as they have names |
/// | `merged`, `incomplete` | `true` where segments were joined, and where polls were lost; else left out |
/// | `segments` | array of `[start_ns, duration_ns, thread, woken_ns, woken_by]`, times from the start of the span; the thread is 0 where polls of several were joined, and when it was woken and the id of the span that did are left out where they are not known |
///
/// Values keep their types:
///
/// | value | JSON |
/// |---|---|
/// | `Bool`, `String` | `true`, `"text"` |
/// | `I64` | number without a point; beyond ±(2^53 - 1) `{"int": "9223372036854775807"}` |
/// | `F64` | number with a point or an exponent, such as `1.0`; else `{"double": "NaN"}`, `"Infinity"` or `"-Infinity"` |
/// | `Bytes` | `{"bytes": "…"}`, base64 with padding |
/// | arrays | array of the above; an empty one says of what it is: `{"empty": "int"}`, `"bool"`, `"double"`, `"string"` |
///
/// Control characters, line separators and what changes the direction of writing are escaped in every string, so a line of
/// the file is always a line, and looking at it is safe.
///
/// ```no_run
/// use trace_core::JsonLinesExporter;
///
/// let exporter = JsonLinesExporter::append("spans.jsonl")?;
/// # Ok::<(), trace_core::OpenFileError>(())
/// ```
///
/// A write that failed halfway leaves a line that is no JSON; the next one starts on a line of its own.
#[derive(Debug)]
pub struct JsonLinesExporter {
    target: Target,
    buffer: String,
    /// Whether the last write failed, perhaps within a line.
    torn: bool,
}

impl JsonLinesExporter {
    /// Writes to this writer, in chunks of whole lines, of which most are at least 256 KiB long or the rest of a batch.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self::to(Target::Writer(Box::new(writer)))
    }

    /// Writes to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::to(Target::Stdout)
    }

    /// Writes to a new file; one of that name that exists is emptied.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened for writing.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, OpenFileError> {
        open(path.as_ref(), |path| File::create(path))
    }

    /// Writes to the end of a file, which is made if it does not exist.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened for writing.
    pub fn append(path: impl AsRef<Path>) -> Result<Self, OpenFileError> {
        open(path.as_ref(), |path| File::options().append(true).create(true).open(path))
    }

    fn to(target: Target) -> Self {
        Self { target, buffer: String::new(), torn: false }
    }

    /// Writes what is in the buffer and empties it.
    fn write(&mut self) -> io::Result<()> {
        if self.torn {
            self.buffer.insert(0, '\n');
        }
        let written = self.target.write(self.buffer.as_bytes());
        self.torn = written.is_err();
        self.buffer.clear();
        self.buffer.shrink_to(2 * CHUNK_BYTES);
        written
    }
}

fn open(path: &Path, open: impl FnOnce(&Path) -> io::Result<File>) -> Result<JsonLinesExporter, OpenFileError> {
    match open(path) {
        Ok(file) => Ok(JsonLinesExporter::new(file)),
        Err(source) => Err(OpenFileError { path: path.to_owned(), source }),
    }
}

impl SpanExporter for JsonLinesExporter {
    fn name(&self) -> &str {
        "json lines"
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let mut left = batch.len();
        let mut waiting = 0;
        for trace in batch.traces() {
            let resource = resource_json(trace.resource());
            for span in trace.spans() {
                push_line(&mut self.buffer, &span, resource.as_deref());
                waiting += 1;
                if self.buffer.len() >= CHUNK_BYTES {
                    self.write().map_err(|error| ExportError::from(error).dropped_spans(left))?;
                    left -= std::mem::take(&mut waiting);
                }
            }
        }
        self.write().map_err(|error| ExportError::from(error).dropped_spans(left))
    }

    fn flush(&mut self, _: Duration) -> Result<(), ExportError> {
        Ok(self.target.flush()?)
    }
}

impl Trace {
    /// The trace as [`JsonLinesExporter`] writes it: a line of JSON for each span, in the order of [`Trace::spans`].
    ///
    /// ```
    /// let captured = trace_core::capture(|| trace_core::in_scope("work", || ()));
    /// let lines = captured.trace()?.to_json_lines();
    /// assert!(lines.contains(r#""name":"work""#) && lines.ends_with("}\n"));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let mut out = String::new();
        let resource = resource_json(self.resource());
        for span in self.spans() {
            push_line(&mut out, &span, resource.as_deref());
        }
        out
    }
}

/// Why a file could not be opened for writing; the system's reason is the source.
#[derive(Debug)]
pub struct OpenFileError {
    path: PathBuf,
    source: io::Error,
}

impl OpenFileError {
    /// The file that was to be opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for OpenFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot open {:?} for writing", self.path)
    }
}

impl Error for OpenFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
