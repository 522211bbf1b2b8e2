//! Warnings: none swallowed, none added.
//! span: braces
//! span: parens
//! span: unreachable
//! span: unused_mut
//! span: unused_variable
//! span: result_unused_variable
//! span: future_unused_variable
//! span: async_unused_variable
//! span: async_unreachable
//! span: unused_result
//! span:   must
//! span: async_unused_result
//! span:   async_must
//! span:   async_result
//! span:   async_result [never_polled]
//! span: unused_assignment
//! span: async_unused_assignment
use crate::support::*;

#[traced]
fn unused_variable(x: u32, y: u32) {
    let z = 1;
}

#[traced]
async fn async_unused_variable(x: u32, mut y: u32) {
    let z = 1;
}

#[traced]
fn result_unused_variable(x: u32, (y, w): (u32, u32)) -> Result<(), ()> {
    let z = 1;
    Ok(())
}

#[traced]
fn future_unused_variable(x: u32) -> std::pin::Pin<Box<dyn std::future::Future<Output = ()>>> {
    let z = 1;
    Box::pin(async {})
}

#[traced]
fn dead() {}

#[traced]
async fn async_dead() {}

#[traced]
#[must_use]
fn must() -> u32 {
    1
}

#[traced]
#[must_use]
async fn async_must() -> u32 {
    1
}

#[traced]
async fn async_result() -> Result<u32, ()> {
    Ok(1)
}

#[traced]
fn recursion(x: u32) -> u32 {
    recursion(x + 1)
}

#[traced]
fn result_recursion(x: u32) -> Result<u32, ()> {
    println!("{}", x);
    result_recursion(x + 1)
}

#[traced]
fn braces(x: u32) -> u32 {
    { x }
}

#[traced]
fn parens(x: u32) -> u32 {
    (x)
}

#[traced]
fn unreachable() -> u32 {
    return 1;
    println!("never");
}

#[traced]
async fn async_unreachable() -> u32 {
    return 1;
    println!("never");
}

#[traced]
fn unused_mut(mut x: u32) -> u32 {
    x
}

#[traced]
fn unused_result() {
    must();
    async_must();
    Ok::<u32, ()>(1);
}

#[traced]
async fn async_unused_result() {
    async_must().await;
    async_result().await;
    async_result();
}

#[traced]
fn unused_assignment(mut x: u32) {
    x = 1;
}

#[traced]
async fn async_unused_assignment(mut x: u32) {
    x = 1;
}

pub fn run() {
    braces(1);
    parens(1);
    unreachable();
    unused_mut(1);
    unused_variable(1, 2);
    result_unused_variable(1, (2, 3)).unwrap();
    block_on(future_unused_variable(1));
    block_on(async_unused_variable(1, 2));
    block_on(async_unreachable());
    unused_result();
    block_on(async_unused_result());
    unused_assignment(1);
    block_on(async_unused_assignment(1));
    if false {
        recursion(1);
        result_recursion(1).unwrap();
    }
}
