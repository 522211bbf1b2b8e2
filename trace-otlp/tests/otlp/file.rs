//! OTLP/JSON by lines.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::trace::v1::TracesData;
use trace_core::SpanExporter;
use trace_otlp::OtlpFileExporter;

use crate::random::{Floats, Random};
use crate::spans::{Places, Sent, batch, message};

/// A file in memory that everybody sees. It takes only so many bytes of a write, if somebody says so, and then fails.
#[derive(Clone, Default)]
struct Shared {
    text: Arc<Mutex<Vec<u8>>>,
    room: Arc<Mutex<Option<usize>>>,
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match &mut *self.room.lock().unwrap() {
            None => bytes.len(),
            Some(0) => return Err(io::Error::other("the disk is full")),
            Some(room) => bytes.len().min(std::mem::take(room)),
        };
        self.text.lock().unwrap().extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn lines(&self) -> Vec<Result<TracesData, serde_json::Error>> {
        let text = String::from_utf8(self.text.lock().unwrap().clone()).unwrap();
        assert!(text.ends_with('\n'), "{text:?}");
        text.lines().map(serde_json::from_str).collect()
    }
}

#[test]
fn each_batch_is_a_line_that_the_official_messages_read() {
    for (places, exporter) in [
        (Places::Sent, OtlpFileExporter::new as fn(Shared) -> OtlpFileExporter),
        (Places::Left, |file| OtlpFileExporter::new(file).without_code_location()),
    ] {
        let file = Shared::default();
        lines_are_read(&file, exporter(file.clone()), places);
    }
}

fn lines_are_read(file: &Shared, mut exporter: OtlpFileExporter, places: Places) {
    let mut expected = Vec::new();
    for seed in 0..40 {
        let mut random = Random::new(seed, Floats::Finite);
        let id = random.trace_id();
        let spans = (0..1 + random.below(6)).map(|_| random.span(id)).collect();
        let sent = [Sent { resource: random.resource(), state: random.trace_state(), spans }];
        exporter.export(&Sent::batch(&sent)).unwrap();
        expected.push(message(&sent, places).resource_spans);
    }
    let found: Vec<_> = file.lines().into_iter().map(|line| line.unwrap().resource_spans).collect();
    assert_eq!(found, expected, "{places:?}");
}

#[test]
fn a_line_that_was_torn_is_counted_and_the_next_one_is_whole() {
    let file = Shared::default();
    let mut exporter = OtlpFileExporter::new(file.clone());
    exporter.export(&batch(2)).unwrap();
    *file.room.lock().unwrap() = Some(100);
    let error = exporter.export(&batch(3)).unwrap_err();
    assert!(format!("{error:?}").contains("dropped: Some(3)"), "{error:?}");
    let error = exporter.export(&batch(1)).unwrap_err();
    assert!(format!("{error:?}").contains("the disk is full"), "{error:?}");
    *file.room.lock().unwrap() = None;
    exporter.export(&batch(4)).unwrap();
    let spans = |line: &TracesData| line.resource_spans[0].scope_spans[0].spans.len();
    let lines: Vec<_> = file.lines().iter().map(|line| line.as_ref().map(spans).ok()).collect();
    assert_eq!(lines, [Some(2), None, Some(4)]);
}
