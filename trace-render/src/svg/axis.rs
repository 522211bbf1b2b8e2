//! The axis of time.

use std::fmt::Write as _;

use trace_core::__render::columns;

use crate::scene::Scene;
use crate::svg::measures::{BARS, BARS_END, COLUMN, HEAD};
use crate::svg::xml::N;

/// Draws the lines and the times above them.
pub(super) fn axis(out: &mut String, scene: &Scene<'_>, bottom: f64) {
    let nanos = scene.end - scene.start;
    if nanos == 0 {
        return;
    }
    let step = axis_step(nanos);
    for tick in (0..=nanos / step).map(|tick| tick * step) {
        let x = BARS + (BARS_END - BARS) * (tick as f64 / nanos as f64);
        let _ = write!(out, "<path class=\"l\" d=\"M{} {}V{}\"/>", N(x), HEAD - 4.0, N(bottom));
        let text = axis_text(tick, step, nanos);
        let width = columns(&text) as f64 * COLUMN;
        if x + width / 2.0 <= BARS_END + 4.0 {
            let anchor = if tick == 0 { "start" } else { "middle" };
            let _ = writeln!(
                out,
                "<text class=\"f\" font-size=\"10\" text-anchor=\"{anchor}\" x=\"{}\" y=\"{}\">{text}</text>",
                N(x),
                HEAD - 8.0
            );
        }
    }
}

/// A round number of nanoseconds, of which four to eight fit.
fn axis_step(nanos: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            if nanos / step.saturating_mul(factor) <= 6 {
                return step.saturating_mul(factor);
            }
        }
        step = step.saturating_mul(10);
    }
}

fn axis_text(nanos: u64, step: u64, whole: u64) -> String {
    let (unit, name) = match whole {
        0..1_500 => (1, "ns"),
        1_500..1_500_000 => (1_000, "µs"),
        1_500_000..1_500_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let is_fine = |digits: &usize| step.saturating_mul(10_u64.pow(*digits as u32)).is_multiple_of(unit);
    let digits = (0..9).find(is_fine).unwrap_or(0);
    if nanos == 0 { "0".to_owned() } else { format!("{:.digits$} {name}", nanos as f64 / unit as f64) }
}
