//! Trees as lines with depths: reading, writing and sorting them. Nothing here recurses.

use std::cmp::Ordering;

/// How deep lines are indented; deeper ones tell their depth as a number.
const MAX_INDENT: usize = 100;

/// A span's line.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) depth: usize,
    pub(super) start: u64,
    pub(super) text: String,
}

impl Line {
    fn key(&self) -> (usize, &str) {
        (self.depth, &self.text)
    }
}

/// Two spaces a level; no line break at the end.
pub(super) fn text(lines: &[Line]) -> String {
    let indent = "  ".repeat(MAX_INDENT);
    let mut out = String::new();
    for (number, Line { depth, text, .. }) in lines.iter().enumerate() {
        out.push_str(if number == 0 { "" } else { "\n" });
        out.push_str(&indent[..2 * depth.min(&MAX_INDENT)]);
        if *depth > MAX_INDENT {
            out.push_str(&format!("({depth}) "));
        }
        out.push_str(text);
    }
    out
}

/// Reads a tree of any indent.
pub(super) fn parse(tree: &str) -> Vec<Line> {
    // The indents of the lines around.
    let mut path: Vec<usize> = Vec::new();
    let lines = tree.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let text = line.trim();
            let indent = line.len() - line.trim_start().len();
            while path.pop_if(|around| *around >= indent).is_some() {}
            path.push(indent);
            let (depth, text) = numbered(text).filter(|_| path.len() > MAX_INDENT).unwrap_or((path.len() - 1, text));
            Line { depth, start: 0, text: text.to_owned() }
        })
        .collect()
}

/// The depth and the rest of a line that tells its depth.
fn numbered(line: &str) -> Option<(usize, &str)> {
    let (depth, text) = line.strip_prefix('(')?.split_once(") ")?;
    Some((depth.parse().ok().filter(|&depth| depth > MAX_INDENT)?, text))
}

/// Compares two siblings, each given with the lines below it.
pub(super) fn by_start(one: &[Line], other: &[Line]) -> Ordering {
    let key = |lines: &[Line]| lines.first().map(|line| line.start);
    key(one).cmp(&key(other)).then_with(|| by_text(one, other))
}

/// Compares two siblings, each given with the lines below it.
pub(super) fn by_text(one: &[Line], other: &[Line]) -> Ordering {
    one.iter().map(Line::key).cmp(other.iter().map(Line::key))
}

/// Sorts siblings, each with the lines below it; `compare` sees them with what is below them already sorted.
pub(super) fn sort_siblings(lines: &mut [Line], compare: fn(&[Line], &[Line]) -> Ordering) {
    let mut children = vec![0; lines.len()];
    let mut path: Vec<usize> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        path.truncate(line.depth);
        if let Some(&parent) = path.last() {
            children[parent] += 1;
        }
        path.push(place);
    }
    // From the last line up, so that a line is still in its place when its turn comes.
    for place in (0..lines.len()).rev().filter(|&place| children[place] > 1) {
        let depth = lines[place].depth;
        let below = lines[place + 1..].iter().take_while(|line| line.depth > depth).count();
        sort_groups(&mut lines[place + 1..=place + below], depth + 1, compare);
    }
    sort_groups(lines, 0, compare);
}

/// Sorts the groups that begin with a line of this depth.
fn sort_groups(lines: &mut [Line], depth: usize, compare: fn(&[Line], &[Line]) -> Ordering) {
    let mut groups: Vec<Vec<Line>> = Vec::new();
    for line in lines.iter_mut().map(std::mem::take) {
        match groups.last_mut() {
            Some(group) if line.depth > depth => group.push(line),
            _ => groups.push(vec![line]),
        }
    }
    groups.sort_by(|one, other| compare(one, other));
    for (place, line) in lines.iter_mut().zip(groups.into_iter().flatten()) {
        *place = line;
    }
}
