//! Every option that changes what is recorded changes nothing else.
//! span: some a=1 b=Secret(2) d=d
//! span: all a=1 b=2 c=c d=3 f=""f""
//! span: without user=a
//! span: marked a=1 b.b=Secret(2) c=c
//! span: marked_skip a=1
//! span: fields any.key=1 b=2 nested.type=x sum=3
//! span: moved text=text
//! span: number return=7
//! span: result [error]
//! span: result return=1
//! span: mapped [error]
//! span: mapped return=1
//! span: option [error] return=None
//! span: option return=Some(Secret(1))
//! span: number return=7
//! span: sometimes x=2
//! span:   number return=7
//! span: async_sometimes [error] x=2
//! span: polls
//! span:   poll
//! span:   poll
//! span: linked
//! span: constant
//! span: ab
//! span: GET /
//! span: secret
//! span: secret
//! span: written second
//! span:   written first
//! span: parents
//! span:   number return=7
//! span: root
//! span: given
use crate::support::*;
use trace_core::SpanContext;

#[derive(Debug)]
struct Secret(u32);

#[traced(args(a = _a, b = ?b, %d))]
fn some(_a: u32, b: Secret, _c: (u32, u32), d: &str) {
    let _ = (b, d);
}

#[traced(args)]
fn all(a: u32, (b, c): (u32, String), Secret(d): Secret, _e: u32, f: impl Into<String> + std::fmt::Debug) -> String {
    c + &f.into() + &(a + b + d).to_string()
}

#[traced(args, skip(password))]
async fn without(user: String, password: String) -> usize {
    user.len() + password.len()
}

#[traced]
fn marked(#[attr] a: u32, #[attr("b.b", debug)] b: Secret, #[attr(display)] c: char, d: u32) -> u32 {
    let _ = (b, c);
    a + d
}

#[traced(args)]
async fn marked_skip(a: u32, #[attr(skip)] b: u32) -> u32 {
    a + b
}

#[traced(fields(sum = a + b, "any.key" = %a, nested.type = "x", b))]
fn fields(a: u32, b: u32) -> u32 {
    a * b
}

#[traced(args(text))]
async fn moved(text: String) -> usize {
    drop(text);
    1
}

#[traced(ret)]
fn number() -> u32 {
    7
}

#[traced(ret, err)]
fn result(x: u32) -> Result<u32, String> {
    if x == 0 {
        return Err("zero".to_owned());
    }
    Ok(x)
}

#[traced(ret(map = |secret| secret.0), err(Debug))]
async fn mapped(x: u32) -> Result<Secret, Secret> {
    if x == 0 { Err(Secret(x)) } else { Ok(Secret(x)) }
}

#[traced(ret(Debug), err)]
fn option(x: u32) -> Option<Secret> {
    if x == 0 { None } else { Some(Secret(x)) }
}

#[traced(when = x > 1, fields(x))]
fn sometimes(x: u32) -> Result<u32, ()> {
    number();
    Ok(x)
}

#[traced(when = _x > 1, fields(x = _x), err(map = |_| "told"))]
async fn async_sometimes(_x: u32) -> Result<u32, ()> {
    Err(())
}

#[traced(per_poll)]
async fn polls() {
    yield_now().await;
}

#[traced(parent = none)]
fn root() {}

#[traced(parent = _parent)]
async fn given(_parent: Option<SpanContext>) {}

#[traced(links = links.iter().copied())]
fn linked(links: &[SpanContext]) -> usize {
    links.len()
}

#[allow(dead_code)]
const NAME: &str = "constant";

#[traced(name = NAME)]
fn by_constant() {}

#[traced(name = concat!("a", "b"))]
fn by_macro() {}

#[traced(name = "GET {path}", kind = "server", level = debug)]
async fn template(path: &str) {
    let _ = path;
}

trait Named {
    #[allow(dead_code)]
    const NAME: &'static str;
    #[traced(name = Self::NAME)]
    fn go(&self) {}
}

impl Named for Secret {
    const NAME: &'static str = "secret";
}

#[traced(name = T::NAME)]
fn generic_name<T: Named>(_: &T) {}

#[traced(name = "written first")]
#[traced(name = "written second")]
async fn stacked() -> Result<u32, ()> {
    Ok(1)
}

#[traced]
fn parents() {
    root();
    block_on(given(None));
    sometimes(1).unwrap();
    block_on(async_sometimes(1)).unwrap_err();
}

pub fn run() {
    some(1, Secret(2), (3, 4), "d");
    println!("{}", all(1, (2, "c".to_owned()), Secret(3), 4, "f"));
    println!("{}", block_on(without("a".to_owned(), "b".to_owned())));
    println!("{}", marked(1, Secret(2), 'c', 3));
    println!("{}", block_on(marked_skip(1, 2)));
    println!("{}", fields(1, 2));
    println!("{}", block_on(moved("text".to_owned())));
    println!("{}", number());
    println!("{:?} {:?}", result(0), result(1));
    println!("{:?} {:?}", block_on(mapped(0)), block_on(mapped(1)));
    println!("{:?} {:?}", option(0), option(1));
    println!("{:?} {:?}", sometimes(1), sometimes(2));
    println!("{:?} {:?}", block_on(async_sometimes(1)), block_on(async_sometimes(2)));
    block_on(polls());
    println!("{}", linked(&[]));
    by_constant();
    by_macro();
    block_on(template("/"));
    Secret(1).go();
    generic_name(&Secret(1));
    println!("{:?}", block_on(stacked()));
    parents();
}
