//! Signatures: generics, bounds, patterns, `cfg` on arguments, calling conventions, raw identifiers, nested items.
//! span: generic
//! span: async_generic
//! span: impls
//! span: async_impls
//! span: nested_impl [error]
//! span: nested_impl
//! span: async_nested_impl
//! span: patterns
//! span: async_patterns
//! span: cfgs
//! span: async_cfgs
//! span: dangerous
//! span: async_dangerous
//! span: foreign
//! span: never [panicked]
//! span: async_never [panicked]
//! span: async_infallible [panicked]
//! span: never_result [error]
//! span: match
//! span: loop
//! span: attributes
//! span: nested
//! span:   inner
//! span:   get
//! span: made a=1 b=b
//! span: async_made
//! span: future_made
//! span: caller
//! span: caller
//! span: function_pointer
//! span:   match
//! span: higher
//! span: loop
//! span: async_made
use crate::support::*;
use std::fmt::{Debug, Display};
use std::future::Future;

#[traced]
fn generic<'a, T: Debug + 'a, const N: usize>(items: [&'a T; N]) -> Option<&'a T>
where
    T: PartialOrd,
{
    items.iter().copied().next()
}

#[traced]
async fn async_generic<'a, T, const N: usize>(items: [&'a T; N], _x: &str) -> Option<&'a T>
where
    T: PartialOrd + 'a,
{
    items.iter().copied().next()
}

#[traced]
fn impls(a: impl Display, b: &impl Debug, c: impl FnOnce(u32) -> u32) -> impl Iterator<Item = String> {
    vec![a.to_string(), format!("{:?}", b), c(1).to_string()].into_iter()
}

#[traced]
async fn async_impls(a: impl Display, c: impl FnOnce(u32) -> u32) -> impl Iterator<Item = String> {
    vec![a.to_string(), c(1).to_string()].into_iter()
}

#[traced]
fn nested_impl(x: u32) -> Result<impl Display, Vec<impl Debug>> {
    if x == 0 {
        return Err(vec!["zero"]);
    }
    Ok(x)
}

#[traced]
async fn async_nested_impl(x: u32) -> (impl Display, Option<impl Debug>) {
    (x, Some(x))
}

#[traced]
fn patterns((a, mut b): (u32, u32), [c, ..]: [u32; 3], &d: &u32, Wrap { x, .. }: Wrap, ref e: u32, _: u32) -> u32 {
    b += 1;
    a + b + c + d + x + e
}

#[traced]
async fn async_patterns((a, mut b): (u32, u32), [c, ..]: [u32; 3], Wrap { x, y: _ }: Wrap, mut e: u32) -> u32 {
    b += 1;
    e += 1;
    a + b + c + x + e
}

struct Wrap {
    x: u32,
    y: Noisy,
}

#[traced]
fn cfgs(#[cfg(any())] a: Missing, #[allow(unused)] b: u32, #[cfg(all())] c: u32) -> u32 {
    c
}

#[traced]
async fn async_cfgs(#[cfg(any())] a: Missing, #[allow(unused_mut)] mut b: u32, #[cfg(all())] c: u32) -> u32 {
    b + c
}

#[traced]
unsafe fn dangerous(x: *const u32) -> u32 {
    unsafe { *x }
}

#[traced]
async unsafe fn async_dangerous(x: &u32) -> Result<u32, ()> {
    Ok(*x)
}

#[traced]
extern "C" fn foreign(x: u32) -> u32 {
    x
}

#[traced]
fn never(x: u32) -> ! {
    std::panic::resume_unwind(Box::new(x))
}

#[traced]
async fn async_never(x: u32) -> ! {
    std::panic::resume_unwind(Box::new(x))
}

#[traced]
async fn async_infallible(x: u32) -> std::convert::Infallible {
    std::panic::resume_unwind(Box::new(x))
}

#[traced]
fn never_result() -> Result<std::convert::Infallible, ()> {
    Err(())
}

#[traced]
fn r#match(r#type: u32) -> u32 {
    r#type
}

#[traced]
async fn r#loop(r#in: u32) -> u32 {
    r#in
}

