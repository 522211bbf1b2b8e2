//! What the console exporter prints.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use trace_core::{
    Batch, ColorChoice, ConsoleExporter, ConsoleStyle, Delivery, Link, Outcome, Resource, SpanContext, SpanExporter,
    SpanId, Status, Trace, TraceFlags, TraceId,
};
use unicode_width::UnicodeWidthStr as _;

use crate::common::{checkout, ending, event, evil, id, polls, span, trace, with};

/// Compares with a picture whose first line is empty, so that it can stand in the source.
#[track_caller]
fn assert_prints(exporter: &ConsoleExporter, trace: &Trace, expected: &str) {
    let found = exporter.render(trace);
    assert!(found == expected.trim_start_matches('\n'), "expected:{expected}\nfound:\n{found}");
}

fn at(width: usize) -> ConsoleExporter {
    ConsoleExporter::new().width(width)
}

#[test]
fn a_trace_is_a_tree_with_durations_bars_outcomes_and_attributes() {
    assert_prints(
        &at(80),
        &checkout(),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · shop · 7 spans · 2 failed · 152.0 ms
checkout             152.0 ms  ████████████████  user.id=42
├─ reserve stock     101.0 ms  ███████████
├─ charge             40.0 ms            ▐████   ✖ card declined  card=\"visa 42\"
│  └─ POST /charges   35.0 ms            ▐████   ⚡ panicked: index out of boun…
├─ report                open               █╌╌  ▷ open
└─ log                 5.0 ms                ▐◇  ◇ cancelled  in sync
   └─ sync               0 ns                ◌   ◌ never polled
",
    );
}

