//! A real collector, over all three protocols: what we send to it, it sends on to us, and it must be the same.
//!
//! `rotel`, from PyPI, is looked for where the variable `ROTEL_AGENT` says, else where `.ci/rotel` installs it.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use trace_core::{Batch, SpanExporter, Trace};
use trace_otlp::{Compression, OtlpExporter, Protocol};

use crate::address::own_address;
use crate::http_receiver::{HttpReceiver, PATIENCE};
use crate::random::{Floats, Random};
use crate::spans::message;

/// The program; `None`, with a word on why, where it cannot be had.
fn program() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("ROTEL_AGENT") {
        return Some(path.into());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/rotel");
    match Command::new(&script).stderr(Stdio::inherit()).output() {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap().trim_end().into()),
        outcome => {
            eprintln!("SKIPPED: there is no collector; {} says: {outcome:?}", script.display());
            None
        }
    }
}

/// The collector while it runs; it is ended by its own id.
struct Collector {
    child: Child,
    directory: PathBuf,
    grpc: SocketAddr,
    http: SocketAddr,
}

impl Collector {
    /// Starts the collector so that it sends everything on to `next`.
    fn start(program: &Path, next: &HttpReceiver) -> Self {
        let directory = std::env::temp_dir().join(format!("trace-otlp-collector-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let (grpc, http) = (own_address(), own_address());
        let child = Command::new(program)
            .current_dir(&directory)
            .arg("start")
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-compression", "none"])
            .args(["--otlp-exporter-endpoint", &format!("http://{}", next.address)])
            .args(["--traces-batch-timeout", "50ms"])
            .args(["--otlp-grpc-endpoint", &grpc.to_string()])
            .args(["--otlp-http-endpoint", &http.to_string()])
            .arg("--pid-file")
            .arg(directory.join("pid"))
            .env_remove("RUST_LOG")
            .stdout(std::fs::File::create(directory.join("output")).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut collector = Self { child, directory, grpc, http };
        let until = Instant::now() + PATIENCE;
        for address in [grpc, http] {
            while TcpStream::connect(address).is_err() {
                let ended = collector.child.try_wait().unwrap();
                assert!(ended.is_none() && Instant::now() < until, "the collector did not start: {ended:?}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        collector
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// What a message says, in an order of its own: a collector may group and order anew.
fn facts(messages: &[ExportTraceServiceRequest]) -> Vec<String> {
    let resources = messages.iter().flat_map(|message| &message.resource_spans);
    let mut facts: Vec<_> = resources
        .flat_map(|resource| {
            resource.scope_spans.iter().flat_map(move |scope| {
                scope.spans.iter().map(move |span| format!("{:?} {:?} {span:?}", resource.resource, scope.scope))
            })
        })
        .collect();
    facts.sort_unstable();
    facts
}

#[test]
fn a_collector_understands_every_span_over_every_protocol() {
    let Some(program) = program() else { return };
    let next = HttpReceiver::willing();
    let collector = Collector::start(&program, &next);
    let protocols = [
        (Protocol::HttpProtobuf, format!("http://{}/v1/traces", collector.http)),
        (Protocol::HttpJson, format!("http://{}/v1/traces", collector.http)),
        (Protocol::Grpc, format!("http://{}", collector.grpc)),
    ];
    for (seed, (protocol, endpoint)) in (1_000..).zip(&protocols) {
        for compression in [Compression::None, Compression::Gzip] {
            let mut random = Random::new(seed, Floats::Simple);
            let resource = random.resource().attribute("service.name", protocol.as_str());
            let id = random.trace_id();
            let spans: Vec<_> = (0..50).map(|_| random.span(id)).collect();
            let expected = facts(&[message(&[(resource.clone(), spans.clone())])]);
            let batch = Batch::new(vec![Trace::from_spans(id, spans).resource_of_spans(resource)]);
            let before = next.received().len();
            let exporter = OtlpExporter::builder()
                .without_environment()
                .protocol(*protocol)
                .endpoint(endpoint)
                .compression(compression);
            exporter.build().unwrap().export(&batch).unwrap();
            let until = Instant::now() + PATIENCE;
            loop {
                let messages: Vec<_> = next.received()[before..].iter().map(|received| received.message()).collect();
                let found = facts(&messages);
                if found.len() >= expected.len() {
                    assert!(found == expected, "{protocol}, {compression:?}: {found:#?}\n\n{expected:#?}");
                    break;
                }
                assert!(Instant::now() < until, "{protocol}: {} of {} spans", found.len(), expected.len());
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
