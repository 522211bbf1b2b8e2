//! Functions that return streams: run to the end, dropped early, never polled.
//! span: numbers stream.items=3
//! span: numbers [never_polled] stream.items=0
//! span: boxed stream.items=0
//! span: boxed [error] stream.items=3
//! span: box_stream [error] stream.items=2
//! span: local [cancelled] stream.items=1
//! span: numbers [never_polled] stream.items=0
//! span: pending [never_polled] stream.items=0
//! span: local [never_polled] stream.items=0
use crate::support::*;
use futures::stream::{self, BoxStream, LocalBoxStream, Stream, StreamExt as _};
use std::pin::Pin;

#[traced]
fn numbers(n: u32) -> impl Stream<Item = u32> {
    println!("eager");
    stream::iter(0..n)
}

#[traced]
fn boxed(n: u32) -> Pin<Box<dyn Stream<Item = Result<u32, String>> + Send>> {
    if n == 0 {
        return Box::pin(stream::empty());
    }
    Box::pin(stream::iter(0..n).map(|x| if x == 1 { Err("one".to_owned()) } else { Ok(x) }))
}

#[traced(err)]
fn box_stream<'a>(words: &'a [&'a str]) -> BoxStream<'a, Result<&'a str, String>> {
    stream::iter(words).map(|word| if word.is_empty() { Err("empty".to_owned()) } else { Ok(*word) }).boxed()
}

#[traced]
fn local(n: u32) -> LocalBoxStream<'static, Noisy> {
    stream::iter(0..n).map(|_| Noisy("item")).boxed_local()
}

#[traced]
fn pending() -> impl Stream<Item = u32> + Unpin {
    stream::pending()
}

pub fn run() {
    println!("{:?}", block_on(numbers(3).collect::<Vec<_>>()));
    println!("{:?}", numbers(3).size_hint());
    println!("{:?}", block_on(boxed(0).collect::<Vec<_>>()));
    println!("{:?}", block_on(boxed(3).collect::<Vec<_>>()));
    println!("{:?}", block_on(box_stream(&["a", ""]).collect::<Vec<_>>()));
    block_on(async {
        let mut stream = local(2);
        drop(stream.next().await);
        println!("one");
    });
    auto_traits!(numbers(1));
    auto_traits!(pending());
    drop(local(1));
}
