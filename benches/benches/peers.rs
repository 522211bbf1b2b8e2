//! `cargo bench -p benches --bench peers -- --case 1,4 --only floor,fastrace --rounds 20`, or `-- --quick`.
#![allow(clippy::print_stdout, reason = "the table and a child's one line are the result")]

use std::env;
use std::error::Error;

use benches::harness;
use benches::plan::Role;

fn main() -> Result<(), Box<dyn Error>> {
    match Role::parse(env::args().skip(1))? {
        Role::Parent(plan) => print!("{}", harness::run(&plan)?),
        Role::Child { case, peer, effort, core } => println!("{}", (peer.measure)(case, effort, core)),
    }
    Ok(())
}
