//! What a picture shows: the spans of one or more traces, each trace in one or more parts, in the order they are drawn in.

use std::collections::HashMap;

use trace_core::__render::outcome;
use trace_core::{Outcome, SpanId, SpanView, Trace, TraceId};

/// One span of a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) span: SpanView<'a>,
    /// The part it came in: what says its resource.
    pub(crate) part: usize,
    /// The node of its parent, if that is in the picture; as the span says, even where that makes a circle.
    pub(crate) parent: Option<usize>,
    pub(crate) depth: usize,
}

impl<'a> Node<'a> {
    pub(crate) fn outcome(&self) -> Outcome {
        outcome(&self.span)
    }

    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.outcome(), Outcome::Error | Outcome::Panicked)
    }

    pub(crate) fn start(&self) -> u64 {
        self.span.start_unix_nanos()
    }

    /// How long it took; an open span has taken no time yet.
    pub(crate) fn duration(&self) -> u64 {
        self.end() - self.start()
    }

    /// Its end; that of an open span is not known and counts as its start.
    pub(crate) fn end(&self) -> u64 {
        self.span.end_unix_nanos().unwrap_or(0).max(self.start())
    }
}

/// The spans of a picture, each trace for itself, a parent before its children and siblings in order of start.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) parts: &'a [Trace],
    pub(crate) nodes: Vec<Node<'a>>,
    /// How many spans the parts have; more than there are nodes, if there were too many to show.
    pub(crate) total: usize,
    /// The earliest start and the latest end, in nanoseconds since 1970.
    pub(crate) start: u64,
    pub(crate) end: u64,
}

type Index = HashMap<(TraceId, SpanId), usize>;

impl<'a> Scene<'a> {
    pub(crate) fn of(parts: &'a [Trace]) -> Self {
        Self::with_room(parts, usize::MAX, usize::MAX)
    }

    /// The picture of at most so many spans, which take about so many bytes. If there are more: first what failed, then the
    /// critical path of each part, then the longest spans for half of the rest, then the spans nearest to a root; each with the spans above it.
    pub(crate) fn with_room(parts: &'a [Trace], max_spans: usize, max_bytes: usize) -> Self {
        let spans = each_once(parts);
        let total = spans.len();
        let keep = Order::of(&spans).keep(parts, &spans, max_spans, max_bytes);
        let spans = match keep {
            Some(keep) => spans.into_iter().zip(keep).filter_map(|(span, keep)| keep.then_some(span)).collect(),
            None => spans,
        };
        let order = Order::of(&spans);
        let start = spans.iter().map(|(_, span)| span.start_unix_nanos()).min().unwrap_or(0);
        let end = spans.iter().map(|(_, span)| span.end_unix_nanos().unwrap_or(0).max(span.start_unix_nanos())).max();
        let end = end.unwrap_or(start);
        Self { parts, nodes: order.nodes(&spans), total, start, end }
    }

    /// When a node ends in a picture: an open one at the end of the picture.
    pub(crate) fn end_of(&self, node: &Node<'_>) -> u64 {
        if node.span.end_unix_nanos().is_none() { self.end } else { node.end() }
    }

    /// The name of the node's service, or nothing.
    pub(crate) fn service(&self, node: &Node<'_>) -> &'a str {
        self.parts[node.part].resource().service_name().unwrap_or("")
    }

    /// The services, each once, in the order in which they appear.
    pub(crate) fn services(&self) -> Vec<&'a str> {
        let mut services: Vec<&str> = Vec::new();
        for node in &self.nodes {
            let service = self.service(node);
            // Spans of one service follow each other.
            if services.last() != Some(&service) && !services.contains(&service) {
                services.push(service);
            }
        }
        services
    }

