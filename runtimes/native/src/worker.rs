//! What a worker's thread keeps for itself: its lane and its clock, behind one access to thread-local memory.

use crate::clock::thread_id;
use crate::cycle_clock::CycleClock;
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// More workers than any plan may ask for.
const LANE_LIMIT: usize = 1024;

/// The kernel's id of each lane's thread, known from the warm-up on, in which every worker runs.
static THREAD_IDS: [AtomicU32; LANE_LIMIT] = [const { AtomicU32::new(0) }; LANE_LIMIT];

/// The lane of a thread that has not been asked for it.
const UNKNOWN: usize = usize::MAX;

thread_local! {
    static WORKER: Worker = const { Worker { lane: Cell::new(UNKNOWN), clock: CycleClock::new() } };
}

pub struct Worker {
    lane: Cell<usize>,
    pub clock: CycleClock,
}

impl Worker {
    /// Calls `act` with what the calling thread keeps.
    #[inline(always)]
    pub fn with<R>(act: impl FnOnce(&Worker) -> R) -> R {
        WORKER.with(act)
    }

    /// The worker's index in Tokio, asked once a thread.
    #[inline(always)]
    pub fn lane(&self) -> usize {
        match self.lane.get() {
            UNKNOWN => self.find_lane(),
            lane => lane,
        }
    }

    #[cold]
    fn find_lane(&self) -> usize {
        let lane = tokio::runtime::worker_index().expect("tasks are polled by workers only");
        self.lane.set(lane);
        THREAD_IDS[lane].store(thread_id(), Ordering::Relaxed);
        lane
    }
}

/// The kernel's id of the thread of a lane that has run a task.
pub fn thread_id_of(lane: usize) -> u32 {
    THREAD_IDS[lane].load(Ordering::Relaxed)
}
