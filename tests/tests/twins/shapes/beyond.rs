//! Shapes beyond the list of the design: attributes, bounds and types that are seldom met together.
//! span: attributes
//! span: expected
//! span: const_generics
//! span: const_generics [error]
//! span: async_const_generics
//! span: unsafe_result
//! span: async_unsafe
//! span: foreign_result
//! span: foreign_result
//! span: visibility
//! span: nested_impls
//! span: async_nested_impls
//! span: higher_ranked
//! span: higher_ranked [error]
//! span: outlives
//! span: borrowed_guard
//! span: mutable_guard
//! span: holds_closure
//! span: async_closure
//! span: async_block
//! span: diverges [error]
//! span: diverges
//! span: endless
//! span: same_name
//! span: shadowed_macro
//! span: tokens
//! span: first value=2
//! span: second value=2
//! span: sized
//! span: lends
//! span: boxed
//! span: by_type_macro
//! span: typed_by_macro
//! span: temporaries_in_condition
//! span: async_closure [never_polled]
//! span: async_block [never_polled]
//! span: holds_closure [never_polled]
use crate::support::*;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;

#[traced]
#[must_use = "it is the sum"]
#[inline(never)]
#[cold]
#[doc(hidden)]
pub fn attributes(x: u32) -> Result<u32, ()> {
    Ok(x)
}

#[doc = "Documented."]
#[traced]
#[expect(unused_variables)]
#[inline(always)]
async fn expected(x: u32) -> u32 {
    let y = 1;
    2
}

#[traced]
#[cfg(any())]
fn absent(x: Missing) {}

#[traced]
fn const_generics<const N: usize, const FLAG: bool, T: Copy + Default>(items: &mut [T; N]) -> Result<[T; N], [T; N]> {
    if FLAG { Ok(*items) } else { Err([T::default(); N]) }
}

#[traced]
async fn async_const_generics<const N: usize>(items: &mut [u32; N]) -> [u32; N] {
    items[N - 1] += 1;
    *items
}

#[traced]
unsafe fn unsafe_result(x: *const u32) -> Result<u32, ()> {
    let read = |x: *const u32| unsafe { *x };
    Ok(read(x))
}

#[traced]
async unsafe fn async_unsafe(x: &[u32]) -> u32 {
    unsafe { *x.get_unchecked(0) }
}

#[traced]
extern "C" fn foreign_result(x: u32) -> Option<Box<u32>> {
    Some(Box::new(x.checked_sub(1)?))
}

#[traced]
pub(in crate::beyond) fn visibility() {}

#[traced]
fn nested_impls(mut items: impl Iterator<Item = impl Display + Clone>, f: &mut impl FnMut(&dyn Debug)) -> Option<String> {
    let first = items.next()?;
    f(&first.to_string());
    Some(first.to_string())
}

#[traced]
async fn async_nested_impls(f: impl Fn(u32) -> Pin<Box<dyn Future<Output = u32>>>, items: &[impl Debug]) -> u32 {
    f(items.len() as u32).await
}

#[traced]
fn higher_ranked<'s, F>(text: &'s str, f: F) -> Result<Cow<'s, str>, Box<dyn std::error::Error + 's>>
where
    F: for<'a> FnOnce(&'a str) -> Option<&'a str>,
{
    f(text).map(Cow::Borrowed).ok_or_else(|| text.into())
}

#[traced]
async fn outlives<'a: 'b, 'b, T: ?Sized + Debug + 'a>(x: &'a T, _y: &'b str) -> Box<dyn Debug + 'b>
where
    &'a T: Copy,
{
    Box::new(format!("{:?}", x))
}

#[traced]
fn borrowed_guard<'a>(cell: &'a RefCell<Vec<u32>>) -> Result<impl Deref<Target = [u32]> + 'a, ()> {
    Ok(std::cell::Ref::map(cell.borrow(), |items| &items[..]))
}

#[traced]
fn mutable_guard(cell: &RefCell<u32>) -> impl DerefMut<Target = u32> + '_ {
    cell.borrow_mut()
}

#[traced]
async fn holds_closure(x: u32) -> impl Fn(u32) -> u32 {
    move |y| x + y
}

#[traced]
async fn async_closure(x: u32) -> u32 {
    let twice = async |y: u32| {
        yield_now().await;
        if y == 0 {
            return 0;
        }
        y * 2 + x
    };
    twice(x).await + twice(0).await
}

#[traced]
async fn async_block(x: u32) -> Result<u32, String> {
    let inner: Result<u32, std::num::ParseIntError> = async {
        let parsed = x.to_string().parse::<u32>()?;
        Ok(parsed)
    }
    .await;
    inner.map_err(|error| error.to_string())
}

#[traced]
fn diverges(x: bool) -> Result<u32, u32> {
    let y = if x { return Err(1) } else { 2 };
    let z = match y {
        2 => 3,
        _ => unreachable!(),
    };
    Ok(z)
}

