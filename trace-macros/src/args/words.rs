//! Options that are one of a few words.

use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Ident, LitStr, Path};

use crate::nearest::nearest;

/// The kinds of a span, and their variants of `SpanKind`.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("internal", "Internal"),
    ("server", "Server"),
    ("client", "Client"),
    ("producer", "Producer"),
    ("consumer", "Consumer"),
];

/// The levels of detail, and their variants of `Level`.
pub(crate) const LEVELS: &[(&str, &str)] =
    &[("error", "Error"), ("warn", "Warn"), ("info", "Info"), ("debug", "Debug"), ("trace", "Trace")];

/// One of a few words, written as `server`, `"server"`, `Server` or `SpanKind::Server`.
pub(crate) fn one_of(input: ParseStream, what: &str, known: &[(&str, &str)]) -> syn::Result<Ident> {
    let (text, span) = if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        (text.value(), text.span())
    } else {
        let path = input.call(Path::parse_mod_style)?;
        let last = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        (last, path.span())
    };
    let lower = text.to_ascii_lowercase();
    if let Some((_, variant)) = known.iter().find(|(word, _)| *word == lower) {
        return Ok(Ident::new(variant, span));
    }
    let words: Vec<_> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
    let near = nearest(&lower, known.iter().map(|(word, _)| *word));
    let meant = near.map(|near| format!(" did you mean `{near}`?")).unwrap_or_default();
    Err(syn::Error::new(span, format!("unknown {what} `{text}`;{meant} known are {}", words.join(", "))))
}
