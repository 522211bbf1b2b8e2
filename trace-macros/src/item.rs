//! What stands below `#[traced]`: a function, its body as it was written, or a block of functions.

mod block;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, ReturnType, Signature, Token, Type, Visibility};

use crate::check::{self, Errors};

pub(crate) use block::{Block, Member, take_traced};

/// What stands below the attribute.
pub(crate) enum Item {
    Function(Box<Function>),
    Block(Block),
}

/// A function with a body.
pub(crate) struct Function {
    /// The attributes above the function and those at the top of its body.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// `default`, of the unstable specialisation.
    pub(crate) defaultness: Option<Token![default]>,
    pub(crate) sig: Signature,
    /// The braces and all between them, token for token.
    pub(crate) body: TokenTree,
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, defaultness, sig, body } = self;
        tokens.extend(quote::quote!(#(#attrs)* #vis #defaultness #sig #body));
    }
}

impl Function {
    /// The written return type; none is `()`.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, output) => Some(output),
        }
    }

    /// What stands between the braces of the body.
    pub(crate) fn inside(&self) -> TokenStream {
        match &self.body {
            TokenTree::Group(group) => group.stream(),
            other => other.to_token_stream(),
        }
    }
}

/// Reads the item; every mistake goes to `errors`.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Option<Item> {
    parse_item.parse2(tokens).map_err(|error| errors.add(error)).ok()
}

fn parse_item(input: ParseStream) -> syn::Result<Item> {
    if let Some(block) = block::parse(input)? {
        return Ok(Item::Block(block));
    }
    parse_function(input).map(|function| Item::Function(Box::new(function)))
}

fn parse_function(input: ParseStream) -> syn::Result<Function> {
    let mut attrs = input.call(Attribute::parse_outer)?;
    let vis: Visibility = input.parse()?;
    let defaultness: Option<Token![default]> = input.parse()?;
    if let Some(error) = check::kind_of_item(input) {
        input.parse::<TokenStream>()?;
        return Err(error);
    }
    let sig: Signature = input.parse()?;
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Err(check::no_body(&sig));
    }
    let mut body: TokenTree = input.parse()?;
    let inner = inner_attributes(&body)?;
    if !inner.is_empty() {
        body = without_inner_attributes(body);
        attrs.extend(inner);
    }
    Ok(Function { attrs, vis, defaultness, sig, body })
}

/// `#![..]` at the top of a body. They may not stand on an inner block, so they move to the function, where they mean
/// the same.
fn inner_attributes(body: &TokenTree) -> syn::Result<Vec<Attribute>> {
    if !starts_with_inner_attribute(body) {
        return Ok(Vec::new());
    }
    let parser = |input: ParseStream| {
        let content;
        syn::braced!(content in input);
        let mut attrs = content.call(Attribute::parse_inner)?;
        content.parse::<TokenStream>()?;
        for attr in &mut attrs {
            attr.style = syn::AttrStyle::Outer;
        }
        Ok(attrs)
    };
    parser.parse2(body.to_token_stream())
}

fn starts_with_inner_attribute(body: &TokenTree) -> bool {
    let TokenTree::Group(group) = body else { return false };
    let mut tokens = group.stream().into_iter();
    matches!(tokens.next(), Some(TokenTree::Punct(hash)) if hash.as_char() == '#')
        && matches!(tokens.next(), Some(TokenTree::Punct(bang)) if bang.as_char() == '!')
}

fn without_inner_attributes(body: TokenTree) -> TokenTree {
    let TokenTree::Group(group) = &body else { return body };
    let mut rest = group.stream().into_iter().peekable();
    while matches!(rest.peek(), Some(TokenTree::Punct(hash)) if hash.as_char() == '#') {
        let mut ahead = rest.clone().skip(1);
        if !matches!(ahead.next(), Some(TokenTree::Punct(bang)) if bang.as_char() == '!') {
            break;
        }
        rest.nth(2);
    }
    let mut stripped = Group::new(Delimiter::Brace, rest.collect());
    stripped.set_span(group.span());
    TokenTree::Group(stripped)
}
