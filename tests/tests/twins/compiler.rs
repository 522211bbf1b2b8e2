//! rustc, called as cargo would call it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Section;
use crate::shape::{self, Shape, Variant};

/// Where rustc finds the crates that shapes may use.
pub(crate) struct Compiler {
    folder: PathBuf,
    externs: Vec<String>,
}

/// A program made of shapes.
pub(crate) struct Compiled {
    /// The warnings of each shape.
    pub(crate) sections: BTreeMap<String, Section>,
    pub(crate) program: PathBuf,
}

const CRATES: [&str; 4] = ["trace_core", "async_trait", "futures", "tokio"];

impl Compiler {
    pub(crate) fn new() -> Self {
        // Cargo has just built all of it for this test, and tells where.
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--no-run", "-p", "tests", "--test", "twins", "--message-format=json", "--quiet"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo.output().expect("cargo runs this test");
        let text = String::from_utf8_lossy(&output.stdout);
        let artifacts: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let mut externs = Vec::new();
        for name in CRATES {
            let found = artifacts.iter().rev().find(|artifact| artifact["target"]["name"] == name);
            let files = found.and_then(|artifact| artifact["filenames"].as_array());
            let file = files.and_then(|files| files.first()?.as_str());
            let file = file.unwrap_or_else(|| panic!("no {name}: {}", String::from_utf8_lossy(&output.stderr)));
            let deps = Path::new(file).parent().expect("a file is in a folder").join("deps");
            externs.extend([format!("--extern={name}={file}"), format!("-Ldependency={}", deps.display())]);
            externs.push(format!("-Ldependency={}", Path::new(file).parent().expect("as above").display()));
        }
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("twins");
        Self { folder, externs }
    }

    /// Compiles shapes into one program; that must work.
    pub(crate) fn build(&self, shapes: &[&Shape], edition: &str, variant: Variant) -> Compiled {
        let folder = self.folder.join(format!("{edition}-{variant:?}"));
        for shape in shapes {
            write(&folder.join(format!("{}.rs", shape.name)), &shape.text(variant));
        }
        let main = main_of(shapes, variant);
        let program = folder.join("program");
        let (compiled, messages) = self.rustc(&folder, &main, edition, &["--emit=link", "-Cdebuginfo=0"]);
        let sections = sections(messages);
        assert!(compiled, "{variant:?} shapes of {edition} do not compile:\n{}", all(&sections));
        Compiled { sections, program }
    }

    /// The diagnostics of one shape that does not compile.
    pub(crate) fn check(&self, shape: &Shape, edition: &str, variant: Variant) -> String {
        let folder = self.folder.join(format!("{}-{edition}-{variant:?}", shape.name));
        write(&folder.join(format!("{}.rs", shape.name)), &shape.text(variant));
        let main = main_of(&[shape], variant);
        let (_, messages) = self.rustc(&folder, &main, edition, &["--emit=metadata"]);
        messages.iter().map(|message| format!("{}\n", message.text)).collect()
    }

    /// What clippy says of shapes with every lint on that it has.
    pub(crate) fn clippy(&self, shapes: &[&Shape], edition: &str, variant: Variant) -> BTreeMap<String, Section> {
        let folder = self.folder.join(format!("clippy-{edition}-{variant:?}"));
        for shape in shapes {
            write(&folder.join(format!("{}.rs", shape.name)), &shape.text(variant));
        }
        let main = main_of(shapes, variant);
        let sysroot = Command::new(rustc()).arg("--print=sysroot").output().expect("rustc compiled this test");
        let sysroot = String::from_utf8(sysroot.stdout).expect("a path");
        let driver = Path::new(sysroot.trim()).join("bin/clippy-driver");
        let mut command = Command::new(driver);
        command.arg(format!("--sysroot={}", sysroot.trim())).arg("--emit=metadata");
        command.args(["all", "pedantic", "nursery", "restriction"].map(|group| format!("-Wclippy::{group}")));
        let (compiled, messages) = self.run(command, &folder, &main, edition);
        let sections = sections(messages);
        assert!(compiled, "{variant:?} shapes do not pass clippy:\n{}", all(&sections));
        sections
    }

    /// What the compiler says of one file, each message over the line and the place it is about.
    pub(crate) fn refusals(&self, shape: &Shape) -> String {
        let folder = self.folder.join(format!("{}-refused", shape.name));
        write(&folder.join(format!("{}.rs", shape.name)), &shape.text);
        let main = main_of(&[shape], Variant::Traced);
        let (_, messages) = self.rustc(&folder, &main, "2024", &["--emit=metadata"]);
        let mut refused: Vec<&Message> = messages.iter().filter(|message| message.shape == shape.name).collect();
        refused.sort_by_key(|message| message.place);
        refused.iter().map(|message| format!("{}\n", message.shown)).collect()
    }

