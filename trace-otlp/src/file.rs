//! The exporter that writes OTLP/JSON to a file or to standard output.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use trace_core::{Batch, ExportError, SpanExporter};

use crate::encode::Encoder;
use crate::encode::format::{CodeLocation, RequestLimits};
use crate::encode::json::Json;
use crate::settings::DEFAULT_REQUEST_BYTES;

/// Writes spans as OTLP/JSON, a `TracesData` a line, as in
/// [OpenTelemetry's file exporter](https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/): for a collector that reads
/// files or a container's output, for `trace render`, for a place without a network. Such a file is mostly called `.jsonl`.
///
/// `OTEL_TRACES_EXPORTER=otlp/stdout` makes [`init`](crate::init) use it.
///
/// ```no_run
/// use std::fs::File;
/// use trace_otlp::OtlpFileExporter;
///
/// let file = File::options().append(true).create(true).open("spans.jsonl")?;
/// let _pipeline = trace_core::builder().exporter(OtlpFileExporter::new(file)).init()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A write that failed halfway leaves a line that is no JSON; the next one starts on a line of its own.
pub struct OtlpFileExporter {
    encoder: Encoder<Json>,
    writer: Box<dyn Write + Send>,
    /// Whether the last write failed, perhaps within a line.
    is_torn: bool,
}

impl OtlpFileExporter {
    /// Writes to this writer, whole lines at a time.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        let limits = RequestLimits { bytes: DEFAULT_REQUEST_BYTES, max_bytes: usize::MAX, spans: usize::MAX };
        Self { encoder: Encoder::new(Json::new(CodeLocation::Sent), limits), writer: Box::new(writer), is_torn: false }
    }

    /// Does not say of each span where it stands in the source, which takes some 200 bytes a span. Without this, it does, other
    /// than [over the network](crate::OtlpExporterBuilder::with_code_location): who reads a file has mostly nothing else to find the
    /// place by.
    #[must_use]
    pub fn without_code_location(self) -> Self {
        Self { encoder: self.encoder.twin(Json::new(CodeLocation::Left)), ..self }
    }

    /// Writes to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(io::stdout())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.writer.write_all(b"\n")?;
        }
        self.is_torn = true;
        self.writer.write_all(line)?;
        self.is_torn = false;
        Ok(())
    }
}

impl SpanExporter for OtlpFileExporter {
    fn name(&self) -> &str {
        "otlp/file"
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let (mut lost, mut cause) = (0, None);
        for mut body in self.encoder.encode(batch).bodies {
            body.bytes.push(b'\n');
            if let Err(error) = self.write(&body.bytes) {
                lost += body.closed;
                cause.get_or_insert(error);
            }
            self.encoder.reuse(body.bytes);
        }
        match cause {
            None => Ok(()),
            Some(error) => Err(ExportError::from(error).dropped_spans(lost)),
        }
    }

    fn flush(&mut self, _: Duration) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

impl fmt::Debug for OtlpFileExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpFileExporter").finish_non_exhaustive()
    }
}
