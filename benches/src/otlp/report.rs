//! The table, in Markdown.

use std::fmt;

use crate::machine;
use crate::otlp::measure::Measured;
use crate::otlp::sender::{Column, To};
use crate::report::{Middle, number};
use crate::sample::Sample;

/// All samples of a run. Its `Display` is the table.
#[derive(Debug)]
pub(super) struct Report {
    rounds: u32,
    samples: Vec<(Measured, &'static str, Sample)>,
}

impl Report {
    pub(super) fn new(rounds: u32) -> Self {
        Self { rounds, samples: Vec::new() }
    }

    pub(super) fn add(&mut self, measured: Measured, column: &'static str, sample: Sample) {
        self.samples.push((measured, column, sample));
    }

    /// The median of a figure over the rounds.
    fn median(&self, measured: Measured, column: Column, figure: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let samples = self.samples.iter().filter(|(of, by, _)| *of == measured && *by == column.id);
        Middle::of(samples.filter_map(|(.., sample)| figure(sample))).middle
    }

    /// The most that was lost in a round.
    fn lost(&self, measured: Measured, column: Column) -> String {
        let samples = self.samples.iter().filter(|(of, by, _)| *of == measured && *by == column.id);
        let lost = samples.map(|(.., sample)| {
            let lost = sample.produced.saturating_sub(sample.delivered);
            100.0 * lost as f64 / sample.produced.max(1) as f64
        });
        match lost.fold(0.0, f64::max) {
            0.0 => String::new(),
            most => format!(", lost up to {} %", number(most)),
        }
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, title: &str, cell: impl Fn(Column) -> String) -> fmt::Result {
        write!(f, "| {title} |")?;
        Column::ALL.into_iter().try_for_each(|column| write!(f, " {} |", cell(column)))?;
        writeln!(f)
    }
}

fn shown(figure: Option<f64>) -> String {
    figure.map_or_else(|| "-".to_owned(), number)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SENT: Measured = Measured::Paced(To::Receiver);
        const UNSENT: Measured = Measured::Paced(To::Nobody);
        writeln!(
            f,
            "{}, {}, {} processors, {}, {} rounds. Nanoseconds a span, medians.\n",
            machine::date(),
            machine::cpu_model(),
            machine::cores().len(),
            machine::rustc_version(),
            self.rounds,
        )?;
        self.row(f, "case", |column| column.title.to_owned())?;
        writeln!(f, "|---|{}", "---|".repeat(Column::ALL.len()))?;
        let cpu = |measured, column| self.median(measured, column, |sample| sample.cpu);
        let hot = |measured, column| self.median(measured, column, |sample| sample.hot);
        self.row(f, "12. encoding, two integer attributes", |column| shown(hot(Measured::Encode, column)))?;
        self.row(
            f,
            "13. from its start to the bytes on the socket, processor time, 20,000 traces of 11 a second",
            |column| shown(cpu(SENT, column)) + &self.lost(SENT, column),
        )?;
        self.row(f, "13e. of this the export: 13 less the same with an exporter that does nothing", |column| {
            shown(cpu(SENT, column).zip(cpu(UNSENT, column)).map(|(sent, unsent)| sent - unsent))
        })?;
        self.row(
            f,
            "13f. 100,000 traces flat out: the thread that traces / the process for each that arrived",
            |column| {
                let (hot, cpu) = (hot(Measured::FlatOut, column), cpu(Measured::FlatOut, column));
                format!("{} / {}{}", shown(hot), shown(cpu), self.lost(Measured::FlatOut, column))
            },
        )?;
        let (hot, cpu) = (hot(SENT, Column::LOOP), cpu(SENT, Column::LOOP));
        writeln!(
            f,
            "\nThe loop of case 13 without spans: {} on its thread, of which all but {} is sleeping and being woken. The first is \
             in no figure, the second is taken from each.",
            shown(hot),
            shown(cpu),
        )
    }
}
