//! What an echo sends, and its CRC-32 as the op's result: the twin of `workloads/trace/payload.ts`.

use crate::generated::PAYLOAD_LIMIT_BYTES;
use crate::kernel::payload_byte;
use std::sync::LazyLock;

static PATTERN: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..PAYLOAD_LIMIT_BYTES).map(|index| payload_byte(0, index as u32)).collect());

/// Appends the payload of `bytes` bytes for `seed` to `target`.
pub fn push_payload(target: &mut Vec<u8>, seed: u32, bytes: usize) {
    let start = target.len();
    target.extend_from_slice(&PATTERN[..bytes]);
    for index in 0..bytes.min(4) {
        target[start + index] = payload_byte(seed, index as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_its_bytes_one_by_one_whatever_its_length() {
        for bytes in [0, 1, 3, 4, 5, 1000, PAYLOAD_LIMIT_BYTES] {
            let seed = 0x9abc_def0_u32.wrapping_mul(bytes as u32 + 1);
            let mut payload = vec![0xff];
            push_payload(&mut payload, seed, bytes);
            assert_eq!(payload.len(), 1 + bytes);
            for (index, &byte) in payload[1..].iter().enumerate() {
                assert_eq!(byte, payload_byte(seed, index as u32), "byte {index} of {bytes}");
            }
        }
    }
}
