//! What the polls of a trace say in words.

use std::time::Duration;

use crate::export::color::Tone;
use crate::export::duration::duration_text;
use crate::export::look::Look;
use crate::text::cut_end;
use crate::trace::{SpanView, Trace};
use crate::waits::Dropped;

/// How many columns the name of somebody who was in the way may take.
const MAX_NAME_COLUMNS: usize = 30;

/// Where the time of the trace went, where polls were timed: busy, waiting for children, waiting without a span, queued.
pub(crate) fn anatomy_notes(trace: &Trace) -> Vec<String> {
    let root = trace.root().filter(|root| root.polls().is_some());
    let Some(anatomy) = root.and_then(|_| trace.anatomy()) else { return Vec::new() };
    let total = anatomy.total().as_secs_f64();
    let part = |name, part: Duration| {
        let percent = (part.as_secs_f64() / total * 100.0).round();
        (percent > 0.0).then(|| format!("{name} {percent} %"))
    };
    let parts = [
        part("busy", anatomy.busy),
        part("child", anatomy.waiting_on_children),
        part("no span", anatomy.no_span),
        part("queued", anatomy.queued),
    ];
    parts.into_iter().flatten().collect()
}

/// Who held up others for the longest time.
pub(crate) fn culprit_note(trace: &Trace, look: &Look) -> Option<String> {
    let (culprit, held_up) = trace.worst_held_up()?;
    let name = cut_end(culprit.name(), MAX_NAME_COLUMNS, look.glyphs.ellipsis);
    let most = duration_text(u64::try_from(held_up.up_to.as_nanos()).unwrap_or(u64::MAX), look.glyphs.micro);
    let spans = if held_up.spans == 1 { "span" } else { "spans" };
    Some(format!("{} {name} held up {} {spans}, up to {most}", look.glyphs.warning, held_up.spans))
}

/// The spans that the critical path is longest in, where polls were timed.
pub(crate) fn critical_note(trace: &Trace, look: &Look) -> Option<String> {
    const MOST: usize = 3;
    let mut shares: Vec<_> = trace.spans().filter_map(|span| Some((span.critical_share()?.own, span))).collect();
    if shares.len() < 2 {
        return None;
    }
    shares.sort_by_key(|(own, span)| (std::cmp::Reverse(*own), span.span_id()));
    let text = |&(own, span): &(Duration, SpanView<'_>)| {
        let own = duration_text(u64::try_from(own.as_nanos()).unwrap_or(u64::MAX), look.glyphs.micro);
        format!("{} {own}", cut_end(span.name(), MAX_NAME_COLUMNS, look.glyphs.ellipsis))
    };
    let longest: Vec<_> = shares.iter().take(MOST).map(text).collect();
    Some(format!("critical path: {}", longest.join(", ")))
}

/// What a span that was given up was doing, and who dropped it, as far as that is known.
fn cancellation_note(span: &SpanView<'_>, look: &Look) -> Option<String> {
    let cancellation = span.cancellation()?;
    let mut parts = Vec::new();
    if let Some(inside) = cancellation.waiting_in {
        parts.push(format!("in {}", cut_end(&inside.name, MAX_NAME_COLUMNS, look.glyphs.ellipsis)));
    }
    match cancellation.dropped {
        Dropped::InParentsPoll => parts.push("in its parent's poll".to_owned()),
        Dropped::WithParent => parts.push("with its parent".to_owned()),
        Dropped::FromOutside => parts.push("from outside".to_owned()),
        Dropped::Unknown => {}
    }
    match cancellation.polls {
        Some(1) => parts.push("after 1 poll".to_owned()),
        Some(polls) if polls > 0 => parts.push(format!("after {polls} polls")),
        _ => {}
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What an open span is doing: being polled, or waiting since its last poll, and on what.
fn live_note(span: &SpanView<'_>, look: &Look) -> Option<String> {
    let age = span.age()?;
    let text =
        |duration: Duration| duration_text(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), look.glyphs.micro);
    let name = |span: &SpanView<'_>| cut_end(span.name(), MAX_NAME_COLUMNS, look.glyphs.ellipsis);
    let waits_on = span.waits_on().map(|child| format!("waits on {}", name(&child)));
    let polls = span.polls();
    if let Some(poll) = polls.and_then(|polls| polls.under_way()) {
        let thread = poll.thread.map_or(String::new(), |thread| format!(" on thread {thread}"));
        return Some(format!("polled for {}{thread}", text(poll.duration)));
    }
    let last = polls.and_then(|polls| polls.segments().last());
    let since = last.map(|last| {
        let looked_at = span.start_unix_nanos() + u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
        let ago = Duration::from_nanos(looked_at.saturating_sub(last.end_unix_nanos()));
        format!("last poll {} ago", text(ago))
    });
    let parts: Vec<_> = [since, waits_on].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Who stood in the way of a span, and whom it held up.
pub(crate) fn wait_notes(span: &SpanView<'_>, look: &Look) -> Vec<(Tone, String)> {
    let text =
        |duration: Duration| duration_text(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), look.glyphs.micro);
    let mut notes = Vec::new();
    notes.extend(live_note(span, look).map(|note| (Tone::Open, note)));
    notes.extend(cancellation_note(span, look).map(|note| (Tone::GivenUp, note)));
    let blocked = span.blocked_behind();
    if let Some(worst) = blocked.first() {
        let name = cut_end(&worst.name, MAX_NAME_COLUMNS, look.glyphs.ellipsis);
        let bound = if worst.is_exact { "" } else { "up to " };
        notes.push((Tone::GivenUp, format!("{} {bound}{} behind {name}", look.glyphs.warning, text(worst.up_to))));
    }
    let held_up = span.trace().held_up_by(span.span_id());
    if let Some(longest) = span.polls().and_then(|polls| polls.longest()).filter(|_| held_up.spans > 0) {
        let spans = if held_up.spans == 1 { "span" } else { "spans" };
        let (poll, most) = (text(longest.duration), text(held_up.up_to));
        notes.push((Tone::Failed, format!("longest poll {poll}, held up {} {spans}, up to {most}", held_up.spans)));
    }
    notes
}
