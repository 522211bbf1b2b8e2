//! A receiver that is killed and started again while spans are sent to it, with a spool.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use trace_core::{Pipeline, SpanId, current_span, in_scope};
use trace_otlp::{OtlpExporter, OtlpMonitor, Spool};

use crate::address::own_address;
use crate::http_receiver::{HttpReceiver, PATIENCE, Reply};
use crate::messages::{id, spans};
use crate::process::{self, Process};

const THREADS: usize = 3;
const TRACES: usize = 700;
const CHILDREN: usize = 4;
const KILLS: usize = 4;

/// Where the receiver listens, where it keeps what it got, and where the spool is.
const ADDRESS: &str = "ACROSS_ADDRESS";
const KEPT: &str = "ACROSS_KEPT";
const SPOOL: &str = "ACROSS_SPOOL";

#[test]
#[ignore = "a program that another test starts"]
fn a_receiver_that_keeps_what_it_answers_for() {
    if !process::begin() {
        return;
    }
    let mut kept = File::create(std::env::var_os(KEPT).unwrap()).unwrap();
    let address: SocketAddr = std::env::var(ADDRESS).unwrap().parse().unwrap();
    let _receiver = HttpReceiver::again(address, move |_, received| {
        // In the file before the answer, else it was not received.
        let length = (received.body.len() as u32).to_be_bytes();
        kept.write_all(&[&length[..], &received.body].concat()).unwrap();
        Reply::ok()
    });
    println!("LISTENING");
    loop {
        std::thread::park();
    }
}

/// A pipeline with the spool of the test.
fn pipeline() -> (Pipeline, OtlpMonitor) {
    let exporter = OtlpExporter::builder()
        .endpoint(format!("http://{}/v1/traces", std::env::var(ADDRESS).unwrap()))
        .pauses(Duration::from_millis(10), Duration::from_millis(50))
        .spool(Spool::in_directory(std::env::var_os(SPOOL).unwrap()))
        .build()
        .unwrap();
    let monitor = exporter.monitor();
    let builder = trace_core::builder().exporter(exporter).batch_spans(100).batch_delay(Duration::from_millis(20));
    (builder.init().unwrap(), monitor)
}

#[test]
#[ignore = "a program that another test starts"]
fn a_program_that_is_killed() {
    if !process::begin() {
        return;
    }
    let (_pipeline, monitor) = pipeline();
    loop {
        in_scope("work", || ());
        std::thread::sleep(Duration::from_millis(1));
        println!("SPOOLED {}", monitor.stats().spooled_spans);
    }
}

#[test]
#[ignore = "a program that another test starts"]
fn a_program_that_sends_what_another_left() {
    if !process::begin() {
        return;
    }
    let (pipeline, monitor) = pipeline();
    pipeline.shutdown(PATIENCE).unwrap();
    println!("{:?}", monitor.stats());
}

#[test]
#[ignore = "a program that another test starts"]
fn a_program_under_load() {
    if !process::begin() {
        return;
    }
    let (pipeline, monitor) = pipeline();
    let threads = [(); THREADS].map(|()| std::thread::spawn(load));
    let ended = threads.map(|thread| thread.join().unwrap()).concat();
    // The receiver may be away at this moment.
    let until = Instant::now() + PATIENCE;
    while pipeline.flush(Duration::from_secs(1)).is_err() {
        assert!(Instant::now() < until, "{:?}", monitor.stats());
    }
    pipeline.shutdown(PATIENCE).unwrap();
    let stats = trace_core::stats();
    println!("CLOSED {} DROPPED {}", stats.closed, stats.exporters[0].dropped);
    println!("SPOOLED {}", monitor.stats().spooled_spans);
    for id in ended {
        println!("ENDED {id}");
    }
}

/// Traces, some a millisecond; the ids of their spans, all ended.
fn load() -> Vec<SpanId> {
    let mut ended = Vec::new();
    for _ in 0..TRACES {
        let root = in_scope("request", || {
            ended.extend((0..CHILDREN).map(|_| in_scope("step", || current_span().span_id().unwrap())));
            current_span().span_id().unwrap()
        });
        ended.push(root);
        std::thread::sleep(Duration::from_millis(2));
    }
    ended
}

