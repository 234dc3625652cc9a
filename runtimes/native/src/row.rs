//! Rows as bytes: those of a trace, and the frames that go over a socket.

/// A plain row: no padding, and any bits are a value.
///
/// # Safety
/// Implemented by generated code only, for `#[repr(C)]` structs whose offsets are asserted.
pub unsafe trait Row: Copy {}

/// The bytes of a row as they go over a socket.
pub fn bytes_of<R: Row>(row: &R) -> &[u8] {
    // SAFETY: a Row has no padding, so all its bytes are initialised.
    unsafe { std::slice::from_raw_parts((row as *const R).cast(), size_of::<R>()) }
}

/// Reads a row from bytes of exactly its length, which need not be aligned.
pub fn row_from<R: Row>(bytes: &[u8]) -> R {
    assert_eq!(bytes.len(), size_of::<R>(), "a row is read from bytes of its own length");
    // SAFETY: the length was checked, and any bits are a value of a Row.
    unsafe { bytes.as_ptr().cast::<R>().read_unaligned() }
}