#[test]
fn the_live_style_is_a_line_for_each_start_and_each_end() {
    let live = |width| at(width).style(ConsoleStyle::Live);
    assert_prints(
        &live(80),
        &checkout(),
        "
▷ 4bf92f35             checkout
▷ 4bf92f35             checkout › reserve stock
◁ 4bf92f35   101.0 ms  checkout › reserve stock
▷ 4bf92f35             checkout › charge
▷ 4bf92f35             checkout › charge › POST /charges
▷ 4bf92f35             checkout › report
◁ 4bf92f35    35.0 ms  check…harge › POST /charges  ⚡ panicked: index out of b…
◁ 4bf92f35    40.0 ms  checkout › charge  ✖ card declined
▷ 4bf92f35             checkout › log
▷ 4bf92f35             checkout › log › sync
◁ 4bf92f35       0 ns  checkout › log › sync  ◌ never polled
◁ 4bf92f35     5.0 ms  checkout › log  ◇ cancelled
◁ 4bf92f35   152.0 ms  checkout
",
    );
    assert_prints(
        &live(40),
        &checkout(),
        "
▷             checkout
▷             checkout › reserve stock
◁   101.0 ms  checkout › reserve stock
▷             checkout › charge
▷             check…arge › POST /charges
▷             checkout › report
◁    35.0 ms  POST …arges  ⚡ panicked:…
◁    40.0 ms  c… › charge  ✖ card decli…
▷             checkout › log
▷             checkout › log › sync
◁       0 ns  ch…g › sync  ◌ never poll…
◁     5.0 ms  che…out › log  ◇ cancelled
◁   152.0 ms  checkout
",
    );
    assert_prints(
        &live(60).ascii().color(ColorChoice::Always),
        &trace([span(1, 0, "root", 0, 9), ending(span(2, 1, "a", 1, 2), Outcome::Error, Status::error("no"))]),
        "
\x1b[35m>\x1b[0m \x1b[2m4bf92f35\x1b[0m             \x1b[1mroot\x1b[0m
\x1b[35m>\x1b[0m \x1b[2m4bf92f35\x1b[0m             \x1b[2mroot / \x1b[0m\x1b[1ma\x1b[0m
\x1b[31m<\x1b[0m \x1b[2m4bf92f35\x1b[0m     2.0 ms  \x1b[2mroot / \x1b[0m\x1b[1ma\x1b[0m  \x1b[31m! no\x1b[0m
< \x1b[2m4bf92f35\x1b[0m     9.0 ms  \x1b[1mroot\x1b[0m
",
    );
    let chain = trace((1..60).map(|number| span(number, number - 1, "a name that is rather long", number, 200)));
    for width in 40..=140 {
        for trace in [&checkout(), &evil(), &chain] {
            for exporter in [live(width), live(width).ascii()] {
                let text = exporter.render(trace);
                assert_eq!(
                    text.lines().count(),
                    trace.spans().map(|span| 1 + usize::from(span.end_unix_nanos().is_some())).sum::<usize>()
                );
                for line in text.lines() {
                    assert!(line.width() <= width, "{} columns instead of {width}: {line}", line.width());
                    assert_eq!(line.trim_end(), line);
                }
            }
        }
    }
}

#[test]
fn paths_of_a_deep_chain_stay_short() {
    let chain = trace((1..=80_000).map(|number| span(number, number - 1, "call", number, 1)));
    let text = at(200).style(ConsoleStyle::Live).render(&chain);
    assert_eq!(text.lines().count(), 160_000);
    assert!(text.len() < 160_000 * 4 * 200, "{} bytes", text.len());
}

#[test]
fn the_flat_style_is_that_of_the_small_ancestor() {
    let trace = trace([
        span(1, 0, "main_operation", 0, 152),
        span(2, 1, "child_operation", 0, 101),
        span(3, 1, "manual_span", 101, 50),
    ]);
    let flat = ConsoleExporter::new().style(ConsoleStyle::Flat);
    assert_prints(
        &flat,
        &trace,
        "
=== Exporting Trace ===
Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
Span: main_operation (0.152s), Status: OK
Span: child_operation (0.101s), Status: OK
Span: manual_span (0.050s), Status: OK
",
    );
    assert_prints(
        &flat,
        &checkout(),
        "
=== Exporting Trace ===
Trace ID: 4bf92f3577b34da6a3ce929d0e0e4736
Span: checkout (0.152s), Status: OK
Span: reserve stock (0.101s), Status: OK
Span: charge (0.040s), Status: ERROR
Span: POST /charges (0.035s), Status: ERROR
Span: report (open), Status: OPEN
Span: log (0.005s), Status: CANCELLED
Span: sync (0.000s), Status: CANCELLED
",
    );
}

#[test]
fn a_narrow_tree_has_short_bars_and_cuts_names_in_the_middle() {
    assert_prints(
        &at(40),
        &checkout(),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736
shop · 7 spans · 2 failed · 152.0 ms
checkout          152.0 ms  ██████  use…
├─ reserve stock  101.0 ms  ████
├─ charge          40.0 ms     ▐██  ✖ c…
│  └─ POST …rges   35.0 ms      █▌  ⚡ …
├─ report             open       █  ▷ o…
└─ log              5.0 ms       ◇  ◇ c…
   └─ sync            0 ns       ◌  ◌ n…
",
    );
}

#[test]
fn a_wide_tree_cuts_nothing() {
    assert_prints(&at(200), &checkout(), "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · shop · 7 spans · 2 failed · 152.0 ms
checkout             152.0 ms  ████████████████████████████████████████████████████████████████████████████████  user.id=42
├─ reserve stock     101.0 ms  █████████████████████████████████████████████████████▌
├─ charge             40.0 ms                                                       █████████████████████▌       ✖ card declined  card=\"visa 42\"
│  └─ POST /charges   35.0 ms                                                        ███████████████████         ⚡ panicked: index out of bounds
├─ report                open                                                                     █╌╌╌╌╌╌╌╌╌╌╌╌  ▷ open
└─ log                 5.0 ms                                                                            ██◇     ◇ cancelled  in sync
   └─ sync               0 ns                                                                            ◌       ◌ never polled
");
}

#[test]
fn ascii_draws_with_ascii_only() {
    let exporter = at(80).ascii().show_events();
    assert!(exporter.render(&checkout()).is_ascii());
    assert_prints(
        &exporter,
        &checkout(),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736, shop, 7 spans, 2 failed, 152.0 ms
checkout             152.0 ms  ################  user.id=42
|- reserve stock     101.0 ms  ###########
|     * retry        +50.0 ms       *            attempt=2
|- charge             40.0 ms            #####   ! card declined  card=\"visa 42\"
|  `- POST /charges   35.0 ms            #####   ! panicked: index out of bounds
|- report                open               #~~  > open
`- log                 5.0 ms                #-  - cancelled  in sync
   `- sync               0 ns                -   - never polled
         * given up     +0 ns                *   attempt=2
",
    );
}

#[test]
fn colours_are_escape_codes_of_the_16_colours_around_the_same_text() {
    let colored = at(80).color(ColorChoice::Always).render(&checkout());
    assert_eq!(without_codes(&colored), at(80).render(&checkout()));
    let line = colored.lines().nth(3).unwrap();
    assert_eq!(
        line.replace('\x1b', "^"),
        "^[2m├─ ^[0m^[31mcharge^[0m             40.0 ms            ^[31m▐████^[0m   ^[31m✖ card declined^[0m  \
         ^[36mcard=\"visa 42\"^[0m"
    );
}

/// A request whose polls were timed: it waits for children, for what has no span, and behind a poll of somebody else.
fn polled() -> Trace {
    Trace::from_spans_with_polls(
        id(),
        [
            (span(1, 0, "handler", 0, 108), polls(&[(0, 1, 1, 0), (20, 1, 1, 18), (74, 1, 1, 72), (100, 8, 1, 99)])),
            (span(2, 1, "auth", 1, 18), polls(&[(1, 1, 1, 0), (12, 7, 1, 12)])),
            (span(3, 1, "db", 21, 53), polls(&[(22, 1, 1, 0), (71, 3, 1, 30)])),
            (span(4, 1, "noisy", 21, 56), polls(&[(24, 46, 1, 0), (76, 1, 1, 76)])),
            (ending(span(5, 1, "slow_rpc", 88, 11), Outcome::Cancelled, Status::Unset), polls(&[(88, 1, 1, 0)])),
            (span(6, 4, "parse", 30, 30), None),
            (ending(span(7, 1, "report", 100, 0), Outcome::Open, Status::Unset), polls(&[(101, 2, 1, 0)])),
        ],
    )
}

#[test]
fn a_bar_is_shaded_by_what_the_span_did() {
    assert_prints(
        &at(80),
        &polled(),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 7 spans · 108.0 ms · busy 10 %
child 75 % · no span 10 % · queued 5 % · ⚠ noisy held up 1 span, up to 40.0 ms
handler      108.0 ms  ▓░▓▓░░░░░░▓▓/░▓█
├─ auth       18.0 ms  ▓▓█
├─ db         53.0 ms     ▓······▓       ⚠ 40.0 ms behind noisy
├─ noisy      56.0 ms     ███████▓▓      longest poll 46.0 ms, held up 1 span, …
│  └─ parse   30.0 ms      █████
├─ slow_rpc   11.0 ms               ▓◇   ◇ cancelled  from outside, after 1 poll
└─ report        open                ▓▌  ▷ open
critical path: parse 30.0 ms, noisy 26.0 ms, handler 23.0 ms
",
    );
}

#[test]
fn a_wide_bar_is_shaded_in_smaller_steps() {
    assert_prints(&at(200), &polled(), "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 7 spans · 108.0 ms · busy 10 % · child 75 % · no span 10 % · queued 5 % · ⚠ noisy held up 1 span, up to 40.0 ms
handler      108.0 ms  █░░░░░░░░░░░░·▓█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░·▓█░////////░░░░░░░░·██████
├─ auth       18.0 ms  ▐▓//////▓█████▌
├─ db         53.0 ms                 ·█▓////······························▓██                           ⚠ 40.0 ms behind noisy
├─ noisy      56.0 ms                 ··▓██████████████████████████████████////█▌                        longest poll 46.0 ms, held up 1 span, up to 40.0 ms
│  └─ parse   30.0 ms                        ██████████████████████▌
├─ slow_rpc   11.0 ms                                                                   █///////◇        ◇ cancelled  from outside, after 1 poll
└─ report        open                                                                            ▓█▌╌╌╌  ▷ open
critical path: parse 30.0 ms, noisy 26.0 ms, handler 23.0 ms
");
}

#[test]
fn a_narrow_tree_shows_the_anatomy_too() {
    assert_prints(
        &at(40),
        &polled(),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736
7 spans · 108.0 ms · busy 10 %
child 75 % · no span 10 % · queued 5 %
⚠ noisy held up 1 span, up to 40.0 ms
handler      108.0 ms  ▓▓░░▓▓
├─ auth       18.0 ms  ▓▌
├─ db         53.0 ms   ▓·▓▌   ⚠ 40.0 m…
├─ noisy      56.0 ms   ███▓   longest …
│  └─ parse   30.0 ms   ▐█▌
├─ slow_rpc   11.0 ms      ▐◇  ◇ cancel…
└─ report        open       ▐  ▷ open
critical path: parse 30.0 ms, noisy 26.…
",
    );
}

#[test]
fn shades_have_signs_of_their_own_in_ascii() {
    let exporter = at(80).ascii();
    assert!(exporter.render(&polled()).is_ascii());
    assert_prints(
        &exporter,
        &polled(),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736, 7 spans, 108.0 ms, busy 10 %, child 75 %
no span 10 %, queued 5 %, ! noisy held up 1 span, up to 40.0 ms
handler      108.0 ms  +=++======++/=+#
|- auth       18.0 ms  ++#
|- db         53.0 ms     +......+       ! 40.0 ms behind noisy
|- noisy      56.0 ms     #######++      longest poll 46.0 ms, held up 1 span...
|  `- parse   30.0 ms      #####
|- slow_rpc   11.0 ms               +-   - cancelled  from outside, after 1 poll
`- report        open                +#  > open
critical path: parse 30.0 ms, noisy 26.0 ms, handler 23.0 ms
",
    );
}

#[test]
fn what_is_idle_is_faint_in_a_coloured_bar() {
    let colored = at(80).color(ColorChoice::Always).render(&polled());
    assert_eq!(without_codes(&colored), at(80).render(&polled()));
    let line = colored.lines().nth(2).unwrap();
    assert_eq!(
        line.replace('\x1b', "^"),
        "^[1mhandler^[0m      108.0 ms  ^[34m▓^[0m^[2m░^[0m^[34m▓▓^[0m^[2m░░░░░░^[0m^[34m▓▓^[0m^[2m/░^[0m^[34m▓█^[0m"
    );
}

/// The text without our own codes; every other escape stays.
fn without_codes(text: &str) -> String {
    ["0", "1", "2", "31", "33", "34", "35", "36"]
        .iter()
        .fold(text.to_owned(), |text, code| text.replace(&format!("\x1b[{code}m"), ""))
}

#[test]
fn events_stand_below_their_span_with_the_time_since_its_start() {
    let trace = trace([
        event(event(span(1, 0, "root", 0, 100), "cache_miss", 25), "end", 100),
        event(span(2, 1, "child", 50, 50), "tick", 1),
    ]);
    assert_prints(
        &at(80).show_events(),
        &trace,
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 2 spans · 100.0 ms
root              100.0 ms  ████████████████████████████████
│  • cache_miss   +25.0 ms          •                         attempt=2
│  • end         +100.0 ms                                 •  attempt=2
└─ child           50.0 ms                  ████████████████
      • tick       +1.0 ms                  •                 attempt=2
",
    );
    assert_prints(
        &at(80).show_events().hide_attributes(),
        &trace,
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 2 spans · 100.0 ms
root              100.0 ms  ████████████████████████████████
│  • cache_miss   +25.0 ms          •
│  • end         +100.0 ms                                 •
└─ child           50.0 ms                  ████████████████
      • tick       +1.0 ms                  •
",
    );
}

#[test]
fn equal_siblings_that_ended_well_are_one_row() {
    let mut spans = vec![span(1, 0, "root", 0, 100)];
    for number in 0..12 {
        spans.push(span(10 + number, 1, "query", 5 * number, 3 + number));
        spans.push(span(50 + number, 10 + number, "row", 5 * number, 1));
    }
    spans[3] = ending(spans[3].clone(), Outcome::Error, Status::error("lock timeout"));
    spans.push(span(90, 1, "commit", 70, 30));
    assert_prints(
        &at(80).fold_siblings(),
        &trace(spans),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 26 spans · 1 failed · 100.0 ms
root          100.0 ms  ████████████████
├─ query ×11   98.0 ms  ███████████▌      3.0 ms to 14.0 ms each  11 spans below
├─ query        4.0 ms  ▐▌                ✖ lock timeout
│  └─ row       1.0 ms  ▐
└─ commit      30.0 ms             █████
",
    );
}

#[test]
fn four_equal_siblings_are_four_rows() {
    let spans = (1..=5).map(|number| span(number, u64::from(number > 1), "same", number, 1));
    assert_eq!(at(80).fold_siblings().render(&trace(spans)).lines().count(), 6);
}

#[test]
fn what_is_beyond_the_rows_or_too_short_is_counted() {
    let mut spans: Vec<_> = (2..30).map(|number| span(number, 1, "step", number, number % 7)).collect();
    spans.push(span(1, 0, "root", 0, 40));
    spans[20] = ending(spans[20].clone(), Outcome::Error, Status::error("no"));
    spans[5] = ending(spans[5].clone(), Outcome::Cancelled, Status::Unset);
    let exporter = at(80).max_rows(5).min_duration(Duration::from_millis(5));
    assert_prints(
        &exporter,
        &trace(spans),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 29 spans · 1 failed · 40.0 ms
root     40.0 ms  ████████████████████████████████
├─ step   5.0 ms      ████
├─ step   6.0 ms      ▐█████
├─ step     0 ns       ◇                            ◇ cancelled
├─ step   5.0 ms           ▐████
… 6 more spans, 1 of them failed · … 18 spans shorter than 5.0 ms
",
    );
}

#[test]
fn a_short_span_stays_if_something_below_it_is_long() {
    let spans = [span(1, 0, "root", 0, 9), span(2, 1, "spawns", 0, 1), span(3, 2, "task", 1, 8), span(4, 2, "b", 1, 1)];
    assert_prints(
        &at(80).min_duration(Duration::from_millis(5)),
        &trace(spans),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 4 spans · 9.0 ms
root        9.0 ms  ████████████████████████████████
└─ spawns   1.0 ms  ████
   └─ task  8.0 ms     ▐████████████████████████████
… 1 span shorter than 5.0 ms
",
    );
}

#[test]
fn a_span_whose_parent_is_elsewhere_stands_on_the_left_and_says_so() {
    let mut remote = span(2, 0xab, "serve", 1, 5);
    remote.parent_is_remote = true;
    assert_prints(
        &at(80),
        &trace([span(1, 0, "root", 0, 9), remote, span(3, 0xcd, "lost", 2, 1)]),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 3 spans · 9.0 ms
root   9.0 ms  ████████████████████████████████
serve  5.0 ms     ▐█████████████████▌            remote parent 00000000000000ab
lost   1.0 ms         ████                       orphan of 00000000000000cd
",
    );
}

#[test]
fn what_was_dropped_of_a_span_is_said() {
    let mut span = span(1, 0, "busy", 0, 9);
    (span.dropped.attributes, span.dropped.events) = (1, 20);
    assert_prints(
        &at(80),
        &trace([span]),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 1 span · 9.0 ms
busy  9.0 ms  ██████████████████████████  1 attribute dropped  20 events dropped
",
    );
}

#[test]
fn the_first_link_of_a_span_is_named_and_more_are_counted() {
    let elsewhere = TraceId::from_u128(0xabc).unwrap();
    let link = |trace: TraceId, span: u64| {
        Link::new(SpanContext::new(trace, SpanId::from_u64(span).unwrap(), TraceFlags::SAMPLED))
    };
    let [mut root, mut child] = [span(1, 0, "root", 0, 10), span(2, 1, "child", 0, 10)];
    let same = root.trace_id;
    root.links = vec![link(elsewhere, 7)];
    child.links = vec![link(same, 1), link(elsewhere, 7), link(elsewhere, 8)];
    let text = at(120).render(&trace([root, child]));
    assert!(text.contains("linked to trace 00000000000000000000000000000abc\n"), "{text}");
    assert!(text.contains("linked to span 0000000000000001 and 2 more\n"), "{text}");
}

#[test]
fn a_service_that_nobody_named_is_called_as_the_program() {
    let resource = Resource::new().attribute("service.name", "unknown_service:shop");
    let text = at(100).render(&trace([span(1, 0, "root", 0, 10)]).resource_of_spans(resource));
    assert!(text.contains(" · shop · "), "{text}");
}

#[test]
fn a_trace_without_spans_is_a_header() {
    assert_prints(
        &at(80),
        &trace([]),
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · no spans
",
    );
}

#[test]
fn wide_characters_take_their_columns() {
    let trace = trace([
        with(span(1, 0, "注文を処理する", 0, 90), "顧客", "山田 太郎"),
        span(2, 1, "👩‍👩‍👧 家族", 0, 40),
        span(3, 1, "cafe\u{301} ❤\u{fe0f}", 40, 50),
        span(4, 1, "とても長い名前のスパンがここに一つあります、それはもう本当に長い", 50, 40),
    ]);
    assert_prints(
        &at(80),
        &trace,
        "
trace 4bf92f3577b34da6a3ce929d0e0e4736 · 4 spans · 90.0 ms
注文を処理する                       90.0 ms  ████████████████  顧客=\"山田 太郎\"
├─ 👩‍👩‍👧 家族                           40.0 ms  ███████▌
├─ café ❤️                           50.0 ms         █████████
└─ とても長い名前の…もう本当に長い   40.0 ms          ▐███████
",
    );
}

#[test]
fn no_line_is_wider_than_the_width_and_none_ends_in_a_space() {
    let chain = trace((1..60).map(|number| span(number, number - 1, "a name that is rather long", number, 200)));
    for width in 40..=140 {
        for trace in [&checkout(), &evil(), &chain] {
            for exporter in [at(width).show_events(), at(width).ascii().fold_siblings()] {
                for line in exporter.render(trace).lines() {
                    assert!(line.width() <= width, "{} columns instead of {width}: {line}", line.width());
                    assert_eq!(line.trim_end(), line);
                }
            }
        }
    }
}

#[test]
fn no_text_of_a_trace_reaches_the_terminal_as_a_control() {
    let is_evil = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let [flat, live] = [ConsoleStyle::Flat, ConsoleStyle::Live].map(|style| at(100).style(style));
    for exporter in [at(100), at(1000), at(1000).show_events(), flat, live] {
        let plain = exporter.render(&evil());
        assert!(!plain.contains(is_evil), "{plain:?}");
        let colored = exporter.color(ColorChoice::Always).render(&evil());
        assert_eq!(without_codes(&colored), plain);
    }
    // A forged line is part of its row: there are ten spans and ten events.
    let rows = at(1000)
        .show_events()
        .render(&evil())
        .lines()
        .filter(|line| line.contains("ms  ") || line.contains("+0 ns"))
        .count();
    assert_eq!(rows, 20);
}

#[test]
fn a_chain_80_000_deep_stays_narrow() {
    let chain = trace((1..=80_000).map(|number| span(number, number - 1, "call", number, 1)));
    let text = at(80).max_rows(usize::MAX).render(&chain);
    assert_eq!(text.lines().count(), 80_001);
    assert!(text.len() < 80_001 * 4 * 80, "{} bytes", text.len());
    assert!(text.lines().last().unwrap().contains("…79999 call"));
}

#[test]
fn a_hundred_thousand_spans_are_drawn_in_a_moment() {
    let wide = trace((1..=100_000).map(|number| span(number, u64::from(number > 1), "call", number, 1)));
    let started = Instant::now();
    assert_eq!(at(80).max_rows(usize::MAX).render(&wide).lines().count(), 100_001);
    assert_eq!(at(80).render(&wide).lines().last(), Some("… 99500 more spans"));
    assert_eq!(at(80).fold_siblings().render(&wide).lines().count(), 3);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn display_is_the_tree_100_columns_wide_without_colours() {
    assert_eq!(format!("{}\n", checkout()), at(100).render(&checkout()));
}

/// A writer that remembers what it was given, a write each, and fails when it is full.
#[derive(Clone, Default)]
struct Shared {
    writes: Arc<Mutex<Vec<String>>>,
    full_at: Option<usize>,
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut writes = self.writes.lock().unwrap();
        if self.full_at == Some(writes.len()) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        writes.push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn each_trace_is_one_write() {
    let shared = Shared::default();
    let mut exporter = at(80).writer(shared.clone());
    assert_eq!(exporter.delivery(), Delivery::Traces);
    exporter.export(&Batch::new(vec![checkout(), trace([span(1, 0, "other", 0, 1)])])).unwrap();
    let other = at(80).render(&trace([span(1, 0, "other", 0, 1)]));
    assert_eq!(*shared.writes.lock().unwrap(), [at(80).render(&checkout()), other]);
}

#[test]
fn a_closed_pipe_is_an_error() {
    let mut exporter = at(80).writer(Shared { full_at: Some(1), ..Shared::default() });
    let error = exporter.export(&Batch::new(vec![checkout(), checkout(), checkout()])).unwrap_err();
    assert_eq!(error.to_string(), "cannot write the spans");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "broken pipe");
    assert!(format!("{error:?}").contains("dropped: Some(14)"), "{error:?}");
}

#[test]
fn a_circle_of_parents_is_drawn_once() {
    let trace = trace([span(1, 2, "one", 5, 1), span(2, 1, "two", 3, 1)]);
    assert_eq!(trace.roots().next().unwrap().span_id(), SpanId::from_u64(2).unwrap());
    assert_eq!(at(80).render(&trace).lines().count(), 3);
}
