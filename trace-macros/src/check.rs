//! Every refusal: what `#[traced]` does not do, said at the place of the mistake.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::{Signature, Token};

use crate::args::Options;
use crate::item::Function;

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

    /// The mistakes as compile errors, if there are any.
    pub(crate) fn finish(self) -> Option<TokenStream> {
        self.0.map(|error| error.to_compile_error())
    }
}

/// Refuses what is no function.
pub(crate) fn kind_of_item(input: ParseStream) -> Option<syn::Error> {
    let ahead = input.lookahead1();
    let what = if ahead.peek(Token![struct]) {
        "a struct"
    } else if ahead.peek(Token![enum]) {
        "an enum"
    } else if ahead.peek(Token![static]) {
        "a static"
    } else {
        return None;
    };
    Some(input.error(format!("`#[traced]` goes on a function, not on {what}")))
}

/// Refuses a declaration: a trait method or a foreign function without a body.
pub(crate) fn no_body(sig: &Signature) -> syn::Error {
    syn::Error::new(sig.ident.span(), "`#[traced]` needs a body to trace; put it on the implementation")
}

/// Refuses what the options and the function do not allow together.
pub(crate) fn function(options: &Options, function: &Function, errors: &mut Errors) {
    if let Some(constness) = &function.sig.constness {
        errors
            .add(syn::Error::new(constness.span, "a `const fn` may run at compile time, where nothing can be traced"));
    }
    if let Some(err) = &options.err {
        if function.output().is_none() {
            errors.add(syn::Error::new(err.span, "`err` on a function that returns no error"));
        }
        if function.sig.asyncness.is_none() && track_caller(function).is_some() {
            let message = "`err` would hide the caller from `#[track_caller]`: remove one of them";
            errors.add(syn::Error::new(err.span, message));
        }
    }
}

/// The attribute that makes the caller's location visible to the body.
pub(crate) fn track_caller(function: &Function) -> Option<&syn::Attribute> {
    function.attrs.iter().find(|attr| attr.path().is_ident("track_caller"))
}
