//! One HTML file to look at a trace in.

use trace_core::{Redactor, Trace};

use crate::data_block::data_block;
use crate::heading::Heading;
use crate::palette::Theme;
use crate::scene::Scene;
use crate::svg::Svg;

/// How many spans a page shows unless it is told otherwise.
pub const DEFAULT_MAX_SPANS: usize = 500_000;
/// About how many bytes of data a page has unless it is told otherwise.
pub const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;
/// How many rows the picture has that is shown where scripts are off.
const ROWS_WITHOUT_SCRIPT: usize = 200;

/// The script, the style sheet and the markup of every page: `assets/*.js`, `viewer.css` and `viewer.html`, minified by
/// `browser/build.mjs`. They are committed, so that cargo builds without node; a test below and `.ci/browser` see to it that they
/// are what their sources give.
const SCRIPT: &str = include_str!("../assets/built/viewer.js");
pub(crate) const STYLE: &str = include_str!("../assets/built/viewer.css");
const BODY: &str = include_str!("../assets/built/viewer.html");
/// Made by a test: `TRACE_BLESS=1 cargo test -p trace-render --lib`.
const POLICY: &str = include_str!("../assets/policy.txt");

/// Writes a trace as one HTML file: it opens with a double click, needs no network and asks for none.
///
/// ```no_run
/// # let trace = trace_core::Trace::from_spans(trace_core::TraceId::random(), []);
/// use trace_render::{Html, Theme};
///
/// std::fs::write("trace.html", Html::new().title("Checkout").theme(Theme::Dark).render(&trace))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// **Safe to open.** Names, keys and values stand in a block of JSON without a `<`, and the page shows them as text, control
/// characters and what changes the direction of writing as escapes. A Content-Security-Policy names the one script and the
/// style sheets by their hashes and forbids everything else, requests included. Values that are `http` or `https` addresses
/// become links.
///
/// **Large traces.** A page shows at most [`DEFAULT_MAX_SPANS`] (500,000) spans and about [`DEFAULT_MAX_BYTES`] (64 MiB) of
/// data. Of more it keeps what failed, the critical path, the longest, then the spans nearest to a root, and says so at its head.
#[derive(Clone, Debug)]
pub struct Html {
    heading: Heading,
    max_spans: usize,
    max_bytes: usize,
    redactor: Option<Redactor>,
    encode: fn(String) -> String,
}

impl Default for Html {
    fn default() -> Self {
        Self::new()
    }
}

