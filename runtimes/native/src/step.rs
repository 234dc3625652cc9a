//! The transition of a task: the twin of `workloads/trace/step.ts`. It performs nothing.

use crate::generated::{Op, Opcode};
use crate::kernel::fold;
use crate::trace::{Trace, op_seed};

/// What a task does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    Cpu { seed: u32, units: u64 },
    Block { length_ns: f64 },
    Sleep { length_ns: f64 },
    Yield,
    Echo { seed: u32, bytes: u32, reply_delay_ns: f64 },
    Spawn { first: u32, count: u32 },
    Join { first: u32, count: u32 },
    Finished,
}

/// Where one task stands and what it has folded so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stepper {
    pc: u32,
    checksum: u32,
}

impl Stepper {
    /// Takes `task` past the op it stands at, whose result was `result` (0 for ops without one and at the
    /// start), and answers the effect to perform next.
    #[inline]
    pub fn step(&mut self, trace: &Trace, task: u32, result: u32) -> Effect {
        let row = &trace.tasks[task as usize];
        let program = &trace.programs[row.program as usize];
        let op_at = (program.first_op + self.pc) as usize;
        self.checksum = if self.pc == 0 {
            row.seed
        } else {
            fold(fold(self.checksum, trace.ops[op_at - 1].code), result)
        };
        if self.pc == program.op_count {
            return Effect::Finished;
        }
        let seed = op_seed(row.seed, self.pc);
        self.pc += 1;
        effect_of(&trace.ops[op_at], seed)
    }

    /// The checksum: final once `step` has answered `Finished`.
    pub fn checksum(&self) -> u32 {
        self.checksum
    }

    /// How many ops it has begun.
    pub fn pc(&self) -> u32 {
        self.pc
    }
}

/// Reads an op's operands. No `_`: an op that is new in the table must be given its effect here.
#[inline]
fn effect_of(op: &Op, seed: u32) -> Effect {
    let code = Opcode::try_from(op.code).expect("the trace names known opcodes only");
    match code {
        Opcode::Cpu => Effect::Cpu { seed, units: op.a as u64 },
        Opcode::Block => Effect::Block { length_ns: op.a },
        Opcode::Sleep => Effect::Sleep { length_ns: op.a },
        Opcode::Yield => Effect::Yield,
        Opcode::Echo => Effect::Echo { seed, bytes: op.a as u32, reply_delay_ns: op.b },
        Opcode::Spawn => Effect::Spawn { first: op.target, count: op.count },
        Opcode::Join => Effect::Join { first: op.target, count: op.count },
    }
}