    /// Where the spans below each node end, by index: those of node `i` are `i + 1..ends[i]`.
    pub(crate) fn subtree_ends(&self) -> Vec<usize> {
        let mut ends = vec![self.nodes.len(); self.nodes.len()];
        let mut open: Vec<usize> = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            while open.last().is_some_and(|&above| self.nodes[above].depth >= node.depth) {
                ends[open.pop().expect("there is a last one")] = index;
            }
            open.push(index);
        }
        ends
    }

    /// What stands above each node in the tree, by index: its parent, but for the cut of a circle.
    pub(crate) fn above(&self) -> Vec<Option<usize>> {
        let mut open: Vec<usize> = Vec::new();
        let above = |(index, node): (usize, &Node<'_>)| {
            open.truncate(node.depth);
            open.push(index);
            node.depth.checked_sub(1).map(|depth| open[depth])
        };
        self.nodes.iter().enumerate().map(above).collect()
    }

    /// The time in which a child of this node was open, as intervals in order that do not touch, within the node's own time.
    pub(crate) fn covered(&self, index: usize, subtree_end: usize) -> Vec<(u64, u64)> {
        let node = &self.nodes[index];
        let (start, end) = (node.start(), if node.outcome() == Outcome::Open { self.end } else { node.end() });
        let mut covered: Vec<(u64, u64)> = Vec::new();
        // Children are in order of start.
        for child in self.nodes[index + 1..subtree_end].iter().filter(|child| child.depth == node.depth + 1) {
            let child_end = if child.outcome() == Outcome::Open { self.end } else { child.end() };
            let (from, to) = (child.start().clamp(start, end), child_end.clamp(start, end));
            match covered.last_mut() {
                _ if from == to => {}
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => covered.push((from, to)),
            }
        }
        covered
    }

    /// A sentence of numbers: `7 spans · 2 failed · 1 cancelled · 152.0 ms`.
    pub(crate) fn summary(&self) -> String {
        let count = |wanted: fn(&Node<'_>) -> bool| self.nodes.iter().filter(|node| wanted(node)).count();
        let mut parts = vec![match self.total {
            0 => return "no spans".to_owned(),
            1 => "1 span".to_owned(),
            total => format!("{total} spans"),
        }];
        for (wanted, word) in [
            ((|node| node.has_failed()) as fn(&Node<'_>) -> bool, "failed"),
            (|node| node.outcome() == Outcome::Cancelled, "cancelled"),
            (|node| node.outcome() == Outcome::NeverPolled, "never polled"),
            (|node| node.outcome() == Outcome::Open, "open"),
        ] {
            let found = count(wanted);
            if found > 0 {
                parts.push(format!("{found} {word}"));
            }
        }
        parts.push(trace_core::__render::duration_text(self.end - self.start, "µs"));
        parts.join(" · ")
    }

    /// Where the time of the first root went, if its polls were timed: `Of 152.0 ms it was busy 3.0 ms, ..`.
    pub(crate) fn anatomy_sentence(&self) -> Option<String> {
        let root = self.nodes.first().filter(|root| root.span.polls().is_some())?;
        let anatomy = root.span.anatomy()?;
        let text = |duration: std::time::Duration| {
            trace_core::__render::duration_text(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), "µs")
        };
        let parts = [
            ("busy", anatomy.busy),
            ("waiting on children", anatomy.waiting_on_children),
            ("waiting with no span", anatomy.no_span),
            ("ready, not polled", anatomy.queued),
        ];
        let parts = parts.into_iter().filter(|(_, part)| !part.is_zero());
        let parts: Vec<String> = parts.map(|(word, part)| format!("{word} {}", text(part))).collect();
        Some(format!("Of {}: {}.", text(anatomy.total()), parts.join(", ")))
    }

    /// What the picture is called unless it is told: the root's name and its service.
    pub(crate) fn title(&self) -> String {
        let Some(root) = self.nodes.first() else { return "Empty trace".to_owned() };
        match (self.service(root), root.span.name()) {
            ("", name) => name.to_owned(),
            (service, name) => format!("{name} · {service}"),
        }
    }
}

/// The spans with the number of their part. A span that came open and again when it had ended is here once, ended.
fn each_once(parts: &[Trace]) -> Vec<(usize, SpanView<'_>)> {
    let mut spans: Vec<(usize, SpanView<'_>)> = Vec::with_capacity(parts.iter().map(Trace::len).sum());
    let mut open: Index = HashMap::new();
    for (part, span) in parts.iter().enumerate().flat_map(|(part, trace)| trace.spans().map(move |span| (part, span))) {
        let id = (span.trace_id(), span.span_id());
        if let Some(&place) = open.get(&id) {
            spans[place] = (part, span);
            continue;
        }
        if span.outcome() == Outcome::Open {
            open.insert(id, spans.len());
        }
        spans.push((part, span));
    }
    spans
}

/// Who is whose child, whatever the spans' parents claim.
struct Order {
    /// As the spans say.
    parents: Vec<Option<usize>>,
    roots: Vec<usize>,
    /// The children of all spans, each span's in order of start; those of `i` are `children[starts[i]..starts[i + 1]]`.
    children: Vec<usize>,
    starts: Vec<usize>,
}

impl Order {
    fn of(spans: &[(usize, SpanView<'_>)]) -> Self {
        let mut ids: Index = HashMap::with_capacity(spans.len());
        for (index, (_, span)) in spans.iter().enumerate() {
            ids.entry((span.trace_id(), span.span_id())).or_insert(index);
        }
        let parents: Vec<Option<usize>> = spans
            .iter()
            .map(|(_, span)| span.parent_id().and_then(|parent| ids.get(&(span.trace_id(), parent)).copied()))
            .collect();
        let mut by_start: Vec<usize> = (0..spans.len()).collect();
        by_start.sort_by_key(|&index| spans[index].1.start_unix_nanos());
        let tree = without_circles(&parents, &by_start);
        // A trace is where its earliest span is; its roots stay together.
        let mut trace_ranks: HashMap<TraceId, usize> = HashMap::new();
        for &index in &by_start {
            let next = trace_ranks.len();
            trace_ranks.entry(spans[index].1.trace_id()).or_insert(next);
        }
        let mut starts = vec![0; spans.len() + 1];
        for parent in tree.iter().flatten() {
            starts[parent + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut children = vec![0; tree.iter().flatten().count()];
        let mut roots = Vec::new();
        for index in by_start {
            match tree[index] {
                Some(parent) => {
                    children[next[parent]] = index;
                    next[parent] += 1;
                }
                None => roots.push(index),
            }
        }
        roots.sort_by_key(|&index| trace_ranks[&spans[index].1.trace_id()]);
        Self { parents, roots, children, starts }
    }

    fn children(&self, index: usize) -> &[usize] {
        &self.children[self.starts[index]..self.starts[index + 1]]
    }

    fn nodes<'a>(&self, spans: &[(usize, SpanView<'a>)]) -> Vec<Node<'a>> {
        let mut places = vec![0; spans.len()];
        let mut nodes = Vec::with_capacity(spans.len());
        let mut stack: Vec<(usize, usize)> = self.roots.iter().rev().map(|&root| (0, root)).collect();
        while let Some((depth, index)) = stack.pop() {
            places[index] = nodes.len();
            let (part, span) = spans[index];
            nodes.push(Node { span, part, parent: self.parents[index], depth });
            stack.extend(self.children(index).iter().rev().map(|&child| (depth + 1, child)));
        }
        for node in &mut nodes {
            node.parent = node.parent.map(|parent| places[parent]);
        }
        nodes
    }

    /// Which spans to keep; `None` if all fit.
    fn keep(
        &self,
        parts: &[Trace],
        spans: &[(usize, SpanView<'_>)],
        max_spans: usize,
        max_bytes: usize,
    ) -> Option<Vec<bool>> {
        if max_spans == usize::MAX && max_bytes == usize::MAX {
            return None;
        }
        let bytes: Vec<usize> = spans.iter().map(|(_, span)| bytes_of(span)).collect();
        if spans.len() <= max_spans && bytes.iter().sum::<usize>() <= max_bytes {
            return None;
        }
        let mut kept = Kept { keep: vec![false; spans.len()], bytes, spans_left: max_spans, bytes_left: max_bytes };
        let failed = |span: &SpanView<'_>| matches!(outcome(span), Outcome::Error | Outcome::Panicked);
        for index in (0..spans.len()).filter(|&index| failed(&spans[index].1)) {
            kept.add(index, &self.parents);
        }
        let numbers: HashMap<(usize, SpanId), usize> =
            spans.iter().enumerate().map(|(index, (part, span))| ((*part, span.span_id()), index)).collect();
        for (part, trace) in parts.iter().enumerate() {
            for piece in trace.critical_path() {
                if let Some(&index) = numbers.get(&(part, piece.span_id)) {
                    kept.add(index, &self.parents);
                }
            }
        }
        let mut longest: Vec<usize> = (0..spans.len()).collect();
        longest.sort_by_key(|&index| std::cmp::Reverse(spans[index].1.duration()));
        let (half_spans, half_bytes) = (kept.spans_left / 2, kept.bytes_left / 2);
        for index in longest {
            if kept.spans_left <= half_spans || kept.bytes_left <= half_bytes {
                break;
            }
            kept.add(index, &self.parents);
        }
        let mut level = self.roots.clone();
        while !level.is_empty() && kept.spans_left > 0 && kept.bytes_left > 0 {
            for &index in &level {
                kept.add(index, &self.parents);
            }
            level = level.iter().flat_map(|&index| self.children(index)).copied().collect();
        }
        Some(kept.keep)
    }
}

struct Kept {
    keep: Vec<bool>,
    bytes: Vec<usize>,
    spans_left: usize,
    bytes_left: usize,
}

impl Kept {
    /// Keeps the span and those above it, if there is room for all of them.
    fn add(&mut self, index: usize, parents: &[Option<usize>]) {
        let mut path = Vec::new();
        let mut bytes = 0_usize;
        let mut at = Some(index);
        while let Some(index) = at.filter(|&index| !self.keep[index]) {
            self.keep[index] = true;
            path.push(index);
            bytes += self.bytes[index];
            // Not even a part of it has room.
            if path.len() > self.spans_left || bytes > self.bytes_left {
                path.iter().for_each(|&index| self.keep[index] = false);
                return;
            }
            at = parents[index];
        }
        self.spans_left -= path.len();
        self.bytes_left -= bytes;
    }
}

/// About how many bytes a span takes in a data block, texts counted as if none came twice.
fn bytes_of(span: &SpanView<'_>) -> usize {
    const FIXED_BYTES: usize = 64;
    const ATTRIBUTE_BYTES: usize = 16;
    const POLL_BYTES: usize = 30;
    let attributes = |of: &[trace_core::Attribute]| -> usize {
        of.iter()
            .map(|attribute| {
                ATTRIBUTE_BYTES + attribute.key.as_str().len() + attribute.value.as_str().map_or(16, str::len)
            })
            .sum()
    };
    let events: usize = span.events().map(|event| 32 + event.name().len() + attributes(event.attributes())).sum();
    let links: usize = span.links().map(|link| FIXED_BYTES + attributes(link.attributes())).sum();
    let polls = span.polls().map_or(0, |polls| FIXED_BYTES + POLL_BYTES * polls.segments().len());
    FIXED_BYTES + span.name().len() + attributes(span.attributes()) + events + links + polls
}

/// The parents, but of every circle the earliest span has none.
fn without_circles(parents: &[Option<usize>], by_start: &[usize]) -> Vec<Option<usize>> {
    let mut tree = parents.to_vec();
    let mut ranks = vec![0; parents.len()];
    for (rank, &index) in by_start.iter().enumerate() {
        ranks[index] = rank;
    }
    // By which walk a span was seen first.
    let mut seen = vec![0_usize; parents.len()];
    for (walk, &first) in (1..).zip(by_start) {
        let mut at = Some(first);
        while let Some(index) = at.filter(|&index| seen[index] == 0) {
            seen[index] = walk;
            at = tree[index];
        }
        // Back at a span of this very walk: a circle.
        if let Some(again) = at.filter(|&index| seen[index] == walk) {
            let circle = std::iter::successors(Some(again), |&index| tree[index].filter(|&parent| parent != again));
            let earliest = circle.min_by_key(|&index| ranks[index]).unwrap_or(again);
            tree[earliest] = None;
        }
    }
    tree
}
