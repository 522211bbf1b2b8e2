//! What the tokens of a body tell without being understood.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

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

/// A body that does nothing but give one `async` block to an executor, as `#[tokio::main]` and its like make it of an async
/// function.
pub(crate) struct Driven {
    before: TokenStream,
    /// The parentheses around the block, if it is an argument.
    parentheses: Option<Group>,
    /// `async` or `async move`.
    pub(crate) keywords: TokenStream,
    /// The braces of the block.
    pub(crate) block: Group,
    behind: TokenStream,
}

impl Driven {
    /// The body with another future in place of the block.
    pub(crate) fn with(&self, root: TokenStream) -> TokenStream {
        let mut body = self.before.clone();
        match &self.parentheses {
            Some(parentheses) => {
                let mut around = Group::new(Delimiter::Parenthesis, root);
                around.set_span(parentheses.span());
                body.extend([TokenTree::Group(around)]);
            }
            None => body.extend(root),
        }
        body.extend(self.behind.clone());
        body
    }
}

/// Recognises such a body.
pub(crate) fn driven(tokens: &TokenStream) -> Option<Driven> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    bound(&tokens).or_else(|| handed_over(&tokens))
}

/// `let body = async { .. };`, and then `block_on(body)`: tokio.
fn bound(tokens: &[TokenTree]) -> Option<Driven> {
    let [binding, body, equals, rest @ ..] = tokens else { return None };
    if !is_word(binding, "let") || !is_word(body, "body") || !is_punct(equals, '=') {
        return None;
    }
    let (keywords, block, behind) = async_block(rest)?;
    let behind: TokenStream = behind.iter().cloned().collect();
    let before = tokens[..3].iter().cloned().collect();
    mentions(behind.clone(), "block_on").then_some(Driven { before, parentheses: None, keywords, block, behind })
}

/// `System::new().block_on(async move { .. })`, with the function itself before it or not: actix, async-std, and a `main`
/// that somebody wrote. What has other statements does more than to drive a future.
fn handed_over(tokens: &[TokenTree]) -> Option<Driven> {
    let [before @ .., TokenTree::Group(parentheses)] = tokens else { return None };
    if !is_word(before.last()?, "block_on") || parentheses.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let inside: Vec<TokenTree> = without_comma(parentheses.stream()).into_iter().collect();
    let (keywords, block, []) = async_block(&inside)? else { return None };
    let is_brace =
        |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let call = match before {
        [word, function, ..] if is_word(word, "async") && is_word(function, "fn") => {
            &before[before.iter().position(is_brace)? + 1..]
        }
        call => call,
    };
    let is_one_expression = !call.iter().any(|token| is_brace(token) || is_punct(token, ';'));
    let before = before.iter().cloned().collect();
    let driven = Driven { before, parentheses: Some(parentheses.clone()), keywords, block, behind: TokenStream::new() };
    is_one_expression.then_some(driven)
}

/// Takes `async { .. }` or `async move { .. }` off the front.
fn async_block(tokens: &[TokenTree]) -> Option<(TokenStream, Group, &[TokenTree])> {
    let (keywords, rest) = match tokens {
        [first, second, ..] if is_word(first, "async") && is_word(second, "move") => tokens.split_at(2),
        [first, ..] if is_word(first, "async") => tokens.split_at(1),
        _ => return None,
    };
    let [TokenTree::Group(block), behind @ ..] = rest else { return None };
    Some((keywords.iter().cloned().collect(), block.clone(), behind))
}

/// Whether this word stands anywhere in the tokens.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => mentions(group.stream(), word),
        token => is_word(token, word),
    })
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
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

    #[test]
    fn a_body_that_only_drives_a_future_is_known() {
        for (body, expected) in [
            ("let body = async { 1 }; return Runtime::new().unwrap().block_on(body);", true),
            ("let body = async { 1 }; body", false),
            ("<System>::new().block_on(async move { 1 })", true),
            ("async fn main() -> u32 { 1 } block_on(async { main().await })", true),
            ("smol::block_on(async { 1 },)", true),
            ("runtime.block_on(&set, async { 1 })", false),
            ("runtime.block_on(work())", false),
            ("block_on(async { 1 });", false),
            ("log(); block_on(async { 1 })", false),
            ("if first { log() } block_on(async { 1 })", false),
            ("block_on(async { 1 }).unwrap()", false),
        ] {
            assert_eq!(driven(&body.parse().unwrap()).is_some(), expected, "{body}");
        }
    }
}
