//! What a worker's thread keeps for itself: its lane, its clock and since when it rests, behind one access to
//! thread-local memory.
//!
//! A rest begins right before Tokio parks the thread and ends with the next poll, or when the thread leaves:
//! parking again without a poll in between continues it.

use crate::clock::thread_id;
use crate::cycle_clock::CycleClock;
use crate::record::Records;
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// More workers than any plan may ask for.
const LANE_LIMIT: usize = 1024;

/// The kernel's id of each lane's thread, known from the warm-up on, in which every worker runs.
static THREAD_IDS: [AtomicU32; LANE_LIMIT] = [const { AtomicU32::new(0) }; LANE_LIMIT];

/// The lane of a thread that has not been asked for it.
const UNKNOWN: usize = usize::MAX;

thread_local! {
    static WORKER: Worker = const {
        Worker { lane: Cell::new(UNKNOWN), clock: CycleClock::new(), rests_since_ns: Cell::new(0.0) }
    };
}

pub struct Worker {
    lane: Cell<usize>,
    pub clock: CycleClock,
    /// On CLOCK_MONOTONIC; 0 while it does not rest.
    rests_since_ns: Cell<f64>,
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

    /// Tokio is about to park the thread.
    pub fn parks(&self) {
        if self.rests_since_ns.get() == 0.0 {
            self.rests_since_ns.set(self.clock.now_ns());
        }
    }

    /// A poll begins at `at_ns` after the epoch; before the epoch, which is 0 then, nothing is recorded.
    #[inline(always)]
    pub fn polls(&self, records: &Records, epoch_ns: f64, at_ns: f64) {
        if self.rests_since_ns.get() != 0.0 {
            self.end_rest(records, epoch_ns, at_ns);
        }
    }

    /// A poll of what is no task of the trial begins, or the thread leaves.
    pub fn ends_rest(&self, records: &Records) {
        if self.rests_since_ns.get() != 0.0 {
            let epoch_ns = records.header.epoch_ns.get();
            self.end_rest(records, epoch_ns, self.clock.now_ns() - epoch_ns);
        }
    }

    #[cold]
    fn end_rest(&self, records: &Records, epoch_ns: f64, at_ns: f64) {
        let since_ns = self.rests_since_ns.replace(0.0);
        let lane = self.lane.get();
        if epoch_ns > 0.0 && lane != UNKNOWN {
            records.recorder(lane).idle(since_ns - epoch_ns, at_ns);
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
