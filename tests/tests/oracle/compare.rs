//! Compares what was told with what the oracle wrote down.

use std::collections::HashMap;
use std::fmt::Write;

use trace_core::{Captured, Completeness, Outcome, SpanView, Trace, TraceId, Value};

use crate::world::{Expected, Findings, Written};

/// What differs in a capture, a line each; empty if nothing does.
pub(crate) fn differences(findings: &Findings, captured: &Captured<()>) -> String {
    let mut text = differences_in(findings, &captured.traces.iter().collect::<Vec<_>>());
    compare_books(findings, captured, &mut text);
    text
}

/// What differs in the traces of a program, however they came, a line each.
pub(crate) fn differences_in(findings: &Findings, told: &[&Trace]) -> String {
    let mut text: String = findings.mismatches.iter().map(|line| format!("{line}\n")).collect();
    let mut found: HashMap<_, Vec<SpanView<'_>>> = HashMap::new();
    for span in told.iter().flat_map(|trace| trace.spans()) {
        found.entry(span.span_id()).or_default().push(span);
    }
    let mut traces: HashMap<usize, TraceId> = HashMap::new();
    for (key, expected) in findings.spans.iter().enumerate() {
        let id = expected.handle.span_id().and_then(|id| found.remove(&id)).unwrap_or_default();
        let [span] = &*id else {
            let _ = writeln!(text, "span {key} {:?} came {} times", expected.name, id.len());
            continue;
        };
        if *traces.entry(expected.trace).or_insert(span.trace_id()) != span.trace_id() {
            let _ = writeln!(text, "span {key} {:?} is in another trace than its parent", expected.name);
        }
        if let Some(line) = difference(findings, expected, span) {
            let _ = writeln!(text, "span {key} {:?}: {line}", expected.name);
        }
    }
    for span in found.into_values().flatten() {
        let _ = writeln!(text, "nobody started {:?} {}", span.name(), span.span_id());
    }
    let mut ids: Vec<_> = traces.values().collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != traces.len() {
        let _ = writeln!(text, "{} traces share {} ids", traces.len(), ids.len());
    }
    for (number, id) in traces {
        let parts: Vec<_> = told.iter().filter(|trace| trace.id() == id).collect();
        let is_whole = parts.len() == 1 && parts[0].completeness() == Completeness::Whole;
        if !is_whole && !findings.revived.contains(&number) {
            let _ = writeln!(text, "trace {number} came in {} parts", parts.len());
        }
    }
    text
}

fn compare_books(findings: &Findings, captured: &Captured<()>, text: &mut String) {
    let stats = &captured.stats;
    if stats.closed != findings.spans.len() as u64 {
        let _ = writeln!(text, "{} spans closed, the books say {}", findings.spans.len(), stats.closed);
    }
    let ignored = stats.after_end + stats.without_span;
    if !(findings.ignored..=findings.ignored + findings.maybe_ignored).contains(&ignored) {
        let (sure, maybe) = (findings.ignored, findings.maybe_ignored);
        let _ = writeln!(text, "{sure} writes (and maybe {maybe} more) came too late, the books say {ignored}");
    }
}

fn difference(findings: &Findings, expected: &Expected, span: &SpanView<'_>) -> Option<String> {
    let id = |key: usize| findings.spans[key].handle.span_id();
    let parent = expected.parent.and_then(id);
    if span.parent_id() != parent {
        let name = |id| findings.spans.iter().position(|other| other.handle.span_id() == id);
        let found = span.parent_id().map(|id| name(Some(id)));
        return Some(format!("parent {found:?}, must be {:?}", expected.parent));
    }
    if Some(span.outcome()) != expected.outcome {
        return Some(format!("outcome {:?}, must be {:?}", span.outcome(), expected.outcome));
    }
    let must_be_error = matches!(span.outcome(), Outcome::Error | Outcome::Panicked) || expected.failed;
    if span.status().is_error() != must_be_error {
        return Some(format!("status {:?}", span.status()));
    }
    let links: Vec<_> = span.links().map(|link| Some(link.context().span_id())).collect();
    if links != expected.link.map(id).into_iter().collect::<Vec<_>>() {
        return Some(format!("links {links:?}, must be {:?}", expected.link));
    }
    for (name, written) in &expected.attributes {
        let found = span.attribute(name);
        let is_right = match *written {
            Written::There(value) => found == Some(&Value::I64(value)),
            Written::Ignored => found.is_none(),
            Written::Either => true,
        };
        if !is_right {
            return Some(format!("attribute {name}={found:?}, must be {written:?}"));
        }
    }
    let (guarded, last) = (span.attribute("guarded"), span.attribute("guarded.last"));
    if guarded != last {
        return Some(format!("attribute guarded={guarded:?}, must be {last:?}"));
    }
    let surplus = span.attributes().iter().map(|attribute| attribute.key.as_str());
    let ours = ["built", "guarded", "guarded.last"];
    let surplus: Vec<_> =
        surplus.filter(|&key| !ours.contains(&key) && !expected.attributes.contains_key(key)).collect();
    (!surplus.is_empty()).then(|| format!("attributes that nobody wrote: {surplus:?}"))
}
