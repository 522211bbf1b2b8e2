//! What may stand in `#[traced(..)]`: one table of options, and their parser.

mod field;
mod told;
mod words;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Path, Token, parenthesized};

use crate::check::{self, Errors};

pub(crate) use field::{Field, Form, Recorded};
pub(crate) use told::{Told, ToldForm};

/// One option: its name, how it is written, whether it may stand more than once, and its parser. The parser starts
/// behind the name.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static str,
    repeats: bool,
    parse: fn(&mut Options, &Ident, ParseStream) -> syn::Result<()>,
}

/// Every option there is, in the order in which messages list them.
pub(crate) const TABLE: &[Spec] = &[
    Spec { name: "name", shape: "name = \"..\"", repeats: false, parse: name },
    Spec { name: "kind", shape: "kind = server", repeats: false, parse: kind },
    Spec { name: "level", shape: "level = debug", repeats: false, parse: level },
    Spec { name: "parent", shape: "parent = context", repeats: false, parse: parent },
    Spec { name: "links", shape: "links = contexts", repeats: true, parse: links },
    Spec { name: "args", shape: "args(argument)", repeats: true, parse: args },
    Spec { name: "skip", shape: "skip(argument)", repeats: true, parse: skip },
    Spec { name: "fields", shape: "fields(key = value)", repeats: true, parse: fields },
    Spec { name: "err", shape: "err", repeats: false, parse: err },
    Spec { name: "ret", shape: "ret", repeats: false, parse: ret },
    Spec { name: "per_poll", shape: "per_poll", repeats: false, parse: per_poll },
    Spec { name: "when", shape: "when = condition", repeats: false, parse: when },
    Spec { name: "current", shape: "current = name", repeats: false, parse: current },
    Spec { name: "prefix", shape: "prefix = \"..\"", repeats: false, parse: prefix },
    Spec { name: "crate", shape: "crate = path", repeats: false, parse: krate },
];

/// What the options of one `#[traced(..)]` say.
#[derive(Default, Clone)]
pub(crate) struct Options {
    pub(crate) name: Option<Name>,
    /// A variant of `SpanKind`.
    pub(crate) kind: Option<Ident>,
    /// A variant of `Level`.
    pub(crate) level: Option<Ident>,
    pub(crate) parent: Option<Parent>,
    pub(crate) links: Vec<Expr>,
    /// The arguments that `args(..)` names.
    pub(crate) args: Vec<Field>,
    /// `args`: every argument.
    pub(crate) all_args: Option<Span>,
    /// The arguments that `args` leaves out.
    pub(crate) skip: Vec<Ident>,
    /// A lone `skip`, which leaves a function out of its block.
    pub(crate) skip_all: Option<Span>,
    pub(crate) fields: Vec<Field>,
    pub(crate) err: Option<Told>,
    pub(crate) ret: Option<Told>,
    pub(crate) per_poll: Option<Span>,
    /// The condition under which there is a span.
    pub(crate) when: Option<Expr>,
    /// What the body calls the span's handle.
    pub(crate) current: Option<Ident>,
    /// What stands before the names of a block's functions.
    pub(crate) prefix: Option<LitStr>,
    /// Where trace-core is, if not at `::trace_core`.
    pub(crate) krate: Option<Path>,
    /// Whether the function must stay an `async fn` because an attribute of its block looks for the word.
    pub(crate) wants_async: bool,
}

/// A span's name.
#[derive(Clone)]
pub(crate) enum Name {
    /// Text without arguments, or a constant: known at compile time.
    Constant(Box<Expr>),
    /// Text with `{argument}` in it.
    Template(LitStr),
}

/// A span's parent, where it is not the current span.
#[derive(Clone)]
pub(crate) enum Parent {
    /// None: a new trace begins.
    Root,
    /// What this expression says at the call.
    Given(Box<Expr>),
}

/// Reads the options; every mistake goes to `errors` and the rest is read on.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let parser = |input: ParseStream| {
        let mut seen: Vec<Ident> = Vec::new();
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

fn parse_one(options: &mut Options, seen: &mut Vec<Ident>, input: ParseStream) -> syn::Result<()> {
    let word = input.call(Ident::parse_any)?;
    let Some(spec) = TABLE.iter().find(|spec| word == spec.name) else {
        return Err(check::unknown_option(&word));
    };
    let first = seen.iter().find(|first| **first == word).filter(|_| !spec.repeats);
    if let Some(first) = first {
        return Err(check::given_twice(first, &word));
    }
    seen.push(word.clone());
    (spec.parse)(options, &word, input)
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
    options.kind = Some(words::one_of(input, "kind", words::KINDS)?);
    Ok(())
}

