//! `impl`, `trait` and `mod`: what stands before the braces, and the items between them, each token for token.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, ImplItem, Signature, Token, TraitItem, Type, Visibility};

use super::{Function, parse_function};
use crate::check;
use crate::returns::bare;

/// A block of functions.
pub(crate) struct Block {
    /// All before the braces.
    head: TokenStream,
    attrs: Vec<Attribute>,
    /// What names the type or trait in the names of functions; nothing for a module.
    owner: Option<String>,
    /// The trait that is implemented.
    implements: Option<String>,
    braces: Group,
    /// `#![..]` at the top.
    inner: Vec<Attribute>,
    pub(crate) members: Vec<Member>,
}

/// Something in a block.
pub(crate) enum Member {
    /// A function with a body, and the `#[traced..]` that stands on it.
    Function(Box<Function>),
    /// A block in a module.
    Block(Box<Block>),
    /// Anything else.
    Other(TokenStream),
}

impl Block {
    /// Whether its functions are passed over: what formats or drops is called in places where nobody expects a span.
    pub(crate) fn is_passed_over(&self) -> bool {
        const FORMATS: &[&str] =
            &["Binary", "Debug", "Display", "LowerExp", "LowerHex", "Octal", "Pointer", "UpperExp", "UpperHex"];
        self.implements.as_deref().is_some_and(|name| name == "Drop" || FORMATS.contains(&name))
    }

    /// The name of one of its functions: `Type::method`.
    pub(crate) fn name_of(&self, function: &str) -> String {
        match &self.owner {
            Some(owner) => format!("{owner}::{function}"),
            None => function.to_owned(),
        }
    }

    /// The attributes on it, such as an `#[async_trait]` that stands below ours.
    pub(crate) fn attrs(&self) -> &[Attribute] {
        &self.attrs
    }

    /// The attributes of ours on it, taken off.
    pub(crate) fn take_traced(&mut self) -> Vec<Attribute> {
        let (ours, others) = take_traced(std::mem::take(&mut self.attrs));
        self.attrs = others;
        ours
    }

