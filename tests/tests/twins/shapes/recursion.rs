//! Recursion: direct, mutual, boxed, deep, and checked for `Send`.
//! span: factorial
//! span:   factorial
//! span:     factorial
//! span:       factorial
//! span: result [error]
//! span:   result [error]
//! span:     result [error]
//! span: boxed
//! span:   boxed
//! span:     boxed
//! span: sent
//! span:   sent
//! span:     sent
//! span: odd
//! span:   even
//! span:     odd
//! span:       even
use crate::support::*;
use std::future::Future;
use std::pin::Pin;

#[traced]
fn factorial(n: u64) -> u64 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

#[traced]
fn result(n: u64) -> Result<u64, String> {
    if n == 0 { Err("end".to_owned()) } else { result(n - 1) }
}

#[traced]
async fn boxed(n: u32) -> u32 {
    if n == 0 { 0 } else { Box::pin(boxed(n - 1)).await + 1 }
}

#[traced]
fn sent(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move { if n == 0 { 0 } else { sent(n - 1).await + 1 } })
}

#[traced]
fn even(n: u32) -> Pin<Box<dyn Future<Output = bool> + Send>> {
    Box::pin(async move { n == 0 || odd(n - 1).await })
}

#[traced]
async fn odd(n: u32) -> bool {
    n != 0 && even(n - 1).await
}

fn is_send<T: Send>(value: T) -> T {
    value
}

pub fn run() {
    println!("{}", factorial(3));
    println!("{:?}", result(2));
    println!("{}", block_on(boxed(2)));
    println!("{}", block_on(is_send(sent(2))));
    println!("{}", block_on(is_send(odd(3))));
}
