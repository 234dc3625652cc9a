//! The rows, opcodes and constants that this crate shares with TypeScript.
//! Generated from `runtimes/native/layouts.ts` by `npm run generate`; a test compares.

use crate::cells::{F64, I32, U8, U16, U32};

pub const LAYOUT_FINGERPRINT: &str =
    "bb8fea4397837c0a016dc06078422e120e37c9141c866263d8abeb58c08babe4";
pub const TRACE_MAGIC: [u8; 8] = *b"ISOTRACE";
pub const TRACE_VERSION: u32 = 1;
pub const RECORDS_MAGIC: [u8; 8] = *b"ISORECRD";
pub const RECORDS_VERSION: u32 = 3;
/// No such task, session or parent.
pub const NONE: u32 = 4294967295;
/// No due time.
pub const NO_DUE: f64 = -1.0;
/// A shorter CPU hold gets no row.
pub const CPU_HOLD_ROW_MIN_NS: f64 = 1000000.0;
/// The period of timer canaries, in periods of injected ones.
pub const PERIODS_A_TIMER: f64 = 10.0;
/// Opcodes are below this.
pub const OP_CODE_LIMIT: usize = 16;
/// The largest payload of an echo.
pub const PAYLOAD_LIMIT_BYTES: usize = 65536;

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Header {
    pub magic_low: u32,
    pub magic_high: u32,
    pub version: u32,
    pub class_count: u32,
    pub program_count: u32,
    pub op_count: u32,
    pub task_count: u32,
    pub root_count: u32,
    pub session_count: u32,
    pub connection_count: u32,
    pub measured_class: u32,
    pub reserved: u32,
    pub seed: f64,
    pub canary_period_ns: f64,
    pub canary_phase_ns: f64,
    pub window_ns: f64,
    pub drain_ns: f64,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Class {
    pub name: [u8; 32],
    pub deadline_ns: f64,
    pub r#loop: u32,
    pub reserved: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Program {
    pub first_op: u32,
    pub op_count: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Op {
    pub code: u32,
    pub variant: u32,
    pub a: f64,
    pub b: f64,
    pub target: u32,
    pub count: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Task {
    pub due_ns: f64,
    pub think_ns: f64,
    pub after: u32,
    pub parent: u32,
    pub program: u32,
    pub session: u32,
    pub seed: u32,
    pub class: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RequestFrame {
    pub payload_bytes: u32,
    pub tag: u32,
    pub reply_delay_ns: f64,
    pub warm_up: u32,
    pub reserved: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ReplyFrame {
    pub payload_bytes: u32,
    pub tag: u32,
    pub received_ns: f64,
    pub sent_ns: f64,
}

// SAFETY: the offsets below leave no padding, and any bits are a value.
unsafe impl crate::row::Row for Header {}

// SAFETY: the offsets below leave no padding, and any bits are a value.
unsafe impl crate::row::Row for Class {}

// SAFETY: the offsets below leave no padding, and any bits are a value.
unsafe impl crate::row::Row for Program {}

// SAFETY: the offsets below leave no padding, and any bits are a value.
unsafe impl crate::row::Row for Op {}

// SAFETY: the offsets below leave no padding, and any bits are a value.
unsafe impl crate::row::Row for Task {}

// SAFETY: the offsets below leave no padding, and any bits are a value.
unsafe impl crate::row::Row for RequestFrame {}

// SAFETY: the offsets below leave no padding, and any bits are a value.
unsafe impl crate::row::Row for ReplyFrame {}

#[repr(C)]
pub struct RecordsHeader {
    pub magic_low: U32,
    pub magic_high: U32,
    pub version: U32,
    pub lane_count: U32,
    pub task_count: U32,
    pub canary_capacity: U32,
    pub timer_capacity: U32,
    pub hold_capacity: U32,
    pub tick_capacity: U32,
    pub stretch_capacity: U32,
    pub canary_count: I32,
    pub timer_count: I32,
    pub hold_count: I32,
    pub tick_count: I32,
    pub tasks_ended: I32,
    pub stop: I32,
    pub release_ended: I32,
    pub reserved0: U32,
    pub epoch_ns: F64,
    pub end_ns: F64,
    pub idle_row_min_ns: F64,
    pub reserved1: F64,
    pub reserved2: F64,
    pub reserved3: F64,
    pub reserved4: F64,
    pub unwritten: [U32; 16],
}

#[repr(C)]
pub struct Lane {
    pub submitted: U32,
    pub started: U32,
    pub done: U32,
    pub failed: U32,
    pub cancelled: U32,
    pub polls: U32,
    pub spawned: U32,
    pub canaries_run: U32,
    pub timers_run: U32,
    pub locals_run: U32,
    pub steals: U32,
    pub parks: U32,
    pub thread_id: U32,
    pub overflows: U32,
    pub forced_yields: U32,
    pub lifo_polls: U32,
    pub stretch_first: U32,
    pub stretch_capacity: U32,
    pub stretch_count: U32,
    pub stretches_lost: U32,
    pub gc_watched: U32,
    pub loop_delay_count: U32,
    pub op_count: [U32; 16],
    pub shortest_ns: [F64; 16],
    pub idle_ns: F64,
    pub gc_ns: F64,
    pub gc_longest_ns: F64,
    pub loop_delay_p50_ns: F64,
    pub loop_delay_p90_ns: F64,
    pub loop_delay_p99_ns: F64,
    pub loop_delay_p999_ns: F64,
    pub loop_delay_max_ns: F64,
    pub loop_delay_mean_ns: F64,
    pub loop_busy_share: F64,
    pub reserved0: F64,
    pub reserved1: F64,
    pub reserved2: F64,
    pub unwritten: [U32; 16],
}

#[repr(C)]
pub struct TaskRecord {
    pub submitted_ns: F64,
    pub first_poll_ns: F64,
    pub finish_ns: F64,
    pub resume_wait_ns: F64,
    pub held_ns: F64,
    pub poll_count: U32,
    pub checksum: U32,
    pub worker: U16,
    pub state: U8,
    pub starts: U8,
    pub reserved0: U32,
    pub reserved1: F64,
}

#[repr(C)]
pub struct Canary {
    pub due_ns: F64,
    pub submitted_ns: F64,
    pub run_ns: F64,
    pub local_run_ns: F64,
    pub worker: U16,
    pub state: U16,
    pub local_worker: U16,
    pub local_state: U16,
}

#[repr(C)]
pub struct TimerCanary {
    pub due_ns: F64,
    pub run_ns: F64,
    pub worker: U16,
    pub state: U16,
    pub reserved: U32,
}

#[repr(C)]
pub struct Hold {
    pub start_ns: F64,
    pub end_ns: F64,
    pub task: U32,
    pub worker: U16,
    pub op: U16,
}

#[repr(C)]
pub struct Tick {
    pub due_ns: F64,
    pub at_ns: F64,
    pub in_flight: U32,
    pub reserved: U32,
}

#[repr(C)]
pub struct Stretch {
    pub start_ns: F64,
    pub end_ns: F64,
    pub worker: U16,
    pub kind: U16,
    pub reserved: U32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Opcode {
    Cpu = 1,
    Block = 2,
    Sleep = 3,
    Yield = 4,
    Echo = 5,
    Spawn = 6,
    Join = 7,
}

impl Opcode {
    pub const ALL: [Opcode; 7] = [
        Opcode::Cpu,
        Opcode::Block,
        Opcode::Sleep,
        Opcode::Yield,
        Opcode::Echo,
        Opcode::Spawn,
        Opcode::Join,
    ];
}

impl TryFrom<u32> for Opcode {
    /// The code that is no opcode.
    type Error = u32;

    fn try_from(code: u32) -> Result<Self, u32> {
        match code {
            1 => Ok(Opcode::Cpu),
            2 => Ok(Opcode::Block),
            3 => Ok(Opcode::Sleep),
            4 => Ok(Opcode::Yield),
            5 => Ok(Opcode::Echo),
            6 => Ok(Opcode::Spawn),
            7 => Ok(Opcode::Join),
            other => Err(other),
        }
    }
}

/// How far a task or a canary came.
pub mod task_state {
    pub const NONE: u8 = 0;
    pub const SUBMITTED: u8 = 1;
    pub const STARTED: u8 = 2;
    pub const DONE: u8 = 3;
    pub const FAILED: u8 = 4;
    pub const CANCELLED: u8 = 5;
    pub const UNSERVED: u8 = 6;
}

/// Why a worker polled nothing.
pub mod stretch_kind {
    pub const IDLE: u16 = 1;
    pub const GC: u16 = 2;
}

const _: () = {
    assert!(size_of::<Header>() == 88);
    assert!(core::mem::offset_of!(Header, magic_low) == 0);
    assert!(core::mem::offset_of!(Header, magic_high) == 4);
    assert!(core::mem::offset_of!(Header, version) == 8);
    assert!(core::mem::offset_of!(Header, class_count) == 12);
    assert!(core::mem::offset_of!(Header, program_count) == 16);
    assert!(core::mem::offset_of!(Header, op_count) == 20);
    assert!(core::mem::offset_of!(Header, task_count) == 24);
    assert!(core::mem::offset_of!(Header, root_count) == 28);
    assert!(core::mem::offset_of!(Header, session_count) == 32);
    assert!(core::mem::offset_of!(Header, connection_count) == 36);
    assert!(core::mem::offset_of!(Header, measured_class) == 40);
    assert!(core::mem::offset_of!(Header, reserved) == 44);
    assert!(core::mem::offset_of!(Header, seed) == 48);
    assert!(core::mem::offset_of!(Header, canary_period_ns) == 56);
    assert!(core::mem::offset_of!(Header, canary_phase_ns) == 64);
    assert!(core::mem::offset_of!(Header, window_ns) == 72);
    assert!(core::mem::offset_of!(Header, drain_ns) == 80);
};

const _: () = {
    assert!(size_of::<Class>() == 48);
    assert!(core::mem::offset_of!(Class, name) == 0);
    assert!(core::mem::offset_of!(Class, deadline_ns) == 32);
    assert!(core::mem::offset_of!(Class, r#loop) == 40);
    assert!(core::mem::offset_of!(Class, reserved) == 44);
};

const _: () = {
    assert!(size_of::<Program>() == 8);
    assert!(core::mem::offset_of!(Program, first_op) == 0);
    assert!(core::mem::offset_of!(Program, op_count) == 4);
};

const _: () = {
    assert!(size_of::<Op>() == 32);
    assert!(core::mem::offset_of!(Op, code) == 0);
    assert!(core::mem::offset_of!(Op, variant) == 4);
    assert!(core::mem::offset_of!(Op, a) == 8);
    assert!(core::mem::offset_of!(Op, b) == 16);
    assert!(core::mem::offset_of!(Op, target) == 24);
    assert!(core::mem::offset_of!(Op, count) == 28);
};

const _: () = {
    assert!(size_of::<Task>() == 40);
    assert!(core::mem::offset_of!(Task, due_ns) == 0);
    assert!(core::mem::offset_of!(Task, think_ns) == 8);
    assert!(core::mem::offset_of!(Task, after) == 16);
    assert!(core::mem::offset_of!(Task, parent) == 20);
    assert!(core::mem::offset_of!(Task, program) == 24);
    assert!(core::mem::offset_of!(Task, session) == 28);
    assert!(core::mem::offset_of!(Task, seed) == 32);
    assert!(core::mem::offset_of!(Task, class) == 36);
};

const _: () = {
    assert!(size_of::<RequestFrame>() == 24);
    assert!(core::mem::offset_of!(RequestFrame, payload_bytes) == 0);
    assert!(core::mem::offset_of!(RequestFrame, tag) == 4);
    assert!(core::mem::offset_of!(RequestFrame, reply_delay_ns) == 8);
    assert!(core::mem::offset_of!(RequestFrame, warm_up) == 16);
    assert!(core::mem::offset_of!(RequestFrame, reserved) == 20);
};

const _: () = {
    assert!(size_of::<ReplyFrame>() == 24);
    assert!(core::mem::offset_of!(ReplyFrame, payload_bytes) == 0);
    assert!(core::mem::offset_of!(ReplyFrame, tag) == 4);
    assert!(core::mem::offset_of!(ReplyFrame, received_ns) == 8);
    assert!(core::mem::offset_of!(ReplyFrame, sent_ns) == 16);
};

const _: () = {
    assert!(size_of::<RecordsHeader>() == 192);
    assert!(core::mem::offset_of!(RecordsHeader, magic_low) == 0);
    assert!(core::mem::offset_of!(RecordsHeader, magic_high) == 4);
    assert!(core::mem::offset_of!(RecordsHeader, version) == 8);
    assert!(core::mem::offset_of!(RecordsHeader, lane_count) == 12);
    assert!(core::mem::offset_of!(RecordsHeader, task_count) == 16);
    assert!(core::mem::offset_of!(RecordsHeader, canary_capacity) == 20);
    assert!(core::mem::offset_of!(RecordsHeader, timer_capacity) == 24);
    assert!(core::mem::offset_of!(RecordsHeader, hold_capacity) == 28);
    assert!(core::mem::offset_of!(RecordsHeader, tick_capacity) == 32);
    assert!(core::mem::offset_of!(RecordsHeader, stretch_capacity) == 36);
    assert!(core::mem::offset_of!(RecordsHeader, canary_count) == 40);
    assert!(core::mem::offset_of!(RecordsHeader, timer_count) == 44);
    assert!(core::mem::offset_of!(RecordsHeader, hold_count) == 48);
    assert!(core::mem::offset_of!(RecordsHeader, tick_count) == 52);
    assert!(core::mem::offset_of!(RecordsHeader, tasks_ended) == 56);
    assert!(core::mem::offset_of!(RecordsHeader, stop) == 60);
    assert!(core::mem::offset_of!(RecordsHeader, release_ended) == 64);
    assert!(core::mem::offset_of!(RecordsHeader, reserved0) == 68);
    assert!(core::mem::offset_of!(RecordsHeader, epoch_ns) == 72);
    assert!(core::mem::offset_of!(RecordsHeader, end_ns) == 80);
    assert!(core::mem::offset_of!(RecordsHeader, idle_row_min_ns) == 88);
    assert!(core::mem::offset_of!(RecordsHeader, reserved1) == 96);
    assert!(core::mem::offset_of!(RecordsHeader, reserved2) == 104);
    assert!(core::mem::offset_of!(RecordsHeader, reserved3) == 112);
    assert!(core::mem::offset_of!(RecordsHeader, reserved4) == 120);
    assert!(core::mem::offset_of!(RecordsHeader, unwritten) == 128);
};

const _: () = {
    assert!(size_of::<Lane>() == 448);
    assert!(core::mem::offset_of!(Lane, submitted) == 0);
    assert!(core::mem::offset_of!(Lane, started) == 4);
    assert!(core::mem::offset_of!(Lane, done) == 8);
    assert!(core::mem::offset_of!(Lane, failed) == 12);
    assert!(core::mem::offset_of!(Lane, cancelled) == 16);
    assert!(core::mem::offset_of!(Lane, polls) == 20);
    assert!(core::mem::offset_of!(Lane, spawned) == 24);
    assert!(core::mem::offset_of!(Lane, canaries_run) == 28);
    assert!(core::mem::offset_of!(Lane, timers_run) == 32);
    assert!(core::mem::offset_of!(Lane, locals_run) == 36);
    assert!(core::mem::offset_of!(Lane, steals) == 40);
    assert!(core::mem::offset_of!(Lane, parks) == 44);
    assert!(core::mem::offset_of!(Lane, thread_id) == 48);
    assert!(core::mem::offset_of!(Lane, overflows) == 52);
    assert!(core::mem::offset_of!(Lane, forced_yields) == 56);
    assert!(core::mem::offset_of!(Lane, lifo_polls) == 60);
    assert!(core::mem::offset_of!(Lane, stretch_first) == 64);
    assert!(core::mem::offset_of!(Lane, stretch_capacity) == 68);
    assert!(core::mem::offset_of!(Lane, stretch_count) == 72);
    assert!(core::mem::offset_of!(Lane, stretches_lost) == 76);
    assert!(core::mem::offset_of!(Lane, gc_watched) == 80);
    assert!(core::mem::offset_of!(Lane, loop_delay_count) == 84);
    assert!(core::mem::offset_of!(Lane, op_count) == 88);
    assert!(core::mem::offset_of!(Lane, shortest_ns) == 152);
    assert!(core::mem::offset_of!(Lane, idle_ns) == 280);
    assert!(core::mem::offset_of!(Lane, gc_ns) == 288);
    assert!(core::mem::offset_of!(Lane, gc_longest_ns) == 296);
    assert!(core::mem::offset_of!(Lane, loop_delay_p50_ns) == 304);
    assert!(core::mem::offset_of!(Lane, loop_delay_p90_ns) == 312);
    assert!(core::mem::offset_of!(Lane, loop_delay_p99_ns) == 320);
    assert!(core::mem::offset_of!(Lane, loop_delay_p999_ns) == 328);
    assert!(core::mem::offset_of!(Lane, loop_delay_max_ns) == 336);
    assert!(core::mem::offset_of!(Lane, loop_delay_mean_ns) == 344);
    assert!(core::mem::offset_of!(Lane, loop_busy_share) == 352);
    assert!(core::mem::offset_of!(Lane, reserved0) == 360);
    assert!(core::mem::offset_of!(Lane, reserved1) == 368);
    assert!(core::mem::offset_of!(Lane, reserved2) == 376);
    assert!(core::mem::offset_of!(Lane, unwritten) == 384);
};

const _: () = {
    assert!(size_of::<TaskRecord>() == 64);
    assert!(core::mem::offset_of!(TaskRecord, submitted_ns) == 0);
    assert!(core::mem::offset_of!(TaskRecord, first_poll_ns) == 8);
    assert!(core::mem::offset_of!(TaskRecord, finish_ns) == 16);
    assert!(core::mem::offset_of!(TaskRecord, resume_wait_ns) == 24);
    assert!(core::mem::offset_of!(TaskRecord, held_ns) == 32);
    assert!(core::mem::offset_of!(TaskRecord, poll_count) == 40);
    assert!(core::mem::offset_of!(TaskRecord, checksum) == 44);
    assert!(core::mem::offset_of!(TaskRecord, worker) == 48);
    assert!(core::mem::offset_of!(TaskRecord, state) == 50);
    assert!(core::mem::offset_of!(TaskRecord, starts) == 51);
    assert!(core::mem::offset_of!(TaskRecord, reserved0) == 52);
    assert!(core::mem::offset_of!(TaskRecord, reserved1) == 56);
};

const _: () = {
    assert!(size_of::<Canary>() == 40);
    assert!(core::mem::offset_of!(Canary, due_ns) == 0);
    assert!(core::mem::offset_of!(Canary, submitted_ns) == 8);
    assert!(core::mem::offset_of!(Canary, run_ns) == 16);
    assert!(core::mem::offset_of!(Canary, local_run_ns) == 24);
    assert!(core::mem::offset_of!(Canary, worker) == 32);
    assert!(core::mem::offset_of!(Canary, state) == 34);
    assert!(core::mem::offset_of!(Canary, local_worker) == 36);
    assert!(core::mem::offset_of!(Canary, local_state) == 38);
};

const _: () = {
    assert!(size_of::<TimerCanary>() == 24);
    assert!(core::mem::offset_of!(TimerCanary, due_ns) == 0);
    assert!(core::mem::offset_of!(TimerCanary, run_ns) == 8);
    assert!(core::mem::offset_of!(TimerCanary, worker) == 16);
    assert!(core::mem::offset_of!(TimerCanary, state) == 18);
    assert!(core::mem::offset_of!(TimerCanary, reserved) == 20);
};

const _: () = {
    assert!(size_of::<Hold>() == 24);
    assert!(core::mem::offset_of!(Hold, start_ns) == 0);
    assert!(core::mem::offset_of!(Hold, end_ns) == 8);
    assert!(core::mem::offset_of!(Hold, task) == 16);
    assert!(core::mem::offset_of!(Hold, worker) == 20);
    assert!(core::mem::offset_of!(Hold, op) == 22);
};

const _: () = {
    assert!(size_of::<Tick>() == 24);
    assert!(core::mem::offset_of!(Tick, due_ns) == 0);
    assert!(core::mem::offset_of!(Tick, at_ns) == 8);
    assert!(core::mem::offset_of!(Tick, in_flight) == 16);
    assert!(core::mem::offset_of!(Tick, reserved) == 20);
};

const _: () = {
    assert!(size_of::<Stretch>() == 24);
    assert!(core::mem::offset_of!(Stretch, start_ns) == 0);
    assert!(core::mem::offset_of!(Stretch, end_ns) == 8);
    assert!(core::mem::offset_of!(Stretch, worker) == 16);
    assert!(core::mem::offset_of!(Stretch, kind) == 18);
    assert!(core::mem::offset_of!(Stretch, reserved) == 20);
};
