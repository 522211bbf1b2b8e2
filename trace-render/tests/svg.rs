//! The SVG: well-formed whatever the trace says, without anything that runs or loads, the same in every run.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../trace-core/tests/common/mod.rs"]
mod common;

use common::{checkout, evil, id, polls, span, trace, with};
use trace_core::Trace;
use trace_render::{Svg, Theme, TraceExt as _};

fn check(picture: &str) {
    let document = roxmltree::Document::parse(picture).unwrap_or_else(|error| panic!("{error}\n{picture}"));
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let known = ["svg", "title", "desc", "style", "defs", "pattern", "rect", "text", "tspan", "path", "g"];
        assert!(known.contains(&name), "<{name}>");
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on") && name != "href" && name != "style", "{name}");
            let elsewhere = attribute.value().replace("url(#", "");
            assert!(!elsewhere.contains("url(") && !elsewhere.contains("NaN"), "{}", attribute.value());
        }
    }
}

#[test]
fn it_is_well_formed_and_inert_whatever_the_trace_says() {
    let hostile = "</text><script>alert(1)</script><!--]]>&amp;\u{0}\u{1}\u{1b}\u{fffe}\u{ffff}\u{202e}";
    let evil_markup = trace([with(span(1, 0, hostile, 0, 5), hostile.to_owned(), hostile.to_owned())]);
    for trace in [checkout(), evil(), evil_markup, trace([]), trace([span(1, 0, "no time", 0, 0)])] {
        for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
            check(&Svg::new().theme(theme).render(&trace));
        }
    }
}

#[test]
fn sixty_rows_are_less_than_forty_kilobytes_and_the_rest_is_a_number() {
    let spans =
        (1..=372).map(|number| span(number, number / 3, "SELECT * FROM orders WHERE id = $1", number, 40 + number));
    let picture = trace(spans).to_svg();
    check(&picture);
    assert!(picture.len() < 40 * 1024, "{} bytes", picture.len());
    assert!(picture.contains("… 312 more spans"));
}

#[test]
fn the_same_trace_gives_the_same_picture() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/checkout.svg");
    let picture = Svg::new().theme(Theme::Light).render(&checkout());
    if std::env::var_os("TRACE_BLESS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap();
        std::fs::write(golden, &picture).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap();
    assert_eq!(picture, expected, "if it is meant: TRACE_BLESS=1 cargo test -p trace-render --test svg");
}

#[test]
fn polls_and_what_lies_between_them_are_drawn_and_told() {
    let trace = Trace::from_spans_with_polls(
        id(),
        [
            (span(1, 0, "handler", 0, 100), polls(&[(10, 10, 1, 0), (60, 5, 1, 50), (90, 10, 1, 0)])),
            (span(2, 1, "query", 12, 20), polls(&[(12, 2, 1, 0)])),
        ],
    );
    let picture = trace.to_svg();
    check(&picture);
    let document = roxmltree::Document::parse(&picture).unwrap();
    let description = document.descendants().find(|node| node.has_tag_name("desc")).unwrap().text().unwrap();
    assert_eq!(
        description,
        "2 spans · 100.0 ms. Of 100.0 ms: busy 25.0 ms, waiting on children 12.0 ms, waiting with no span 43.0 ms, ready, not \
         polled 20.0 ms."
    );
    // Of the handler's row: two waits with no span, 32 to 50 and 65 to 90; ready from 0 to 10 and from 50 to 60.
    let fills: Vec<(&str, usize)> = document
        .descendants()
        .filter_map(|node| Some((node.attribute("fill")?, node.attribute("d")?.matches('z').count())))
        .collect();
    let [(waits, 2), (ready, 2), (of_query, 1)] = fills[..] else { panic!("{fills:?}") };
    assert_eq!(waits, of_query);
    for fill in [waits, ready] {
        let name = fill.trim_start_matches("url(#").trim_end_matches(')');
        assert!(document.descendants().any(|node| node.attribute("id") == Some(name)), "{name} is defined");
    }
    let other = Trace::from_spans_with_polls(id(), [(span(7, 0, "other", 0, 9), polls(&[(1, 1, 1, 0)]))]).to_svg();
    assert!(!other.contains(waits), "two pictures in one page do not share names");
}

#[test]
fn an_empty_trace_says_so() {
    let picture = Trace::from_spans(id(), []).to_svg();
    assert!(picture.contains("Empty trace") && picture.contains("no spans"));
}
