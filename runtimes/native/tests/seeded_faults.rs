//! Faults on purpose: what `npm run sanitize` must find before it believes a sanitizer that finds nothing.
//! Elsewhere these tests are not run.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::thread;

struct Shared(UnsafeCell<u32>);

// SAFETY: none, and that is the fault.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new(0));

#[test]
#[ignore = "a fault on purpose"]
fn two_threads_write_a_plain_number() {
    let write = || {
        for value in 0..1000 {
            // SAFETY: none, and that is the fault.
            unsafe { SHARED.0.get().write_volatile(value) };
        }
    };
    thread::scope(|scope| {
        scope.spawn(write);
        scope.spawn(write);
    });
}

#[test]
#[ignore = "a fault on purpose"]
fn freed_memory_is_read() {
    let block = Box::into_raw(black_box(Box::new(7u64)));
    // SAFETY: it came from a box.
    drop(unsafe { Box::from_raw(block) });
    // SAFETY: none, and that is the fault.
    black_box(unsafe { block.read_volatile() });
}
