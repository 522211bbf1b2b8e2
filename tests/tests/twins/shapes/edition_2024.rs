//! What only edition 2024 has.
//! editions: 2024
//! span: handle
//! span: handle
//! span: captures
//! span: captures_nothing
//! span: twins_edition_2024
//! span: tail
//! span: async_tail
//! span: result_tail
//! span: let_chain [error]
use crate::support::*;
use std::future::Future;

async fn takes<F: AsyncFn(u32) -> u32>(f: F) -> u32 {
    f(1).await + f(2).await
}

#[traced]
async fn handle(x: u32) -> u32 {
    x
}

#[traced]
fn captures(x: &str) -> impl Future<Output = usize> {
    async move { x.len() }
}

#[traced]
fn captures_nothing(x: &str) -> impl Future<Output = usize> + use<> {
    let n = x.len();
    async move { n }
}

#[traced]
#[unsafe(no_mangle)]
extern "C" fn twins_edition_2024(x: u32) -> u32 {
    x
}

#[traced]
fn tail() -> usize {
    let c = std::cell::RefCell::new(vec![1]);
    c.borrow().len()
}

#[traced]
async fn async_tail() -> usize {
    let c = std::cell::RefCell::new(vec![1]);
    c.borrow().len()
}

#[traced]
fn result_tail() -> Result<usize, ()> {
    let c = std::cell::RefCell::new(vec![1]);
    Ok(c.borrow().len())
}

#[traced]
fn let_chain(x: Option<u32>) -> Result<u32, ()> {
    if let Some(x) = x && x > 1 { Ok(x) } else { Err(()) }
}

pub fn run() {
    println!("{}", block_on(takes(handle)));
    println!("{}", block_on(captures("abc")));
    println!("{}", block_on({ let text = "abc".to_owned(); captures_nothing(&text) }));
    println!("{}", twins_edition_2024(1));
    println!("{} {} {:?}", tail(), block_on(async_tail()), result_tail());
    println!("{:?}", let_chain(Some(1)));
}
