//! Trait methods: `async fn` in traits, defaults, generic traits, handlers as arguments, and a trait of futures.
//! span: twice
//! span:   get key=a
//! span: twice [error]
//! span:   get key=""
//! span: later
//! span: default_later [error]
//! span: by_default
//! span: call [error]
//! span: call
//! span: call
//! span: handle
//! span: handle
//! span: handle_ref
//! span: next
//! span: next
//! span: next
//! span: from_str [error]
//! span: poll
//! span: twice [never_polled]
//! span: handle [never_polled]
//! span: handle_ref [never_polled]
use crate::support::*;
use std::future::Future;
use std::pin::Pin;

trait Store {
    type Key;
    async fn get(&self, key: &Self::Key) -> Option<u32>;
    #[traced]
    async fn twice(&self, key: &Self::Key) -> Result<u32, String> {
        self.get(key).await.map(|x| x * 2).ok_or_else(|| "none".to_owned())
    }
    fn later(&self) -> impl Future<Output = u32> + Send;
    #[traced]
    fn default_later(&self) -> impl Future<Output = Result<u32, ()>> {
        println!("eager");
        async { Err(()) }
    }
    #[traced]
    fn by_default(&mut self) -> u32
    where
        Self: Sized,
    {
        0
    }
}

struct Memory(u32);

impl Store for Memory {
    type Key = String;
    #[traced(args(key))]
    async fn get(&self, key: &String) -> Option<u32> {
        yield_now().await;
        if key.is_empty() { None } else { Some(self.0) }
    }
    #[traced]
    fn later(&self) -> impl Future<Output = u32> + Send {
        let x = self.0;
        async move { x }
    }
}

trait Service<Request> {
    type Response;
    type Future: Future<Output = Self::Response>;
    fn call(&mut self, request: Request) -> Self::Future;
}

impl Service<u32> for Memory {
    type Response = Result<u32, ()>;
    type Future = Pin<Box<dyn Future<Output = Result<u32, ()>> + Send>>;
    #[traced]
    fn call(&mut self, request: u32) -> Pin<Box<dyn Future<Output = Result<u32, ()>> + Send>> {
        self.0 += request;
        let x = self.0;
        Box::pin(async move { if x > 2 { Ok(x) } else { Err(()) } })
    }
}

impl<T> Service<(T, T)> for Memory {
    type Response = T;
    type Future = std::future::Ready<T>;
    #[traced]
    fn call(&mut self, request: (T, T)) -> Self::Future {
        std::future::ready(request.0)
    }
}

#[traced]
async fn handle(x: u32) -> u32 {
    x
}

#[traced]
async fn handle_ref(x: &str) -> usize {
    x.len()
}

async fn with<F: Fn(u32) -> Fut, Fut: Future<Output = u32> + Send + 'static>(f: F) -> u32 {
    f(1).await + f(2).await
}

async fn with_ref<F>(f: F) -> usize
where
    F: for<'a> RefFn<'a>,
{
    let text = "text".to_owned();
    f.call(&text).await
}

trait RefFn<'a> {
    type Future: Future<Output = usize>;
    fn call(&self, text: &'a str) -> Self::Future;
}

impl<'a, F: Fn(&'a str) -> Fut, Fut: Future<Output = usize>> RefFn<'a> for F {
    type Future = Fut;
    fn call(&self, text: &'a str) -> Fut {
        self(text)
    }
}

impl Iterator for Memory {
    type Item = u32;
    #[traced]
    fn next(&mut self) -> Option<u32> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

impl std::str::FromStr for Memory {
    type Err = std::num::ParseIntError;
    #[traced]
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Memory)
    }
}

impl Future for Memory {
    type Output = u32;
    #[traced]
    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<u32> {
        std::task::Poll::Ready(self.0)
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

pub fn run() {
    let mut memory = Memory(2);
    println!("{:?}", block_on(memory.twice(&"a".to_owned())));
    println!("{:?}", block_on(memory.twice(&String::new())));
    println!("{:?}", block_on(is_send(memory.later())));
    println!("{:?}", block_on(memory.default_later()));
    println!("{}", memory.by_default());
    println!("{:?} {:?}", block_on(Service::call(&mut memory, 0)), block_on(Service::call(&mut memory, 1)));
    println!("{:?}", block_on(Service::call(&mut memory, ("a", "b"))));
    println!("{}", block_on(is_send(with(handle))));
    println!("{}", block_on(with_ref(handle_ref)));
    println!("{}", Memory(2).count());
    println!("{}", "x".parse::<Memory>().is_err());
    println!("{}", block_on(Memory(3)));
    let key = String::new();
    auto_traits!(memory.twice(&key));
    auto_traits!(handle(1));
    auto_traits!(handle_ref(""));
}