impl Html {
    /// A page with the default options.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            heading: Heading::new(),
            max_spans: DEFAULT_MAX_SPANS,
            max_bytes: DEFAULT_MAX_BYTES,
            redactor: None,
            encode: |data| data,
        }
    }

    /// Sets what the page is called. Default: the first root's name and its service.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.heading.title = Some(title.into());
        self
    }

    /// Sets the colours to begin with; the reader can change them. Default: [`Theme::Auto`].
    #[must_use]
    pub const fn theme(mut self, theme: Theme) -> Self {
        self.heading.theme = theme;
        self
    }

    /// Sets how many spans the page shows at most. Default: [`DEFAULT_MAX_SPANS`] (500,000).
    #[must_use]
    pub const fn max_spans(mut self, spans: usize) -> Self {
        self.max_spans = spans;
        self
    }

    /// Sets about how many bytes of data the page has at most. Default: [`DEFAULT_MAX_BYTES`] (64 MiB).
    #[must_use]
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets what must not be in the file; the page says how many values were removed or replaced.
    ///
    /// A trace that a pipeline with a redactor recorded is redacted already.
    #[must_use]
    pub fn redact(mut self, redactor: Redactor) -> Self {
        self.redactor = Some(redactor);
        self
    }

    /// Compresses the data: the file has about a third of the size, and nobody can look for a text in it by `grep` or compare it
    /// by `diff`. Default: plain JSON.
    #[cfg(feature = "compress")]
    #[must_use]
    pub const fn compress(mut self) -> Self {
        self.encode = |data| crate::compress::compressed(&data);
        self
    }

    /// The page of this trace.
    #[must_use]
    pub fn render(&self, trace: &Trace) -> String {
        self.render_all(std::slice::from_ref(trace))
    }

    /// The page of these traces, on one axis of time. Several with one id are parts of one trace, such as those of several
    /// services.
    #[must_use]
    pub fn render_all(&self, traces: &[Trace]) -> String {
        let Some(redactor) = &self.redactor else { return self.page(traces, 0) };
        let (traces, changed): (Vec<Trace>, Vec<usize>) = traces.iter().map(|trace| trace.redacted(redactor)).unzip();
        self.page(&traces, changed.iter().sum())
    }

    fn page(&self, traces: &[Trace], redacted: usize) -> String {
        let scene = Scene::with_room(traces, self.max_spans, self.max_bytes);
        let data = (self.encode)(data_block(&scene, &self.heading.title_of(&scene), redacted));
        let picture = Svg::new().max_rows(ROWS_WITHOUT_SCRIPT).draw(&scene);
        [
            "<!DOCTYPE html>\n<html lang=\"en\" data-theme=\"",
            self.heading.theme.name(),
            "\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"",
            POLICY.trim_end(),
            "\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" \
             content=\"light dark\">\n<title>Trace</title>\n<style>",
            STYLE,
            "</style>\n</head>\n<body>\n<noscript>",
            &picture,
            "</noscript>\n",
            BODY,
            "<script type=\"application/json\" id=\"trace-data\">",
            &data,
            "</script>\n<script>",
            SCRIPT,
            "</script>\n</body>\n</html>\n",
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::svg;

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let byte = |place| u32::from(chunk.get(place).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            let digit = |place: usize| char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
            text.extend((0..4).map(|place| if place <= chunk.len() { digit(place) } else { '=' }));
        }
        text
    }

    fn hash(text: &str) -> String {
        format!("'sha256-{}'", base64(&Sha256::digest(text.as_bytes())))
    }

    #[test]
    fn the_policy_names_the_script_and_the_styles_by_their_hashes() {
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {} {}; img-src data:; base-uri 'none'; form-action 'none'\n",
            hash(SCRIPT),
            hash(STYLE),
            hash(&svg::style(Theme::Auto)),
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/policy.txt");
        if std::env::var_os("TRACE_BLESS").is_some() {
            std::fs::write(path, policy).unwrap();
            return;
        }
        assert_eq!(policy, POLICY, "after a change of the viewer: TRACE_BLESS=1 cargo test -p trace-render --lib");
    }

    #[test]
    fn script_style_and_markup_were_made_of_the_sources_beside_them() {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let names = std::fs::read_dir(&assets).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> =
            names.filter(|name| [".js", ".css", ".html"].iter().any(|end| name.ends_with(end))).collect();
        names.sort();
        let mut hash = Sha256::new();
        for name in names {
            let source = std::fs::read_to_string(assets.join(&name)).unwrap();
            hash.update(format!("{name}\n{source}"));
        }
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let built = std::fs::read_to_string(assets.join("built/sources.sha256")).unwrap();
        assert_eq!(built.trim_end(), hex, "after a change of the viewer: node trace-render/browser/build.mjs");
    }

    #[test]
    fn the_viewer_stays_small_and_cannot_end_its_own_element() {
        let asset = [STYLE, BODY, SCRIPT].concat();
        assert!(asset.len() <= 60 * 1024, "{} bytes of viewer", asset.len());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(asset.as_bytes()).unwrap();
        let compressed = gzip.finish().unwrap().len();
        assert!(compressed <= 20 * 1024, "{compressed} bytes of compressed viewer");
        assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--") && !STYLE.contains("</"));
        let empty = Html::new().render(&Trace::from_spans(trace_core::TraceId::random(), []));
        assert!(empty.len() <= 75 * 1024, "{} bytes of an empty page", empty.len());
    }

    #[test]
    fn the_viewer_uses_nothing_that_makes_markup_or_code_of_text() {
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "createContextualFragment",
            "DOMParser",
            "setTimeout(\"",
            "setAttribute(\"style\"",
            "setAttribute(\"on",
            "cssText",
            "fetch(",
            "XMLHttpRequest",
            "WebSocket",
            "importScripts",
            "import(",
        ] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
    }
}
