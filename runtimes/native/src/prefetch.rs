//! Asks the processor for rows that are about to be written or read.
//!
//! Why: a row of the records is written right before Tokio's atomic instructions, each of which waits until the
//! stores before it are done. A row that has to come from memory would delay the scheduler that is measured.

/// Starts to load the cache lines of `row`. It has no other effect, and returns at once.
#[inline(always)]
pub fn prefetch<R>(row: &R) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first: *const i8 = std::ptr::from_ref(row).cast();
        // SAFETY: a prefetch cannot fault, and both addresses lie within the row.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(first);
            _mm_prefetch::<_MM_HINT_T0>(first.add(size_of::<R>() - 1));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}
