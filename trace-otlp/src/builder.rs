//! Describing an exporter.

use std::fmt;
use std::time::Duration;

use trace_core::EnvReader;

use crate::encode::format::CodeLocation;
use crate::error::BuildError;
use crate::exporter::OtlpExporter;
use crate::pem::Pem;
use crate::protocol::{Compression, Protocol};
use crate::retry::Pauses;
use crate::settings::{Said, settle};
use crate::spool::settings::Spool;

type Lookup = dyn Fn(&str) -> Option<String>;

/// A description of an [`OtlpExporter`]. What is not said here comes from the environment, then from the defaults.
#[must_use = "an exporter is made by `build`"]
pub struct OtlpExporterBuilder {
    said: Said,
    spool: Option<Spool>,
    lookup: Option<Box<Lookup>>,
}

impl OtlpExporter {
    /// Begins to describe an exporter. What is not said comes from the environment, then from the defaults.
    pub fn builder() -> OtlpExporterBuilder {
        OtlpExporterBuilder { said: Said::default(), spool: None, lookup: None }
    }

    /// An exporter as the environment describes it.
    ///
    /// # Errors
    ///
    /// See [`OtlpExporterBuilder::build`].
    pub fn from_environment() -> Result<Self, BuildError> {
        Self::builder().build()
    }
}

impl OtlpExporterBuilder {
    /// Reads nothing from the environment.
    pub fn without_environment(self) -> Self {
        self.environment(|_| None)
    }

    /// Reads variables through a closure instead of those of the process; it returns `None` for one that is not set.
    pub fn environment(mut self, lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        self.lookup = Some(Box::new(lookup));
        self
    }

