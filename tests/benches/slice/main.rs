//! The slice's figures, each beside its aim and a floor or its parts. Nothing is asserted about
//! time: `cargo xtask bench` prints what this machine gives.

mod centre;
mod opening;
mod posting;
mod reconnect;
mod table;

use table::Table;

fn main() {
    let mut table = Table::default();
    println!("{}", table::machine());
    opening::measure(&mut table);
    reconnect::measure(&mut table);
    posting::measure(&mut table);
    println!("{table}");
}
