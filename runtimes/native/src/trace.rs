//! A view of a trace's bytes: the twin of `workloads/trace/trace.ts`. Nobody writes them during a trial.

use crate::generated::{
    Class, Header, NONE, Op, Opcode, PERIODS_A_TIMER, Program, TRACE_MAGIC, TRACE_VERSION, Task,
};
use crate::kernel::fold;
use crate::row::bytes_of;

/// The rows of a trace. They live as long as the process, as the trial does.
#[derive(Clone, Copy)]
pub struct Trace {
    pub header: &'static Header,
    pub programs: &'static [Program],
    pub ops: &'static [Op],
    pub tasks: &'static [Task],
}

impl Trace {
    /// Views the `len` bytes at `data`, or says what is wrong with them. TypeScript has checked the references
    /// between the rows; here an index out of range is a panic.
    ///
    /// # Safety
    /// The bytes are readable, and nobody writes them, for the rest of the process.
    pub unsafe fn view(data: *const u8, len: usize) -> Result<Trace, String> {
        if !(data as usize).is_multiple_of(align_of::<Header>()) || len < size_of::<Header>() {
            return Err(format!(
                "a trace is 8-byte aligned and holds a header; these are {len} bytes at {data:p}"
            ));
        }
        // SAFETY: aligned and long enough, by the check above; readable for ever, by contract.
        let header = unsafe { &*data.cast::<Header>() };
        // SAFETY: as above; a header has no padding.
        if bytes_of(header)[..8] != TRACE_MAGIC || header.version != TRACE_VERSION {
            return Err(format!("these bytes are no trace of version {TRACE_VERSION}"));
        }
        let classes_at = size_of::<Header>();
        let programs_at = classes_at + header.class_count as usize * size_of::<Class>();
        let ops_at = programs_at + header.program_count as usize * size_of::<Program>();
        let tasks_at = ops_at + header.op_count as usize * size_of::<Op>();
        let end = tasks_at + header.task_count as usize * size_of::<Task>();
        if end != len {
            return Err(format!("the header of the trace promises {end} bytes; these are {len}"));
        }
        // SAFETY: the sections lie within `len`, and each starts 8-byte aligned since rows are whole 8-byte words.
        unsafe {
            Ok(Trace {
                header,
                programs: rows(data, programs_at, header.program_count),
                ops: rows(data, ops_at, header.op_count),
                tasks: rows(data, tasks_at, header.task_count),
            })
        }
    }

    /// When canary `index` is due: one in every period, at a seeded random instant unless the phase is fixed.
    pub fn canary_due_ns(&self, index: u32) -> f64 {
        self.instant_in(index, self.header.canary_period_ns, 0x4341_4e41)
    }

    /// When timer canary `index` is due, by the same rule.
    pub fn timer_due_ns(&self, index: u32) -> f64 {
        self.instant_in(index, PERIODS_A_TIMER * self.header.canary_period_ns, 0x5449_4d45)
    }

    /// `kind` is what the draws of each kind of canary begin with.
    fn instant_in(&self, index: u32, period_ns: f64, kind: u32) -> f64 {
        let Header { canary_phase_ns, seed, .. } = *self.header;
        let start_ns = f64::from(index) * period_ns;
        if canary_phase_ns >= 0.0 {
            return start_ns + canary_phase_ns;
        }
        // ToUint32 of JavaScript: the seed modulo 2^32.
        let seed_word = (seed as u64) as u32;
        let draw = fold(fold(fold(kind, seed_word), index), 0x5259_0000);
        start_ns + f64::from(draw) / 4_294_967_296.0 * period_ns
    }

    /// For each task, the one released by its end, or NONE; empty where no task follows another.
    pub fn successors(&self) -> Vec<u32> {
        if self.tasks.iter().all(|task| task.after == NONE) {
            return Vec::new();
        }
        let mut successors = vec![NONE; self.tasks.len()];
        for (id, task) in self.tasks.iter().enumerate() {
            if task.after != NONE {
                successors[task.after as usize] = id as u32;
            }
        }
        successors
    }

    pub fn has_op(&self, code: Opcode) -> bool {
        self.ops.iter().any(|op| op.code == code as u32)
    }
}

/// # Safety
/// `count` rows of `R` stand at `data + at`, aligned and for the rest of the process.
unsafe fn rows<R>(data: *const u8, at: usize, count: u32) -> &'static [R] {
    // SAFETY: by contract.
    unsafe { std::slice::from_raw_parts(data.add(at).cast(), count as usize) }
}

/// The seed of the op at program counter `pc` of a task.
#[inline]
pub fn op_seed(task_seed: u32, pc: u32) -> u32 {
    fold(task_seed, pc)
}
