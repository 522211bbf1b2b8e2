//! What a traced function becomes.
//!
//! One file per shape, and one per part that shapes have in common. Three rules hold everywhere:
//!
//! - The user's block is copied with its own brace tokens, inside braces of this crate's edition (2024), so that the
//!   temporaries of its last expression die before the rebound arguments, as they do in the un-annotated function.
//! - Every token of ours has [`Span::mixed_site`] located at the function's name: our locals are invisible to the user,
//!   lints see a macro, and errors point somewhere sensible.
//! - Every path is absolute and goes through trace-core.

mod asynchronous;
mod callsite;
mod outcome;
mod output;
mod params;
mod record;
mod returned;
mod sync;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Lifetime, Meta, Path, Signature, Token};

use crate::args::Options;
use crate::item::Function;
use crate::returns::classify;

pub(crate) use output::is_result;
use params::Params;

/// Where our tokens stand, and where trace-core is.
pub(crate) struct Site {
    pub(crate) span: Span,
    pub(crate) core: Core,
}

impl Site {
    fn of(options: &Options, sig: &Signature) -> Self {
        let span = Span::mixed_site().located_at(sig.ident.span());
        Self { span, core: Core { span, path: options.krate.clone() } }
    }

    /// The doc-hidden module with what expansions call.
    pub(crate) fn support(&self) -> Support<'_> {
        Support(&self.core)
    }
}

/// The path to trace-core.
///
/// It and [`Support`] are no token streams: to put one stream into another is a call to the compiler, and these stand in an
/// expansion twenty times.
#[derive(Clone)]
pub(crate) struct Core {
    span: Span,
    /// What the option `crate` says.
    path: Option<Path>,
}

impl ToTokens for Core {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if let Some(path) = &self.path {
            return path.to_tokens(tokens);
        }
        Token![::](self.span).to_tokens(tokens);
        tokens.append(Ident::new("trace_core", self.span));
    }
}

/// The path to what expansions call.
pub(crate) struct Support<'a>(&'a Core);

impl ToTokens for Support<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
        Token![::](self.0.span).to_tokens(tokens);
        tokens.append(Ident::new("__private", self.0.span));
    }
}

/// Writes a function that passed every check.
pub(crate) fn function(options: &Options, function: &Function) -> TokenStream {
    let site = Site::of(options, &function.sig);
    if function.sig.asyncness.is_none() {
        return match classify(&function.sig.output) {
            Some(later) => returned::expand(&site, options, function, &later),
            None => sync::expand(&site, options, function),
        };
    }
    if options.wants_async || wants_async(function) {
        return asynchronous::keep(&site, options, function);
    }
    asynchronous::expand(&site, options, function)
}

/// The whole function: its attributes, its new signature, and what stands between its new braces.
///
/// Those are two pairs. The inner one is of this crate's edition. The outer one lies where the user's braces lie: by that
/// the compiler knows the user's block for the body, and says of a missing value what it always says.
fn assemble(site: &Site, function: &Function, params: &Params, body: TokenStream) -> TokenStream {
    let Function { attrs, vis, defaultness, .. } = function;
    let Params { sig, .. } = params;
    // The last assignment to a part of a `mut self` that was taken along is said to be unused, though its value is dropped.
    let assignments = params.takes_mut_self.then(|| quote_spanned!(site.span=> unused_assignments,));
    // Clippy would ask for a `return` at the attribute, where nobody can write one, and take the arguments that are bound
    // again for the user's doing.
    let allow = quote_spanned!(site.span=> #[allow(#assignments clippy::implicit_return, clippy::shadow_same)]);
    let mut braces = Group::new(Delimiter::Brace, quote_spanned!(site.span=> { #body }));
    braces.set_span(function.body.span());
    quote_spanned!(site.span=> #(#attrs)* #allow #vis #defaultness #sig #braces)
}

/// The user's block as an expression. The label keeps the compiler from calling its braces unnecessary; it has the span of
/// the opening brace because the compiler takes the block's edition from its first token.
fn block(site: &Site, function: &Function) -> TokenStream {
    match &function.body {
        TokenTree::Group(group) => block_of(site, group),
        body => body.to_token_stream(),
    }
}

fn block_of(site: &Site, group: &Group) -> TokenStream {
    let label = Lifetime::new("'__traced", group.span_open());
    quote_spanned!(site.span=> #label: #group)
}

/// The expansion for the compiler and the function as written for rustdoc, which should show its real signature.
fn with_page(site: &Site, function: &Function, expanded: TokenStream) -> TokenStream {
    let Function { attrs, vis, defaultness, sig, body } = function;
    quote_spanned! {site.span=>
        #[cfg(not(doc))]
        #expanded
        #[cfg(doc)]
        #(#attrs)* #vis #defaultness #sig #body
    }
}

/// Whether the function must stay an `async fn`: an attribute below may look for the word, `#[must_use]` is about the
/// awaited value, and a `main` that nobody runs should get the compiler's own error.
fn wants_async(function: &Function) -> bool {
    function.sig.ident == "main" || function.attrs.iter().any(|attr| !is_indifferent(&attr.meta))
}

/// Whether an attribute means the same on `async fn f() -> T` and on `fn f() -> impl Future<Output = T>`. Of an
/// attribute that this crate does not know, nobody can say so.
pub(crate) fn is_indifferent(meta: &Meta) -> bool {
    const INDIFFERENT: &[&str] =
        &["allow", "cfg", "cold", "deny", "deprecated", "doc", "expect", "forbid", "inline", "target_feature", "warn"];
    const TOOLS: &[&str] = &["clippy", "diagnostic", "miri", "rust_analyzer", "rustfmt"];

    let Some(first) = meta.path().segments.first() else { return false };
    let first = first.ident.to_string();
    if first == "cfg_attr" {
        return conditional(meta).is_some_and(|metas| metas.iter().all(is_indifferent));
    }
    match meta.path().segments.len() {
        1 => INDIFFERENT.contains(&first.as_str()),
        _ => TOOLS.contains(&first.as_str()),
    }
}

/// The attributes that a `cfg_attr` may turn into.
fn conditional(meta: &Meta) -> Option<Vec<Meta>> {
    let Meta::List(list) = meta else { return None };
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).ok()?;
    Some(metas.into_iter().skip(1).collect())
}

/// Whether an attribute decides if the thing it stands on exists.
fn is_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}
