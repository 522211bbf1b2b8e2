//! What is said of the span inside the body, before the user's statements: only when it records.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::{Site, callsite};
use crate::args::{Field, Form, Key, Name, Options, Recorded};

/// The statement that gives the current span its attributes and a name that is not constant; nothing if it has none.
pub(crate) fn statement(site: &Site, options: &Options) -> TokenStream {
    let Site { span, core } = site;
    let name = options.name.as_ref().and_then(|name| late_name(site, name));
    if name.is_none() && options.fields.is_empty() {
        return TokenStream::new();
    }
    let fields = options.fields.iter().map(|field| attribute(site, field));
    quote_spanned! {*span=>
        let span = #core::current_span();
        if span.is_recording() {
            #name
            #(#fields)*
        }
    }
}

fn late_name(site: &Site, name: &Name) -> Option<TokenStream> {
    let support = site.support();
    match name {
        Name::Template(text) => Some(quote_spanned!(site.span=> span.set_name(#support::std::format!(#text));)),
        Name::Constant(expr) if callsite::needs_self(expr) => Some(quote_spanned!(site.span=> span.set_name(#expr);)),
        Name::Constant(_) => None,
    }
}

fn attribute(site: &Site, field: &Field) -> TokenStream {
    let Key::Text(key) = &field.key;
    let value = value(site, &field.value);
    quote_spanned!(site.span=> span.set_attribute(#key, #value);)
}

fn value(site: &Site, recorded: &Recorded) -> TokenStream {
    let support = site.support();
    let core = &site.core;
    let expr = &recorded.expr;
    // An error about the value's type should point at the value.
    let place = site.span.located_at(expr.span());
    match recorded.form {
        Form::Debug => quote_spanned!(place=> #core::Value::debug(&#expr)),
        Form::Display => quote_spanned!(place=> #core::Value::display(&#expr)),
        Form::Value if matches!(expr, Expr::Lit(_)) => expr.to_token_stream(),
        Form::Value => quote_spanned! {place=>
            match &#expr {
                value => {
                    use #support::{AsDebug as _, AsValue as _};
                    (&#support::Probe(value)).way().value(value)
                }
            }
        },
    }
}
