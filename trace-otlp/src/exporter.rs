//! The exporter.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trace_core::{Batch, ConfigWarning, EncodedBatch, ExportError, SpanEncoder, SpanExporter};

use crate::ahead::Ahead;
use crate::answer::{Answer, Receipt};
use crate::encode::format::{Body, CodeLocation};
use crate::encode::json::Json;
use crate::encode::protobuf::Protobuf;
use crate::encode::{Encoded, Encoder};
use crate::endpoint;
use crate::error::BuildError;
use crate::gzip;
use crate::pack::Packed;
use crate::protocol::{Compression, Protocol};
use crate::retry::chance;
use crate::settings::Settings;
use crate::spool::queue::PushError;
use crate::spool::sender::{Means, SpoolSender};
use crate::spool::settings::Spool;
use crate::stats::OtlpMonitor;
use crate::transport::connection::Connection;
use crate::transport::grpc::Grpc;
use crate::transport::http::Http;
use crate::transport::request::Transport;
use crate::transport::tls::Tls;

/// Sends spans to a collector or a back end over OTLP, as in
/// [OpenTelemetry's OTLP exporter](https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
///
/// Every span is sent once it has ended, in batches. A batch that fails so that it could be repeated is sent again, after
/// pauses that grow, until its time is up; then its spans are dropped and counted, or kept in a [`Spool`]. What a receiver
/// refuses for good, or rejects of a batch that it takes, is dropped and counted.
///
/// It runs on the thread that the pipeline gives it, and never on a runtime of the program: it works the same under every
/// runtime and under none. Of its own work it records nothing.
///
/// Beside what the program says of a span, it sends how the span ended ([`OUTCOME_ATTRIBUTE`](crate::OUTCOME_ATTRIBUTE)), and,
/// if asked to, [where it stands in the source](crate::OtlpExporterBuilder::with_code_location).
///
/// ```no_run
/// use trace_otlp::{OtlpExporter, Protocol};
///
/// let exporter = OtlpExporter::builder()
///     .protocol(Protocol::Grpc)
///     .endpoint("https://collector.example:4317")
///     .header("authorization", "Bearer 1234")
///     .build()?;
/// let _pipeline = trace_core::builder().exporter(exporter).init()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OtlpExporter {
    encoder: AnyEncoder,
    sender: Sender,
    spool: Option<SpoolSender>,
    warnings: Vec<ConfigWarning>,
}

#[derive(Debug)]
enum AnyEncoder {
    Protobuf(Encoder<Protobuf>),
    Json(Encoder<Json>),
}

impl AnyEncoder {
    fn encode(&mut self, batch: &Batch) -> Encoded {
        match self {
            Self::Protobuf(encoder) => encoder.encode(batch),
            Self::Json(encoder) => encoder.encode(batch),
        }
    }

    /// Another one that writes alike, for another thread.
    fn ahead(&self, location: CodeLocation) -> Box<dyn SpanEncoder> {
        match self {
            Self::Protobuf(encoder) => Box::new(Ahead::new(encoder.twin(Protobuf::new(location)))),
            Self::Json(encoder) => Box::new(Ahead::new(encoder.twin(Json::new(location)))),
        }
    }

    fn reuse(&mut self, bytes: Vec<u8>) {
        match self {
            Self::Protobuf(encoder) => encoder.reuse(bytes),
            Self::Json(encoder) => encoder.reuse(bytes),
        }
    }
}

/// Why a request was not even tried.
const NO_TIME: &str = "there was no time left";

/// Sends requests, several times if need be.
struct Sender {
    transport: Arc<dyn Transport>,
    settings: Settings,
    monitor: OtlpMonitor,
    /// Not before this, because the receiver said so.
    ban: Option<Instant>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What became of a batch: how many of its ended spans were lost, and why the first of them.
#[derive(Debug, Default)]
struct Losses {
    spans: usize,
    reason: Option<String>,
}

impl Losses {
    fn add(&mut self, spans: usize, reason: String) {
        self.spans += spans;
        self.reason.get_or_insert(reason);
    }
}

impl OtlpExporter {
    pub(crate) fn new(
        settings: Settings,
        warnings: Vec<ConfigWarning>,
        spool: Option<Spool>,
    ) -> Result<Self, BuildError> {
        if settings.compression == Compression::Gzip && !gzip::IS_HERE {
            return Err(BuildError::missing("gzip", "gzip"));
        }
        let encoder = match settings.protocol {
            Protocol::HttpJson => AnyEncoder::Json(Encoder::new(Json::new(settings.code_location), settings.limits)),
            _ => AnyEncoder::Protobuf(Encoder::new(Protobuf::new(settings.code_location), settings.limits)),
        };
        let transport = transport(&settings)?;
        let monitor = OtlpMonitor::default();
        let means = || Means {
            transport: Arc::clone(&transport),
            compression: settings.compression,
            timeout: settings.timeout,
            pauses: settings.pauses,
            monitor: monitor.clone(),
        };
        let spool = spool.map(|spool| SpoolSender::start(&spool, means())).transpose()?;
        let sender = Sender { transport, settings, monitor, ban: None };
        Ok(Self { encoder, sender, spool, warnings })
    }