fn level(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.level = Some(words::one_of(input, "level", words::LEVELS)?);
    Ok(())
}

fn parent(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    let expr: Expr = input.parse()?;
    let is_word = |word| matches!(&expr, Expr::Path(path) if path.path.is_ident(word));
    options.parent =
        Some(if is_word("none") || is_word("root") { Parent::Root } else { Parent::Given(Box::new(expr)) });
    Ok(())
}

fn links(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.links.push(input.parse()?);
    Ok(())
}

fn args(options: &mut Options, word: &Ident, input: ParseStream) -> syn::Result<()> {
    if !input.peek(syn::token::Paren) {
        options.all_args = Some(word.span());
        return Ok(());
    }
    options.args.extend(list(input, field::argument)?);
    Ok(())
}

fn skip(options: &mut Options, word: &Ident, input: ParseStream) -> syn::Result<()> {
    if !input.peek(syn::token::Paren) {
        options.skip_all = Some(word.span());
        return Ok(());
    }
    options.skip.extend(list(input, Ident::parse_any)?);
    Ok(())
}

fn fields(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    options.fields.extend(list(input, <Field as syn::parse::Parse>::parse)?);
    Ok(())
}

/// `(item, item)`.
fn list<T>(input: ParseStream, parse: fn(ParseStream) -> syn::Result<T>) -> syn::Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    let list = Punctuated::<T, Token![,]>::parse_terminated_with(&content, parse);
    if list.is_err() {
        // One mistake, one message: what is left over is no second one.
        content.parse::<TokenStream>()?;
    }
    Ok(list?.into_iter().collect())
}

fn err(options: &mut Options, word: &Ident, input: ParseStream) -> syn::Result<()> {
    options.err = Some(told::parse(word, input)?);
    Ok(())
}

fn ret(options: &mut Options, word: &Ident, input: ParseStream) -> syn::Result<()> {
    options.ret = Some(told::parse(word, input)?);
    Ok(())
}

fn per_poll(options: &mut Options, word: &Ident, _: ParseStream) -> syn::Result<()> {
    options.per_poll = Some(word.span());
    Ok(())
}

fn when(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.when = Some(input.parse()?);
    Ok(())
}

fn current(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.current = Some(input.parse()?);
    Ok(())
}

fn prefix(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.prefix = Some(input.parse()?);
    Ok(())
}

fn krate(options: &mut Options, _: &Ident, input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![=]>()?;
    options.krate = Some(input.call(Path::parse_mod_style)?);
    Ok(())
}

/// Words with dots between them as one text.
pub(crate) fn dotted<'a>(words: impl Iterator<Item = &'a Ident>) -> String {
    words.map(|word| word.unraw().to_string()).collect::<Vec<_>>().join(".")
}

impl Options {
    /// These options, and of `defaults` what they leave open.
    pub(crate) fn or(mut self, defaults: &Self) -> Self {
        let defaults = defaults.clone();
        self.name = self.name.or(defaults.name);
        self.kind = self.kind.or(defaults.kind);
        self.level = self.level.or(defaults.level);
        self.parent = self.parent.or(defaults.parent);
        self.links.splice(0..0, defaults.links);
        self.args.splice(0..0, defaults.args);
        self.all_args = self.all_args.or(defaults.all_args);
        self.skip.splice(0..0, defaults.skip);
        self.skip_all = self.skip_all.or(defaults.skip_all);
        // The last value of a key wins, and that is to be the function's own.
        self.fields.splice(0..0, defaults.fields);
        self.err = self.err.or(defaults.err);
        self.ret = self.ret.or(defaults.ret);
        self.per_poll = self.per_poll.or(defaults.per_poll);
        self.when = self.when.or(defaults.when);
        self.current = self.current.or(defaults.current);
        self.prefix = self.prefix.or(defaults.prefix);
        self.krate = self.krate.or(defaults.krate);
        self
    }

    /// The expressions that are evaluated at the call.
    pub(crate) fn at_the_call(&self) -> impl Iterator<Item = TokenStream> {
        let parent = self.parent.iter().filter_map(|parent| match parent {
            Parent::Root => None,
            Parent::Given(expr) => Some(expr.to_token_stream()),
        });
        parent.chain(self.links.iter().chain(&self.when).map(ToTokens::to_token_stream))
    }
}
