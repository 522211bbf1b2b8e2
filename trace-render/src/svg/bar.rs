//! The bar of a row.

use std::fmt::Write as _;

use trace_core::{Outcome, PollSegment};

use crate::svg::measures::{BAR_HEIGHT, BARS, BARS_END, MAX_EVENTS, MIN_BAR, ROW};
use crate::svg::row::Row;
use crate::svg::xml::N;

/// Draws the time between polls in which no child was open: hatched until the wake-up, dotted from there to the poll.
fn gaps(out: &mut String, row: &Row<'_>, (start, end): (u64, u64), top: f64, x: impl Fn(u64) -> f64) {
    let Some(polls) = row.node.span.polls() else { return };
    let covered = row.scene.covered(row.index, row.subtree_end);
    let (mut hatched, mut dotted) = (String::new(), String::new());
    let rect = |path: &mut String, from: u64, to: u64| {
        let (left, right) = (x(from), x(to));
        // A hatch in less than this reads as nothing.
        if right - left >= 2.0 {
            let _ = write!(path, "M{} {}H{}V{}H{}z", N(left), N(top), N(right), N(top + BAR_HEIGHT), N(left));
        }
    };
    let mut at = start;
    let mut children = covered.as_slice();
    let ends = polls.segments().map(Some).chain([None]);
    for (place, poll) in ends.enumerate() {
        let from = poll.map_or(end, |poll| poll.start_unix_nanos).clamp(at, end);
        let woken = match poll.and_then(|poll| poll.woken_unix_nanos) {
            // Before its first poll it was ready all the time.
            _ if place == 0 && poll.is_some() => at,
            Some(woken) => woken.clamp(at, from),
            None => from,
        };
        while let Some((&(child_start, child_end), later)) = children.split_first()
            && child_start < woken
        {
            if child_start > at {
                rect(&mut hatched, at, child_start.min(woken));
            }
            at = at.max(child_end.min(woken));
            if child_end > woken {
                break;
            }
            children = later;
        }
        rect(&mut hatched, at.min(woken), woken);
        rect(&mut dotted, woken, from);
        at = poll.map_or(end, |poll| (poll.start_unix_nanos.saturating_add(nanos(poll.duration))).clamp(from, end));
    }
    for (path, fill) in [(hatched, row.hatches.waiting()), (dotted, row.hatches.queued())] {
        if !path.is_empty() {
            let _ = write!(out, "<path fill=\"url(#{fill})\" d=\"{path}\"/>");
        }
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// When a bar is solid.
fn busy(row: &Row<'_>, start: u64, end: u64) -> Vec<(u64, u64)> {
    if let Some(polls) = row.node.span.polls() {
        let poll = |segment: PollSegment| {
            let start = segment.start_unix_nanos;
            (start, start.saturating_add(nanos(segment.duration)).min(end))
        };
        return polls.segments().map(poll).collect();
    }
    let mut at = start;
    let covered = row.scene.covered(row.index, row.subtree_end).into_iter().chain([(end, end)]);
    covered.map(|(from, to)| (std::mem::replace(&mut at, to), from)).collect()
}

/// Draws the bar and tells where it begins and ends.
pub(super) fn bar(out: &mut String, row: &Row<'_>, y: f64) -> (f64, f64) {
    let Row { scene, node, .. } = *row;
    let nanos = (scene.end - scene.start).max(1) as f64;
    let x = |at: u64| BARS + (BARS_END - BARS) * (at.saturating_sub(scene.start) as f64 / nanos).min(1.0);
    let is_open = node.outcome() == Outcome::Open;
    let (start, end) = (node.start(), if is_open { scene.end } else { node.end() });
    let from = x(start).min(BARS_END - MIN_BAR);
    let to = x(end).max(from + MIN_BAR);
    let top = y + (ROW - BAR_HEIGHT) / 2.0;
    let dashes = if is_open { " stroke-dasharray=\"3 2\"" } else { "" };
    let _ = write!(
        out,
        "<rect class=\"p\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{BAR_HEIGHT}\" rx=\"1.5\"{dashes}/>",
        N(from),
        N(top),
        N(to - from)
    );
    let mut solid = String::new();
    let mut last = f64::NEG_INFINITY;
    for (from, to) in busy(row, start, end) {
        let (left, right) = (x(from), x(to));
        // To a tenth of a pixel.
        if right - left >= 0.1 && left >= last {
            let _ = write!(solid, "M{} {}H{}V{}H{}z", N(left), N(top), N(right), N(top + BAR_HEIGHT), N(left));
            last = left + 0.1;
        }
    }
    if to - from <= MIN_BAR {
        solid = format!("M{} {}H{}V{}H{}z", N(from), N(top), N(to), N(top + BAR_HEIGHT), N(from));
    }
    gaps(out, row, (start, end), top, x);
    if !solid.is_empty() && !is_open {
        let _ = write!(out, "<path class=\"c\" d=\"{solid}\"/>");
    }
    if node.has_failed() {
        let _ = write!(
            out,
            "<rect class=\"e\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"2.5\"/>",
            N(from),
            N(top + BAR_HEIGHT),
            N(to - from)
        );
    }
    let mut last = f64::NEG_INFINITY;
    for event in node.span.events().take(MAX_EVENTS) {
        let at = x(event.unix_nanos());
        if at - last >= 2.0 {
            let _ = write!(out, "<path class=\"v\" d=\"M{} {}l4 4-4 4-4-4z\"/>", N(at), N(top + 2.0));
            last = at;
        }
    }
    (from, to)
}
