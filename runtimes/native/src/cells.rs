//! Fields of shared rows: atomics with relaxed access, so that Rust and JavaScript may race on them.
//!
//! Doubles are stored as their bits. Relaxed loads and stores compile to plain moves; where an order matters
//! the row says so and uses `publish` and `observe`.

use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

macro_rules! cell {
    ($name:ident, $atomic:ty, $value:ty) => {
        #[repr(transparent)]
        #[derive(Debug, Default)]
        pub struct $name($atomic);

        impl $name {
            #[inline(always)]
            pub fn get(&self) -> $value {
                self.0.load(Ordering::Relaxed)
            }

            #[inline(always)]
            pub fn set(&self, value: $value) {
                self.0.store(value, Ordering::Relaxed);
            }

            /// Adds without an atomic exchange. Only for fields with a single writer.
            #[inline(always)]
            pub fn add_alone(&self, more: $value) {
                self.set(self.get().wrapping_add(more));
            }
        }
    };
}

cell!(U8, AtomicU8, u8);
cell!(U16, AtomicU16, u16);
cell!(U32, AtomicU32, u32);
cell!(I32, AtomicI32, i32);

impl U8 {
    /// Stores so that who observes the value sees all that was written before it.
    #[inline(always)]
    pub fn publish(&self, value: u8) {
        self.0.store(value, Ordering::Release);
    }
}

impl U32 {
    /// As `add_alone`; who sees the new count on a machine of weak order sees all that was written before it.
    #[inline(always)]
    pub fn publish_one_more(&self) {
        self.0.store(self.get().wrapping_add(1), Ordering::Release);
    }
}

impl U16 {
    /// As `U8::publish`.
    #[inline(always)]
    pub fn publish(&self, value: u16) {
        self.0.store(value, Ordering::Release);
    }
}

impl I32 {
    /// As `U8::publish`.
    #[inline(always)]
    pub fn publish(&self, value: i32) {
        self.0.store(value, Ordering::Release);
    }

    /// Pairs with `publish`, and with `Atomics.store` in JavaScript.
    #[inline(always)]
    pub fn observe(&self) -> i32 {
        self.0.load(Ordering::Acquire)
    }

    /// Claims the next number; several may claim at the same time.
    #[inline(always)]
    pub fn claim(&self) -> i32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

#[repr(transparent)]
#[derive(Debug, Default)]
pub struct F64(AtomicU64);

impl F64 {
    #[inline(always)]
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    #[inline(always)]
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }
}
