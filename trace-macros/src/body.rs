//! What the tokens of a body tell without being understood.

use proc_macro2::{Group, TokenStream, TokenTree};

/// Whether the only way out of these tokens is their end: no `return`, no `?`, and no macro that could hide one.
pub(crate) fn has_one_exit(tokens: TokenStream) -> bool {
    // Of these it is known that they return from nothing.
    const HARMLESS: &[&str] = &[
        "assert",
        "assert_eq",
        "assert_ne",
        "concat",
        "dbg",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "eprint",
        "eprintln",
        "format",
        "format_args",
        "matches",
        "panic",
        "print",
        "println",
        "todo",
        "unimplemented",
        "unreachable",
        "vec",
        "write",
        "writeln",
    ];
    const KEYWORDS: &[&str] = &["break", "else", "if", "in", "match", "while"];
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let hides_exit = |index: usize| match &tokens[index..] {
        [TokenTree::Ident(word), ..] if word == "return" || word == "become" => true,
        [TokenTree::Punct(punct), ..] if punct.as_char() == '?' => true,
        [TokenTree::Ident(word), TokenTree::Punct(bang), TokenTree::Group(_), ..] if bang.as_char() == '!' => {
            let word = word.to_string();
            !HARMLESS.contains(&word.as_str()) && !KEYWORDS.contains(&word.as_str())
        }
        [TokenTree::Group(group), ..] => !has_one_exit(group.stream()),
        _ => false,
    };
    !(0..tokens.len()).any(hides_exit)
}

/// A body that is nothing but `async move { .. }`.
pub(crate) fn is_async_block(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter().peekable();
    if !tokens.next().is_some_and(|token| is_word(&token, "async")) {
        return false;
    }
    tokens.next_if(|token| is_word(token, "move"));
    let Some(TokenTree::Group(_)) = tokens.next() else { return false };
    tokens.next().is_none()
}

/// A body that is nothing but `Box::pin(async move { .. })`: the path, the parentheses, and what is in them.
pub(crate) fn boxed_async_block(tokens: &TokenStream) -> Option<(TokenStream, Group)> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let (TokenTree::Group(group), path) = tokens.split_last()? else { return None };
    let [.., first, _, _, second] = path else { return None };
    let is_path = path.iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    });
    let is_call = is_path && is_word(first, "Box") && is_word(second, "pin");
    let inner = without_comma(group.stream());
    (is_call && is_async_block(&inner)).then(|| (path.iter().cloned().collect(), group.clone()))
}

fn without_comma(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if matches!(tokens.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == ',') {
        tokens.pop();
    }
    tokens.into_iter().collect()
}

/// What `#[tokio::main]`, `#[tokio::test]` and their like make of an async function: `let body = async { .. };`, and then
/// `block_on(body)`.
pub(crate) struct Driven {
    /// `let body =`
    pub(crate) before: TokenStream,
    /// The braces of the async block.
    pub(crate) block: Group,
    /// All that stands behind them.
    pub(crate) behind: TokenStream,
}

/// Recognises such a body.
pub(crate) fn driven(tokens: &TokenStream) -> Option<Driven> {
    let mut tokens = tokens.clone().into_iter();
    let mut before = Vec::new();
    for word in ["let", "body", "=", "async"] {
        let token = tokens.next()?;
        let is_it = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '=') && word == "=";
        if !is_it && !is_word(&token, word) {
            return None;
        }
        before.push(token);
    }
    let TokenTree::Group(block) = tokens.next()? else { return None };
    let behind: TokenStream = tokens.collect();
    before.pop();
    let before = before.into_iter().collect();
    mentions(behind.clone(), "block_on").then_some(Driven { before, block, behind })
}

/// Whether this word stands anywhere in the tokens.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => mentions(group.stream(), word),
        token => is_word(token, word),
    })
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_with_another_way_out_has_not_one_exit() {
        for (body, expected) in [
            ("Ok(1)", true),
            ("println!(\"{}\", 1); Ok(1)", true),
            ("f()?", false),
            ("if a { return Ok(1) } Ok(2)", false),
            ("println!(\"{}\", f()?); Ok(1)", false),
            ("bail!(\"no\")", false),
            ("if !a { Ok(1) } else { Ok(2) }", true),
            ("if !(a) { Ok(1) } else { Ok(2) }", true),
        ] {
            assert_eq!(has_one_exit(body.parse().unwrap()), expected, "{body}");
        }
    }

    #[test]
    fn a_lone_boxed_async_block_is_known() {
        for (body, expected) in [
            ("Box::pin(async move { 1 })", true),
            ("::std::boxed::Box::pin(async { 1 },)", true),
            ("Box::pin(f())", false),
            ("println!(); Box::pin(async {})", false),
            ("return Box::pin(async {});", false),
            ("Box::pin(async {}.boxed())", false),
        ] {
            assert_eq!(boxed_async_block(&body.parse().unwrap()).is_some(), expected, "{body}");
        }
    }
}
