//! Which rows the tree of a trace has: filtered, folded, and no more than wanted. Nothing here recurses.

use std::collections::HashMap;

use crate::ending::{has_failed, outcome};
use crate::export::look::Look;
use crate::span_view::EventView;
use crate::status::Outcome;
use crate::trace::{SpanView, Trace};

/// From how many equal siblings on they are folded into one row.
const FOLD_FROM: usize = 5;

/// One row: the lines that lead to it, and what stands there.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) lead: String,
    pub(crate) item: Item<'a>,
}

#[derive(Debug)]
pub(crate) enum Item<'a> {
    Span { span: SpanView<'a>, orphan: bool },
    Siblings(Siblings<'a>),
    Event { event: EventView<'a>, span: SpanView<'a> },
}

/// Siblings of one name, none of which failed, as one row.
#[derive(Debug)]
pub(crate) struct Siblings<'a> {
    pub(crate) first: SpanView<'a>,
    pub(crate) count: usize,
    /// How many spans stand below them.
    pub(crate) below: usize,
    pub(crate) shortest: u64,
    pub(crate) longest: u64,
    pub(crate) total: u64,
    pub(crate) end: u64,
}

/// The rows of a trace.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) left_out: LeftOut,
}

/// How many spans have no row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Spans left out because they were short.
    pub(crate) short: usize,
    /// Spans left out because there were too many rows.
    pub(crate) more: usize,
    /// How many of `more` did not end well.
    pub(crate) more_failed: usize,
}

/// A span in depth-first order.
struct Node<'a> {
    span: SpanView<'a>,
    /// The place after its last descendant.
    end: usize,
    shown: bool,
    /// Whether it and everything below it ended as it should.
    calm: bool,
}

/// One place among siblings: the nodes that share it.
struct Place {
    nodes: Vec<usize>,
    depth: usize,
    is_last: bool,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(trace: &'a Trace, look: &Look) -> Self {
        let nodes = nodes(trace, look);
        let shown = nodes.iter().filter(|node| node.shown);
        let (mut more, mut more_failed) =
            shown.fold((0, 0), |(count, failed), node| (count + 1, failed + usize::from(has_failed(&node.span))));
        let short = nodes.len() - more;
        let mut rows = Vec::new();
        let mut waiting = Vec::new();
        push_places(&mut waiting, &nodes, 0..nodes.len(), 0, look);
        // For each level down to the deepest that is drawn: whether another sibling follows.
        let mut follows: Vec<bool> = Vec::new();
        while rows.len() < look.max_rows {
            let Some(Place { nodes: place, depth, is_last }) = waiting.pop() else { break };
            let node = &nodes[place[0]];
            if depth <= look.max_depth() {
                follows.truncate(depth);
                follows.push(!is_last);
            }
            let lead = lead(&follows, depth, look);
            if place.len() > 1 {
                let siblings = siblings(&nodes, &place);
                more -= siblings.count + siblings.below;
                rows.push(Row { lead, item: Item::Siblings(siblings) });
                continue;
            }
            let span = node.span;
            more -= 1;
            more_failed -= usize::from(has_failed(&span));
            // A root of the tree that says it has a parent: that parent is not here.
            let orphan = depth == 0 && span.parent_id().is_some();
            rows.push(Row { lead, item: Item::Span { span, orphan } });
            let before = waiting.len();
            push_places(&mut waiting, &nodes, place[0] + 1..node.end, depth + 1, look);
            if look.events {
                let lead = event_lead(&follows, waiting.len() > before, look);
                let events = span.events().take(look.max_rows - rows.len());
                rows.extend(events.map(|event| Row { lead: lead.clone(), item: Item::Event { event, span } }));
            }
        }
        Self { rows, left_out: LeftOut { short, more, more_failed } }
    }
}

