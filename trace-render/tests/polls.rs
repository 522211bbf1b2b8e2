//! Polls in the data block: what the core tells of them, and vectors by which the viewer's own arithmetic is judged.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fmt::Write as _;
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

use futures::future::join_all;
use serde_json::{Value as Json, json};
use trace_core::{Capture, FutureExt as _, ManualClock, Span, Trace};
use trace_render::read::read;
use trace_render::{Html, TraceExt as _};

fn data(trace: &Trace) -> Json {
    let page = trace.to_html();
    let (_, rest) = page.split_once("id=\"trace-data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// Futures that work and yield, some inside others, by a clock that only they move.
fn random_trace(seed: u64) -> Trace {
    random_trace_with(seed, false)
}

/// The same, with their wake-ups or without.
fn random_trace_with(seed: u64, wakes: bool) -> Trace {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let work = |number: u64| {
        let clock = clock.clone();
        async move {
            // One of them yields so often that its polls are joined.
            let rounds = if seed == 23 { 300 } else { (seed + number) % 4 };
            for round in 0..rounds {
                clock.advance(Duration::from_micros((seed * 7 + number * 13 + round * 5) % 29));
                yield_now().await;
                clock.advance(Duration::from_micros((number * 3 + round) % 11));
            }
        }
    };
    let capture = Capture::new().manual_clock(clock.clone()).counted_ids();
    let capture = if wakes { capture.time_wakes() } else { capture.time_polls() };
    let captured = capture.run(|| {
        futures::executor::block_on(
            async {
                work(seed % 5).await;
                let inner = |number: u64| {
                    async move {
                        work(number).await;
                        work(number + 1).in_span(Span::new("leaf")).await;
                    }
                    .in_span(Span::new("branch"))
                };
                join_all((0..seed % 4).map(inner)).await;
                work(seed % 3).await;
            }
            .in_span(Span::new("root")),
        );
    });
    captured.trace().unwrap().clone()
}

/// Comes back at the next poll, which it asks for.
async fn yield_now() {
    let mut was_polled = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut was_polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Threads have other numbers in every run, and lines of this file move.
fn without_what_differs(mut data: Json) -> Json {
    for pair in data["polls"].as_array_mut().unwrap() {
        if let Some(thread) = pair.get_mut(6) {
            *thread = 1.into();
        }
        let segments = pair[1].as_array_mut().unwrap();
        segments.iter_mut().skip(2).step_by(4).for_each(|thread| *thread = 1.into());
    }
    data["place"].as_array_mut().unwrap().fill((-1).into());
    data["places"] = json!([]);
    data.as_object_mut().unwrap().remove("threads");
    data
}

#[test]
fn the_viewer_and_the_core_take_a_span_apart_in_the_same_way() {
    let mut vectors = String::from("[");
    for seed in 0..24 {
        let trace = random_trace(seed);
        let data = without_what_differs(data(&trace));
        let anatomy: Vec<Json> = trace
            .walk()
            .map(|(_, span)| {
                let anatomy = span.anatomy().unwrap();
                assert_eq!(Some(anatomy.total()), span.duration());
                let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap();
                json!([
                    nanos(anatomy.busy),
                    nanos(anatomy.waiting_on_children),
                    nanos(anatomy.no_span),
                    nanos(anatomy.queued)
                ])
            })
            .collect();
        let separator = if seed == 0 { "\n" } else { ",\n" };
        let _ = write!(vectors, "{separator}{}", json!({ "data": data, "anatomy": anatomy }));
    }
    vectors.push_str("\n]\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/anatomy.json");
    if std::env::var_os("TRACE_BLESS").is_some() {
        std::fs::write(path, &vectors).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    assert!(vectors == expected, "if it is meant: TRACE_BLESS=1 cargo test -p trace-render --test polls");
}

#[test]
fn threads_have_their_names_wherever_the_trace_goes() {
    let polled = || random_trace(5);
    let trace = std::thread::Builder::new().name("worker of mine".to_owned()).spawn(polled).unwrap().join().unwrap();
    let longest = trace.root().unwrap().polls().unwrap().longest().unwrap();
    let number = longest.thread.unwrap();
    assert_eq!(trace.thread_name(number).as_deref(), Some("worker of mine"));
    assert_eq!(data(&trace)["threads"], json!([[0, number, "worker of mine"]]));
    assert!(trace.to_perfetto_json().contains("worker of mine"));

    let of_file = |text: &str| read(text).unwrap().remove(0);
    let again = of_file(&trace.to_json_lines());
    assert_eq!(again.thread_name(number).as_deref(), Some("worker of mine"));
    assert_eq!(data(&again)["threads"], data(&trace)["threads"]);
    // This process' own threads are not those of a file.
    let renumbered = trace.to_json_lines().replace(&format!("\"{number}\":\"worker of mine\""), "\"9999\":\"other\"");
    assert_eq!(of_file(&renumbered).thread_name(number), None);
}

#[test]
fn durations_read_as_the_viewer_writes_them() {
    let vectors: Json = serde_json::from_str(include_str!("golden/durations.json")).unwrap();
    for vector in vectors.as_array().unwrap() {
        let (nanos, expected) = (vector[0].as_u64().unwrap(), vector[1].as_str().unwrap());
        assert_eq!(trace_core::__render::duration_text(nanos, "µs"), expected);
    }
}

#[test]
fn lines_of_json_bring_polls_back_and_all_that_follows_from_them() {
    for (seed, wakes) in (0..24).flat_map(|seed| [(seed, false), (seed, true)]) {
        let written = random_trace_with(seed, wakes);
        let read = read(&written.to_json_lines()).unwrap();
        let [read] = &read[..] else { panic!("one trace") };
        for (left, right) in written.spans().zip(read.spans()) {
            assert_eq!(left.polls().unwrap().to_data(), right.polls().unwrap().to_data(), "seed {seed}");
            assert_eq!(left.anatomy(), right.anatomy());
        }
        assert_eq!(written.critical_path(), read.critical_path());
        assert_eq!(data(&written)["polls"], data(read)["polls"]);
    }
}

#[test]
fn in_perfetto_the_polls_of_a_thread_are_nested_or_apart() {
    for seed in 0..24 {
        let trace = random_trace(seed);
        let file: Json = serde_json::from_str(&trace.to_perfetto_json()).unwrap();
        let nanos = |value: &Json| (value.as_f64().unwrap() * 1000.0).round() as u64;
        let mut polls: Vec<(u64, u64)> = file["traceEvents"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["ph"] == "X")
            .map(|event| (nanos(&event["ts"]), nanos(&event["ts"]) + nanos(&event["dur"])))
            .collect();
        let expected: usize = trace.spans().map(|span| span.polls().unwrap().segments().len()).sum();
        if seed != 23 {
            assert_eq!(polls.len(), expected, "all of them are there");
        }
        polls.sort_by_key(|&(start, end)| (start, std::cmp::Reverse(end)));
        let mut open: Vec<u64> = Vec::new();
        for (start, end) in polls {
            while open.last().is_some_and(|&until| until <= start) {
                open.pop();
            }
            assert!(open.last().is_none_or(|&until| end <= until), "seed {seed}: {start} to {end} crosses {open:?}");
            open.push(end);
        }
    }
}

#[test]
fn polls_and_the_critical_path_stand_in_the_data_block_and_survive_a_redaction() {
    let trace = random_trace(7);
    let redactor = trace_core::Redactor::new(|_| trace_core::Redaction::Keep);
    assert_eq!(Html::new().redact(redactor).render(&trace), trace.to_html());
    let data = data(&trace);
    let polls = data["polls"].as_array().unwrap();
    assert_eq!(polls.len(), trace.len());
    for (pair, (_, span)) in polls.iter().zip(trace.walk()) {
        let expected = span.polls().unwrap();
        assert_eq!(pair[1].as_array().unwrap().len(), 4 * expected.segments().len());
        let (busy, mut at) = (expected.busy().as_nanos() as u64, span.start_unix_nanos());
        let numbers: Vec<i64> = pair[1].as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect();
        for (packed, segment) in numbers.chunks(4).zip(expected.segments()) {
            at = at.checked_add_signed(packed[0]).unwrap();
            assert_eq!((at, packed[1] as u128), (segment.start_unix_nanos, segment.duration.as_nanos()));
            at += packed[1] as u64;
        }
        assert_eq!(numbers.chunks(4).map(|packed| packed[1] as u64).sum::<u64>(), busy);
    }
    let path: u64 = data["critical"].as_array().unwrap().iter().map(|piece| piece[2].as_u64().unwrap()).sum();
    assert_eq!(u128::from(path), trace.root().unwrap().duration().unwrap().as_nanos());
}
