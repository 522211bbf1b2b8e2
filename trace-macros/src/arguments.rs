//! Which arguments become attributes: `args`, `args(..)`, `skip(..)` and `#[attr..]` on the arguments themselves.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, FnArg, Ident, LitStr, Meta, Pat, Signature, Token};

use crate::args::{Field, Form, Options};
use crate::check::{self, Errors};

/// Turns everything that is said of arguments into fields, and takes `#[attr..]` off the arguments.
pub(crate) fn resolve(options: &mut Options, sig: &mut Signature, errors: &mut Errors) {
    let known = names(sig);
    let mut fields = Vec::new();
    for field in std::mem::take(&mut options.args) {
        match named(&field).filter(|name| !known.contains(name)) {
            Some(unknown) => errors.add(check::unknown_argument(&unknown, &known)),
            None => fields.push(field),
        }
    }
    for name in options.skip.iter().filter(|name| !known.contains(name)) {
        errors.add(check::unknown_argument(name, &known));
    }
    if let Some(name) = options.skip.first().filter(|_| options.all_args.is_none()) {
        errors.add(check::nothing_to_skip(name));
    }
    let mut left_out = options.skip.clone();
    let mut marked = Vec::new();
    for input in &mut sig.inputs {
        for attr in take_marks(input) {
            match mark(&attr, input) {
                Ok(Marked::Skip(names)) => left_out.extend(names),
                Ok(Marked::Fields(new)) => marked.extend(new),
                Err(error) => errors.add(error),
            }
        }
    }
    if options.all_args.is_some() {
        let mentioned: Vec<Ident> = fields.iter().chain(&marked).filter_map(named).chain(left_out).collect();
        // A name that says it is not used is not used by us.
        let is_meant = |name: &&Ident| *name != "self" && !name.to_string().starts_with('_');
        let rest = known.iter().filter(is_meant).filter(|name| !mentioned.contains(name));
        options.fields.extend(rest.map(|name| Field::of_argument(name, Form::Value)));
    }
    options.fields.extend(marked.into_iter().chain(fields));
}

/// Takes `#[attr..]` off the arguments, of which nothing is to become.
pub(crate) fn strip(sig: &mut Signature) {
    for input in &mut sig.inputs {
        take_marks(input);
    }
}

/// Everything that the arguments bind.
pub(crate) fn names(sig: &Signature) -> Vec<Ident> {
    let mut names = Vec::new();
    sig.inputs.iter().for_each(|input| names_of(input, &mut names));
    names
}

/// What the arguments bind by taking a value apart.
pub(crate) fn names_in_patterns(sig: &Signature) -> Vec<Ident> {
    let mut names = Vec::new();
    let is_taken_apart = |input: &&FnArg| match input {
        FnArg::Receiver(_) => false,
        FnArg::Typed(typed) => !matches!(&*typed.pat, Pat::Ident(pat) if pat.subpat.is_none() && pat.by_ref.is_none()),
    };
    sig.inputs.iter().filter(is_taken_apart).for_each(|input| names_of(input, &mut names));
    names
}

fn names_of(input: &FnArg, names: &mut Vec<Ident>) {
    match input {
        FnArg::Receiver(receiver) => names.push(Ident::new("self", receiver.self_token.span)),
        FnArg::Typed(typed) => bound(&typed.pat, names),
    }
}

/// The names that a pattern binds.
fn bound(pat: &Pat, names: &mut Vec<Ident>) {
    match pat {
        Pat::Ident(pat) => {
            names.push(pat.ident.clone());
            pat.subpat.iter().for_each(|(_, pat)| bound(pat, names));
        }
        Pat::Or(pat) => pat.cases.first().into_iter().for_each(|pat| bound(pat, names)),
        Pat::Paren(pat) => bound(&pat.pat, names),
        Pat::Reference(pat) => bound(&pat.pat, names),
        Pat::Slice(pat) => pat.elems.iter().for_each(|pat| bound(pat, names)),
        Pat::Struct(pat) => pat.fields.iter().for_each(|field| bound(&field.pat, names)),
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| bound(pat, names)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| bound(pat, names)),
        Pat::Type(pat) => bound(&pat.pat, names),
        _ => {}
    }
}

/// The variable that a field of `args(..)` records.
pub(crate) fn named(field: &Field) -> Option<Ident> {
    match &field.value.expr {
        syn::Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    }
}

fn take_marks(input: &mut FnArg) -> Vec<Attribute> {
    let attrs = match input {
        FnArg::Receiver(receiver) => &mut receiver.attrs,
        FnArg::Typed(typed) => &mut typed.attrs,
    };
    let (marks, others) = std::mem::take(attrs).into_iter().partition(|attr| attr.path().is_ident("attr"));
    *attrs = others;
    marks
}

/// What an `#[attr..]` says of its argument.
enum Marked {
    Skip(Vec<Ident>),
    Fields(Vec<Field>),
}

fn mark(attr: &Attribute, input: &FnArg) -> syn::Result<Marked> {
    let mut names = Vec::new();
    names_of(input, &mut names);
    let Mark { key, form, skip } = match &attr.meta {
        Meta::Path(_) => Mark { key: None, form: Form::Value, skip: false },
        _ => attr.parse_args_with(Mark::parse)?,
    };
    if skip {
        return Ok(Marked::Skip(names));
    }
    match (&key, &names[..]) {
        (_, []) => Err(check::nothing_bound(attr)),
        (Some(key), [_, _, ..]) => Err(check::one_key_for_several(key)),
        _ => Ok(Marked::Fields(names.iter().map(|name| field(name, key.as_ref(), form)).collect())),
    }
}

fn field(name: &Ident, key: Option<&LitStr>, form: Form) -> Field {
    let field = Field::of_argument(name, form);
    match key {
        Some(key) => Field { key: key.clone(), ..field },
        None => field,
    }
}

/// What stands in `#[attr(..)]`.
struct Mark {
    key: Option<LitStr>,
    form: Form,
    skip: bool,
}

impl Mark {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut mark = Self { key: None, form: Form::Value, skip: false };
        while !input.is_empty() {
            if input.peek(LitStr) {
                mark.key = Some(input.parse()?);
            } else {
                let word = input.call(Ident::parse_any)?;
                match word.to_string().as_str() {
                    "debug" => mark.form = Form::Debug,
                    "display" => mark.form = Form::Display,
                    "skip" => mark.skip = true,
                    _ => return Err(check::unknown_mark(&word)),
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(mark)
    }
}

/// Where the first of these names stands in a text of tokens.
pub(crate) fn mention(tokens: proc_macro2::TokenStream, names: &[Ident]) -> Option<(Ident, Span)> {
    tokens.into_iter().find_map(|token| match token {
        proc_macro2::TokenTree::Ident(ident) if names.contains(&ident) => {
            let span = ident.span();
            Some((ident, span))
        }
        proc_macro2::TokenTree::Group(group) => mention(group.stream(), names),
        _ => None,
    })
}
