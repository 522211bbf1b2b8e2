//! What the compiler infers from the return type, it still infers.
//! span: boxed
//! span: async_boxed
//! span: slice
//! span: async_slice
//! span: closure
//! span: async_closure
//! span: result_closure
//! span: default
//! span: async_default
//! span: early
//! span: async_early
//! span: reborrow
//! span: async_reborrow
//! span: collect [error]
//! span: async_collect
//! span: into
//! span: async_into
//! span: unsize
//! span: array
//! span: cell
//! span: alias
//! span: async_hidden [error]
//! span: generic
use crate::support::*;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::Debug;

#[traced]
fn boxed() -> Result<Box<dyn Debug>, ()> {
    Ok(Box::new(1))
}

#[traced]
async fn async_boxed() -> Result<Box<dyn Debug + Send>, Box<dyn Error>> {
    if false {
        return Ok(Box::new("text"));
    }
    Ok(Box::new("1".parse::<u32>()?))
}

#[traced]
fn slice(items: &Vec<u32>) -> Option<&[u32]> {
    Some(items)
}

#[traced]
async fn async_slice(items: &Vec<u32>) -> Option<&[u32]> {
    Some(items)
}

#[traced]
fn closure(y: u32) -> Box<dyn Fn(u32) -> u32> {
    Box::new(move |x| x + y)
}

#[traced]
async fn async_closure() -> Box<dyn Fn(&str) -> usize> {
    Box::new(|text| text.len())
}

#[traced]
fn result_closure() -> Result<Box<dyn Fn(&str) -> usize>, ()> {
    Ok(Box::new(|text| text.len()))
}

#[traced]
fn default() -> Result<HashMap<String, u32>, ()> {
    Ok(Default::default())
}

#[traced]
async fn async_default() -> HashMap<String, u32> {
    Default::default()
}

#[traced]
fn early() -> Result<Vec<u8>, ()> {
    let mut v = Vec::new();
    if v.is_empty() {
        return Ok(v);
    }
    v.push(1);
    Ok(v)
}

#[traced]
async fn async_early() -> Result<Vec<u8>, ()> {
    let v = Vec::new();
    if v.is_empty() {
        return Ok(v);
    }
    Ok(v.into_iter().collect())
}

#[traced(err)]
fn reborrow(x: &mut u32) -> Result<&mut u32, String> {
    *x += 1;
    Ok(x)
}

#[traced(err)]
async fn async_reborrow<'a>(x: &'a mut u32, _y: &mut u32) -> Result<&'a mut u32, String> {
    *x += 1;
    Ok(x)
}

#[traced]
fn collect() -> Result<Vec<u32>, std::num::ParseIntError> {
    "1 2 x".split(' ').map(|text| text.parse()).collect()
}

#[traced]
async fn async_collect() -> Result<Vec<u32>, std::num::ParseIntError> {
    "1 2 3".split(' ').map(|text| text.parse()).collect()
}

#[traced]
fn into() -> String {
    "x".into()
}

#[traced]
async fn async_into(x: u8) -> u64 {
    x.into()
}

#[traced]
fn unsize() -> &'static dyn Debug {
    &1
}

#[traced]
fn array() -> &'static [u32] {
    &[1, 2]
}

#[traced]
async fn cell() -> usize {
    let cell = std::cell::RefCell::new(vec![1]);
    let n = cell.borrow().len();
    n
}

type Fallible<T> = Result<T, u8>;

#[traced]
fn alias(x: u8) -> Fallible<u8> {
    if x == 0 { Err(0) } else { Ok(x) }
}

type Hidden = Result<u8, u8>;

#[traced]
async fn async_hidden() -> Hidden {
    Err(1)
}

#[traced]
async fn generic<T: Into<String>>(x: T) -> T {
    x
}

pub fn run() {
    println!("{:?}", boxed());
    println!("{:?}", block_on(async_boxed()).unwrap());
    println!("{:?} {:?}", slice(&vec![1]), block_on(async_slice(&vec![1])));
    println!("{} {}", closure(1)(2), block_on(async_closure())("ab"));
    println!("{}", result_closure().unwrap()("ab"));
    println!("{:?} {:?}", default(), block_on(async_default()));
    println!("{:?} {:?}", early(), block_on(async_early()));
    let mut x = 1;
    *reborrow(&mut x).unwrap() += 1;
    *block_on(async_reborrow(&mut x, &mut 1)).unwrap() += 1;
    println!("{}", x);
    println!("{:?} {:?}", collect().is_err(), block_on(async_collect()));
    println!("{} {}", into(), block_on(async_into(1)));
    println!("{:?} {:?}", unsize(), array());
    println!("{}", block_on(cell()));
    println!("{:?} {:?}", alias(0), block_on(async_hidden()));
    println!("{}", block_on(generic("x")));
}
