//! The table, in Markdown.

use std::fmt;

use crate::case::{Case, Unit};
use crate::machine;
use crate::peer::Peer;
use crate::plan::Plan;
use crate::sample::Sample;

/// All samples of a run. Its `Display` is the table.
#[derive(Debug, Clone)]
pub struct Report {
    plan: Plan,
    samples: Vec<(Case, &'static str, Sample)>,
}

impl Report {
    /// An empty one for this plan.
    pub fn new(plan: &Plan) -> Self {
        Self { plan: plan.clone(), samples: Vec::new() }
    }

    /// Adds what one child process measured.
    pub fn add(&mut self, case: Case, peer: &Peer, sample: Sample) {
        self.samples.push((case, peer.id, sample));
    }

    fn of(&self, case: Case, peer: &str) -> Figures {
        let samples = self.samples.iter().filter(|(of, by, _)| *of == case && *by == peer);
        Figures::new(samples.map(|(.., sample)| *sample))
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, case: Case, cell: impl Fn(&Figures) -> String) -> fmt::Result {
        write!(f, "| {case} |")?;
        for peer in &self.plan.peers {
            write!(f, " {} |", cell(&self.of(case, peer.id)))?;
        }
        writeln!(f)
    }

    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| case |")?;
        for peer in &self.plan.peers {
            write!(f, " {} |", peer.title)?;
        }
        writeln!(f, "\n|---|{}", "---|".repeat(self.plan.peers.len()))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {}, {} processors, {}, {} rounds. Nanoseconds unless the case says otherwise: on the thread that \
             traces / of the whole process per delivered span, (times the floor). Medians.\n",
            machine::date(),
            machine::cpu_model(),
            machine::cores().len(),
            machine::rustc_version(),
            self.plan.rounds,
        )?;
        self.head(f)?;
        for case in &self.plan.cases {
            let floor = self.of(*case, "floor").hot.middle;
            self.row(f, *case, |figures| figures.cell(case.unit(), floor))?;
        }
        writeln!(f, "\nFirst to third quartile of the first figure, and the blocks left out as interrupted:\n")?;
        self.head(f)?;
        for case in &self.plan.cases {
            self.row(f, *case, Figures::spread)?;
        }
        Ok(())
    }
}

/// The median and the quartiles of one figure.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Middle {
    low: Option<f64>,
    pub(crate) middle: Option<f64>,
    high: Option<f64>,
}

impl Middle {
    pub(crate) fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            let last = sorted.len().checked_sub(1)?;
            let (low, rest) = (last * quarter / 4, (last * quarter) % 4);
            let high = sorted[(low + 1).min(last)];
            Some(sorted[low] + (high - sorted[low]) * rest as f64 / 4.0)
        };
        Self { low: at(1), middle: at(2), high: at(3) }
    }
}

/// One cell.
#[derive(Debug, Clone, Copy)]
struct Figures {
    hot: Middle,
    cpu: Middle,
    lost: Middle,
    interrupted: f64,
}

impl Figures {
    fn new(samples: impl Iterator<Item = Sample> + Clone) -> Self {
        let lost = samples.clone().filter(|sample| sample.produced > 0).map(|sample| {
            let arrived = sample.delivered.min(sample.produced);
            100.0 * (sample.produced - arrived) as f64 / sample.produced as f64
        });
        let interrupted: u64 = samples.clone().map(|sample| sample.interrupted).sum();
        let blocks: u64 = samples.clone().map(|sample| sample.blocks).sum();
        Self {
            hot: Middle::of(samples.clone().filter_map(|sample| sample.hot)),
            cpu: Middle::of(samples.clone().filter_map(|sample| sample.cpu)),
            lost: Middle::of(lost),
            interrupted: if blocks == 0 { 0.0 } else { 100.0 * interrupted as f64 / blocks as f64 },
        }
    }

    fn cell(&self, unit: Unit, floor: Option<f64>) -> String {
        let Some(hot) = self.hot.middle else {
            return "-".to_owned();
        };
        let mut cell = number(hot);
        if let Some(cpu) = self.cpu.middle {
            cell += &format!(" / {}", number(cpu));
        }
        if let Some(floor) = floor.filter(|floor| unit == Unit::Nanos && *floor >= 0.05) {
            cell += &format!(" ({}x)", number(hot / floor));
        }
        if let Some(lost) = self.lost.high.filter(|lost| *lost > 0.0) {
            let least = self.lost.low.unwrap_or(lost);
            cell += &format!(", lost {} to {} %", number(least), number(lost));
        }
        cell
    }

    fn spread(&self) -> String {
        let (Some(low), Some(high)) = (self.hot.low, self.hot.high) else {
            return "-".to_owned();
        };
        let mut cell = format!("{} to {}", number(low), number(high));
        if self.interrupted > 0.0 {
            cell += &format!(", {} %", number(self.interrupted));
        }
        cell
    }
}

/// Two digits where they say something.
pub(crate) fn number(figure: f64) -> String {
    if figure.abs() < 10.0 { format!("{figure:.2}") } else { format!("{figure:.1}") }
}