/// A directory of its own, gone at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("trace-across-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn receiver(&self, address: SocketAddr, number: usize) -> Process {
        let mut command = process::program("restart::a_receiver_that_keeps_what_it_answers_for");
        command.env(ADDRESS, address.to_string()).env(KEPT, self.kept(number));
        let receiver = Process::start(command);
        receiver.says("LISTENING");
        receiver
    }

    /// The program of this name.
    fn program(&self, name: &str, address: SocketAddr) -> Process {
        let mut command = process::program(name);
        command.env(ADDRESS, address.to_string()).env(SPOOL, self.spool());
        Process::start(command)
    }

    fn kept(&self, number: usize) -> PathBuf {
        self.0.join(format!("kept-{number}"))
    }

    fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }

    fn spooled_files(&self) -> usize {
        let files = fs::read_dir(self.spool()).into_iter().flatten().flatten();
        files.filter(|file| file.path().extension().is_some_and(|extension| extension == "otlp")).count()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The ids of all spans in the requests in this file. The last one may be torn: it was not answered.
fn kept(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).unwrap();
    let (mut rest, mut ids) = (&bytes[..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk() {
        let Some((body, after)) = after.split_at_checked(u32::from_be_bytes(*length) as usize) else { break };
        let message = ExportTraceServiceRequest::decode(body).unwrap();
        ids.extend(spans(&message).map(|(_, span)| id(span)));
        rest = after;
    }
    ids
}

#[test]
fn a_receiver_killed_and_restarted_under_load_misses_nothing() {
    let scratch = Scratch::new();
    let address = own_address();
    let mut receiver = scratch.receiver(address, 0);
    let load = scratch.program("restart::a_program_under_load", address);
    for number in 1..=KILLS {
        let file = scratch.kept(number - 1);
        wait_until("the receiver gets nothing", || fs::metadata(&file).is_ok_and(|file| file.len() > 10_000));
        receiver.kill();
        wait_until("nothing goes to the spool", || scratch.spooled_files() >= number);
        receiver = scratch.receiver(address, number);
    }
    let lines = load.end();
    receiver.kill();
    let said = |beginning: &'static str| lines.iter().filter_map(move |line| line.strip_prefix(beginning));
    let all = THREADS * TRACES * (CHILDREN + 1);
    assert_eq!(said("CLOSED ").next().unwrap(), format!("{all} DROPPED 0"));
    let spooled: u64 = said("SPOOLED ").next().unwrap().parse().unwrap();
    assert!(spooled >= 100 && scratch.spooled_files() == 0, "{spooled} spans went through the spool");
    let ended: HashSet<String> = said("ENDED ").map(str::to_owned).collect();
    let arrived: HashSet<String> = (0..=KILLS).flat_map(|number| kept(&scratch.kept(number))).collect();
    assert_eq!(ended.len(), all);
    let missing = ended.difference(&arrived).count();
    assert!(missing == 0 && arrived.len() == all, "{missing} of {all} spans did not arrive");
}

#[test]
fn what_a_killed_process_left_in_its_spool_the_next_one_sends() {
    let scratch = Scratch::new();
    let address = own_address();
    let killed = scratch.program("restart::a_program_that_is_killed", address);
    let spooled = || killed.says("SPOOLED ").parse::<usize>().unwrap();
    let mut at_least = spooled();
    while at_least < 300 {
        at_least = spooled();
    }
    killed.kill();
    let receiver = scratch.receiver(address, 0);
    let lines = scratch.program("restart::a_program_that_sends_what_another_left", address).end();
    receiver.kill();
    let (arrived, kept) = (kept(&scratch.kept(0)), scratch.spooled_files());
    let distinct: HashSet<_> = arrived.iter().collect();
    assert!(distinct.len() >= at_least && kept == 0, "{} of {at_least} spans: {lines:#?}", distinct.len());
    assert_eq!(arrived.len(), distinct.len(), "each once: the receiver answered");
}