    /// A view on what becomes of its requests, to be kept when a pipeline takes the exporter.
    #[must_use]
    pub fn monitor(&self) -> OtlpMonitor {
        self.sender.monitor.clone()
    }

    /// Sends what it must not keep, or keeps it.
    fn hand_over(&mut self, body: &Body, deadline: Option<Instant>, losses: &mut Losses) -> Progress {
        let Some(spool) = &self.spool else { return self.sender.deliver(body, deadline, losses) };
        let mut failed = None;
        let mut cause = "the receiver is not there".to_owned();
        if spool.is_clear() {
            match self.sender.attempt(&Packed::new(body, self.sender.settings.compression), deadline) {
                Answer::Accepted(receipt) => {
                    self.sender.take_receipt(receipt, body, losses);
                    return Progress::GoOn;
                }
                Answer::Refused { reason } => {
                    losses.add(body.closed, reason);
                    return Progress::GoOn;
                }
                Answer::Retry { reason, after } => {
                    failed = Some(after);
                    cause = reason;
                }
            }
        }
        if let Err(error) = spool.keep(body, failed) {
            let reason = match error {
                PushError::Full => format!("the spool is full: {cause}"),
                PushError::Io(error) => format!("cannot write to the spool: {error}: {cause}"),
            };
            self.sender.monitor.update(|stats| stats.unspooled_spans += body.spans as u64);
            losses.add(body.closed, reason);
        }
        Progress::GoOn
    }

    /// Sends a batch of so many spans.
    fn send(&mut self, encoded: Encoded, spans: usize, deadline: Option<Instant>) -> Result<(), ExportError> {
        let mut losses = Losses::default();
        if encoded.too_large > 0 {
            let most = self.sender.settings.limits.max_bytes;
            losses.add(encoded.too_large, format!("spans are larger than a request may be ({most} bytes)"));
            self.sender.monitor.update(|stats| stats.too_large_spans += encoded.too_large as u64);
        }
        let mut progress = Progress::GoOn;
        for body in encoded.bodies {
            if progress == Progress::Stop {
                losses.spans += body.closed;
            } else {
                progress = self.hand_over(&body, deadline, &mut losses);
            }
            self.encoder.reuse(body.bytes);
        }
        if let Some(spool) = &self.spool {
            let (lost, reason) = spool.take_lost(spans.saturating_sub(losses.spans));
            losses.spans += lost;
            losses.reason = losses.reason.or(reason);
        }
        match losses.reason {
            None if losses.spans == 0 => Ok(()),
            reason => {
                let reason = reason.unwrap_or_default();
                self.sender.monitor.update(|stats| stats.last_error = Some(reason.clone()));
                Err(ExportError::new(reason).dropped_spans(losses.spans))
            }
        }
    }
}

/// Whether the rest of a batch may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    GoOn,
    /// The time is up, or the receiver is not to be asked.
    Stop,
}

fn transport(settings: &Settings) -> Result<Arc<dyn Transport>, BuildError> {
    let Settings { uri, headers, roots, client, max_response_bytes, .. } = settings;
    let tls = if endpoint::is_secure(uri) {
        Some(Tls::new(roots.as_ref(), client.as_ref().map(|(certificate, key)| (certificate, key)))?)
    } else {
        None
    };
    let (uri, headers) = (uri.clone(), headers.clone());
    let connection = Connection { uri, headers, tls, max_response_bytes: *max_response_bytes };
    Ok(match settings.protocol {
        Protocol::Grpc => Arc::new(Grpc::new(connection)?),
        _ => Arc::new(Http::new(connection)),
    })
}

impl SpanExporter for OtlpExporter {
    fn name(&self) -> &str {
        "otlp"
    }

    fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let deadline = Instant::now().checked_add(self.sender.settings.timeout);
        let encoded = self.encoder.encode(batch);
        self.send(encoded, batch.len(), deadline)
    }

    fn encoder(&mut self) -> Option<Box<dyn SpanEncoder>> {
        Some(self.encoder.ahead(self.sender.settings.code_location))
    }

    fn export_encoded(&mut self, batch: EncodedBatch) -> Result<(), ExportError> {
        let deadline = Instant::now().checked_add(self.sender.settings.timeout);
        let spans = batch.len();
        let Some(encoded) = batch.into_content() else {
            return Err(ExportError::new(format!("{spans} spans are encoded in some other way than for OTLP")));
        };
        self.send(encoded, spans, deadline)
    }

    fn flush(&mut self, timeout: Duration) -> Result<(), ExportError> {
        let Some(spool) = &self.spool else { return Ok(()) };
        match spool.flush(timeout) {
            (0, None) => Ok(()),
            (0, Some(reason)) => Err(ExportError::new(reason)),
            (left, reason) => {
                let reason = reason.or_else(|| self.sender.monitor.stats().last_error).unwrap_or_default();
                Err(ExportError::new(format!("{left} spans wait in the spool: {reason}")))
            }
        }
    }

    fn shutdown(&mut self, timeout: Duration) -> Result<(), ExportError> {
        let deadline = Instant::now().checked_add(timeout);
        let result = self.flush(timeout);
        if let Some(spool) = &self.spool {
            spool.stop(deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now())));
        }
        result
    }
}

impl Sender {
    /// Sends once.
    fn attempt(&self, packed: &Packed<'_>, deadline: Option<Instant>) -> Answer {
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return Answer::Retry { reason: NO_TIME.to_owned(), after: None };
        }
        let answer = self.transport.send(packed.payload(), left);
        self.monitor.update(|stats| {
            stats.attempts += 1;
            match &answer {
                Answer::Accepted(_) => stats.accepted_requests += 1,
                Answer::Retry { .. } => stats.failed_attempts += 1,
                Answer::Refused { .. } => stats.refused_requests += 1,
            }
        });
        answer
    }

    /// Sends until the receiver has it, refuses it, or the time is up.
    fn deliver(&mut self, body: &Body, deadline: Option<Instant>, losses: &mut Losses) -> Progress {
        let is_late = |moment: Option<Instant>| match (moment, deadline) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(moment), Some(deadline)) => moment >= deadline,
        };
        let packed = Packed::new(body, self.settings.compression);
        let (mut failures, mut cause) = (0, None);
        if let Some(ban) = self.ban.take_if(|ban| *ban <= Instant::now() || !is_late(Some(*ban))) {
            std::thread::sleep(ban.saturating_duration_since(Instant::now()));
        }
        if self.ban.is_some() {
            losses.add(body.closed, "the receiver asked to be left alone for longer".to_owned());
            return Progress::Stop;
        }
        loop {
            match self.attempt(&packed, deadline) {
                Answer::Accepted(receipt) => {
                    self.take_receipt(receipt, body, losses);
                    return Progress::GoOn;
                }
                Answer::Refused { reason } => {
                    losses.add(body.closed, reason);
                    return Progress::GoOn;
                }
                Answer::Retry { reason, after } => {
                    failures += 1;
                    // Where a pause took longer than it should, what failed before it tells more.
                    let reason = cause.take_if(|_| reason == NO_TIME).unwrap_or(reason);
                    let now = Instant::now();
                    let pause = self.settings.pauses.after(failures, chance()).max(after.unwrap_or_default());
                    if is_late(now.checked_add(pause)) {
                        self.ban = after.and_then(|after| now.checked_add(after));
                        losses.add(body.closed, format!("gave up after {failures} attempts: {reason}"));
                        return Progress::Stop;
                    }
                    cause = Some(reason);
                    std::thread::sleep(pause);
                }
            }
        }
    }

    fn take_receipt(&self, receipt: Receipt, body: &Body, losses: &mut Losses) {
        let Receipt { rejected, message } = receipt;
        if rejected > 0 {
            let rejected = rejected.min(body.spans as u64);
            self.monitor.update(|stats| stats.rejected_spans += rejected);
            losses.add(body.closed.min(rejected as usize), format!("{rejected} spans were rejected: {message}"));
        } else if !message.is_empty() {
            self.monitor.update(|stats| stats.last_warning = Some(message));
        }
    }
}
