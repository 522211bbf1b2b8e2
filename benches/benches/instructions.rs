//! One operation many times over, for callgrind: `instructions.sh` runs it with two counts and divides the difference.
#![allow(clippy::print_stdout, reason = "the list of operations is the result of a run without arguments")]

use std::env;
use std::hint::black_box;

use benches::floor;

/// An operation, by the name of the function that callgrind is told to count.
type Operation = (&'static str, fn(u32));

const OPERATIONS: [Operation; 1] = [("measured_floor", measured_floor)];

/// Never inlined, so that callgrind finds it by name and counts what runs inside it, on this thread alone.
#[inline(never)]
fn measured_floor(count: u32) {
    for _ in 0..count {
        floor::span();
    }
}

fn main() {
    // `cargo bench` adds an argument of its own.
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(wanted), Some(count)) = (arguments.next(), arguments.next()) else {
        for (name, _) in OPERATIONS {
            println!("{name}");
        }
        return;
    };
    let count = count.parse().expect("the second argument is a count");
    let found = OPERATIONS.iter().find(|(name, _)| *name == wanted);
    let (_, operation) = found.expect("the first argument is one of the operations");
    black_box(operation)(black_box(count));
}
