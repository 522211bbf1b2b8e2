//! `#[async_trait]`: on the trait and the implementation, above and below, with defaults, generics and references.
//! span: make
//! span: get
//! span: get [error]
//! span: put key=key
//! span: twice
//! span:   get
//! span: twice [error]
//! span:   get [error]
//! span: put [never_polled] key=never
//! span: put [cancelled] key=cancelled
//! span: get [never_polled]
//! span: Local::generic
//! span: Local::by_value
//! span: Other::by_value
use crate::support::*;
use async_trait::async_trait;

#[async_trait]
trait Store: Sync {
    async fn get(&self, key: &str) -> Result<u32, String>;
    async fn put(&mut self, key: String, value: u32) -> Option<u32>;
    #[traced]
    async fn twice(&self, key: &str) -> Result<u32, String> {
        println!("twice");
        Ok(self.get(key).await? * 2)
    }
    async fn make(x: u32) -> Self
    where
        Self: Sized;
}

struct Memory(u32);

#[async_trait]
impl Store for Memory {
    #[traced(err)]
    async fn get(&self, key: &str) -> Result<u32, String> {
        yield_now().await;
        if key.is_empty() {
            return Err("empty".to_owned());
        }
        Ok(self.0)
    }
    #[traced(args(key))]
    async fn put(&mut self, key: String, value: u32) -> Option<u32> {
        let _noisy = Noisy("put");
        println!("{}", key);
        yield_now().await;
        Some(std::mem::replace(&mut self.0, value))
    }
    #[traced]
    async fn make(x: u32) -> Self {
        Memory(x)
    }
}

struct Local(Noisy);

#[async_trait(?Send)]
trait Works {
    async fn by_value(self, a: Noisy) -> usize;
    async fn generic<T: Clone + 'static, I: Iterator<Item = T>>(&self, items: I) -> Vec<T>;
}

#[traced]
#[async_trait(?Send)]
impl Works for Local {
    async fn by_value(self, a: Noisy) -> usize {
        println!("by value");
        yield_now().await;
        self.0 .0.len() + a.0.len()
    }
    async fn generic<T: Clone + 'static, I: Iterator<Item = T>>(&self, items: I) -> Vec<T> {
        items.collect()
    }
}

struct Other;

#[async_trait(?Send)]
#[traced]
impl Works for Other {
    async fn by_value(self, a: Noisy) -> usize {
        println!("other");
        a.0.len()
    }
    #[traced(skip)]
    async fn generic<T: Clone + 'static, I: Iterator<Item = T>>(&self, items: I) -> Vec<T> {
        items.collect()
    }
}

pub fn run() {
    let mut memory: Memory = block_on(Store::make(3));
    println!("{:?}", block_on(memory.get("a")));
    println!("{:?}", block_on(memory.get("")));
    println!("{:?}", block_on(memory.put("key".to_owned(), 4)));
    println!("{:?}", block_on(memory.twice("a")));
    let object: &mut dyn Store = &mut memory;
    println!("{:?}", block_on(object.twice("")));
    drop(object.put("never".to_owned(), 1));
    let mut future = object.put("cancelled".to_owned(), 1);
    assert!(poll(future.as_mut()).is_pending());
    drop(future);
    auto_traits!(object.get("a"));
    let local = Local(Noisy("self"));
    println!("{:?}", block_on(local.generic(1..3)));
    println!("{:?}", block_on(local.by_value(Noisy("a"))));
    println!("{:?}", block_on(Other.by_value(Noisy("a"))));
    println!("{:?}", block_on(Other.generic(0..1u8)));
}
