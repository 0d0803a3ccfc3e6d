//! What every fuzz target of this folder has in common: the limit on memory, and the entry.
#![feature(alloc_error_hook)]

use std::alloc::{Layout, System, set_alloc_error_hook};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use cap::Cap;

/// The most memory that an input may take at any moment, in bytes.
pub const MAX_MEMORY: usize = 300 << 20;

/// An allocation beyond the limit fails: libFuzzer's own limit samples once a second and misses
/// what is given back between.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, MAX_MEMORY);

/// Whether an allocation failed since the input came.
static FAILED: AtomicBool = AtomicBool::new(false);

/// How an .xls begins. The server reads one in a process of its own, and what its reader cannot
/// bound ends there: here it is a panic that the same code catches.
const XLS: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];

/// The entry of a target that is a function over bytes.
#[macro_export]
macro_rules! target {
    ($function:path) => {
        ::libfuzzer_sys::fuzz_target!(init: $crate::start(), |bytes: &[u8]| {
            $crate::feed($function, bytes)
        });
    };
}

/// Lets panics unwind, where libfuzzer-sys aborts at each: some of what is tested catches those
/// of a library. One that nobody catches still ends the process.
///
/// Panics are told with `CANBAO_FUZZ_PANICS` set.
pub fn start() {
    drop(panic::take_hook());
    panic::set_hook(Box::new(|info| {
        if std::env::var_os("CANBAO_FUZZ_PANICS").is_some() {
            eprintln!("{info}");
        }
    }));
    set_alloc_error_hook(|layout: Layout| {
        FAILED.store(true, Ordering::Relaxed);
        panic!("{} bytes are beyond the limit", layout.size());
    });
}

/// Feeds a target.
///
/// # Panics
/// Where the target does, or takes more memory than an input may.
pub fn feed(target: fn(&[u8]), bytes: &[u8]) {
    FAILED.store(false, Ordering::Relaxed);
    target(bytes);
    let failed = FAILED.load(Ordering::Relaxed);
    assert!(!failed || bytes.starts_with(XLS), "too much memory");
}