#[traced]
fn endless(x: &Cell<u32>) -> Result<u32, ()> {
    loop {
        x.set(x.get() + 1);
        if x.get() > 2 {
            break Ok(x.get());
        }
    }
}

#[traced]
async fn same_name(same_name: u32) -> u32 {
    fn same_name_inside(same_name: u32) -> u32 {
        same_name
    }
    same_name_inside(same_name)
}

#[traced]
fn shadowed_macro(x: u32) -> String {
    macro_rules! format {
        ($x:expr) => {
            String::from("shadowed")
        };
    }
    let _ = x;
    format!(x)
}

macro_rules! with_tokens {
    ($(#[$meta:meta])* $name:ident, $self:ident, $arg:pat_param, $ty:ty, $($body:tt)*) => {
        impl Tokens {
            $(#[$meta])*
            #[traced]
            fn $name(&$self, $arg: $ty) -> Result<$ty, ()> {
                let local = 1;
                $($body)*
            }
        }
    };
}

struct Tokens(u32);

with_tokens!(
    /// Its tokens come from two places.
    #[allow(unused_variables)]
    tokens, self, (a, local), (u32, u32), Ok((a + self.0, 2))
);

macro_rules! methods {
    ($($name:ident => $e:expr),*) => {
        $(#[traced(fields(value = $e))] async fn $name() -> u32 { $e })*
    };
}

methods!(first => 1 + 1, second => 2);

trait Shape<const N: usize, T = u32> {
    type Out<'a>: Debug
    where
        Self: 'a;
    #[traced]
    fn sized(self) -> usize
    where
        Self: Sized,
    {
        N
    }
    async fn lends<'a>(&'a mut self) -> Self::Out<'a>;
    fn boxed(self: Box<Self>) -> Result<T, ()>;
}

struct Square([u8; 2]);

impl Shape<4> for Square {
    type Out<'a> = &'a mut [u8];
    #[traced]
    async fn lends<'a>(&'a mut self) -> Self::Out<'a> {
        &mut self.0
    }
    #[traced]
    fn boxed(self: Box<Self>) -> Result<u32, ()> {
        let Self([a, b]) = *self;
        Ok(u32::from(a) + u32::from(b))
    }
}

macro_rules! vec_of {
    ($ty:ty) => {
        Vec<$ty>
    };
}

#[traced]
fn by_type_macro(map: &mut HashMap<String, vec_of!(u32)>) -> Option<vec_of!(u32)> {
    map.remove("x")
}

#[traced]
async fn typed_by_macro() -> vec_of!(u32) {
    Default::default()
}

#[traced]
fn temporaries_in_condition(cell: &RefCell<Option<Noisy>>) -> bool {
    if let Some(noisy) = cell.borrow_mut().take() {
        println!("{}", noisy.0);
        true
    } else {
        cell.borrow_mut().is_some()
    }
}

pub fn run() {
    println!("{:?} {}", attributes(1), block_on(expected(1)));
    println!("{:?} {:?}", const_generics::<2, true, u8>(&mut [1, 2]), const_generics::<1, false, u8>(&mut [1]));
    println!("{:?}", block_on(async_const_generics(&mut [1, 2])));
    println!("{:?} {}", unsafe { unsafe_result(&1) }, block_on(unsafe { async_unsafe(&[1]) }));
    println!("{:?} {:?}", foreign_result(1), foreign_result(0));
    visibility();
    println!("{:?}", nested_impls([1, 2].iter(), &mut |x| println!("{:?}", x)));
    println!("{}", block_on(async_nested_impls(|x| Box::pin(std::future::ready(x)), &["a"])));
    println!("{:?} {}", higher_ranked("ab", |text| text.get(1..)), higher_ranked("ab", |_| None).is_err());
    println!("{:?}", block_on(outlives("x", "y")));
    println!("{:?}", borrowed_guard(&RefCell::new(vec![1])).map(|items| items.len()));
    let cell = RefCell::new(1);
    *mutable_guard(&cell) += 1;
    println!("{:?} {}", cell, block_on(holds_closure(1))(2));
    println!("{} {:?}", block_on(async_closure(2)), block_on(async_block(3)));
    println!("{:?} {:?} {:?}", diverges(true), diverges(false), endless(&Cell::new(0)));
    println!("{} {}", block_on(same_name(1)), shadowed_macro(1));
    println!("{:?} {} {}", Tokens(1).tokens((1, 2)), block_on(first()), block_on(second()));
    println!("{} {:?}", Square([1, 2]).sized(), block_on(Square([1, 2]).lends()));
    println!("{:?}", Box::new(Square([1, 2])).boxed());
    println!("{:?} {:?}", by_type_macro(&mut HashMap::new()), block_on(typed_by_macro()));
    println!("{}", temporaries_in_condition(&RefCell::new(Some(Noisy("taken")))));
    auto_traits!(async_closure(1));
    auto_traits!(async_block(1));
    auto_traits!(holds_closure(1));
}
