//! Functions that return futures: statements before, early returns, every way of making the value.
//! span: statements_before
//! span: early_return
//! span: early_return
//! span: early_return_boxed [error]
//! span: early_return_boxed [error]
//! span: early_return_boxed
//! span: question
//! span: question [error]
//! span: opaque
//! span: opaque_block
//! span: opaque_map
//! span: opaque_unwritten
//! span: boxed_unpin
//! span: dropped_arguments
//! span: dropped_arguments [never_polled]
//! span: panics_early [panicked]
//! span: panics_early [panicked]
//! span: borrowed
//! span: changed
//! span: taken
//! span: opaque_borrowed
//! span: children
//! span:   child
//! span:   child
//! span: opaque_block [never_polled]
//! span: opaque_map [never_polled]
//! span: statements_before [never_polled]
//! span: boxed_unpin [never_polled]
use crate::support::*;
use futures::future::{BoxFuture, FutureExt as _, LocalBoxFuture};
use std::future::Future;
use std::pin::Pin;

async fn inner(x: u32) -> u32 {
    yield_now().await;
    x
}

#[traced]
fn statements_before(x: u32) -> Pin<Box<dyn Future<Output = u32>>> {
    println!("eager {}", x);
    Box::pin(async move {
        println!("lazy");
        x + 1
    })
}

#[traced]
fn early_return(x: u32) -> Pin<Box<dyn Future<Output = u32>>> {
    println!("eager");
    if x == 0 {
        println!("early");
        return Box::pin(async { 100 });
    }
    Box::pin(inner(x))
}

#[traced]
fn early_return_boxed(x: u32) -> BoxFuture<'static, Result<u32, String>> {
    if x == 0 {
        return std::future::ready(Err("zero".to_owned())).boxed();
    }
    println!("not zero");
    async move { Ok(x.checked_sub(2).ok_or("small")?) }.boxed()
}

#[traced]
fn question(text: &str) -> LocalBoxFuture<'_, Result<u32, std::num::ParseIntError>> {
    async move { Ok(text.parse::<u32>()? + inner(1).await) }.boxed_local()
}

#[traced]
fn opaque(x: u32) -> impl Future<Output = Result<u32, Box<dyn std::error::Error>>> {
    println!("eager {}", x);
    async move { Ok(x.to_string().parse()?) }
}

#[traced]
fn opaque_block(x: u32) -> impl Future<Output = Option<Vec<u32>>> + Send {
    async move { (0..x).map(|x| x.checked_add(1)).collect() }
}

#[traced]
fn opaque_map(x: u32) -> impl Future<Output = u32> {
    let y = x * 2;
    inner(y).map(|y| y + 1)
}

#[traced]
fn opaque_unwritten(x: u32) -> impl Future {
    inner(x)
}

#[traced]
fn boxed_unpin(x: u32) -> Box<dyn Future<Output = u32> + Unpin> {
    println!("eager");
    Box::new(std::future::ready(x))
}

#[traced]
fn dropped_arguments(_a: Noisy, b: Noisy) -> impl Future<Output = ()> {
    println!("eager");
    async move {
        println!("lazy {}", b.0);
    }
}

#[traced]
fn panics_early(x: u32) -> BoxFuture<'static, u32> {
    if x == 1 {
        std::panic::resume_unwind(Box::new("early"));
    }
    Box::pin(async move { std::panic::resume_unwind(Box::new("late")) })
}

struct S(u32);

impl S {
    #[traced]
    fn borrowed(&self) -> Pin<Box<dyn Future<Output = &u32> + '_>> {
        println!("eager {}", self.0);
        Box::pin(async move { &self.0 })
    }
    #[traced]
    fn changed<'a>(&'a mut self, by: &'a u32) -> BoxFuture<'a, &'a mut u32> {
        self.0 += 1;
        Box::pin(async move {
            self.0 += by;
            &mut self.0
        })
    }
    #[traced]
    fn taken(self) -> impl Future<Output = u32> {
        let x = self.0;
        async move { x }
    }
    #[traced]
    fn opaque_borrowed(&mut self) -> impl Future<Output = u32> + '_ {
        self.0 += 1;
        async move {
            self.0 += 1;
            self.0
        }
    }
}

#[traced]
fn children() -> BoxFuture<'static, ()> {
    child("eager");
    Box::pin(async {
        child("lazy");
    })
}

#[traced]
fn child(_name: &str) {}

pub fn run() {
    println!("{}", block_on(statements_before(1)));
    println!("{}", block_on(early_return(0)));
    println!("{}", block_on(early_return(1)));
    println!("{:?}", block_on(early_return_boxed(0)));
    println!("{:?}", block_on(early_return_boxed(1)));
    println!("{:?}", block_on(early_return_boxed(2)));
    println!("{:?}", block_on(question("1")));
    println!("{:?}", block_on(question("x")));
    println!("{:?}", block_on(opaque(1)).ok());
    println!("{:?}", block_on(opaque_block(2)));
    println!("{}", block_on(opaque_map(2)));
    block_on(opaque_unwritten(2));
    println!("{}", block_on(boxed_unpin(2)));
    block_on(dropped_arguments(Noisy("a"), Noisy("b")));
    drop(dropped_arguments(Noisy("a"), Noisy("b")));
    println!("{:?}", std::panic::catch_unwind(|| drop(panics_early(1))).is_err());
    println!("{:?}", std::panic::catch_unwind(|| block_on(panics_early(2))).is_err());
    println!("{}", block_on(S(1).borrowed()));
    *block_on(S(1).changed(&3)) += 1;
    println!("{}", block_on(S(1).taken()));
    println!("{}", block_on(S(1).opaque_borrowed()));
    block_on(children());
    auto_traits!(opaque_block(1));
    auto_traits!(opaque_map(1));
    auto_traits!(statements_before(1));
    auto_traits!(boxed_unpin(1));
}
