//! A block of functions: each of them traced with the block's options for defaults.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, LitStr, Meta, Signature};

use crate::args::{self, Name, Options};
use crate::arguments;
use crate::check::{self, Errors};
use crate::expand;
use crate::item::{Block, Function, Member, take_traced};
use crate::returns::{Later, Polled, classify};

/// Traces the functions of a block.
pub(crate) fn block(options: &Options, mut block: Block, mut errors: Errors) -> TokenStream {
    let name = options.name.as_ref().map(|name| match name {
        Name::Constant(expr) => syn::spanned::Spanned::span(&**expr),
        Name::Template(text) => text.span(),
    });
    check::block(options, name, &mut errors);
    let mut tokens = TokenStream::new();
    let traces = errors.is_empty() && !block.is_passed_over();
    for member in std::mem::take(&mut block.members) {
        match member {
            Member::Other(other) => tokens.extend(other),
            Member::Block(inner) => tokens.extend(inner_block(options, *inner, traces)),
            Member::Function(function) => tokens.extend(member_function(options, &block, *function, traces)),
        }
    }
    [block.with(tokens), errors.finish()].into_iter().collect()
}

/// A block inside of a module, which may have options of its own.
fn inner_block(defaults: &Options, mut inner: Block, traces: bool) -> TokenStream {
    let mut errors = Errors::default();
    let options = own_options(&inner.take_traced(), &mut errors);
    if !traces || options.skip_all.is_some() {
        return [inner.whole(), errors.finish()].into_iter().collect();
    }
    block(&options.or(defaults), inner, errors)
}

fn member_function(defaults: &Options, block: &Block, mut function: Function, traces: bool) -> TokenStream {
    let mut errors = Errors::default();
    let (ours, others) = take_traced(std::mem::take(&mut function.attrs));
    function.attrs = others;
    let mut options = own_options(&ours, &mut errors);
    let is_asked_for = !ours.is_empty() && options.skip_all.is_none();
    let is_traced = is_asked_for || options.skip_all.is_none() && !is_passed_over(&function.sig);
    if !traces || !is_traced {
        arguments::strip(&mut function.sig);
        return [function.to_token_stream(), errors.finish()].into_iter().collect();
    }
    let prefix = options.prefix.take();
    let mut options = options.or(&fitting(defaults, &function));
    let prefix = prefix.or(options.prefix.take());
    if options.name.is_none() {
        let own = syn::ext::IdentExt::unraw(&function.sig.ident).to_string();
        let name = prefix.map_or_else(|| block.name_of(&own), |prefix| prefix.value() + &own);
        let name = LitStr::new(&name, function.sig.ident.span());
        options.name = Some(Name::Constant(Box::new(syn::parse_quote!(#name))));
    }
    options.wants_async = block.attrs().iter().any(|attr| !expand::is_indifferent(&attr.meta));
    crate::function(options, function, errors)
}

/// The options of the attributes that stand on a member.
fn own_options(ours: &[Attribute], errors: &mut Errors) -> Options {
    let tokens = ours.iter().filter_map(|attr| match &attr.meta {
        Meta::List(list) => Some(list.tokens.clone()),
        _ => None,
    });
    tokens.fold(Options::default(), |options, tokens| options.or(&args::parse(tokens, errors)))
}

/// Of the block's options those that fit the function.
fn fitting(defaults: &Options, function: &Function) -> Options {
    let mut options = defaults.clone();
    let sig = &function.sig;
    let known = arguments::names(sig);
    options.args.retain(|field| arguments::named(field).is_some_and(|name| known.contains(&name)));
    options.skip.retain(|name| known.contains(name));
    let later = if sig.asyncness.is_none() { classify(&sig.output) } else { None };
    let value = later.as_ref().map_or_else(|| sig.output.clone(), Later::yields);
    let hides_caller = check::track_caller(function).is_some() && sig.asyncness.is_none();
    if !expand::is_result(&value) || hides_caller {
        options.err = None;
    }
    let is_stream = later.as_ref().is_some_and(|later| later.what == Polled::Stream);
    if function.output().is_none() || hides_caller || is_stream {
        options.ret = None;
    }
    if sig.asyncness.is_none() && later.is_none() {
        options.per_poll = None;
    }
    options
}

/// Functions that are called too often, or by the compiler, or at compile time.
fn is_passed_over(sig: &Signature) -> bool {
    let name = sig.ident.to_string();
    sig.constness.is_some() || name == "poll" || name.starts_with("poll_")
}
