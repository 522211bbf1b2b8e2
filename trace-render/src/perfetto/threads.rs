//! Polls as the slices of their threads.

use std::collections::BTreeMap;

use crate::perfetto::events::Events;
use crate::scene::Scene;

/// How far back it is looked for a poll that holds a moment.
const MAX_STEPS: usize = 256;

/// One poll on its thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) node: usize,
    /// The number of its service, from 0.
    pub(super) process: usize,
    pub(super) thread: u32,
    pub(super) start: u64,
    pub(super) end: u64,
    /// When the waker was called that led to it.
    pub(super) woken: Option<u64>,
}

/// The polls of every thread of every service, in order of their starts; those that hold others first.
pub(super) struct Threads<'a> {
    pub(super) scene: &'a Scene<'a>,
    by_thread: BTreeMap<(usize, u32), Vec<Slice>>,
    /// The polls of each node, in order of time.
    pub(super) by_node: BTreeMap<usize, Vec<Slice>>,
}

impl<'a> Threads<'a> {
    pub(super) fn of(scene: &'a Scene<'a>) -> Self {
        let services = scene.services();
        let mut threads = Self { scene, by_thread: BTreeMap::new(), by_node: BTreeMap::new() };
        for (index, node) in scene.nodes.iter().enumerate() {
            let service = scene.service(node);
            let process = services.iter().position(|&known| known == service).unwrap_or(0);
            // Joined polls would cross those of others.
            let Some(polls) = node.span.polls().filter(|polls| !polls.is_merged()) else { continue };
            for segment in polls.segments() {
                let Some(thread) = segment.thread else { continue };
                let start = segment.start_unix_nanos;
                let end = start.saturating_add(u64::try_from(segment.duration.as_nanos()).unwrap_or(u64::MAX));
                let slice = Slice {
                    node: index,
                    process,
                    thread,
                    start,
                    end,
                    woken: segment.woken_unix_nanos.map(|woken| woken.min(start)),
                };
                threads.by_thread.entry((process, thread)).or_default().push(slice);
                threads.by_node.entry(index).or_default().push(slice);
            }
        }
        for slices in threads.by_thread.values_mut() {
            slices.sort_by_key(|slice| (slice.start, std::cmp::Reverse(slice.end)));
        }
        threads
    }

    /// Writes the threads, their polls, and what happened in them.
    pub(super) fn write(&self, events: &mut Events<'_>) {
        for (&(_, thread), slices) in &self.by_thread {
            let part = self.scene.nodes[slices[0].node].part;
            match self.scene.parts[part].thread_name(thread) {
                Some(name) => events.thread(slices[0].node, thread, &name),
                None => events.thread(slices[0].node, thread, &format!("thread {thread}")),
            }
        }
        // Of all threads by time, for DevTools takes the direction of an arrow from the order of its ends in the file.
        let mut all: Vec<&Slice> = self.by_thread.values().flatten().collect();
        all.sort_by_key(|slice| (slice.start, std::cmp::Reverse(slice.end)));
        for slice in all {
            events.poll(slice);
        }
        for (&index, slices) in &self.by_node {
            for event in self.scene.nodes[index].span.events() {
                let at = event.unix_nanos();
                if let Some(slice) = poll_at(slices, at) {
                    events.thread_instant(slice, event.name(), at);
                }
            }
        }
    }

    /// The innermost poll at a moment, if exactly one thread of the service was in a poll then.
    pub(super) fn only_poll_at(&self, process: usize, at: u64) -> Option<&Slice> {
        let threads = self.by_thread.range((process, 0)..=(process, u32::MAX));
        let mut polls = threads.filter_map(|(_, slices)| poll_at(slices, at));
        polls.next().filter(|_| polls.next().is_none())
    }

    /// The poll of this node at a moment.
    pub(super) fn poll_of(&self, node: usize, at: u64) -> Option<&Slice> {
        poll_at(self.by_node.get(&node)?, at)
    }
}

/// The last of the slices that holds a moment: they stand in order of their starts.
fn poll_at(slices: &[Slice], at: u64) -> Option<&Slice> {
    let begun = slices.partition_point(|slice| slice.start <= at);
    slices[..begun].iter().rev().take(MAX_STEPS).find(|slice| at <= slice.end)
}
