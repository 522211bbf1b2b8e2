//! The lines that a console prints while spans run.

#![cfg(test)]

use std::io::{self, Write};
use std::process::Output;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use futures::FutureExt as _;
use tests::child::{Child, in_child};
use tokio::sync::Barrier;
use trace_core::{
    ConsoleExporter, ConsoleStyle, FutureExt, Pipeline, Span, Status, TRACE_CONSOLE, builder, current_span, in_scope,
    start_span,
};

/// Longer than any line needs, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends each write to the test.
struct ToTest(Sender<String>);

impl Write for ToTest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).expect("a console writes UTF-8");
        // Nobody listens any more once a test is over.
        let _ = self.0.send(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was printed.
struct Lines {
    writes: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    /// Takes writes until a line is there of this sign and path; each is kept as `sign path`.
    #[track_caller]
    fn wait_for(&mut self, wanted: &str) {
        while !self.seen.iter().any(|line| line == wanted) {
            match self.writes.recv_timeout(PATIENCE) {
                Ok(text) => self.take(&text),
                Err(error) => panic!("{error}: no {wanted:?} among {:#?}", self.seen),
            }
        }
    }

    fn take(&mut self, text: &str) {
        assert!(text.ends_with('\n'), "whole lines: {text:?}");
        for line in text.lines() {
            let (sign, path): (String, String) = (line.chars().take(1).collect(), line.chars().skip(23).collect());
            let duration: String = line.chars().skip(10).take(11).collect();
            assert_eq!(duration.trim().is_empty(), sign == "▷", "only what has ended has a duration: {line:?}");
            self.seen.push(format!("{sign} {path}"));
        }
    }

    /// Everything, once the pipeline has ended.
    fn rest(mut self) -> Vec<String> {
        loop {
            match self.writes.recv_timeout(PATIENCE) {
                Ok(text) => self.take(&text),
                Err(RecvTimeoutError::Disconnected) => return self.seen,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn init() -> (Pipeline, Lines) {
    let (sender, writes) = mpsc::channel();
    let console = ConsoleExporter::new().style(ConsoleStyle::Live).width(200).writer(ToTest(sender));
    let pipeline =
        builder().without_environment().exporter(console).init().expect("this process has no other pipeline");
    (pipeline, Lines { writes, seen: Vec::new() })
}

#[test]
fn a_line_comes_when_a_span_begins_and_one_when_it_ends_while_its_trace_goes_on() {
    in_child(|| {
        let (pipeline, mut lines) = init();
        in_scope("checkout", || {
            lines.wait_for("▷ checkout");
            in_scope("reserve stock", || lines.wait_for("▷ checkout › reserve stock"));
            lines.wait_for("◁ checkout › reserve stock");
            assert!(
                !lines.seen.iter().any(|line| line.starts_with("◁ checkout") && !line.contains('›')),
                "{:?}",
                lines.seen
            );
        });
        lines.wait_for("◁ checkout");
        pipeline.shutdown(PATIENCE).expect("nothing holds it up");
        let all = lines.rest();
        assert_eq!(
            all,
            ["▷ checkout", "▷ checkout › reserve stock", "◁ checkout › reserve stock", "◁ checkout"],
            "each once, in order"
        );
    });
}

#[test]
fn spans_too_short_to_be_seen_are_told_in_order() {
    in_child(|| {
        let (pipeline, lines) = init();
        in_scope("outer", || (0..500).for_each(|_| in_scope("middle", || in_scope("inner", || ()))));
        pipeline.shutdown(PATIENCE).expect("nothing holds it up");
        let mut expected = vec!["▷ outer".to_owned()];
        for _ in 0..500 {
            let [middle, inner] = ["outer › middle", "outer › middle › inner"];
            expected.extend([format!("▷ {middle}"), format!("▷ {inner}"), format!("◁ {inner}"), format!("◁ {middle}")]);
        }
        expected.push("◁ outer".to_owned());
        assert_eq!(lines.rest(), expected);
    });
}

#[test]
fn tasks_side_by_side_have_lines_with_the_path_of_each() {
    in_child(|| {
        let (pipeline, lines) = init();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        runtime.block_on(async {
            let both = Arc::new(Barrier::new(2));
            let task = |name: &'static str| {
                let both = Arc::clone(&both);
                let work = async move {
                    async { both.wait().await }.in_span(Span::new("inside")).await;
                };
                tokio::spawn(work.in_span(Span::new(name)))
            };
            let (first, second) = (task("first"), task("second"));
            first.await.expect("it does not panic");
            second.await.expect("it does not panic");
        });
        drop(runtime);
        pipeline.shutdown(PATIENCE).expect("nothing holds it up");
        let all = lines.rest();
        let place = |wanted: &str| {
            let found: Vec<_> = (0..all.len()).filter(|&place| all[place] == wanted).collect();
            assert_eq!(found.len(), 1, "{wanted:?} once: {all:#?}");
            found[0]
        };
        for name in ["first", "second"] {
            let places = ["▷ N", "▷ N › inside", "◁ N › inside", "◁ N"].map(|line| place(&line.replace('N', name)));
            assert!(places.is_sorted(), "{places:?} {all:#?}");
        }
        // Both wait for each other, so both are open before either ends.
        assert!(
            place("▷ first › inside").max(place("▷ second › inside"))
                < place("◁ first › inside").min(place("◁ second › inside"))
        );
    });
}

#[test]
fn a_line_tells_how_a_span_ended() {
    in_child(|| {
        let (pipeline, lines) = init();
        in_scope("fails", || current_span().set_status(Status::error("card declined")));
        let panicked = std::panic::catch_unwind(|| in_scope("panics", || panic!("index out of bounds")));
        assert!(panicked.is_err());
        let mut given_up = Box::pin(std::future::pending::<()>().in_span(Span::new("given up")));
        assert!(given_up.as_mut().now_or_never().is_none());
        drop(given_up);
        drop(async {}.in_span(Span::new("never polled")));
        let renamed = start_span("renamed");
        current_span().set_name("GET /orders");
        drop(renamed);
        pipeline.shutdown(PATIENCE).expect("nothing holds it up");
        let all = lines.rest();
        for line in [
            "◁ fails  ✖ card declined",
            "◁ panics  ⚡ panicked",
            "◁ given up  ◇ cancelled",
            "◁ never polled  ◌ never polled",
            "◁ GET /orders",
        ] {
            assert!(all.iter().any(|seen| seen == line), "{line:?} {all:#?}");
        }
    });
}

#[test]
fn a_pipeline_with_another_exporter_gets_whole_traces_as_ever() {
    in_child(|| {
        let (sender, writes) = mpsc::channel();
        let live = ConsoleExporter::new().style(ConsoleStyle::Live).width(200).writer(ToTest(sender));
        let memory = trace_core::MemoryExporter::new().whole_traces();
        let pipeline = builder().without_environment().exporter(live).exporter(memory.clone()).init();
        let pipeline = pipeline.expect("this process has no other pipeline");
        in_scope("outer", || in_scope("inner", || ()));
        pipeline.shutdown(PATIENCE).expect("nothing holds it up");
        assert_eq!(memory.traces().iter().map(trace_core::Trace::len).collect::<Vec<_>>(), [2]);
        assert_eq!(Lines { writes, seen: Vec::new() }.rest().len(), 4);
        let stats = trace_core::stats();
        assert_eq!((stats.closed, stats.open), (2, 0));
        assert!(stats.exporters.iter().all(|exporter| exporter.held == 0), "{stats:?}");
    });
}

fn program() {
    let pipeline = trace_core::init().expect("this process has no other pipeline");
    in_scope("program", || in_scope("step", || ()));
    pipeline.shutdown(PATIENCE).expect("nothing holds it up");
}

/// What the program printed, and what it complained of.
fn printed(ended: Output) -> (String, String) {
    let [out, errors] = [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
    (out, errors)
}

#[test]
fn the_environment_chooses_lines() {
    let (out, errors) = printed(Child::new().env(TRACE_CONSOLE, "live").run(|| {
        program();
    }));
    // The test harness writes in front of the first line.
    let signs: String = out.chars().filter(|sign| "▷◁".contains(*sign)).collect();
    assert_eq!((&*signs, errors.contains(TRACE_CONSOLE)), ("▷▷◁◁", false), "{out}{errors}");
}

#[test]
fn an_environment_that_says_nothing_chooses_the_tree() {
    let (out, errors) = printed(Child::new().env(TRACE_CONSOLE, "").run(|| {
        program();
    }));
    assert_eq!((out.contains("└─ step"), errors.contains(TRACE_CONSOLE)), (true, false), "{out}{errors}");
}

#[test]
fn an_unknown_style_is_told_of() {
    let (out, errors) = printed(Child::new().env(TRACE_CONSOLE, "loud").run(|| {
        program();
    }));
    assert_eq!((out.contains("└─ step"), errors.contains(TRACE_CONSOLE)), (true, true), "{out}{errors}");
}
