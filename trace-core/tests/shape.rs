//! The shape of a trace, and comparing it.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use trace_core::{Outcome, Status, Trace, assert_tree};

use crate::common::{checkout, ending, evil, span, trace, with};

#[test]
fn a_shape_has_names_and_outcomes_and_the_attributes_asked_for() {
    assert_tree!(
        checkout(),
        "
        checkout
          reserve stock
          charge [error]
            POST /charges [panicked]
          report [open]
          log [cancelled]
            sync [never_polled]
        "
    );
    assert_tree!(
        checkout().shape().attribute("card").attribute("user.id"),
        "checkout user.id=42\n  reserve stock\n  charge [error] card=\"visa 42\"\n    POST /charges [panicked]
  report [open]\n  log [cancelled]\n    sync [never_polled]"
    );
}

#[test]
fn siblings_stand_in_order_of_start_and_then_of_name() {
    let spans = [
        span(1, 0, "root", 0, 9),
        span(2, 1, "b", 1, 1),
        span(3, 1, "a", 1, 1),
        span(4, 1, "z", 0, 1),
        span(5, 2, "below b", 1, 1),
    ];
    assert_tree!(trace(spans), "root\n  z\n  a\n  b\n    below b");
}

#[test]
fn an_unordered_shape_does_not_depend_on_the_order_of_start() {
    // Each worker has a step of its own number; the starts are turned round in the second trace.
    let workers = |start: fn(u64) -> u64| {
        let workers = (2..=4).map(move |number| span(number, 1, "worker", start(number), 1));
        let steps = (2..=4).map(move |number| span(10 * number, number, &format!("step {number}"), start(number), 1));
        trace([span(1, 0, "root", 0, 99)].into_iter().chain(workers).chain(steps))
    };
    let expected = "
        root
          worker
            step 4
          worker
            step 2
          worker
            step 3
    ";
    for trace in [workers(|number| number), workers(|number| 9 - number)] {
        assert_tree!(trace.shape().unordered(), expected);
        let sorted = "root\n  worker\n    step 2\n  worker\n    step 3\n  worker\n    step 4";
        assert_eq!(trace.shape().unordered().to_string(), sorted);
    }
    assert!(workers(|number| number).shape().compare(expected).is_err());
}

#[test]
fn a_mismatch_shows_both_trees_and_where_they_part() {
    let mismatch = checkout().shape().compare("checkout\n  reserve stock\n  charge\n").unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "the trace has another tree than expected
expected:
   checkout
     reserve stock
->   charge
found:
   checkout
     reserve stock
->   charge [error]
       POST /charges [panicked]
     report [open]
     log [cancelled]
       sync [never_polled]"
    );
    assert_eq!(mismatch.expected(), "checkout\n  reserve stock\n  charge");
    let nothing = trace([]).shape().compare("root").unwrap_err();
    assert!(nothing.to_string().ends_with("found:\n-> (no spans)"), "{nothing}");
}

#[test]
#[should_panic(expected = "another tree than expected")]
fn an_assertion_that_does_not_hold_panics() {
    assert_tree!(checkout(), "checkout");
}

#[test]
fn a_tree_may_be_written_with_any_indent() {
    let trace = trace([span(1, 0, "a", 0, 9), span(2, 1, "b", 1, 2), span(3, 2, "c", 1, 1), span(4, 1, "d", 5, 1)]);
    for tree in ["a\n b\n  c\n d", "\n\n    a\n        b\n            c\n        d\n", "a\n  b  \n\n     c\n  d"] {
        assert_tree!(trace, tree);
    }
    assert!(trace.shape().compare("a\n  b\n  c\n  d").is_err());
}

#[test]
fn a_strange_name_stays_on_its_line() {
    let trace = trace([span(1, 0, "", 0, 9), span(2, 1, " padded ", 0, 1), span(3, 1, "a\nb", 1, 1)]);
    assert_tree!(trace, "\"\"\n  \" padded \"\n  a\\nb");
    let text = evil().shape().attribute("tab\ttab").to_string();
    assert_eq!(text.lines().count(), 10);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
}

#[test]
fn attributes_keep_their_value_whole() {
    let long = "x".repeat(500);
    let trace = trace([with(span(1, 0, "a", 0, 9), "k", long.clone())]);
    assert_tree!(trace.shape().attribute("k"), &format!("a k={long}"));
}

#[test]
fn an_error_status_shows_whatever_the_outcome() {
    let trace = trace([ending(span(1, 0, "a", 0, 9), Outcome::Ok, Status::error("no"))]);
    assert_tree!(trace, "a [error]");
}

#[test]
fn a_chain_of_80_000_spans_is_a_shape_too_and_its_text_can_be_compared() {
    let chain: Trace = trace((1..=80_000).map(|number| span(number, number - 1, "call", number, 1)));
    for shape in [chain.shape(), chain.shape().unordered()] {
        let text = shape.to_string();
        assert!(text.len() < 80_000 * 250 && text.ends_with("(79999) call"));
        assert_eq!(text.lines().count(), 80_000);
        assert_tree!(shape, &text);
    }
}
