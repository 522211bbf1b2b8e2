//! `cargo bench -p benches --bench otlp -- --rounds 12`, or `-- --quick`.

#![allow(clippy::print_stdout, reason = "the table and a child's one line are the result")]

use std::env;
use std::error::Error;

use benches::otlp::{Role, run};

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", run(Role::parse(env::args().skip(1))?)?);
    Ok(())
}
