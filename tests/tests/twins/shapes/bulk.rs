//! Blocks of functions: `impl`, `trait` and `mod`.
//! span: Repo::get
//! span: Repo::fetch [error]
//! span: renamed
//! span: Repo::raw
//! span: shape.double
//! span:   Square::area
//! span: fails [error]
//! span: works
//! span: Here::method
//! span: own:own_method
//! span: calls
//! span:   deep
use crate::support::*;
use std::fmt;

#[derive(Clone)]
struct Repo<T> {
    value: T,
}

#[traced]
impl<T: Clone> Repo<T> {
    const LIMIT: usize = 2;
    fn get(&self) -> T {
        self.value.clone()
    }
    async fn fetch(&self) -> Result<T, String> {
        yield_now().await;
        Err("no".to_owned())
    }
    #[traced(name = "renamed")]
    fn other(&mut self, value: T) -> Option<T> {
        Some(std::mem::replace(&mut self.value, value))
    }
    #[traced(skip)]
    fn quiet(&self) -> usize {
        Self::LIMIT
    }
    const fn constant() -> u32 {
        1
    }
    fn poll(&self) -> u32 {
        2
    }
    fn poll_next(&self) -> u32 {
        2
    }
    pub(crate) fn raw(&self, r#type: u32) -> u32 {
        r#type
    }
}

#[traced]
impl<T: fmt::Debug> fmt::Display for Repo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.value)
    }
}

#[traced]
impl<T> Drop for Repo<T> {
    fn drop(&mut self) {
        println!("dropped");
    }
}

#[traced(prefix = "shape.", kind = client)]
trait Area {
    fn area(&self) -> u32;
    fn double(&self) -> u32 {
        self.area() * 2
    }
    #[traced(skip)]
    fn quiet(&self) -> u32 {
        0
    }
}

struct Square(u32);

#[traced]
impl Area for Square {
    fn area(&self) -> u32 {
        self.0 * self.0
    }
}

#[traced(err)]
mod inside {
    #![allow(clippy::all)]
    use super::*;

    pub const ONE: u32 = 1;
    pub struct Here;

    pub fn fails(text: &str) -> Result<u32, std::num::ParseIntError> {
        Ok(text.parse::<u32>()? + ONE)
    }
    pub fn works() -> u32 {
        ONE
    }
    impl Here {
        pub fn method(&self) -> u32 {
            3
        }
    }
    #[traced(skip)]
    impl Square {
        pub fn quiet_method(&self) -> u32 {
            4
        }
    }
    #[traced(prefix = "own:")]
    impl Square {
        pub fn own_method(&self) -> u32 {
            5
        }
    }
    mod deeper {
        pub fn deep() {}
    }
    pub fn calls() {
        deeper::deep()
    }
    #[traced(skip)]
    pub mod quiet {
        pub fn not_here() {}
    }
    macro_rules! made {
        ($name:ident) => {
            pub fn $name() {}
        };
    }
    made!(made);
}

pub fn run() {
    let mut repo = Repo { value: 1 };
    println!("{} {:?}", repo.get(), block_on(repo.fetch()));
    println!("{:?} {} {}", repo.other(2), repo.quiet(), Repo::<u32>::constant());
    println!("{} {} {} {}", repo.poll(), repo.poll_next(), repo.raw(3), repo);
    drop(repo);
    println!("{} {}", Square(2).double(), Square(2).quiet());
    println!("{:?} {}", inside::fails("x").is_err(), inside::works());
    println!("{} {} {}", inside::Here.method(), Square(1).quiet_method(), Square(1).own_method());
    inside::calls();
    inside::quiet::not_here();
    inside::made();
}
