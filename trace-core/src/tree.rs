//! The tree that the spans of a trace form, whatever their parents claim. Nothing here recurses.

use crate::id::SpanId;
use crate::span_record::SpanRecord;

/// Who is whose child, by index into the trace's spans.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// Ids in order, for finding a span.
    ids: Vec<(SpanId, u32)>,
    roots: Vec<u32>,
    /// The children of all spans, each span's in order of start.
    children: Vec<u32>,
    /// Where in `children` those of a span begin; one more entry than there are spans.
    starts: Vec<u32>,
}

impl Tree {
    pub(crate) fn of(spans: &[SpanRecord]) -> Self {
        let mut ids: Vec<_> = (0_u32..).zip(spans).map(|(index, span)| (span.id, index)).collect();
        ids.sort_unstable();
        let find = |id| find(&ids, id);
        let mut parents: Vec<_> = (0_u32..)
            .zip(spans)
            .map(|(index, span)| span.parent.and_then(find).filter(|&parent| parent != index))
            .collect();
        let mut order: Vec<_> = (0..spans.len() as u32).collect();
        order.sort_unstable_by_key(|&index| (spans[index as usize].start, index));
        cut_circles(&mut parents, &order);

        let mut starts = vec![0; spans.len() + 1];
        for parent in parents.iter().flatten() {
            starts[*parent as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut children = vec![0; parents.iter().flatten().count()];
        let mut roots = Vec::new();
        for index in order {
            match parents[index as usize] {
                Some(parent) => {
                    let place = &mut next[parent as usize];
                    children[*place as usize] = index;
                    *place += 1;
                }
                None => roots.push(index),
            }
        }
        Self { ids, roots, children, starts }
    }

    pub(crate) fn index_of(&self, id: SpanId) -> Option<u32> {
        find(&self.ids, id)
    }

    pub(crate) fn roots(&self) -> &[u32] {
        &self.roots
    }

    pub(crate) fn children(&self, index: u32) -> &[u32] {
        let index = index as usize;
        &self.children[self.starts[index] as usize..self.starts[index + 1] as usize]
    }
}

fn find(ids: &[(SpanId, u32)], id: SpanId) -> Option<u32> {
    let place = ids.partition_point(|&(known, _)| known < id);
    ids.get(place).filter(|&&(known, _)| known == id).map(|&(_, index)| index)
}

/// Takes the parent from the earliest span of every circle, so that every span is below a root.
fn cut_circles(parents: &mut [Option<u32>], order: &[u32]) {
    const UNSEEN: u32 = 0;
    let mut rank = vec![0; order.len()];
    for (place, &index) in order.iter().enumerate() {
        rank[index as usize] = place;
    }
    let mut seen_from = vec![UNSEEN; parents.len()];
    for (walk, &first) in (1..).zip(order) {
        let mut at = first;
        while seen_from[at as usize] == UNSEEN {
            seen_from[at as usize] = walk;
            match parents[at as usize] {
                Some(parent) => at = parent,
                None => break,
            }
        }
        // Back at a span of this very walk: from here on the parents form a circle.
        if seen_from[at as usize] == walk && parents[at as usize].is_some() {
            let circle = std::iter::successors(Some(at), |&span| parents[span as usize].filter(|&parent| parent != at));
            let earliest = circle.min_by_key(|&span| rank[span as usize]).unwrap_or(at);
            parents[earliest as usize] = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TraceId;
    use crate::span_context::{SpanContext, TraceFlags};
    use crate::span_data::SpanData;
    use crate::trace::Trace;
    use std::time::Duration;

    /// A trace of spans given as (id, parent, start), an id of 0 meaning none.
    fn trace(spans: &[(u64, u64, u64)]) -> Trace {
        let id = TraceId::from_u128(1).unwrap();
        Trace::from_spans(
            id,
            spans.iter().map(|&(span, parent, start)| {
                let context = SpanContext::new(id, SpanId::from_u64(span).unwrap(), TraceFlags::SAMPLED);
                let mut data = SpanData::new(context, span.to_string(), start, Duration::from_nanos(1));
                data.parent_id = SpanId::from_u64(parent);
                data
            }),
        )
    }

    fn walk(trace: &Trace) -> String {
        trace.walk().map(|(depth, span)| format!("{depth}:{} ", span.name())).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn a_walk_goes_depth_first_in_order_of_start_and_reaches_every_span_once() {
        for (spans, expected, reason) in [
            (&[][..], "", "no span"),
            (&[(1, 0, 0)], "0:1", "one"),
            (&[(3, 1, 5), (2, 1, 9), (1, 0, 0), (4, 3, 6)], "0:1 1:3 2:4 1:2", "children in order of start"),
            (&[(2, 9, 3), (1, 0, 1)], "0:1 0:2", "an orphan is a root"),
            (&[(1, 1, 0)], "0:1", "its own parent"),
            (&[(1, 2, 5), (2, 3, 3), (3, 1, 4), (4, 1, 9)], "0:2 1:1 2:3 2:4", "a circle is cut at its earliest span"),
            (&[(4, 1, 0), (1, 2, 5), (2, 1, 6)], "0:1 1:4 1:2", "a circle entered from an earlier span below it"),
        ] {
            let trace = trace(spans);
            assert_eq!(walk(&trace), expected, "{reason}");
            assert_eq!(trace.walk().count(), spans.len(), "{reason}");
        }
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_spans_overflows_no_stack() {
        let chain: Vec<_> = (1..=100_000).map(|id| (id, id - 1, id)).collect();
        assert_eq!(trace(&chain).walk().last().unwrap().0, 99_999);
    }
}
