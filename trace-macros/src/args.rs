//! What may stand in `#[traced(..)]`: one table of options, and their parser.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Path, Token, parenthesized};

use crate::check::Errors;
use crate::nearest::nearest;

/// One option: its name, how it is written, whether it may stand more than once, and its parser. The parser starts
/// behind the name.
struct Spec {
    name: &'static str,
    shape: &'static str,
    repeats: bool,
    parse: fn(&mut Options, &Ident, ParseStream) -> syn::Result<()>,
}

/// Every option there is, in the order in which messages list them.
const TABLE: &[Spec] = &[
    Spec { name: "name", shape: "name = \"..\"", repeats: false, parse: name },
    Spec { name: "kind", shape: "kind = server", repeats: false, parse: kind },
    Spec { name: "level", shape: "level = debug", repeats: false, parse: level },
    Spec { name: "fields", shape: "fields(key = value)", repeats: true, parse: fields },
    Spec { name: "err", shape: "err", repeats: false, parse: err },
    Spec { name: "crate", shape: "crate = path", repeats: false, parse: krate },
];

const KINDS: &[(&str, &str)] = &[
    ("internal", "Internal"),
    ("server", "Server"),
    ("client", "Client"),
    ("producer", "Producer"),
    ("consumer", "Consumer"),
];

const LEVELS: &[(&str, &str)] =
    &[("error", "Error"), ("warn", "Warn"), ("info", "Info"), ("debug", "Debug"), ("trace", "Trace")];

/// What the options of one `#[traced(..)]` say.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Name>,
    /// A variant of `SpanKind`.
    pub(crate) kind: Option<Ident>,
    /// A variant of `Level`.
    pub(crate) level: Option<Ident>,
    pub(crate) fields: Vec<Field>,
    pub(crate) err: Option<Told>,
    /// Where trace-core is, if not at `::trace_core`.
    pub(crate) krate: Option<Path>,
}

/// A span's name.
pub(crate) enum Name {
    /// Text without arguments, or a constant: known at compile time.
    Constant(Box<Expr>),
    /// Text with `{argument}` in it.
    Template(LitStr),
}

/// One attribute of the span.
pub(crate) struct Field {
    pub(crate) key: Key,
    pub(crate) value: Recorded,
}

/// The key of an attribute.
pub(crate) enum Key {
    /// Known text, written as a literal or as dotted words.
    Text(LitStr),
}

/// An expression, and how it becomes a value.
pub(crate) struct Recorded {
    pub(crate) form: Form,
    pub(crate) expr: Expr,
}

/// How an expression becomes the value of an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// By its type; `Debug` where it has no typed value.
    Value,
    /// `?x`: its `Debug` text.
    Debug,
    /// `%x`: its `Display` text.
    Display,
}

/// What is told of a value that the function returns.
pub(crate) struct Told {
    pub(crate) span: Span,
    pub(crate) form: ToldForm,
}

/// How an error or a result becomes text.
pub(crate) enum ToldForm {
    /// Its `Display` text.
    Display,
    /// Its `Debug` text.
    Debug,
    /// What this closure makes of it.
    Map(Box<Expr>),
}

