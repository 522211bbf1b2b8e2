//! What the polls of a span tell, as members of its line of JSON. The schema stands in
//! [`json_lines`](crate::export::json_lines).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::export::json::Json;
use crate::polls::Polls;
use crate::polls_data::PollSegment;
use crate::trace::SpanView;
use crate::waits::{Anatomy, BlockedBehind, Cancellation};

/// Adds `polls`, `anatomy`, `blocked_behind`, `held_up`, `critical` and `cancellation`, as far as they are known.
pub(crate) fn push_waits(json: &mut Json<'_>, span: &SpanView<'_>) {
    if let Some(polls) = span.polls() {
        json.key("polls").object(|json| poll_members(json, span, &polls));
        if let Some(anatomy) = span.anatomy() {
            json.key("anatomy").object(|json| anatomy_members(json, &anatomy));
        }
        if !span.blocked_behind().is_empty() {
            let write = |json: &mut Json<'_>, wait| json.object(|json| blocked_members(json, wait));
            json.key("blocked_behind").array(|json| span.blocked_behind().iter().for_each(|wait| write(json, wait)));
        }
        let held_up = span.held_up();
        if held_up.spans > 0 {
            json.key("held_up").object(|json| {
                json.key("spans").u64(held_up.spans as u64);
                json.key("up_to_ns").u64(nanos(held_up.up_to));
            });
        }
    }
    if let Some(share) = span.critical_share() {
        json.key("critical").object(|json| {
            json.key("own_ns").u64(nanos(share.own));
            json.key("hop").string(share.hop.as_str());
        });
    }
    if let Some(cancellation) = span.cancellation() {
        json.key("cancellation").object(|json| cancellation_members(json, &cancellation));
    }
}

fn poll_members(json: &mut Json<'_>, span: &SpanView<'_>, polls: &Polls<'_>) {
    let start = span.start_unix_nanos();
    json.key("count").u64(polls.count());
    json.key("busy_ns").u64(nanos(polls.busy()));
    json.key("self_busy_ns").u64(nanos(polls.self_busy()));
    if let Some(delay) = polls.first_poll_delay() {
        json.key("first_poll_delay_ns").u64(nanos(delay));
    }
    if let Some(longest) = polls.longest() {
        json.key("longest_ns").u64(nanos(longest.duration));
        json.key("longest_start_ns").u64(longest.start_unix_nanos.saturating_sub(start));
        json.key("longest_thread").u64(longest.thread.unwrap_or(0).into());
        if let Some(woken) = longest.woken_unix_nanos {
            json.key("longest_woken_ns").u64(woken.saturating_sub(start));
        }
        if let Some(by) = longest.woken_by {
            json.key("longest_woken_by").plain_string(by);
        }
    }
    let segments = polls.segments().chain(polls.longest());
    let threads: BTreeSet<u32> = segments.filter_map(|segment| segment.thread).collect();
    let name = |number| Some((number, span.trace().thread_name(number)?));
    let names: Vec<_> = threads.into_iter().filter_map(name).collect();
    if !names.is_empty() {
        json.key("threads").object(|json| {
            names.iter().for_each(|(number, name)| json.key(&number.to_string()).string(name));
        });
    }
    if polls.is_merged() {
        json.key("merged").bool(true);
    }
    if polls.is_incomplete() {
        json.key("incomplete").bool(true);
    }
    let segment = |json: &mut Json<'_>, segment: PollSegment| {
        json.u64(segment.start_unix_nanos.saturating_sub(start));
        json.u64(nanos(segment.duration));
        json.u64(segment.thread.unwrap_or(0).into());
        if let Some(woken) = segment.woken_unix_nanos {
            json.u64(woken.saturating_sub(start));
            if let Some(by) = segment.woken_by {
                json.plain_string(by);
            }
        }
    };
    json.key("segments").array(|json| polls.segments().for_each(|of| json.array(|json| segment(json, of))));
}

fn anatomy_members(json: &mut Json<'_>, anatomy: &Anatomy) {
    json.key("busy_ns").u64(nanos(anatomy.busy));
    json.key("children_ns").u64(nanos(anatomy.waiting_on_children));
    json.key("no_span_ns").u64(nanos(anatomy.no_span));
    json.key("queued_ns").u64(nanos(anatomy.queued));
    if anatomy.children.is_empty() {
        return;
    }
    json.key("children").array(|json| {
        for child in &anatomy.children {
            json.object(|json| {
                json.key("span_id").plain_string(child.span_id);
                json.key("waited_ns").u64(nanos(child.waited));
                json.key("certain").bool(child.is_certain);
            });
        }
    });
}

fn blocked_members(json: &mut Json<'_>, blocked: &BlockedBehind) {
    json.key("trace_id").plain_string(blocked.trace_id);
    json.key("span_id").plain_string(blocked.span_id);
    json.key("name").string(&blocked.name);
    json.key("up_to_ns").u64(nanos(blocked.up_to));
    json.key("poll_ns").u64(nanos(blocked.poll));
    json.key("exact").bool(blocked.is_exact);
}

fn cancellation_members(json: &mut Json<'_>, cancellation: &Cancellation) {
    json.key("elapsed_ns").u64(nanos(cancellation.elapsed));
    if let Some(polls) = cancellation.polls {
        json.key("polls").u64(polls);
    }
    json.key("dropped").string(cancellation.dropped.as_str());
    if let Some(inside) = &cancellation.waiting_in {
        json.key("waiting_in").object(|json| {
            json.key("span_id").plain_string(inside.span_id);
            json.key("name").string(&inside.name);
        });
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
