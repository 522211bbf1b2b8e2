//! One row: its name, its duration, its bar, and what there is to say.

use std::fmt::Write as _;

use trace_core::__render::{columns, cut_end, cut_middle, duration_text};
use trace_core::{Outcome, Status};

use crate::palette::LIGHT;
use crate::scene::{Node, Scene};
use crate::svg::bar::bar;
use crate::svg::hatches::Hatches;
use crate::svg::measures::{BARS, BARS_END, COLUMN, DURATION_END, HEAD, INDENT, MARGIN, MAX_INDENTS, NAMES_END, ROW};
use crate::svg::xml::{N, Xml};

/// What a row is drawn from.
pub(super) struct Row<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) node: &'a Node<'a>,
    pub(super) index: usize,
    pub(super) subtree_end: usize,
    pub(super) services: &'a [&'a str],
    pub(super) hatches: &'a Hatches,
}

/// Draws a row.
pub(super) fn row(out: &mut String, row: &Row<'_>) {
    let Row { scene, node, index, .. } = *row;
    let y = HEAD + index as f64 * ROW;
    let service = scene.service(node);
    let number = row.services.iter().position(|&known| known == service).unwrap_or(0);
    let outcome = node.outcome();
    let duration = match node.span.end_unix_nanos() {
        Some(end) => duration_text(end.saturating_sub(node.start()), "µs"),
        None => "open".to_owned(),
    };
    let note = note(node);
    let _ = write!(out, "<g class=\"s{}\"><title>", number % LIGHT.services.len());
    let tooltip = [
        node.span.name(),
        service,
        &duration,
        &note,
        &if node.depth > MAX_INDENTS { format!("depth {}", node.depth) } else { String::new() },
    ];
    let tooltip: Vec<&str> = tooltip.into_iter().filter(|part| !part.is_empty()).collect();
    let _ = write!(out, "{}</title>", Xml(&cut_end(&tooltip.join(" · "), 400, "…")));

    let x = MARGIN + INDENT * node.depth.min(MAX_INDENTS) as f64;
    if row.subtree_end > index + 1 {
        let _ = write!(out, "<path class=\"m\" d=\"M{} {}h7l-3.5 5z\"/>", N(x), N(y + 9.0));
    } else {
        let _ = write!(out, "<path class=\"l\" d=\"M{} {}h6\"/>", N(x), N(y + 11.0));
    }
    let mark = mark(outcome);
    let name_x = x + 12.0;
    let room = ((NAMES_END - name_x) / COLUMN) as usize;
    let with_mark = if mark.is_empty() { String::new() } else { format!("{mark} ") };
    let name = cut_middle(node.span.name(), room.saturating_sub(columns(&with_mark)), "…");
    let class = if node.has_failed() { "e" } else { "t" };
    let _ = write!(out, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{with_mark}{}", N(name_x), N(y + 15.0), Xml(&name));
    let rest = room.saturating_sub(columns(&with_mark) + columns(&name) + 1);
    if row.services.len() > 1 && rest >= 3 {
        let _ = write!(out, "<tspan class=\"f\"> {}</tspan>", Xml(&cut_end(service, rest, "…")));
    }
    out.push_str("</text>");
    let _ = write!(
        out,
        "<text class=\"f\" text-anchor=\"end\" x=\"{DURATION_END}\" y=\"{}\">{duration}</text>",
        N(y + 15.0)
    );
    let (from, to) = bar(out, row, y);
    let text = cut_end(&note, 40, "…");
    let width = columns(&text) as f64 * COLUMN + 8.0;
    if !text.is_empty() {
        let place = if to + width <= BARS_END {
            Some(("start", to + 6.0))
        } else if from - width >= BARS {
            Some(("end", from - 6.0))
        } else {
            None
        };
        if let Some((anchor, x)) = place {
            let _ = write!(
                out,
                "<text class=\"{}\" text-anchor=\"{anchor}\" x=\"{}\" y=\"{}\" font-size=\"11\">{}</text>",
                if node.has_failed() { "e" } else { "f" },
                N(x),
                N(y + 15.0),
                Xml(&text)
            );
        }
    }
    out.push_str("</g>\n");
}

/// What a row's glyph says of its end.
fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Error => "✖",
        Outcome::Panicked => "⚡",
        Outcome::Cancelled => "◇",
        Outcome::NeverPolled => "◌",
        Outcome::Open => "▷",
        _ => "",
    }
}

/// What there is to say of its end.
fn note(node: &Node<'_>) -> String {
    let word = match node.outcome() {
        Outcome::Panicked => "panicked",
        Outcome::Cancelled => "cancelled",
        Outcome::NeverPolled => "never polled",
        Outcome::Error => "failed",
        _ => "",
    };
    match node.span.status() {
        Status::Error { description } if !description.is_empty() => match word {
            "failed" | "" => description.clone().into_owned(),
            word => format!("{word}: {description}"),
        },
        _ => word.to_owned(),
    }
}
