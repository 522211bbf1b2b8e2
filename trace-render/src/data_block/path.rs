//! The critical path of a page, and who led to whom on it.

use std::collections::HashMap;

use trace_core::{CriticalSegment, CriticalWork, Hop, SpanId, Trace};

use crate::data_block::text::entry;
use crate::scene::Scene;

/// The chain of work that the longest root of the page consists of.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) pieces: String,
    pub(super) hops: String,
}

impl Path {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut path = Self::default();
        let ends = scene.subtree_ends();
        let roots = std::iter::successors(Some(0), |&root| ends.get(root).copied());
        let roots = roots.take_while(|&root| root < scene.nodes.len());
        let Some(root) = roots.max_by_key(|&root| (scene.nodes[root].duration(), std::cmp::Reverse(root))) else {
            return path;
        };
        let numbers: HashMap<SpanId, usize> =
            (root..ends[root]).map(|number| (scene.nodes[number].span.span_id(), number)).collect();
        let above = scene.above();
        let mut before: Vec<usize> = Vec::new();
        for piece in pieces_below(scene, root, ends[root]) {
            let Some(&number) = numbers.get(&piece.span_id) else { continue };
            let start = i128::from(piece.start_unix_nanos) - i128::from(scene.start);
            let is_busy = u8::from(piece.what == CriticalWork::Busy);
            entry(&mut path.pieces, format_args!("[{number},{start},{},{is_busy}]", piece.duration.as_nanos()));
            if matches!(piece.hop, Hop::Proven | Hop::Possible)
                // Between two siblings there is only what is above both.
                && let Some(&earlier) = before.iter().rev().find(|&&earlier| !(earlier..ends[earlier]).contains(&number))
                && let Some((from, to)) = siblings(scene, &above, earlier, number)
            {
                entry(&mut path.hops, format_args!("[{from},{to},{}]", u8::from(piece.hop == Hop::Proven)));
            }
            before.push(number);
        }
        path
    }
}

/// The path below one root, by the core; it knows whole traces, so one is made if there is more on the page.
fn pieces_below(scene: &Scene<'_>, root: usize, end: usize) -> Vec<CriticalSegment> {
    let id = scene.nodes[root].span.span_id();
    if let [trace] = scene.parts
        && trace.root().is_some_and(|root| root.span_id() == id)
    {
        return trace.critical_path();
    }
    let span = |number: usize| scene.nodes[number].span;
    let spans = (root..end).map(|number| (span(number).to_data(), span(number).polls().map(|polls| polls.to_data())));
    Trace::from_spans_with_polls(scene.nodes[root].span.trace_id(), spans).critical_path()
}

/// The two spans next below what is above both, if neither is above the other.
fn siblings(scene: &Scene<'_>, above: &[Option<usize>], from: usize, to: usize) -> Option<(usize, usize)> {
    let depth = |number: usize| scene.nodes[number].depth;
    let (mut from, mut to) = (from, to);
    while depth(from) > depth(to) {
        from = above[from]?;
    }
    while depth(to) > depth(from) {
        to = above[to]?;
    }
    while from != to && above[from] != above[to] {
        (from, to) = (above[from]?, above[to]?);
    }
    (from != to).then_some((from, to))
}
