//! What a page says of its trace before anybody looks: what is missing or odd, and the worst wait.

use trace_core::__render::duration_text;
use trace_core::Completeness;

use crate::scene::Scene;

/// Sentences on what is missing or odd.
pub(super) fn notes(scene: &Scene<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let (shown, nodes) = (scene.nodes.len(), &scene.nodes);
    if scene.total > shown {
        notes.push(format!(
            "Only {shown} of {} spans are here: what failed, the critical path, the longest, and those nearest to a root.",
            scene.total
        ));
    }
    let is = |wanted| scene.parts.iter().any(|part| part.completeness() == wanted);
    if is(Completeness::Part) {
        notes.push("This is a part of the trace; the rest had not ended when it was written.".to_owned());
    }
    if is(Completeness::Late) {
        notes.push("Some of it came after the rest of the trace.".to_owned());
    }
    let above = scene.above();
    let skewed = nodes.iter().zip(&above).filter(|(node, above)| {
        let Some(parent) = above.map(|above| &nodes[above]) else { return false };
        let is_outside = node.start() < parent.start() || node.start() > scene.end_of(parent);
        is_outside && scene.service(node) != scene.service(parent)
    });
    match skewed.count() {
        0 => {}
        count => notes.push(format!(
            "{count} span{} of another service began outside of the time of the parent: clocks differ, or it was not waited for.",
            if count == 1 { "" } else { "s" }
        )),
    }
    let is_orphan = |parent: Option<usize>, span: trace_core::SpanView<'_>| {
        parent.is_none() && span.parent_id().is_some() && !span.parent_is_remote()
    };
    match nodes.iter().filter(|node| is_orphan(node.parent, node.span)).count() {
        0 => {}
        count => {
            let spans = if count == 1 { "span is" } else { "spans are" };
            notes.push(format!("The parent of {count} {spans} not in the trace."));
        }
    }
    notes
}

/// A sentence on who waited longest behind the poll of another.
pub(super) fn worst_wait(scene: &Scene<'_>) -> Option<String> {
    let waits = scene.nodes.iter().filter(|node| node.span.polls().is_some());
    let waits = waits.filter_map(|node| Some((node, node.span.blocked_behind().first()?.clone())));
    let (victim, wait) = waits.max_by_key(|(_, wait)| wait.up_to)?;
    let text =
        |duration: std::time::Duration| duration_text(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), "µs");
    let how = if wait.is_exact { "waited" } else { "was up to" };
    let (up_to, poll) = (text(wait.up_to), text(wait.poll));
    Some(format!("{} {how} {up_to} behind a {poll} poll of {}.", victim.span.name(), wait.name))
}
