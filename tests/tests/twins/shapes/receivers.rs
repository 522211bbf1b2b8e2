//! All receivers, sync and async.
//! span: by_value
//! span: by_mut_value
//! span: by_ref
//! span: by_mut
//! span: boxed
//! span: counted
//! span: shared
//! span: pinned
//! span: taken
//! span: borrowed
//! span: async_value
//! span: async_unused
//! span: async_mut_value
//! span: async_ref
//! span: async_mut
//! span: async_pinned
//! span: async_boxed
//! span: async_unused [never_polled]
use crate::support::*;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

struct S(Noisy, u32);

impl S {
    #[traced]
    fn by_value(self) -> u32 {
        self.1
    }
    #[traced]
    fn by_mut_value(mut self) -> u32 {
        self.1 += 1;
        self.1
    }
    #[traced]
    fn by_ref(&self) -> &u32 {
        &self.1
    }
    #[traced]
    fn by_mut(&mut self) -> &mut u32 {
        &mut self.1
    }
    #[traced]
    fn boxed(self: Box<Self>) -> u32 {
        self.1
    }
    #[traced]
    fn counted(self: Rc<Self>) -> u32 {
        self.1
    }
    #[traced]
    fn shared(self: &Arc<Self>) -> u32 {
        self.1
    }
    #[traced]
    fn pinned(self: Pin<&mut Self>) -> Result<u32, ()> {
        Ok(self.get_mut().1)
    }
    #[traced]
    fn taken(self) -> Result<u32, ()> {
        Ok(self.1)
    }
    #[traced]
    fn borrowed(&mut self) -> Result<&mut u32, ()> {
        Ok(&mut self.1)
    }
    #[traced]
    async fn async_value(self) -> u32 {
        self.1
    }
    #[traced]
    async fn async_unused(self, _other: Noisy) {}
    #[traced]
    async fn async_mut_value(mut self) -> u32 {
        self.1 += 1;
        self.1
    }
    #[traced]
    async fn async_ref(&self) -> &u32 {
        &self.1
    }
    #[traced]
    async fn async_mut(&mut self) -> Result<&mut u32, ()> {
        Ok(&mut self.1)
    }
    #[traced]
    async fn async_pinned(self: Pin<&mut Self>, _x: u8) -> u32 {
        self.get_mut().1
    }
    #[traced]
    async fn async_boxed(self: Box<Self>) -> u32 {
        self.1
    }
}

pub fn run() {
    let s = || S(Noisy("s"), 1);
    println!("{}", s().by_value());
    println!("{}", s().by_mut_value());
    println!("{}", s().by_ref());
    *s().by_mut() += 1;
    println!("{}", Box::new(s()).boxed());
    println!("{}", Rc::new(s()).counted());
    println!("{}", Arc::new(s()).shared());
    println!("{:?}", Pin::new(&mut s()).pinned());
    println!("{:?}", s().taken());
    println!("{:?}", s().borrowed());
    println!("{}", block_on(s().async_value()));
    block_on(s().async_unused(Noisy("other")));
    println!("{}", block_on(s().async_mut_value()));
    println!("{}", block_on(s().async_ref()));
    println!("{:?}", block_on(s().async_mut()));
    println!("{}", block_on(Pin::new(&mut s()).async_pinned(1)));
    println!("{}", block_on(Box::new(s()).async_boxed()));
    drop(s().async_unused(Noisy("other")));
}
