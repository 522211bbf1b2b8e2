//! Every refusal: what `#[traced]` does not do, said at the place of the mistake.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, LitStr, Signature, Token};

use crate::args::{Options, TABLE};
use crate::arguments;
use crate::body;
use crate::item::Function;
use crate::nearest::nearest;
use crate::returns::{Polled, classify};

/// All mistakes of one attribute, so that they are told at once.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds a mistake.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The mistakes as compile errors, if there are any.
    pub(crate) fn finish(self) -> TokenStream {
        self.0.map(|error| error.to_compile_error()).unwrap_or_default()
    }
}

/// Refuses a word that is no option.
pub(crate) fn unknown_option(word: &Ident) -> syn::Error {
    let shapes: Vec<_> = TABLE.iter().map(|spec| format!("`{}`", spec.shape)).collect();
    let known = format!("known are {}", shapes.join(", "));
    let message = match nearest(&word.to_string(), TABLE.iter().map(|spec| spec.name)) {
        Some(near) => format!("unknown option `{word}`; did you mean `{near}`? {known}"),
        None => format!("unknown option `{word}`; {known}"),
    };
    syn::Error::new(word.span(), message)
}

/// Refuses an option that stands twice and cannot mean more for it; what lies between both is underlined.
pub(crate) fn given_twice(first: &Ident, second: &Ident) -> syn::Error {
    syn::Error::new_spanned(quote!(#first #second), format!("`{second}` is given twice"))
}

/// Refuses the name of an argument that is not there.
pub(crate) fn unknown_argument(name: &Ident, known: &[Ident]) -> syn::Error {
    let words: Vec<String> = known.iter().map(ToString::to_string).collect();
    let message = match nearest(&name.to_string(), words.iter().map(String::as_str)) {
        Some(near) => format!("no argument is called `{name}`; did you mean `{near}`?"),
        None => format!("no argument is called `{name}`"),
    };
    syn::Error::new(name.span(), message)
}

/// Refuses `skip(x)` where nothing is taken.
pub(crate) fn nothing_to_skip(name: &Ident) -> syn::Error {
    syn::Error::new(name.span(), "there is nothing to skip: no argument is recorded unless `args` asks for it")
}

/// Refuses `#[attr]` on `_`.
pub(crate) fn nothing_bound(attr: &Attribute) -> syn::Error {
    syn::Error::new_spanned(attr, "this argument has no name to record it by")
}

/// Refuses `#[attr("key")]` on a pattern with several names.
pub(crate) fn one_key_for_several(key: &LitStr) -> syn::Error {
    syn::Error::new(key.span(), "one key for an argument that binds several names; `fields(..)` gives each its own")
}

/// Refuses a word in `#[attr(..)]`.
pub(crate) fn unknown_mark(word: &Ident) -> syn::Error {
    let message = format!("unknown form `{word}`; known are a key in quotes, `debug`, `display` and `skip`");
    syn::Error::new(word.span(), message)
}

/// Refuses what is neither a function nor a block of functions.
pub(crate) fn kind_of_item(input: ParseStream) -> Option<syn::Error> {
    let ahead = input.lookahead1();
    let is_const_item = input.peek(Token![const]) && !is_const_fn(input);
    let what = if ahead.peek(Token![struct]) {
        "a struct"
    } else if ahead.peek(Token![enum]) {
        "an enum"
    } else if ahead.peek(Token![static]) {
        "a static"
    } else if is_const_item {
        "a constant"
    } else if ahead.peek(Token![type]) {
        "a type"
    } else if ahead.peek(Token![use]) {
        "an import"
    } else if ahead.peek(Token![let]) {
        "a statement"
    } else {
        return None;
    };
    Some(input.error(format!("`#[traced]` goes on a function, `impl`, `trait` or `mod`, not on {what}")))
}

fn is_const_fn(input: ParseStream) -> bool {
    [input.peek2(Token![fn]), input.peek2(Token![async]), input.peek2(Token![unsafe]), input.peek2(Token![extern])]
        .contains(&true)
}

/// Refuses a declaration: a trait method or a foreign function without a body.
pub(crate) fn no_body(sig: &Signature) -> syn::Error {
    syn::Error::new(sig.ident.span(), "`#[traced]` needs a body to trace; put it on the implementation")
}

/// Refuses `mod x;`.
pub(crate) fn outline(name: &Ident) -> syn::Error {
    syn::Error::new(name.span(), "`#[traced]` sees nothing of a module in another file; put it on the items there")
}

/// Refuses what the options and the function do not allow together.
pub(crate) fn function(options: &Options, function: &Function, errors: &mut Errors) {
    let mut refuse = |span: Span, message: &str| errors.add(syn::Error::new(span, message));
    let sig = &function.sig;
    if let Some(constness) = &sig.constness {
        refuse(constness.span, "a `const fn` may run at compile time, where nothing can be traced");
        return;
    }
    let later = if sig.asyncness.is_none() { classify(&sig.output) } else { None };
    for (told, word, what) in [(&options.err, "err", "error"), (&options.ret, "ret", "value")] {
        let Some(told) = told else { continue };
        if function.output().is_none() {
            refuse(told.span, &format!("`{word}` on a function that returns no {what}"));
        } else if later.is_none() && sig.asyncness.is_none() && track_caller(function).is_some() {
            refuse(told.span, &format!("`{word}` would hide the caller from `#[track_caller]`: remove one of them"));
        }
    }
    if let (Some(ret), Some(Polled::Stream)) = (&options.ret, later.as_ref().map(|later| later.what)) {
        refuse(ret.span, "`ret` on a function that returns a stream, which has no one value");
    }
    if let (Some(_), Some(attr)) = (&later, track_caller(function))
        && body::boxed_async_block(&function.inside()).is_none()
        && !body::is_async_block(&function.inside())
    {
        errors.add(syn::Error::new_spanned(
            attr,
            "`#[traced]` would hide the caller from `#[track_caller]` on a function that returns a future: remove one of them",
        ));
    }
    let mut refuse = |span: Span, message: &str| errors.add(syn::Error::new(span, message));
    let is_polled = sig.asyncness.is_some() || later.is_some() || body::driven(&function.inside()).is_some();
    if let Some(span) = options.per_poll.filter(|_| !is_polled) {
        refuse(span, "`per_poll` on a function that is not polled");
    }
    if let Some(span) = options.skip_all {
        refuse(span, "`skip` alone leaves a function out of a traced block; here, leave `#[traced]` away");
    }
    if let Some(prefix) = &options.prefix {
        refuse(prefix.span(), "`prefix` is for the functions of a block; a function has a `name`");
    }
    let apart = arguments::names_in_patterns(sig);
    for tokens in options.at_the_call() {
        if let Some((name, span)) = arguments::mention(tokens, &apart) {
            let message = format!("`{name}` is not there yet: its argument is taken apart after the span has started");
            errors.add(syn::Error::new(span, message));
        }
    }
}

/// Refuses what a block of functions cannot share.
pub(crate) fn block(options: &Options, name: Option<Span>, errors: &mut Errors) {
    if let Some(span) = name {
        errors.add(syn::Error::new(
            span,
            "`name` would give all functions of the block one name; `prefix` tells them apart",
        ));
    }
    if let Some(span) = options.skip_all {
        errors.add(syn::Error::new(span, "`skip` alone goes inside a traced block"));
    }
}

/// The attribute that makes the caller's location visible to the body.
pub(crate) fn track_caller(function: &Function) -> Option<&Attribute> {
    function.attrs.iter().find(|attr| attr.path().is_ident("track_caller"))
}
