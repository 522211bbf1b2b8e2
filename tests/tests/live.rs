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
