//! Shapes as files.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const EDITIONS: [&str; 3] = ["2018", "2021", "2024"];

/// With or without the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Plain,
    Traced,
}

/// One file.
pub(crate) struct Shape {
    pub(crate) name: String,
    path: PathBuf,
    pub(crate) text: String,
    /// What the `//! editions:` line lists; all, if there is none.
    pub(crate) editions: Vec<&'static str>,
    /// What the `//! span:` lines list, a child two spaces further in than its parent.
    pub(crate) spans: String,
    /// What the `//! only plain:` and `//! only traced:` lines list: known differences between the diagnostics.
    only_plain: Vec<String>,
    only_traced: Vec<String>,
}

impl Shape {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the file was just listed");
        Self::of(path, text)
    }

    /// A shape that is in no file.
    pub(crate) fn made(name: &str, text: String) -> Self {
        Self::of(Path::new(name), text)
    }

    fn of(path: &Path, text: String) -> Self {
        let named = text.lines().find_map(|line| line.strip_prefix("//! editions: "));
        let editions = EDITIONS.into_iter().filter(|edition| named.is_none_or(|named| named.contains(edition)));
        let lines = |start| text.lines().filter_map(move |line| line.strip_prefix(start)).map(str::to_owned);
        Self {
            name: path.file_stem().expect("a shape has a name").to_string_lossy().into_owned(),
            path: path.to_owned(),
            editions: editions.collect(),
            spans: lines("//! span: ").map(|line| line + "\n").collect(),
            only_plain: lines("//! only plain: ").collect(),
            only_traced: lines("//! only traced: ").collect(),
            text,
        }
    }

    /// Writes the `//! span:` lines anew.
    pub(crate) fn bless(&self, spans: &str) {
        if self.spans == spans {
            return;
        }
        let (comment, code): (Vec<&str>, Vec<&str>) =
            self.text.lines().filter(|line| !line.starts_with("//! span: ")).partition(|line| line.starts_with("//!"));
        let spans = spans.lines().map(|span| format!("//! span: {span}\n"));
        let lines = |lines: Vec<&str>| lines.into_iter().map(|line| format!("{line}\n")).collect::<String>();
        let text = lines(comment) + &spans.collect::<String>() + &lines(code);
        fs::write(&self.path, text).expect("the repository can be written");
    }

    /// The annotated twin's diagnostics, from the plain one's.
    pub(crate) fn with_known_differences(&self, plain: &str) -> String {
        let mut lines: Vec<String> = plain.lines().map(str::to_owned).collect();
        for known in &self.only_plain {
            let found = lines.iter().position(|line| line == known);
            lines.remove(found.unwrap_or_else(|| panic!("{} does not say {known}", self.name)));
        }
        lines.extend(self.only_traced.iter().cloned());
        lines.sort();
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Whether a place lies inside of an attribute of ours, behind its first letter: then it is the user's own.
    pub(crate) fn is_in_attribute(&self, (line, column): (usize, usize)) -> bool {
        let letter = |text: &str| text.lines().nth(line - 1).and_then(|line| line.chars().nth(column - 1));
        let before = letter(&self.text);
        before != letter(&blank_attributes(&self.text)) && before != Some('#')
    }

    /// The text, with its attributes or with spaces in their place.
    pub(crate) fn text(&self, variant: Variant) -> String {
        match variant {
            Variant::Traced => self.text.clone(),
            Variant::Plain => blank_attributes(&self.text),
        }
    }
}

/// All files of a folder, by name.
pub(crate) fn all(folder: &str) -> Vec<Shape> {
    let folder = source(folder);
    let entries = fs::read_dir(&folder).expect("the folder is part of the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    // A developer's shortcut: only the shapes whose name contains the text.
    let only = std::env::var("SHAPE").unwrap_or_default();
    let shapes = paths.iter().map(|path| Shape::read(path));
    shapes.filter(|shape| shape.name.contains(&only)).collect()
}

/// A file or folder beside this one.
pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twins").join(name)
}

/// Replaces each `#[traced..]` and each `#[attr..]` of an argument by as many spaces, so that everything else stays at its
/// line and column.
fn blank_attributes(text: &str) -> String {
    let mut rest = text;
    let mut blanked = String::with_capacity(text.len());
    while let Some(start) = ["#[traced", "#[attr"].iter().filter_map(|ours| rest.find(ours)).min() {
        let (before, attribute) = rest.split_at(start);
        let end = end_of_attribute(attribute);
        blanked.push_str(before);
        blanked.extend(attribute[..end].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        rest = &attribute[end..];
    }
    blanked + rest
}

/// How many bytes `#[..]` has; brackets in it are taken to match.
fn end_of_attribute(text: &str) -> usize {
    let mut depth = 0;
    for (index, letter) in text.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' if depth == 1 => return index + 1,
            ']' => depth -= 1,
            _ => {}
        }
    }
    panic!("an attribute without an end: {text}")
}
