//! The integer CPU kernel and the fold: the twin of `workloads/trace/kernel.ts`, bit for bit.

/// Odd, from the golden ratio (Knuth, TAOCP 3, 6.4).
const GOLDEN: u32 = 0x9e37_79b1;

/// Runs `units` rounds of xorshift32 (Marsaglia, 2003) and a multiplication from `seed`; the last word, never 0.
pub fn burn(seed: u32, units: u64) -> u32 {
    let mut x = seed | 1;
    for _ in 0..units {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        x = whole(x.wrapping_mul(GOLDEN));
    }
    x
}

/// Ends a round: LLVM would unroll the loop and shift within the multiplication of the round before, which takes
/// 8.5 cycles a round. V8 does what stands there, in 9, and a unit of work is to be the same in both.
#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
fn whole(mut x: u32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: there is no instruction, only a comment.
    unsafe {
        std::arch::asm!("/* {x:e} */", x = inout(reg) x, options(pure, nomem, nostack, preserves_flags));
    }
    x
}

/// Folds `value` into `checksum` (murmur3's mixing step, Appleby).
#[inline]
pub fn fold(checksum: u32, value: u32) -> u32 {
    let mixed = value.wrapping_mul(0xcc9e_2d51).rotate_left(15);
    (checksum ^ mixed.wrapping_mul(0x1b87_3593)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64)
}

/// Byte `index` of the payload that an echo sends for `seed`: a fixed pattern, its first four bytes keyed.
pub fn payload_byte(seed: u32, index: u32) -> u8 {
    let pattern = (index.wrapping_mul(GOLDEN) >> 24) as u8;
    if index < 4 { pattern ^ (seed >> (8 * index)) as u8 } else { pattern }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The numbers are what workloads/trace/kernel.ts answers.
    #[test]
    fn burn_fold_and_payload_agree_with_typescript() {
        assert_eq!(burn(0, 0), 1);
        assert_eq!(burn(7, 1000), BURN_7_1000);
        assert_eq!(fold(0, 0), 0xe654_6b64);
        assert_eq!(fold(0xdead_beef, 42), FOLD_DEADBEEF_42);
        let bytes: Vec<u8> = (0..6).map(|index| payload_byte(0x0102_0304, index)).collect();
        assert_eq!(bytes, PAYLOAD_01020304);
    }

    const BURN_7_1000: u32 = 1593581714;
    const FOLD_DEADBEEF_42: u32 = 646012031;
    const PAYLOAD_01020304: [u8; 6] = [4, 157, 62, 219, 120, 23];

    #[test]
    fn burn_never_meets_zero() {
        for seed in (0..u32::MAX).step_by(1_000_003) {
            assert_ne!(burn(seed, 7), 0);
        }
    }
}
