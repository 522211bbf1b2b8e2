//! What is running now, and what is written of it when something panics.

#![cfg(test)]

use tests::child::in_child;
use trace_core::{FutureExt, MemoryExporter, Pipeline, Span, builder, in_scope, open_spans};

fn init() -> Pipeline {
    let builder = builder().without_environment().exporter(MemoryExporter::new());
    builder.live().dump_open_spans_on_panic().init().expect("this process has no other pipeline")
}

fn names() -> Vec<String> {
    let mut names: Vec<_> = open_spans()
        .iter()
        .flat_map(|trace| trace.spans().map(|span| span.name().to_owned()).collect::<Vec<_>>())
        .collect();
    names.sort();
    names
}

#[test]
fn open_spans_are_what_runs_at_this_moment() {
    in_child(|| {
        let _pipeline = init();
        assert_eq!(names(), [""; 0]);
        let future = std::future::pending::<()>().in_span(Span::new("future"));
        in_scope("outer", || {
            in_scope("ended", || ());
            in_scope("inner", || assert_eq!(names(), ["future", "inner", "outer"]));
            assert_eq!(names(), ["future", "outer"]);
        });
        drop(future);
        assert_eq!(names(), [""; 0]);
    });
}

#[test]
fn an_open_span_tells_its_age_its_last_poll_and_what_it_waits_on() {
    in_child(|| {
        let pipeline = builder().without_environment().exporter(MemoryExporter::new()).live().time_polls().init();
        let _pipeline = pipeline.expect("this process has no other pipeline");
        let request = async {
            let () = std::future::pending().in_span(Span::new("query")).await;
        };
        let mut request = Box::pin(request.in_span(Span::new("request")));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(request.as_mut().poll(&mut context).is_pending());

        let [trace] = &open_spans()[..] else { panic!("one trace is open") };
        let request = trace.find("request").expect("it is open");
        assert_eq!(request.waits_on().expect("it has a child").name(), "query");
        assert!(trace.find("query").expect("it is open").waits_on().is_none());
        let age = request.age().expect("it is open");
        let last = request.polls().and_then(|polls| polls.segments().last()).expect("it was polled");
        let looked_at = request.start_unix_nanos() + age.as_nanos() as u64;
        assert!(last.end_unix_nanos() <= looked_at, "{last:?}, looked at {looked_at}");
        assert!(request.polls().expect("it was polled").under_way().is_none());
        let tree = trace.to_string();
        assert!(tree.contains("ago, waits on query") && tree.contains("last poll "), "{tree}");
    });
}

#[test]
fn a_span_that_is_being_polled_says_so_and_not_that_it_waits() {
    in_child(|| {
        let pipeline = builder().without_environment().exporter(MemoryExporter::new()).live().time_polls().init();
        let _pipeline = pipeline.expect("this process has no other pipeline");
        let (polled, is_polled) = std::sync::mpsc::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let worker = std::thread::spawn(move || {
            let render = async move {
                polled.send(()).expect("the test waits");
                released.recv().ok()
            };
            let request = async { render.in_span(Span::new("render")).await };
            futures::executor::block_on(request.in_span(Span::new("request")))
        });
        is_polled.recv().expect("it is polled");

        let [trace] = &open_spans()[..] else { panic!("one trace is open") };
        for name in ["request", "render"] {
            let span = trace.find(name).expect("it is open");
            let poll = span.polls().and_then(|polls| polls.under_way()).expect("it is being polled");
            assert!(poll.duration <= span.age().expect("it is open"), "{name}: {poll:?}");
            assert!(poll.thread.is_some() && span.waits_on().is_none(), "{name}: {poll:?}");
        }
        let mut text = Vec::new();
        trace_core::write_open_spans(&mut text).expect("a vector takes everything");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(text.matches("polled for ").count(), 2, "{text}");

        release.send(()).expect("it waits");
        assert_eq!(worker.join().expect("it ran"), Some(()));
        assert!(open_spans().is_empty());
    });
}

#[test]
fn a_panic_writes_what_was_open_to_standard_error() {
    let output = tests::child::Child::new().run_to_any_end(|| {
        let _pipeline = init();
        let result = std::panic::catch_unwind(|| in_scope("outer", || in_scope("culprit", || panic!("on purpose"))));
        assert!(result.is_err());
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("on purpose") && errors.contains("open spans at the panic:"), "{errors}");
    assert!(errors.contains("culprit"), "{errors}");
}
