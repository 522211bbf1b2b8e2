//! What is no function with a body.
#[traced]
pub const fn constant() -> u32 {
    1
}

#[traced]
pub struct Struct;

#[traced]
pub enum Enum {
    One,
}

#[traced]
pub static STATIC: u32 = 1;

#[traced]
pub const CONST: u32 = 1;

#[traced]
pub type Type = u32;

#[traced]
use std::fmt::Debug;

pub trait Trait {
    #[traced]
    fn declared(&self);
}

impl Trait for Struct {
    fn declared(&self) {}
}

unsafe extern "C" {
    #[traced]
    fn foreign(x: u32) -> u32;
}

#[traced(name = "x", skip)]
impl Struct {
    pub fn method(&self) {}
}

#[traced]
pub mod inside {
    #[traced(nmae = "x")]
    pub fn misspelled() {}

    #[traced(kind = sever)]
    pub mod deeper {
        pub fn function() {}
    }
}

pub fn run() {
    constant();
    let _: Type = STATIC + CONST;
    let _: &dyn Debug = &1;
    drop(Enum::One);
    Struct.declared();
    Struct.method();
    let _: unsafe extern "C" fn(u32) -> u32 = foreign;
    inside::misspelled();
    inside::deeper::function();
}
