//! Receivers that go and come back, with a spool.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use trace_core::SpanExporter;
use trace_otlp::{Compression, OtlpExporter, OtlpMonitor, OtlpStats, Protocol, Spool};

use crate::address::own_address;
use crate::http_receiver::{HttpReceiver, PATIENCE, Reply};
use crate::spans::named;

/// A directory of its own, gone at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("trace-otlp-spool-{}-{number}", std::process::id())))
    }

    fn spool(&self) -> Spool {
        Spool::in_directory(&self.0)
    }

    fn exporter(&self, address: SocketAddr) -> OtlpExporter {
        exporter(address, self.spool())
    }

    fn files(&self) -> Vec<PathBuf> {
        let all = fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> =
            all.filter(|path| path.extension().is_some_and(|extension| extension == "otlp")).collect();
        files.sort();
        files
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn exporter(address: SocketAddr, spool: Spool) -> OtlpExporter {
    OtlpExporter::builder()
        .without_environment()
        .endpoint(format!("http://{address}/v1/traces"))
        .timeout(Duration::from_secs(5))
        .pauses(Duration::from_millis(10), Duration::from_millis(50))
        .spool(spool)
        .build()
        .unwrap()
}

fn wait_until(monitor: &OtlpMonitor, is_so: impl Fn(&OtlpStats) -> bool) -> OtlpStats {
    let until = Instant::now() + PATIENCE;
    loop {
        let stats = monitor.stats();
        if is_so(&stats) {
            return stats;
        }
        assert!(Instant::now() < until, "{stats:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn numbered(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("span {number}")).collect()
}

#[test]
fn nothing_is_written_while_the_receiver_takes_everything() {
    let (scratch, receiver) = (Scratch::new(), HttpReceiver::willing());
    let mut exporter = scratch.exporter(receiver.address);
    for number in 0..10 {
        exporter.export(&named(&numbered(number..number + 1))).unwrap();
    }
    assert_eq!((receiver.names(), exporter.monitor().stats().spooled_spans), (numbered(0..10), 0));
    exporter.shutdown(PATIENCE).unwrap();
}

#[test]
fn what_could_not_be_sent_is_sent_when_the_receiver_is_there_the_oldest_first() {
    let scratch = Scratch::new();
    let address = own_address();
    let mut exporter = scratch.exporter(address);
    let start = Instant::now();
    for number in 0..10 {
        exporter.export(&named(&numbered(number..number + 1))).unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(2), "nobody waits for a receiver that is away");
    assert_eq!(scratch.files().len(), 10);
    let stats = exporter.monitor().stats();
    assert_eq!((stats.spooled_spans, stats.waiting_spans), (10, 10));
    let error = exporter.flush(PATIENCE).unwrap_err().to_string();
    assert!(error.contains("10 spans wait"), "{error}");

    let receiver = HttpReceiver::again(address, |_, _| Reply::ok());
    wait_until(&exporter.monitor(), |stats| stats.waiting_spans == 0);
    exporter.flush(PATIENCE).unwrap();
    exporter.export(&named(&numbered(10..11))).unwrap();
    assert_eq!(receiver.names(), numbered(0..11));
    assert_eq!((scratch.files().len(), exporter.monitor().stats().waiting_bytes), (0, 0));
}

#[test]
fn what_one_process_left_the_next_one_sends() {
    let scratch = Scratch::new();
    let mut exporter = scratch.exporter(own_address());
    exporter.export(&named(&numbered(0..3))).unwrap();
    exporter.export(&named(&numbered(3..5))).unwrap();
    let error = exporter.shutdown(Duration::from_secs(1)).unwrap_err().to_string();
    assert!(error.contains("5 spans wait"), "{error}");
    drop(exporter);

    let receiver = HttpReceiver::willing();
    let mut exporter = scratch.exporter(receiver.address);
    exporter.export(&named(&numbered(5..6))).unwrap();
    exporter.shutdown(PATIENCE).unwrap();
    assert_eq!(receiver.names(), numbered(0..6));
}

#[test]
fn files_that_a_crash_tore_are_left_out_and_counted() {
    let scratch = Scratch::new();
    let mut exporter = scratch.exporter(own_address());
    for number in 0..4 {
        exporter.export(&named(&numbered(number..number + 1))).unwrap();
    }
    drop(exporter);
    let files = scratch.files();
    let torn = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &torn[..torn.len() / 2]).unwrap();
    let mut changed = fs::read(&files[2]).unwrap();
    changed[40] ^= 1;
    fs::write(&files[2], changed).unwrap();

    let receiver = HttpReceiver::willing();
    let mut exporter = scratch.exporter(receiver.address);
    // They are not of this process, so its books do not know of them.
    exporter.shutdown(PATIENCE).unwrap_err();
    assert_eq!(receiver.names(), ["span 1", "span 3"]);
    let stats = exporter.monitor().stats();
    assert_eq!((stats.damaged_files, stats.lost_from_spool_spans), (2, 1));
}

#[test]
fn a_full_spool_keeps_what_it_has_and_what_it_does_not_take_is_counted() {
    let scratch = Scratch::new();
    let address = own_address();
    let mut exporter = exporter(address, scratch.spool().max_bytes(1_000));
    let (mut kept, mut lost) = (Vec::new(), 0);
    for number in 0..20 {
        let names = numbered(number..number + 1);
        match exporter.export(&named(&names)) {
            Ok(()) => kept.extend(names),
            Err(error) => {
                assert!(error.to_string().contains("full"), "{error}");
                assert!(format!("{error:?}").contains("dropped: Some(1)"), "{error:?}");
                lost += 1;
            }
        }
    }
    assert!(kept.len() >= 5 && lost >= 5, "{} and {lost}", kept.len());
    let receiver = HttpReceiver::again(address, |_, _| Reply::ok());
    let stats = wait_until(&exporter.monitor(), |stats| stats.waiting_spans == 0);
    assert_eq!((receiver.names(), stats.unspooled_spans), (kept, lost));
}

#[test]
fn what_is_refused_later_is_counted_later() {
    let scratch = Scratch::new();
    let address = own_address();
    let mut exporter = scratch.exporter(address);
    exporter.export(&named(&numbered(0..7))).unwrap();
    let _receiver =
        HttpReceiver::again(address, |number, _| if number == 0 { Reply::status(400) } else { Reply::ok() });
    let stats = wait_until(&exporter.monitor(), |stats| stats.waiting_spans == 0);
    assert_eq!((stats.refused_requests, stats.lost_from_spool_spans), (1, 7));
    // The books of this batch take what that of the earlier one lost, as far as they can.
    let error = exporter.export(&named(&numbered(7..12))).unwrap_err();
    assert!(format!("{error:?}").contains("dropped: Some(5)") && error.to_string().contains("400"), "{error:?}");
    let error = exporter.export(&named(&numbered(12..17))).unwrap_err();
    assert!(format!("{error:?}").contains("dropped: Some(2)"), "{error:?}");
    exporter.export(&named(&numbered(17..18))).unwrap();
}

#[test]
fn a_receiver_that_wants_to_be_left_alone_is_also_by_a_flush() {
    let scratch = Scratch::new();
    let receiver = HttpReceiver::new(|_, _| Reply::Answer(503, vec![("Retry-After", "30".to_owned())], Vec::new()));
    let mut exporter = scratch.exporter(receiver.address);
    exporter.export(&named(&numbered(0..1))).unwrap();
    exporter.export(&named(&numbered(1..2))).unwrap();
    exporter.flush(Duration::from_millis(200)).unwrap_err();
    assert_eq!((receiver.received().len(), scratch.files().len()), (1, 2));
}

#[test]
fn json_and_compressed_requests_are_kept_as_well() {
    let scratch = Scratch::new();
    let address = own_address();
    let mut exporter = OtlpExporter::builder()
        .without_environment()
        .protocol(Protocol::HttpJson)
        .compression(Compression::Gzip)
        .endpoint(format!("http://{address}"))
        .pauses(Duration::from_millis(10), Duration::from_millis(50))
        .spool(scratch.spool().synced())
        .build()
        .unwrap();
    exporter.export(&named(&numbered(0..3))).unwrap();
    let receiver = HttpReceiver::again(address, |_, _| Reply::ok());
    wait_until(&exporter.monitor(), |stats| stats.waiting_spans == 0);
    assert_eq!(receiver.names(), numbered(0..3));
    assert_eq!(receiver.received()[0].header("content-encoding"), Some("gzip"));
}

#[test]
fn a_receiver_killed_and_restarted_under_load_misses_nothing() {
    const BATCHES: usize = 400;
    const SPANS: usize = 5;
    let scratch = Scratch::new();
    let mut receiver = HttpReceiver::willing();
    let address = receiver.address;
    let mut exporter = scratch.exporter(address);
    let load = std::thread::spawn(move || {
        for number in 0..BATCHES {
            exporter.export(&named(&numbered(number * SPANS..(number + 1) * SPANS))).unwrap();
            std::thread::sleep(Duration::from_millis(2));
        }
        exporter
    });
    let mut arrived = Vec::new();
    for kill in 0..4 {
        receiver.wait_for(20);
        // Its connections break, some in the middle of a request.
        arrived.extend(end(receiver));
        std::thread::sleep(Duration::from_millis(60 + 20 * kill));
        receiver = HttpReceiver::again(address, |number, _| if number == 3 { Reply::Close } else { Reply::ok() });
    }
    let mut exporter = load.join().unwrap();
    let stats = wait_until(&exporter.monitor(), |stats| stats.waiting_spans == 0);
    exporter.shutdown(PATIENCE).unwrap();
    arrived.extend(end(receiver));
    assert!(stats.spooled_spans > 0, "it was never down");
    arrived.sort_unstable();
    arrived.dedup();
    let mut expected = numbered(0..BATCHES * SPANS);
    expected.sort_unstable();
    assert!(arrived == expected, "{} of {} spans arrived: {stats:?}", arrived.len(), expected.len());
}

/// Ends a receiver; what it had got.
fn end(receiver: HttpReceiver) -> Vec<String> {
    let view = receiver.log();
    drop(receiver);
    view.names()
}
