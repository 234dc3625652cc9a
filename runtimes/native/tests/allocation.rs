//! Decoding, stepping and recording allocate nothing: the allocations of a trial are Tokio's own, one a task.

mod support;

use isoload_native::generated::{NO_DUE, Op, Opcode, Task};
use isoload_native::record::Records;
use isoload_native::tokio_runtime::Flavor;
use isoload_native::trace::Trace;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use support::{Draft, Setup, chains, family, has_ended, op, run_until, spawn_echo_peer, task};

/// Counts the allocations of the whole process.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: by contract of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: by contract of the caller.
        unsafe { System.realloc(block, layout, bytes) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: by contract of the caller.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The counter is the process's, so one test counts at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const TASKS: u32 = 200;
const REPEATS: u32 = 30;
/// Queues and lists that grow to their size once, far fewer than one an op.
const SLACK: u32 = TASKS;

/// Allocations between the epoch and the end of the last task.
fn allocations(setup: Setup, trace: Trace) -> u32 {
    let mut first = None;
    let mut last = 0;
    let is_over = |records: &Records| {
        last = ALLOCATIONS.load(Ordering::Relaxed);
        first.get_or_insert(last);
        has_ended(records)
    };
    run_until(setup, trace, is_over).expect("the trial completes");
    (last - first.expect("it was asked")) as u32
}

/// Chains of tasks that perform `ops` so many times.
fn repeated(ops: &[Op], times: u32) -> Draft {
    let ops = (0..times).flat_map(|_| ops.iter().copied()).collect();
    Draft { connection_count: 2, ..chains(TASKS, 50, ops) }
}

fn setups() -> [Setup; 2] {
    [Setup::new(Flavor::MultiThread, 2), Setup::new(Flavor::CurrentThread, 1)]
}

#[test]
fn an_op_allocates_nothing() {
    let _alone = alone();
    let echo = Op { a: 100.0, ..op(Opcode::Echo, 0.0) };
    let ops = [
        op(Opcode::Cpu, 10.0),
        op(Opcode::Block, 1000.0),
        op(Opcode::Sleep, 1000.0),
        op(Opcode::Yield, 0.0),
        echo,
    ];
    for op in ops {
        for setup in setups() {
            let setup = Setup { peer_port: Some(spawn_echo_peer()), ..setup };
            let more = allocations(setup, repeated(&[op], REPEATS).trace());
            assert!(
                more <= TASKS + SLACK,
                "{more} allocations in {TASKS} tasks of {REPEATS} ops {}",
                op.code
            );
        }
    }
}

#[test]
fn a_spawned_task_is_one_allocation_and_a_join_is_none() {
    let _alone = alone();
    for setup in setups() {
        let mut draft = chains(1, 1, vec![family(Opcode::Spawn, 1, 1), family(Opcode::Join, 1, 1)]);
        draft.programs[0] = (1..=TASKS * REPEATS)
            .flat_map(|child| [family(Opcode::Spawn, child, 1), family(Opcode::Join, child, 1)])
            .collect();
        draft.programs.push(vec![]);
        draft.tasks.extend((0..TASKS * REPEATS).map(|_| Task { parent: 0, ..task(1, NO_DUE) }));
        let more = allocations(setup, draft.trace());
        assert!((TASKS * REPEATS..=TASKS * REPEATS + SLACK).contains(&more), "{more}");
    }
}

/// The control of the counter and of the slack.
#[test]
fn an_allocation_an_op_would_be_seen() {
    let _alone = alone();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for index in 0..TASKS * REPEATS {
        drop(std::hint::black_box(Box::new(index)));
    }
    let more = (ALLOCATIONS.load(Ordering::Relaxed) - before) as u32;
    assert!(more >= TASKS * REPEATS);
}
