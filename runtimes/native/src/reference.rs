//! The reference results by the plain reading of a trace, without any runtime: the twin of
//! `workloads/trace/reference.ts`. The tests of both languages compare with it.

use crate::kernel::burn;
use crate::payload::push_payload;
use crate::step::{Effect, Stepper};
use crate::trace::Trace;

/// Checksums by task id.
pub fn reference_checksums(trace: &Trace) -> Vec<u32> {
    (0..trace.tasks.len() as u32).map(|task| reference_checksum(trace, task)).collect()
}

fn reference_checksum(trace: &Trace, task: u32) -> u32 {
    let mut stepper = Stepper::default();
    let mut result = 0;
    loop {
        result = match stepper.step(trace, task, result) {
            Effect::Finished => return stepper.checksum(),
            Effect::Cpu { seed, units } => burn(seed, units),
            Effect::Echo { seed, bytes, .. } => {
                let mut payload = Vec::new();
                push_payload(&mut payload, seed, bytes as usize);
                crc32fast::hash(&payload)
            }
            Effect::Block { .. } | Effect::Sleep { .. } | Effect::Yield => 0,
            Effect::Spawn { .. } | Effect::Join { .. } => 0,
        }
    }
}