    /// Sets how spans travel. Default: `OTEL_EXPORTER_OTLP_[TRACES_]PROTOCOL`, else [`Protocol::HttpProtobuf`].
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.said.protocol = Some(protocol);
        self
    }

    /// Sets the URL to which spans go, as it is: over HTTP with its path, such as `http://collector:4318/v1/traces`; over gRPC
    /// the receiver, such as `http://collector:4317`. `https` means TLS.
    ///
    /// Default: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` as it is; else `OTEL_EXPORTER_OTLP_ENDPOINT`, over HTTP with `v1/traces`
    /// behind its path; else [`DEFAULT_HTTP_ENDPOINT`](crate::DEFAULT_HTTP_ENDPOINT) or
    /// [`DEFAULT_GRPC_ENDPOINT`](crate::DEFAULT_GRPC_ENDPOINT).
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.said.endpoint = Some(url.into());
        self
    }

    /// Adds a header to every request, beside those of `OTEL_EXPORTER_OTLP_[TRACES_]HEADERS`; of one name, this one wins.
    /// The value is never shown.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.said.headers.push((name.into(), value.into()));
        self
    }

    /// Sets whether requests are compressed. Default: `OTEL_EXPORTER_OTLP_[TRACES_]COMPRESSION`, else none.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.said.compression = Some(compression);
        self
    }

    /// Sets how long the export of a batch may take, with all its attempts; zero for no limit. Default:
    /// `OTEL_EXPORTER_OTLP_[TRACES_]TIMEOUT`, else [`DEFAULT_TIMEOUT`](crate::DEFAULT_TIMEOUT) (10 s), or
    /// `OTEL_BSP_EXPORT_TIMEOUT` if that is shorter.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.said.timeout = Some(timeout);
        self
    }

    /// Sets who is trusted at an `https` endpoint: PEM certificates, and none beside them. Default: those in the file that
    /// `OTEL_EXPORTER_OTLP_[TRACES_]CERTIFICATE` names, else the system's.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.said.roots = Some(Pem { setting: "root_certificates", bytes: pem.into() });
        self
    }

    /// Sets how the exporter identifies itself at an `https` endpoint: a PEM certificate, its chain behind it, and its key.
    /// Default: those in the files that `OTEL_EXPORTER_OTLP_[TRACES_]CLIENT_CERTIFICATE` and `.._CLIENT_KEY` name.
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let certificate = Pem { setting: "client_certificate", bytes: certificate.into() };
        self.said.client = Some((certificate, Pem { setting: "client_certificate", bytes: key.into() }));
        self
    }

    /// Sets the pauses between attempts: the first one, which doubles each time, and the longest. What is waited is between
    /// half and all of it. Default: [`DEFAULT_FIRST_PAUSE`](crate::DEFAULT_FIRST_PAUSE) (500 ms) and
    /// [`DEFAULT_LONGEST_PAUSE`](crate::DEFAULT_LONGEST_PAUSE) (5 s).
    ///
    /// What a receiver asks for by `Retry-After` or `RetryInfo` is waited at least.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.said.pauses = Some(Pauses { first, longest });
        self
    }

    /// Sets how many spans a request has at most. Default: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, else as many as
    /// [`request_bytes`](Self::request_bytes) lets in.
    pub fn request_spans(mut self, spans: usize) -> Self {
        self.said.request_spans = Some(spans);
        self
    }

    /// Sets from how many bytes on, before compression, a request gets no further span.
    /// Default: [`DEFAULT_REQUEST_BYTES`](crate::DEFAULT_REQUEST_BYTES) (3 MiB).
    pub fn request_bytes(mut self, bytes: usize) -> Self {
        self.said.request_bytes = Some(bytes);
        self
    }

    /// Sets how large a request may be, in bytes before compression; a single span above it is dropped and counted.
    /// Default: [`DEFAULT_MAX_REQUEST_BYTES`](crate::DEFAULT_MAX_REQUEST_BYTES) (64 MiB).
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.said.max_request_bytes = Some(bytes);
        self
    }

    /// Sets how large a response may be, in bytes; above it the request has failed.
    /// Default: [`DEFAULT_MAX_RESPONSE_BYTES`](crate::DEFAULT_MAX_RESPONSE_BYTES) (4 MiB).
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.said.max_response_bytes = Some(bytes);
        self
    }

    /// Says of each span where it stands in the source: its file, its line and its module
    /// ([`CODE_FILE_ATTRIBUTE`](crate::CODE_FILE_ATTRIBUTE), [`CODE_LINE_ATTRIBUTE`](crate::CODE_LINE_ATTRIBUTE) and
    /// [`CODE_MODULE_ATTRIBUTE`](crate::CODE_MODULE_ATTRIBUTE)), unless the program itself set an attribute of that name.
    ///
    /// Without a word nothing of this is sent, since it is the same for all spans of a callsite and larger than the rest: about
    /// 75 bytes a span and the lengths of the path and of the module, some 120 bytes mostly, where a span with two numbers takes
    /// about 110. They are encoded, written to the connection and read by the receiver with every span.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let exporter = trace_otlp::OtlpExporter::builder().without_environment().with_code_location().build()?;
    /// # drop(exporter);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_code_location(mut self) -> Self {
        self.said.code_location = CodeLocation::Sent;
        self
    }

    /// Keeps on disk what the receiver cannot take now. See [`Spool`].
    pub fn spool(mut self, spool: Spool) -> Self {
        self.spool = Some(spool);
        self
    }

    /// Makes the exporter. It connects when there is something to send.
    ///
    /// # Errors
    ///
    /// What code or a file sets and cannot be used is an error, see [`BuildError`]. What a variable says and cannot be used
    /// is a warning, see [`SpanExporter::warnings`](trace_core::SpanExporter::warnings), except for certificates: without them, nothing is safe.
    pub fn build(self) -> Result<OtlpExporter, BuildError> {
        let env = match &self.lookup {
            Some(lookup) => EnvReader::new(lookup),
            None => EnvReader::of_process(),
        };
        let (settings, warnings) = settle(self.said, env)?;
        OtlpExporter::new(settings, warnings, self.spool)
    }
}

impl fmt::Debug for OtlpExporterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporterBuilder").finish_non_exhaustive()
    }
}
