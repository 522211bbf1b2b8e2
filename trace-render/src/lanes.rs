//! Lanes: rows in which any two spans are nested or apart, as viewers that stack by time need them.

use std::collections::HashMap;

use crate::scene::Scene;

/// The lane of each node, from 0 for each trace and service. A span goes into its parent's lane if it lies within the parent and
/// overlaps nothing there beside those above it; else into one of its own.
pub(crate) fn lanes(scene: &Scene<'_>) -> Vec<usize> {
    let mut lanes: Vec<usize> = Vec::with_capacity(scene.nodes.len());
    // The open spans of each lane, outermost first, by their ends; and what the lane holds after them.
    let mut stacks: Vec<Lane> = Vec::new();
    let mut free_from: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, node) in scene.nodes.iter().enumerate() {
        let (start, end) = (node.start(), scene.end_of(node));
        let above = node.parent.filter(|&parent| parent < index && scene.nodes[parent].part == node.part);
        let own = above.map(|parent| (parent, lanes[parent]));
        let lane = match own {
            Some((parent, lane)) if stacks[lane].takes_child(parent, start, end) => lane,
            _ => {
                let candidates = free_from.entry(node.part).or_default();
                // The last few lanes only: looking at all of them would take n² steps for n spans at once.
                let free = candidates.iter().rev().take(64).copied().find(|&lane| stacks[lane].last_end <= start);
                free.unwrap_or_else(|| {
                    stacks.push(Lane::default());
                    candidates.push(stacks.len() - 1);
                    stacks.len() - 1
                })
            }
        };
        stacks[lane].put(index, start, end);
        lanes.push(lane);
    }
    lanes
}

#[derive(Debug, Default)]
struct Lane {
    /// Spans that lie within each other: number, end, and up to where children fill them.
    stack: Vec<(usize, u64, u64)>,
    last_end: u64,
}

impl Lane {
    fn takes_child(&mut self, parent: usize, start: u64, end: u64) -> bool {
        // Depth first: whatever stands above the parent in the stack is a finished sibling's.
        let Some(place) = self.stack.iter().rposition(|&(index, ..)| index == parent) else { return false };
        let (_, parent_end, filled) = self.stack[place];
        end <= parent_end && start >= filled
    }

    fn put(&mut self, index: usize, start: u64, end: u64) {
        while let Some(&(_, top_end, filled)) = self.stack.last()
            && !(end <= top_end && start >= filled)
        {
            self.stack.pop();
        }
        if let Some(top) = self.stack.last_mut() {
            top.2 = end;
        }
        self.stack.push((index, end, start));
        self.last_end = self.last_end.max(end);
    }
}
