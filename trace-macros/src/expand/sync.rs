//! `fn`: a guard around the user's block; around a closure where the returned value must be seen.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::{GenericArgument, PathArguments, ReceiverKind, Type};

use super::outcome::Judge;
use super::params::{self, Moved, Params};
use super::{Site, assemble, asynchronous, block, block_of, callsite, outcome, output, record, with_page};
use crate::args::Options;
use crate::body;
use crate::check;
use crate::item::Function;
use crate::returns::bare;

/// Writes a function that does its work before it returns.
pub(crate) fn expand(site: &Site, options: &Options, function: &Function) -> TokenStream {
    let needs_closure = sees_output(options, function) || takes_self(function) && !calls_itself(function);
    let (params, body) = if let Some(driven) = body::driven(&function.inside()) {
        around_root(site, options, function, driven)
    } else if !needs_closure || check::track_caller(function).is_some() {
        under_guard(site, options, function)
    } else if calls_itself(function) && body::has_one_exit(function.inside()) {
        through_block(site, options, function)
    } else {
        through_closure(site, options, function)
    };
    let expanded = assemble(site, function, &params, body);
    if params.renamed { with_page(site, function, expanded) } else { expanded }
}

fn sees_output(options: &Options, function: &Function) -> bool {
    options.err.is_some() || options.ret.is_some() || output::is_result(&function.sig.output)
}

/// Whether `self` itself is given to the function. It cannot be bound again, so only a closure drops it before the span ends.
fn takes_self(function: &Function) -> bool {
    match function.sig.receiver().map(|receiver| &receiver.kind) {
        Some(ReceiverKind::Value) => true,
        Some(ReceiverKind::Typed(_, ty)) => !is_reference(ty),
        _ => false,
    }
}

fn is_reference(ty: &Type) -> bool {
    match bare(ty) {
        Type::Reference(_) => true,
        // `Pin<&mut Self>`
        Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
            PathArguments::AngleBracketed(arguments) => {
                last.ident == "Pin"
                    && matches!(arguments.args.first(), Some(GenericArgument::Type(ty)) if is_reference(ty))
            }
            _ => false,
        }),
        _ => false,
    }
}

fn under_guard(site: &Site, options: &Options, function: &Function) -> (Params, TokenStream) {
    let params = params::rebind(site, options, &function.sig, Moved::Droppable);
    let enter = callsite::enter(site, options, &function.sig);
    let record = record::statements(site, options, &function.sig, &quote_spanned!(site.span=> _span.handle()));
    let (rebind, body) = (&params.rebind, block(site, function));
    let body = quote_spanned! {site.span=>
        let _span = #enter;
        #rebind
        #record
        #body
    };
    (params, body)
}

/// The only way to see what `return` and `?` return. The closure takes all arguments along, so that they are dropped
/// before the span ends.
fn through_closure(site: &Site, options: &Options, function: &Function) -> (Params, TokenStream) {
    let support = site.support();
    let params = params::rebind(site, options, &function.sig, Moved::All);
    let enter = callsite::enter(site, options, &function.sig);
    let handle = quote_spanned!(site.span=> span);
    let record = record::statements(site, options, &function.sig, &handle);
    let handle = if record.is_empty() { quote_spanned!(site.span=> _) } else { handle };
    let result = output::inside(site, &function.sig.output);
    let Judge { scope, method } = if sees_output(options, function) {
        outcome::judge(site, options, &function.sig.output)
    } else {
        Judge::none(site)
    };
    let (rebind, body) = (&params.rebind, block(site, function));
    let body = quote_spanned! {site.span=>
        #scope
        #support::run(#enter, move |#handle| -> #result {
            #rebind
            #record
            #body
        })
        #method
    };
    (params, body)
}

/// For a function that calls itself: in a closure, the compiler would not see that it does nothing else. Only where the
/// body's end is its one exit.
fn through_block(site: &Site, options: &Options, function: &Function) -> (Params, TokenStream) {
    let support = site.support();
    let params = params::rebind(site, options, &function.sig, Moved::Droppable);
    let enter = callsite::enter(site, options, &function.sig);
    let record = record::statements(site, options, &function.sig, &quote_spanned!(site.span=> span.handle()));
    let result = output::inside(site, &function.sig.output);
    let Judge { scope, method } = outcome::judge(site, options, &function.sig.output);
    let (rebind, body) = (&params.rebind, block(site, function));
    let body = quote_spanned! {site.span=>
        #scope
        let span = #enter;
        let value: #result = {
            #rebind
            #record
            #body
        };
        #support::returned(span, value) #method
    };
    (params, body)
}

fn calls_itself(function: &Function) -> bool {
    body::mentions(function.inside(), &function.sig.ident.unraw().to_string())
}

/// For what `#[tokio::main]` and its like made of an async function: the span is that of the root future alone. On the thread
/// it would be current in every other task that the executor polls there.
fn around_root(site: &Site, options: &Options, function: &Function, driven: body::Driven) -> (Params, TokenStream) {
    let support = site.support();
    let core = &site.core;
    let params = params::rebind(site, options, &function.sig, Moved::Droppable);
    let start = callsite::start(site, options, &function.sig);
    let handle = quote_spanned!(site.span=> #core::current_span());
    let record = record::statements(site, options, &function.sig, &handle);
    let output = output::inside(site, &function.sig.output);
    let Judge { scope, method } = outcome::judge_of(site, options, &function.sig.output);
    let inner = block_of(site, &driven.block);
    let mut root = Group::new(Delimiter::Brace, quote_spanned!(site.span=> #record #inner));
    root.set_span(driven.block.span());
    let keywords = &driven.keywords;
    let root = asynchronous::polls(site, options, function, quote_spanned!(site.span=> #keywords #root));
    let rebind = &params.rebind;
    let driving = driven.with(quote_spanned!(site.span=> #support::call_as::<#output, _>(#start, #root) #method));
    let body = quote_spanned! {site.span=>
        #scope
        #rebind
        #driving
    };
    (params, body)
}