    fn rustc(&self, folder: &Path, main: &str, edition: &str, flags: &[&str]) -> (bool, Vec<Message>) {
        let mut rustc = Command::new(rustc());
        rustc.args(flags);
        self.run(rustc, folder, main, edition)
    }

    fn run(&self, mut rustc: Command, folder: &Path, main: &str, edition: &str) -> (bool, Vec<Message>) {
        write(&folder.join("main.rs"), main);
        write(&folder.join("support.rs"), &fs::read_to_string(shape::source("support.rs")).expect("it is there"));
        rustc.current_dir(folder).args(["main.rs", "--crate-name=twins", "-oprogram", "--error-format=json"]);
        rustc.arg(format!("--edition={edition}")).args(&self.externs);
        rustc.env("CARGO_PKG_NAME", "twins").env("CARGO_PKG_VERSION", "1.2.3").env_remove("RUSTFLAGS");
        let output = rustc.output().expect("rustc compiled this test");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut messages: Vec<Message> = text.lines().filter_map(Message::read).collect();
        if std::env::var_os("SHAPE").is_some() {
            // Somebody works on a shape and wants to read it all.
            let rendered = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            rendered.for_each(|message| eprintln!("{}", message["rendered"].as_str().unwrap_or_default()));
        }
        messages.sort_by(|left, right| left.text.cmp(&right.text));
        (output.status.success(), messages)
    }
}

fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// The diagnostics by the shapes they are about.
fn sections(messages: Vec<Message>) -> BTreeMap<String, Section> {
    let mut sections = BTreeMap::<String, Section>::new();
    for message in messages {
        let section = sections.entry(message.shape).or_default();
        writeln!(section.diagnostics, "{}", message.text).unwrap();
    }
    sections
}

fn all(sections: &BTreeMap<String, Section>) -> String {
    sections.iter().map(|(name, section)| format!("# {name}\n{}", section.diagnostics)).collect()
}

/// One diagnostic: its level, code and places.
struct Message {
    shape: String,
    text: String,
    /// Line and column.
    place: (u64, u64),
    /// The message above the source line, underlined.
    shown: String,
}

impl Message {
    fn read(line: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(line).ok()?;
        let spans: Vec<&Value> =
            message["spans"].as_array()?.iter().filter(|span| span["is_primary"] == true).collect();
        let file = spans.first()?["file_name"].as_str()?;
        let mut text = message["level"].as_str()?.to_owned();
        match message["code"]["code"].as_str() {
            Some(code) => write!(text, " {code}").unwrap(),
            None => write!(text, " {}", message["message"].as_str()?).unwrap(),
        }
        for span in &spans {
            let place = |name: &str| span[name].as_u64().unwrap_or(0);
            let (line, column) = (place("line_start"), place("column_start"));
            write!(text, " at {line}:{column}-{}:{}", place("line_end"), place("column_end")).unwrap();
        }
        let shape = file.trim_end_matches(".rs").to_owned();
        let is_ours = shape == "support" || shape == "main";
        if is_ours && message["level"] == "error" {
            write!(text, " {}", message["message"]).unwrap();
        }
        let place = (spans[0]["line_start"].as_u64()?, spans[0]["column_start"].as_u64()?);
        let mut shown = format!("{}: {}", message["level"].as_str()?, message["message"].as_str()?);
        for line in spans.iter().filter_map(|span| span["text"].as_array()).flatten() {
            let column = |name: &str| line[name].as_u64().map_or(0, |column| column as usize - 1);
            let (start, end) = (column("highlight_start"), column("highlight_end"));
            let marks = "^".repeat(end - start);
            write!(shown, "\n    {}\n    {}{marks}", line["text"].as_str()?, " ".repeat(start)).unwrap();
        }
        (!is_ours || message["level"] == "error").then_some(Self { shape, text, place, shown })
    }
}

/// A program that runs every shape, and prints the spans of each if it is traced.
fn main_of(shapes: &[&Shape], variant: Variant) -> String {
    let mut main =
        String::from("#![allow(unused)]\n#[macro_use]\nextern crate trace_core;\n#[macro_use]\nmod support;\n");
    let mut calls = String::new();
    for Shape { name, .. } in shapes {
        writeln!(main, "#[warn(unused)]\nmod {name};").unwrap();
        let run = if variant == Variant::Traced { "traced" } else { "plain" };
        writeln!(calls, "    println!(\"== {name}\");\n    support::{run}({name}::run);").unwrap();
    }
    writeln!(main, "fn main() {{\n{calls}}}").unwrap();
    main
}

/// Writes a file anew.
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the target folder is ours");
    fs::write(path, text).expect("the target folder is ours");
}
