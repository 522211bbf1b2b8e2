//! fastrace, with its background collector and a counting reporter.

use std::hint::black_box;

use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::future::FutureExt;
use fastrace::local::LocalSpan;
use fastrace::{Event, Span};

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::digest::Digest;
use crate::ledger;

/// fastrace with its default configuration.
#[derive(Debug)]
pub(super) struct Fastrace {
    sampled: bool,
}

impl Fastrace {
    fn root(&self) -> Span {
        Span::root("root", SpanContext::random().sampled(self.sampled))
    }
}

#[fastrace::trace]
fn annotated() {
    black_box(());
}

#[fastrace::trace]
async fn annotated_async() {
    black_box(());
}

impl Candidate for Fastrace {
    fn supports(case: Case) -> bool {
        case != Case::Stopped
    }

    fn backlog(case: Case) -> Option<u64> {
        // The collector wakes at 5120 messages and keeps 10240. A root sends three, a span of a future one.
        match case {
            Case::Root => Some(2000),
            Case::Async => Some(6000),
            _ => None,
        }
    }

    fn install(mode: Mode) -> Self {
        if mode != Mode::Off {
            fastrace::set_reporter(Counting, Config::default());
        }
        Self { sampled: mode != Mode::Unsampled }
    }

    fn flush(&self) {
        fastrace::flush();
    }

    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R {
        let root = self.root();
        let _guard = root.set_local_parent();
        body()
    }

    fn in_root_async<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future.in_span(self.root())
    }

    #[inline(always)]
    fn child(&self) {
        let _span = LocalSpan::enter_with_local_parent("child");
        black_box(());
    }

    #[inline(always)]
    fn by_attribute(&self) {
        annotated();
    }

    fn by_attribute_async(&self) -> impl Future<Output = ()> {
        annotated_async()
    }

    fn wrapped<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future.in_span(Span::enter_with_local_parent("wrapper"))
    }

    fn spawned(&self) -> impl Future<Output = ()> + 'static {
        let span = Span::enter_with_local_parent("task");
        let task = tokio::spawn(async { black_box(()) }.in_span(span));
        async { task.await.expect("the task does not panic") }
    }

    fn rich(&self, number: i64) {
        let _span = LocalSpan::enter_with_local_parent("rich").with_properties(|| {
            [
                ("first", number.to_string().into()),
                ("second", (number + 1).to_string().into()),
                ("static", std::borrow::Cow::Borrowed("a static string")),
                ("owned", String::from("an owned string").into()),
            ]
        });
        LocalSpan::add_event(Event::new("event"));
    }

    fn current(&self) {
        black_box(SpanContext::current_local_parent());
    }

    fn traceparent(&self) {
        black_box(SpanContext::current_local_parent().map(|context| context.encode_w3c_traceparent()));
    }
}

/// Reads every field of every span.
#[derive(Debug)]
struct Counting;

impl Reporter for Counting {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        ledger::pass();
        let mut digest = Digest::new();
        for span in &spans {
            digest.wide(span.trace_id.0);
            digest.word(span.span_id.0);
            digest.word(span.parent_id.0);
            digest.word(span.begin_time_unix_ns);
            digest.word(span.duration_ns);
            digest.text(&span.name);
            for (key, value) in &span.properties {
                digest.text(key);
                digest.text(value);
            }
            for event in &span.events {
                digest.text(&event.name);
                digest.word(event.timestamp_unix_ns);
                for (key, value) in &event.properties {
                    digest.text(key);
                    digest.text(value);
                }
            }
            for link in &span.links {
                digest.wide(link.trace_id.0);
                digest.word(link.span_id.0);
            }
        }
        ledger::deliver(spans.len() as u64, digest);
    }
}
