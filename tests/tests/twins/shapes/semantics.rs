//! What a call means: the caller's line, the panic's payload, spans per call, temporaries, async blocks that borrow.
//! span: line
//! span: async_block_line
//! span:   line
//! span: payload [panicked]
//! span: many_polls
//! span: borrow
//! span: conditional
//! span: conditional
//! span: not_send
//! span: holds_ref
//! span: unpin_argument
//! span: loops
//! span: destructor
//! span:   destructor of a value
//! span:   destructor of a value
//! span: destructor [cancelled]
//! span:   destructor of a value
//! span:   destructor of a value
//! span: by_value
//! span:   destructor of a value
//! span: by_mut_value
//! span:   destructor of a value
//! span:   destructor of a value
//! span:   destructor of a value
//! span: by_box
//! span:   destructor of a value
//! span: moved_on
//! span: by_value_result [error]
//! span:   destructor of a value
//! span: by_mut_value_result
//! span:   destructor of a value
//! span:   destructor of a value
//! span: by_mut_value_async
//! span:   destructor of a value
//! span:   destructor of a value
//! span: by_value_again
//! span:   by_value_again
//! span:   destructor of a value
//! span: shadows
//! span: closure_return
//! span: unit
//! span: expression_match [error]
//! span: not_send [never_polled]
//! span: holds_ref [never_polled]
//! span: many_polls [never_polled]
use crate::support::*;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{pin, Pin};
use std::rc::Rc;

#[traced]
#[track_caller]
fn line() -> u32 {
    std::panic::Location::caller().line()
}

#[traced]
#[track_caller]
fn async_block_line() -> impl Future<Output = u32> {
    async move { line() }
}

#[traced]
fn payload() -> Result<u32, ()> {
    std::panic::panic_any(7_u32)
}

#[traced]
async fn many_polls(n: u32) -> u32 {
    for _ in 0..n {
        yield_now().await;
    }
    n
}

#[traced]
fn borrow() -> usize {
    let cell = RefCell::new(vec![1, 2]);
    let n = cell.borrow().len();
    n
}

#[traced]
fn conditional(x: &Cell<u32>) -> Option<u32> {
    let _guard = Noisy("guard");
    x.set(x.get() + 1);
    let y = (x.get() < 2).then(|| x.get())?;
    Some(y)
}

#[traced]
async fn not_send(x: Rc<u32>) -> u32 {
    yield_now().await;
    *x
}

#[traced]
async fn holds_ref(x: &Cell<u32>) -> u32 {
    yield_now().await;
    x.set(x.get() + 1);
    x.get()
}

#[traced]
async fn unpin_argument(x: Pin<&mut (dyn Future<Output = u32> + '_)>) -> u32 {
    x.await
}

#[traced]
async fn loops() -> u32 {
    let mut n = 0;
    let found = 'outer: loop {
        loop {
            n += 1;
            if n == 3 {
                break 'outer n;
            }
            if n % 2 == 0 {
                continue 'outer;
            }
            yield_now().await;
        }
    };
    found + 1
}

#[traced]
async fn destructor(_a: SpanOnDrop) {
    let _local = SpanOnDrop;
    yield_now().await;
}

struct SpanOnDrop;

impl Drop for SpanOnDrop {
    #[traced(name = "destructor of a value")]
    fn drop(&mut self) {}
}

struct Owner(SpanOnDrop);

impl Owner {
    #[traced]
    fn by_value(self) -> u32 {
        1
    }
    #[traced]
    fn by_mut_value(mut self, _other: SpanOnDrop) {
        self.0 = SpanOnDrop;
    }
    #[traced]
    fn by_box(self: Box<Self>) -> impl Iterator<Item = u32> {
        std::iter::once(2)
    }
    #[traced]
    fn moved_on(self) -> Self {
        self
    }
    #[traced]
    fn by_value_result(self) -> Result<u32, ()> {
        Err(())
    }
    #[traced]
    fn by_mut_value_result(mut self) -> Result<(), ()> {
        self.0 = SpanOnDrop;
        Ok(())
    }
    #[traced]
    async fn by_mut_value_async(mut self) {
        self.0 = SpanOnDrop;
    }
    #[traced]
    fn by_value_again(self, n: u32) -> u32 {
        if n == 0 { 0 } else { self.by_value_again(n - 1) }
    }
}

#[traced]
fn shadows(x: u32) -> u32 {
    let x = x + 1;
    {
        let x = x + 1;
        let _ = x;
    }
    x
}

#[traced]
fn closure_return(x: u32) -> impl Fn(u32) -> u32 {
    move |y| {
        if y == 0 {
            return x;
        }
        x + y
    }
}

#[traced]
fn unit() {}

#[traced]
fn expression_match(x: Result<u32, String>) -> Result<u32, String> {
    match x {
        Ok(x) => Ok(x + 1),
        Err(text) => return Err(text + "!"),
    }
}

pub fn run() {
    println!("{} {}", line(), block_on(async_block_line()));
    println!("{:?}", std::panic::catch_unwind(payload).unwrap_err().downcast_ref::<u32>());
    println!("{}", block_on(many_polls(20)));
    println!("{}", borrow());
    let cell = Cell::new(0);
    println!("{:?} {:?}", conditional(&cell), conditional(&cell));
    println!("{}", block_on(not_send(Rc::new(1))));
    println!("{}", block_on(holds_ref(&cell)));
    println!("{}", block_on(unpin_argument(pin!(async { 5 }))));
    println!("{}", block_on(loops()));
    block_on(destructor(SpanOnDrop));
    {
        let mut future = pin!(destructor(SpanOnDrop));
        assert!(poll(future.as_mut()).is_pending());
    }
    let owner = || Owner(SpanOnDrop);
    println!("{}", owner().by_value());
    owner().by_mut_value(SpanOnDrop);
    println!("{:?}", Box::new(owner()).by_box().next());
    println!("{:?}", owner().moved_on().by_value_result());
    println!("{:?}", owner().by_mut_value_result());
    block_on(owner().by_mut_value_async());
    println!("{}", owner().by_value_again(1));
    println!("{} {}", shadows(1), closure_return(1)(0));
    unit();
    println!("{:?}", expression_match(Err("no".to_owned())));
    auto_traits!(not_send(Rc::new(1)));
    auto_traits!(holds_ref(&cell));
    auto_traits!(many_polls(1));
}