    /// The block as it came, but for what was taken off.
    pub(crate) fn whole(&self) -> TokenStream {
        let (attrs, head, braces) = (&self.attrs, &self.head, &self.braces);
        quote!(#(#attrs)* #head #braces)
    }

    /// The block with these members.
    pub(crate) fn with(&self, members: TokenStream) -> TokenStream {
        let (attrs, head, inner) = (&self.attrs, &self.head, &self.inner);
        let mut braces = Group::new(Delimiter::Brace, quote!(#(#inner)* #members));
        braces.set_span(self.braces.span());
        quote!(#(#attrs)* #head #braces)
    }
}

/// Splits the attributes into ours and the others.
pub(crate) fn take_traced(attrs: Vec<Attribute>) -> (Vec<Attribute>, Vec<Attribute>) {
    attrs.into_iter().partition(|attr| attr.path().segments.last().is_some_and(|last| last.ident == "traced"))
}

/// Reads a block, if the next item is one.
pub(super) fn parse(input: ParseStream) -> syn::Result<Option<Block>> {
    let ahead = input.fork();
    let attrs = ahead.call(Attribute::parse_outer)?;
    let begin = ahead.fork();
    ahead.parse::<Visibility>()?;
    ahead.parse::<Option<Token![default]>>()?;
    ahead.parse::<Option<Token![unsafe]>>()?;
    let (owner, implements, other) = if ahead.peek(Token![impl]) {
        let (owner, implements) = impl_head(&ahead)?;
        (Some(owner), implements, skip::<ImplItem> as Skip)
    } else if ahead.peek(Token![trait]) {
        (Some(trait_head(&ahead)?), None, skip::<TraitItem> as Skip)
    } else if ahead.peek(Token![mod]) {
        mod_head(&ahead)?;
        (None, None, skip::<syn::Item> as Skip)
    } else {
        return Ok(None);
    };
    let head = between(&begin, &ahead);
    let TokenTree::Group(braces) = ahead.parse()? else { return Err(ahead.error("expected braces")) };
    input.advance_to(&ahead);
    let is_mod = owner.is_none();
    let read = |input: ParseStream| {
        let inner = input.call(Attribute::parse_inner)?;
        let mut members = Vec::new();
        while !input.is_empty() {
            members.push(member(input, is_mod, other)?);
        }
        Ok((inner, members))
    };
    let (inner, members) = read.parse2(braces.stream())?;
    Ok(Some(Block { head, attrs, owner, implements, braces, inner, members }))
}

/// Reads an item and leaves it.
type Skip = fn(ParseStream) -> syn::Result<()>;

fn skip<T: Parse>(input: ParseStream) -> syn::Result<()> {
    input.parse::<T>().map(drop)
}

fn member(input: ParseStream, is_mod: bool, other: Skip) -> syn::Result<Member> {
    if is_function(input) {
        return Ok(Member::Function(Box::new(parse_function(input)?)));
    }
    if is_mod && let Ok(Some(block)) = parse(&input.fork()) {
        // Read again, from here on.
        parse(input)?;
        return Ok(Member::Block(Box::new(block)));
    }
    let begin = input.fork();
    other(input)?;
    Ok(Member::Other(between(&begin, input)))
}

/// Whether the next item is a function with a body.
fn is_function(input: ParseStream) -> bool {
    let ahead = input.fork();
    let head = |input: ParseStream| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        input.parse::<Option<Token![default]>>()?;
        input.parse::<Signature>()
    };
    head(&ahead).is_ok() && ahead.peek(syn::token::Brace)
}

/// The type, and the trait if there is one.
fn impl_head(input: ParseStream) -> syn::Result<(String, Option<String>)> {
    input.parse::<Token![impl]>()?;
    if input.peek(Token![<]) && (input.peek2(Token![>]) || input.peek2(syn::Ident) || is_generics(input)) {
        input.parse::<syn::Generics>()?;
    }
    input.parse::<Option<Token![!]>>()?;
    let first: Type = input.parse()?;
    let (owner, implements) = if input.parse::<Option<Token![for]>>()?.is_some() {
        (input.parse::<Type>()?, Some(name_of(&first)))
    } else {
        (first, None)
    };
    to_braces(input)?;
    Ok((name_of(&owner), implements))
}

/// `<'a>`, `<const N: usize>`, `<#[cfg(x)] T>`: no type begins so.
fn is_generics(input: ParseStream) -> bool {
    input.peek2(syn::Lifetime) || input.peek2(Token![const]) || input.peek2(Token![#])
}

fn trait_head(input: ParseStream) -> syn::Result<String> {
    input.parse::<Token![trait]>()?;
    let name: syn::Ident = input.parse()?;
    to_braces(input)?;
    Ok(name.to_string())
}

fn mod_head(input: ParseStream) -> syn::Result<()> {
    input.parse::<Token![mod]>()?;
    let name: syn::Ident = input.parse()?;
    if input.peek(Token![;]) { Err(check::outline(&name)) } else { Ok(()) }
}

fn to_braces(input: ParseStream) -> syn::Result<()> {
    while !input.peek(syn::token::Brace) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The last word of a path, any other type as it is written.
fn name_of(ty: &Type) -> String {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        Type::Reference(reference) => name_of(&reference.elem),
        other => other.to_token_stream().to_string(),
    }
}

/// The tokens from one place to another, as they are.
fn between(begin: ParseStream, end: ParseStream) -> TokenStream {
    let (mut cursor, end) = (begin.cursor(), end.cursor());
    let mut tokens = TokenStream::new();
    while cursor != end {
        let Some((token, next)) = cursor.token_tree() else { break };
        tokens.extend([token]);
        cursor = next;
    }
    tokens
}