fn nodes<'a>(trace: &'a Trace, look: &Look) -> Vec<Node<'a>> {
    let mut nodes: Vec<Node<'a>> = Vec::with_capacity(trace.len());
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(trace.len());
    // The span we are in and those around it.
    let mut path: Vec<usize> = Vec::new();
    for (depth, span) in trace.walk() {
        for ended in path.drain(depth.min(path.len())..) {
            nodes[ended].end = nodes.len();
        }
        parents.push(path.last().copied());
        path.push(nodes.len());
        let long = span.duration().is_none_or(|duration| duration >= look.min_duration);
        let calm = outcome(&span) == Outcome::Ok;
        nodes.push(Node { span, end: 0, shown: long || !calm, calm });
    }
    for ended in path {
        nodes[ended].end = nodes.len();
    }
    for (index, parent) in parents.iter().enumerate().rev() {
        if let Some(parent) = *parent {
            nodes[parent].shown |= nodes[index].shown;
            nodes[parent].calm &= nodes[index].calm;
        }
    }
    nodes
}

/// Pushes what stands at `depth` in this range, the first on top.
fn push_places(waiting: &mut Vec<Place>, nodes: &[Node<'_>], range: std::ops::Range<usize>, depth: usize, look: &Look) {
    let bottom = waiting.len();
    let mut at = range.start;
    // By name: how many calm ones there are, and which place has them.
    let mut equal: HashMap<&str, (usize, Option<usize>)> = HashMap::new();
    let children = std::iter::from_fn(|| {
        let child = (at < range.end).then_some(at)?;
        at = nodes[child].end;
        Some(child)
    });
    let children: Vec<usize> = children.filter(|&child| nodes[child].shown).collect();
    if look.fold && children.len() >= FOLD_FROM {
        for &child in children.iter().filter(|&&child| nodes[child].calm) {
            equal.entry(nodes[child].span.name()).or_default().0 += 1;
        }
    }
    for child in children {
        let node = &nodes[child];
        let fold = equal.get_mut(node.span.name()).filter(|(count, _)| node.calm && *count >= FOLD_FROM);
        match fold {
            Some((_, Some(place))) => waiting[*place].nodes.push(child),
            fold => {
                if let Some((_, place)) = fold {
                    *place = Some(waiting.len());
                }
                waiting.push(Place { nodes: vec![child], depth, is_last: false });
            }
        }
    }
    if let Some(last) = waiting[bottom..].last_mut() {
        last.is_last = true;
    }
    waiting[bottom..].reverse();
}

fn siblings<'a>(nodes: &[Node<'a>], place: &[usize]) -> Siblings<'a> {
    let mut siblings = Siblings {
        first: nodes[place[0]].span,
        count: place.len(),
        below: 0,
        shortest: u64::MAX,
        longest: 0,
        total: 0,
        end: 0,
    };
    for &index in place {
        let Node { span, end, .. } = &nodes[index];
        let span_end = span.end_unix_nanos().unwrap_or(span.start_unix_nanos());
        let nanos = span_end.saturating_sub(span.start_unix_nanos());
        siblings.below += nodes[index + 1..*end].iter().filter(|node| node.shown).count();
        siblings.shortest = siblings.shortest.min(nanos);
        siblings.longest = siblings.longest.max(nanos);
        siblings.total = siblings.total.saturating_add(nanos);
        siblings.end = siblings.end.max(span_end);
    }
    siblings
}

fn lines_of(follows: &[bool], look: &Look) -> String {
    follows.iter().map(|&follows| if follows { look.glyphs.pipe } else { look.glyphs.gap }).collect()
}

/// The lines before a span. Roots have none, not even between each other.
fn lead(follows: &[bool], depth: usize, look: &Look) -> String {
    match follows {
        _ if depth > look.max_depth() => {
            format!("{}{}{depth} ", lines_of(follows.get(1..).unwrap_or(&[]), look), look.glyphs.ellipsis)
        }
        [] | [_] => String::new(),
        [_, around @ .., own] => {
            lines_of(around, look) + if *own { look.glyphs.branch } else { look.glyphs.last_branch }
        }
    }
}

/// The lines before an event of the span whose lines are these.
fn event_lead(follows: &[bool], has_children: bool, look: &Look) -> String {
    let around = lines_of(follows.get(1..).unwrap_or(&[]), look);
    around + if has_children { look.glyphs.pipe } else { look.glyphs.gap } + look.glyphs.event
}