/// Reads the options; every mistake goes to `errors` and the rest is read on.
pub(crate) fn parse(tokens: proc_macro2::TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let parser = |input: ParseStream| {
        let mut seen: Vec<&'static str> = Vec::new();
        while !input.is_empty() {
            if let Err(error) = parse_one(&mut options, &mut seen, input) {
                errors.add(error);
                skip_to_comma(input)?;
            }
            if input.is_empty() {
                break;
            }
            if let Err(error) = input.parse::<Token![,]>() {
                errors.add(error);
                skip_to_comma(input)?;
                input.parse::<Option<Token![,]>>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.add(error);
    }
    options
}

fn parse_one(options: &mut Options, seen: &mut Vec<&'static str>, input: ParseStream) -> syn::Result<()> {
    let word = input.call(Ident::parse_any)?;
    let text = word.to_string();
    let Some(spec) = TABLE.iter().find(|spec| spec.name == text) else {
        return Err(syn::Error::new(word.span(), unknown(&text)));
    };
    if !spec.repeats && seen.contains(&spec.name) {
        return Err(syn::Error::new(word.span(), format!("`{text}` is given twice")));
    }
    seen.push(spec.name);
    (spec.parse)(options, &word, input)
}

fn unknown(word: &str) -> String {
    let shapes: Vec<_> = TABLE.iter().map(|spec| format!("`{}`", spec.shape)).collect();
    let known = format!("known are {}", shapes.join(", "));
    match nearest(word, TABLE.iter().map(|spec| spec.name)) {
        Some(near) => format!("unknown option `{word}`; did you mean `{near}`? {known}"),
        None => format!("unknown option `{word}`; {known}"),
    }
}

/// Leaves out the rest of an option that cannot be read.
fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn name(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    let expr: Expr = input.parse()?;
    options.name = Some(match &expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().contains(['{', '}']) => {
            Name::Template(text.clone())
        }
        _ => Name::Constant(Box::new(expr)),
    });
    Ok(())
}

fn kind(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.kind = Some(word_of(input, "kind", KINDS)?);
    Ok(())
}

fn level(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.level = Some(word_of(input, "level", LEVELS)?);
    Ok(())
}

/// One of a few words, written as `server`, `"server"`, `Server` or `SpanKind::Server`.
fn word_of(input: ParseStream, what: &str, known: &[(&str, &str)]) -> syn::Result<Ident> {
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

fn fields(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    let content;
    parenthesized!(content in input);
    options.fields.extend(Punctuated::<Field, Token![,]>::parse_terminated(&content)?);
    Ok(())
}

impl Parse for Field {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let key = Key::Text(input.parse()?);
            input.parse::<Token![=]>()?;
            return Ok(Self { key, value: input.parse()? });
        }
        let form = form(input)?;
        let words = input.call(Punctuated::<Ident, Token![.]>::parse_separated_nonempty_any)?;
        let text = words.iter().map(|word| word.unraw().to_string()).collect::<Vec<_>>().join(".");
        let key = Key::Text(LitStr::new(&text, words.span()));
        if form == Form::Value && input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self { key, value: input.parse()? });
        }
        // `x` and `self.x` are their own keys.
        let expr = syn::parse2(quote::ToTokens::into_token_stream(words))?;
        Ok(Self { key, value: Recorded { form, expr } })
    }
}

impl Parse for Recorded {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        Ok(Self { form: form(input)?, expr: input.parse()? })
    }
}

fn form(input: ParseStream) -> syn::Result<Form> {
    if input.parse::<Option<Token![?]>>()?.is_some() {
        return Ok(Form::Debug);
    }
    if input.parse::<Option<Token![%]>>()?.is_some() {
        return Ok(Form::Display);
    }
    Ok(Form::Value)
}

/// Words with dots between them; keywords too, as in `http.request.type`.
trait DottedWords: Sized {
    fn parse_separated_nonempty_any(input: ParseStream) -> syn::Result<Self>;
}

impl DottedWords for Punctuated<Ident, Token![.]> {
    fn parse_separated_nonempty_any(input: ParseStream) -> syn::Result<Self> {
        Self::parse_separated_nonempty_with(input, Ident::parse_any)
    }
}

fn err(options: &mut Options, word: &Ident, input: ParseStream) -> syn::Result<()> {
    options.err = Some(told(word, input)?);
    Ok(())
}

fn told(word: &Ident, input: ParseStream) -> syn::Result<Told> {
    let mut told = Told { span: word.span(), form: ToldForm::Display };
    if !input.peek(syn::token::Paren) {
        return Ok(told);
    }
    let content;
    parenthesized!(content in input);
    let form: Ident = content.parse()?;
    told.form = match form.to_string().as_str() {
        "Display" => ToldForm::Display,
        "Debug" => ToldForm::Debug,
        "map" => {
            content.parse::<Token![=]>()?;
            ToldForm::Map(content.parse()?)
        }
        other => {
            let message = format!("unknown form `{other}`; known are `Display`, `Debug` and `map = |error| ..`");
            return Err(syn::Error::new(form.span(), message));
        }
    };
    content.parse::<Option<Token![,]>>()?;
    if !content.is_empty() {
        return Err(content.error("expected one form"));
    }
    Ok(told)
}

fn krate(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.krate = Some(input.call(Path::parse_mod_style)?);
    Ok(())
}
