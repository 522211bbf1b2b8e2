//! The rounds: a child process for each candidate and each thing that is measured, and one for the receiver.

use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::{env, io};

use crate::machine;
use crate::measure::Effort;
use crate::otlp::measure::{Measured, WARM_UP_SPANS};
use crate::otlp::receiver;
use crate::otlp::report::Report;
use crate::otlp::sender::{Column, To};
use crate::sample::Sample;

const DEFAULT_ROUNDS: u32 = 6;

/// What this process is for.
#[derive(Debug)]
pub struct Role(Kind);

#[derive(Debug)]
enum Kind {
    /// Start children, collect what they say, print the table.
    Parent { effort: Effort, rounds: u32 },
    /// Measure one thing and print one line.
    Child { column: Column, measured: Measured, effort: Effort, core: usize },
    /// Receive, on other processors than this one.
    Receiver { away_from: Option<usize> },
}

impl Role {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    ///
    /// If an option or its value is not known.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut effort, mut rounds, mut benched) = (Effort::Full, DEFAULT_ROUNDS, false);
        let mut arguments = arguments.into_iter();
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{option} wants a value"));
            match option.as_str() {
                // What `cargo bench` adds, and `cargo test` does not.
                "--bench" => benched = true,
                "--quick" => (effort, rounds) = (Effort::Quick, 1),
                "--rounds" => rounds = value()?.parse()?,
                "--receiver" => return Ok(Self(Kind::Receiver { away_from: None })),
                "--receiver-away-from" => {
                    return Ok(Self(Kind::Receiver { away_from: Some(value()?.parse()?) }));
                }
                "--child" => {
                    let column = value()?;
                    let column = Column::from_id(&column).ok_or(column)?;
                    let (name, core) = (value()?, value()?.parse()?);
                    let known = Measured::ALL.into_iter().find(|(known, _)| *known == name);
                    let (_, measured) = known.ok_or(name)?;
                    return Ok(Self(Kind::Child { column, measured, effort, core }));
                }
                _ => return Err(format!("unknown argument {option:?}; there are --rounds 6 and --quick").into()),
            }
        }
        if !benched {
            (effort, rounds) = (Effort::Quick, 1);
        }
        Ok(Self(Kind::Parent { effort, rounds }))
    }
}

/// Does what the process is for; what it has to say.
///
/// # Errors
///
/// If a child process cannot be started, fails, or prints something that is not a result.
pub fn run(role: Role) -> Result<String, Box<dyn Error>> {
    match role.0 {
        Kind::Parent { effort, rounds } => Ok(all(effort, rounds)?.to_string()),
        Kind::Child { column, measured, effort, core } => Ok((column.measure)(measured, effort, core).to_string()),
        Kind::Receiver { away_from } => {
            if let Some(core) = away_from {
                machine::pin(&machine::others(core));
            }
            Ok(receiver::run().map(|()| String::new())?)
        }
    }
}

fn all(effort: Effort, rounds: u32) -> Result<Report, Box<dyn Error>> {
    let cores = machine::cores();
    let mut report = Report::new(rounds);
    for round in 0..rounds {
        let core = cores.get(round as usize % cores.len().max(1)).copied().unwrap_or(0);
        for (name, measured) in Measured::ALL {
            let start = |column: Column| child(column, (name, measured), effort, core);
            let mut idle = 0.0;
            if matches!(measured, Measured::Paced(_)) {
                let sample = start(Column::LOOP)?;
                idle = sample.cpu.unwrap_or(0.0);
                let cpu = sample.cpu.map(|cpu| cpu / sample.produced.max(1) as f64);
                report.add(measured, Column::LOOP.id, Sample { cpu, ..sample });
            }
            for column in Column::ALL {
                let sample = start(column)?;
                let each = sample.delivered.max(1) as f64;
                let cpu = sample.cpu.map(|cpu| (cpu - idle) / each);
                report.add(measured, column.id, Sample { cpu, ..sample });
            }
        }
    }
    Ok(report)
}

fn child(
    column: Column,
    (name, measured): (&str, Measured),
    effort: Effort,
    core: usize,
) -> Result<Sample, Box<dyn Error>> {
    // At 20,000 traces a second it is to take neither the time nor the caches of the thread that traces. Flat out it runs
    // where there is room.
    let away_from = (measured != Measured::FlatOut).then_some(core);
    let receiver = Receiver::start(away_from)?;
    let mut command = Command::new(env::current_exe()?);
    if effort == Effort::Quick {
        command.arg("--quick");
    }
    let output = command
        .args(["--child", column.id, name, &core.to_string()])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", receiver.address))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{name} of {} ended with {}", column.id, output.status)).into());
    }
    let sample: Sample = String::from_utf8(output.stdout)?.parse()?;
    let received = receiver.stop()?.saturating_sub(WARM_UP_SPANS);
    // What goes to nobody arrives there.
    let is_sent = measured != Measured::Paced(To::Nobody) && column.id != Column::LOOP.id;
    Ok(Sample { delivered: if is_sent { received } else { sample.produced }, ..sample })
}

/// The receiver's process. Dropping it ends it.
struct Receiver {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Receiver {
    fn start(away_from: Option<usize>) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        match away_from {
            Some(core) => command.args(["--receiver-away-from", &core.to_string()]),
            None => command.arg("--receiver"),
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().map(BufReader::new).ok_or_else(|| io::Error::other("no output"))?;
        let mut receiver = Self { child, output, address: String::new() };
        receiver.output.read_line(&mut receiver.address)?;
        receiver.address.truncate(receiver.address.trim_end().len());
        Ok(receiver)
    }

    /// Ends it; how many spans it got.
    fn stop(mut self) -> Result<u64, Box<dyn Error>> {
        drop(self.child.stdin.take());
        let mut spans = String::new();
        self.output.read_to_string(&mut spans)?;
        Ok(spans.trim().parse()?)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
