//! The `trace` command: pictures of traces that were saved as files.
//!
//! ```text
//! trace render spans.jsonl --html out.html
//! ```

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use trace_core::Trace;
use trace_render::{Html, Mermaid, Perfetto, Svg, Theme, read};

const USAGE: &str = "\
Draws traces that were saved as JSON Lines or OTLP/JSON.

Usage: trace render FILE.. [OPTIONS]

  FILE             a file of spans; - is standard input. Of several, the spans of a trace are put together.

  --html OUT       one HTML file to look at the traces in
  --svg OUT        a picture for documents
  --perfetto OUT   a file for ui.perfetto.dev
  --mermaid OUT    a Gantt diagram for Markdown
  --text           the tree, on standard output; what is done if nothing else is asked for

  --trace ID       only this trace; the first digits of its id are enough
  --title TEXT     what the page or the picture is called
  --theme NAME     auto, light or dark
  --compress       an HTML file of about a third of the size, in which nothing can be found by grep

OUT may be - for standard output.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            eprintln!("trace: {message}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Work(message)) => {
            eprintln!("trace: {message}");
            ExitCode::FAILURE
        }
    }
}

enum Failure {
    /// What was asked for makes no sense.
    Usage(String),
    /// It did not work.
    Work(String),
}

#[derive(Default)]
struct Request {
    files: Vec<String>,
    html: Option<String>,
    svg: Option<String>,
    perfetto: Option<String>,
    mermaid: Option<String>,
    text: bool,
    trace: Option<String>,
    title: Option<String>,
    theme: Theme,
    page: Html,
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.first().map(String::as_str) {
        Some("render") => {}
        Some("help" | "--help" | "-h") => return write("-", USAGE),
        Some("--version" | "-V") => return write("-", concat!("trace ", env!("CARGO_PKG_VERSION"), "\n")),
        Some(other) => return Err(Failure::Usage(format!("there is no command {other:?}"))),
        None => return Err(Failure::Usage("what is to be done?".to_owned())),
    }
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        return write("-", USAGE);
    }
    let request = Request::of(&arguments[1..])?;
    let mut traces = Vec::new();
    for file in &request.files {
        let text = text_of(file)?;
        traces.extend(read::read(&text).map_err(|error| Failure::Work(format!("{file}: {error}")))?);
    }
    if let Some(wanted) = &request.trace {
        traces.retain(|trace| trace.id().to_string().starts_with(&wanted.to_ascii_lowercase()));
        if traces.is_empty() {
            return Err(Failure::Work(format!("there is no trace {wanted}")));
        }
    }
    request.draw(&traces)
}

impl Request {
    fn of(arguments: &[String]) -> Result<Self, Failure> {
        let mut request = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let mut value = || {
                let value = inline.clone().or_else(|| rest.next().cloned());
                value.ok_or_else(|| Failure::Usage(format!("{name} needs a value")))
            };
            match name {
                "--html" => request.html = Some(value()?),
                "--svg" => request.svg = Some(value()?),
                "--perfetto" => request.perfetto = Some(value()?),
                "--mermaid" => request.mermaid = Some(value()?),
                "--text" => request.text = true,
                #[cfg(feature = "compress")]
                "--compress" => request.page = request.page.clone().compress(),
                "--trace" => request.trace = Some(value()?),
                "--title" => request.title = Some(value()?),
                "--theme" => {
                    request.theme = match &*value()? {
                        "auto" => Theme::Auto,
                        "light" => Theme::Light,
                        "dark" => Theme::Dark,
                        other => return Err(Failure::Usage(format!("there is no theme {other:?}"))),
                    }
                }
                _ if name.starts_with("--") => return Err(Failure::Usage(format!("there is no option {name}"))),
                _ => request.files.push(argument.clone()),
            }
        }
        match request.files.is_empty() {
            true => Err(Failure::Usage("no file is named".to_owned())),
            false => Ok(request),
        }
    }

    fn draw(&self, traces: &[Trace]) -> Result<(), Failure> {
        let mut drawn = false;
        if let Some(out) = &self.html {
            let page = self.page.clone().theme(self.theme);
            let page = self.title.iter().fold(page, |page, title| page.title(title.clone()));
            write(out, &page.render_all(traces))?;
            drawn = true;
        }
        if let Some(out) = &self.svg {
            let picture = Svg::new().theme(self.theme);
            let picture = self.title.iter().fold(picture, |picture, title| picture.title(title.clone()));
            write(out, &picture.render_all(traces))?;
            drawn = true;
        }
        if let Some(out) = &self.perfetto {
            write(out, &Perfetto::new().render_all(traces))?;
            drawn = true;
        }
        if let Some(out) = &self.mermaid {
            let diagrams: Vec<String> = traces.iter().map(|trace| Mermaid::new().render(trace)).collect();
            write(out, &diagrams.join("\n"))?;
            drawn = true;
        }
        if self.text || !drawn {
            let mut text = String::new();
            for trace in traces {
                let _ = writeln!(text, "{trace}");
            }
            write("-", &text)?;
        }
        Ok(())
    }
}

fn text_of(file: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        _ => fs::read(file).map(|read| bytes = read),
    };
    read.map_err(|error| Failure::Work(format!("cannot read {file}: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = good.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        Failure::Work(format!("{file}: line {line}, column {column}: this is no UTF-8"))
    })
}

fn write(out: &str, text: &str) -> Result<(), Failure> {
    let written = match out {
        "-" => std::io::stdout().lock().write_all(text.as_bytes()),
        _ => fs::write(out, text),
    };
    match written {
        // Whoever reads has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::Work(format!("cannot write {out}: {error}"))),
    }
}