/// Documented.
#[inline]
#[traced]
#[deprecated]
#[cfg_attr(all(), allow(unused_variables))]
pub fn attributes(x: u32) -> u32 {
    #![allow(unused_mut)]
    //! Inside.
    let mut y = 1;
    y
}

#[traced]
fn nested(x: u32) -> u32 {
    const ONE: u32 = 1;
    #[traced]
    fn inner(x: u32) -> Result<u32, ()> {
        Ok(x + ONE)
    }
    use std::mem::swap;
    struct Local(u32);
    impl Local {
        #[traced]
        fn get(&self) -> u32 {
            self.0
        }
    }
    let (mut a, mut b) = (1, 2);
    swap(&mut a, &mut b);
    inner(x).unwrap() + Local(a).get()
}

macro_rules! function {
    ($vis:vis $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block) => {
        #[traced(args)]
        $vis fn $name($($arg: $ty),*) -> $ret $body
    };
    (async $name:ident($arg:ident: $ty:ty) $body:block) => {
        #[traced]
        async fn $name($arg: $ty) -> $ty $body
    };
    (future $name:ident, $ret:ty, $e:expr) => {
        #[traced]
        fn $name() -> $ret { $e }
    };
}

function!(pub made(a: u32, b: &str) -> Result<u32, ()> { Ok(a + b.len() as u32) });
function!(async async_made(a: u32) { a + 1 });
function!(future future_made, std::pin::Pin<Box<dyn Future<Output = u32>>>, Box::pin(async { 1 }));

#[traced]
#[track_caller]
fn caller(x: bool) -> Result<u32, u32> {
    let line = std::panic::Location::caller().line();
    if x { Ok(line) } else { Err(line) }
}

#[traced]
fn function_pointer(f: fn(u32) -> u32, g: &dyn Fn(u32) -> u32) -> u32 {
    f(1) + g(1)
}

#[traced]
fn higher<F>(f: F) -> usize
where
    F: for<'a> Fn(&'a str) -> &'a str,
{
    f("abc").len()
}

async fn handler<F, Fut>(f: F) -> u32
where
    F: FnOnce(u32) -> Fut,
    Fut: Future<Output = u32>,
{
    f(1).await
}

pub fn run() {
    println!("{:?}", generic([&1, &2]));
    println!("{:?}", block_on(async_generic([&1, &2], "x")));
    println!("{:?}", impls(1, &"b", |x| x + 1).collect::<Vec<_>>());
    println!("{:?}", block_on(async_impls(1, |x| x + 1)).collect::<Vec<_>>());
    println!("{} {}", nested_impl(0).is_ok(), nested_impl(1).is_ok());
    println!("{}", block_on(async_nested_impl(1)).0);
    println!("{}", patterns((1, 2), [3, 4, 5], &6, Wrap { x: 7, y: Noisy("y") }, 8, 9));
    println!("{}", block_on(async_patterns((1, 2), [3, 4, 5], Wrap { x: 7, y: Noisy("y") }, 8)));
    println!("{}", cfgs(1, 2));
    println!("{}", block_on(async_cfgs(1, 2)));
    println!("{}", unsafe { dangerous(&1) });
    println!("{:?}", block_on(unsafe { async_dangerous(&1) }));
    println!("{}", foreign(1));
    println!("{}", std::panic::catch_unwind(|| never(1)).is_err());
    println!("{}", std::panic::catch_unwind(|| block_on(async_never(1))).is_err());
    println!("{}", std::panic::catch_unwind(|| { block_on(async_infallible(1)); }).is_err());
    println!("{}", never_result().is_err());
    println!("{}", r#match(1));
    println!("{}", block_on(r#loop(1)));
    #[allow(deprecated)]
    {
        println!("{}", attributes(1));
    }
    println!("{}", nested(1));
    println!("{:?}", made(1, "b"));
    println!("{}", block_on(async_made(1)));
    println!("{}", block_on(future_made()));
    println!("{:?} {:?}", caller(true), caller(false));
    println!("{}", function_pointer(r#match, &|x| x));
    println!("{}", higher(|text| &text[1..]));
    println!("{}", block_on(handler(r#loop)));
    println!("{}", block_on(handler(async_made)));
}
