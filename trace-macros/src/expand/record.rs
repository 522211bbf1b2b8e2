//! What is said of the span inside the body, before the user's statements: only when it records.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Expr, Signature};

use super::{Site, callsite};
use crate::args::{Field, Form, Name, Options, Recorded};

/// Whether anything is said of the span inside the body.
pub(crate) fn is_needed(options: &Options, sig: &Signature) -> bool {
    let is_late = match &options.name {
        Some(Name::Template(_)) => true,
        Some(Name::Constant(expr)) => callsite::is_late(expr, sig),
        None => false,
    };
    is_late || !options.fields.is_empty() || options.current.is_some()
}

/// The statements that give the span, whose handle is `handle`, its attributes and a name that is not constant, and bind the
/// handle for the body; nothing if there is none of this.
pub(crate) fn statements(site: &Site, options: &Options, sig: &Signature, handle: &TokenStream) -> TokenStream {
    if !is_needed(options, sig) {
        return TokenStream::new();
    }
    let name = options.name.as_ref().and_then(|name| late_name(site, name, sig));
    let fields = options.fields.iter().map(|field| attribute(site, field));
    let said = (name.is_some() || !options.fields.is_empty()).then(|| {
        quote_spanned! {site.span=>
            if current.is_recording() {
                #name
                #(#fields)*
            }
        }
    });
    let current = options
        .current
        .as_ref()
        .map(|current| quote_spanned!(site.span=> #[allow(unused_variables)] let #current = current;));
    quote_spanned! {site.span=>
        let current = #handle;
        #said
        #current
    }
}

fn late_name(site: &Site, name: &Name, sig: &Signature) -> Option<TokenStream> {
    let support = site.support();
    match name {
        Name::Template(text) => Some(quote_spanned!(site.span=> current.set_name(#support::std::format!(#text));)),
        Name::Constant(expr) if callsite::is_late(expr, sig) => {
            Some(quote_spanned!(site.span=> current.set_name(#expr);))
        }
        Name::Constant(_) => None,
    }
}

/// Without `impl Into` where the types are ours: the compiler proves each anew at each place.
fn attribute(site: &Site, field: &Field) -> TokenStream {
    let support = site.support();
    let Field { key, value: Recorded { form, expr } } = field;
    if let (Form::Value, Expr::Lit(_)) = (form, expr) {
        return quote_spanned!(site.span=> current.set_attribute(#key, #expr););
    }
    // An error about the value's type should point at the value.
    let place = Site { span: site.span.located_at(expr.span()), core: site.core.clone() };
    let reference = reference(&place, expr);
    match form {
        Form::Value => quote_spanned!(place.span=> #support::probe(#reference).record(current, #key);),
        form => {
            let value = of_reference(&place, &reference, *form);
            quote_spanned!(site.span=> #support::record(current, #key, #value);)
        }
    }
}

/// The parentheses are for `a + b`; where they are not needed, a lint would say so.
fn reference(place: &Site, expr: &Expr) -> TokenStream {
    match expr {
        Expr::Path(_) | Expr::Field(_) | Expr::MethodCall(_) | Expr::Call(_) | Expr::Macro(_) | Expr::Paren(_) => {
            quote_spanned!(place.span=> &#expr)
        }
        _ => quote_spanned!(place.span=> &(#expr)),
    }
}

/// The value of an attribute, from a reference to what is recorded.
pub(crate) fn of_reference(site: &Site, reference: &TokenStream, form: Form) -> TokenStream {
    let support = site.support();
    let core = &site.core;
    match form {
        Form::Debug => quote_spanned!(site.span=> #core::Value::debug(#reference)),
        Form::Display => quote_spanned!(site.span=> #core::Value::display(#reference)),
        Form::Value => quote_spanned!(site.span=> #support::probe(#reference).value()),
    }
}
