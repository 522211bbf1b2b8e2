//! The result of one child process, and its one line of text.

use std::str::FromStr;

/// What one round of one candidate in one case measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    /// On the thread that traces, per operation; or the case's own unit.
    pub hot: Option<f64>,
    /// Processor time of the whole process per delivered span; or the case's second figure.
    pub cpu: Option<f64>,
    /// Spans that ended.
    pub produced: u64,
    /// Spans that the exporter read.
    pub delivered: u64,
    /// Blocks left out because the thread was interrupted in them.
    pub interrupted: u64,
    /// Blocks in all.
    pub blocks: u64,
}

/// Why a child's line could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseSampleError {
    /// The line does not have its six fields.
    Fields {
        /// How many it has.
        found: usize,
    },
    /// A field is not a number.
    Number {
        /// The field.
        found: String,
    },
}

impl std::fmt::Display for ParseSampleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fields { found } => write!(f, "a result has 6 fields, found {found}"),
            Self::Number { found } => write!(f, "not a number: {found:?}"),
        }
    }
}

impl std::error::Error for ParseSampleError {}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { produced, delivered, interrupted, blocks, .. } = self;
        for figure in [self.hot, self.cpu] {
            match figure {
                Some(figure) => write!(f, "{figure} ")?,
                None => write!(f, "- ")?,
            }
        }
        write!(f, "{produced} {delivered} {interrupted} {blocks}")
    }
}

impl FromStr for Sample {
    type Err = ParseSampleError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [hot, cpu, produced, delivered, interrupted, blocks] = fields[..] else {
            return Err(ParseSampleError::Fields { found: fields.len() });
        };
        Ok(Self {
            hot: if hot == "-" { None } else { Some(number(hot)?) },
            cpu: if cpu == "-" { None } else { Some(number(cpu)?) },
            produced: number(produced)?,
            delivered: number(delivered)?,
            interrupted: number(interrupted)?,
            blocks: number(blocks)?,
        })
    }
}

fn number<N: FromStr>(field: &str) -> Result<N, ParseSampleError> {
    field.parse().map_err(|_| ParseSampleError::Number { found: field.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_survives_its_line() {
        let sample = Sample { hot: Some(19.25), produced: 101, delivered: 100, blocks: 1, ..Sample::default() };
        assert_eq!(sample.to_string().parse(), Ok(sample));
    }
}
