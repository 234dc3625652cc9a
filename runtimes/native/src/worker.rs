//! What a worker thread knows about itself: its lane, and its last reading of the clock.

use crate::clock::thread_id;
use crate::trial::Trial;
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

thread_local! {
    static LANE: Cell<Option<usize>> = const { Cell::new(None) };
    static READING: Cell<Reading> = const { Cell::new(Reading { at_ns: 0.0, published_polls: u64::MAX }) };
}

/// More workers than any plan may ask for.
const LANE_LIMIT: usize = 1024;

/// The kernel's id of each lane's thread, known from the warm-up on, in which every worker runs.
static THREAD_IDS: [AtomicU32; LANE_LIMIT] = [const { AtomicU32::new(0) }; LANE_LIMIT];

/// A reading of CLOCK_MONOTONIC and what the worker had published of its polls when it was taken.
#[derive(Clone, Copy)]
struct Reading {
    at_ns: f64,
    published_polls: u64,
}

/// The lane of the calling worker: its index in Tokio, asked once a thread.
#[inline]
pub fn lane(trial: &Trial) -> usize {
    LANE.get().unwrap_or_else(|| {
        let lane = tokio::runtime::worker_index().expect("tasks are polled by workers only");
        assert!(lane < trial.worker_count, "worker {lane} is one more than the trial's lanes");
        LANE.set(Some(lane));
        THREAD_IDS[lane].store(thread_id(), Ordering::Relaxed);
        lane
    })
}

/// Writes which thread each lane's worker runs on, so that its CPU time can be found. After the warm-up.
pub fn bind_lanes(trial: &Trial) {
    for (lane, id) in trial.records.lanes[..trial.worker_count].iter().zip(&THREAD_IDS) {
        lane.thread_id.set(id.load(Ordering::Relaxed));
    }
}

/// When the poll begins, ns since the epoch. The reading from the end of the poll before serves again, unless
/// the worker has run its maintenance or parked since then: Tokio publishes a worker's poll count at every turn
/// of its driver and at every park (`MetricsBatch::submit`), so a changed count says that there was one.
/// Between two polls without either there is only the scheduler's own work. A reading from before the epoch,
/// of a worker that the warm-up has just left, is none of the trial's.
#[inline]
pub fn poll_start_ns(trial: &Trial, lane: usize) -> f64 {
    let Reading { at_ns, published_polls } = READING.get();
    let is_shared = at_ns >= trial.epoch_ns() && published_polls == trial.metrics.worker_poll_count(lane);
    if is_shared { at_ns - trial.epoch_ns() } else { trial.now_ns() }
}

/// Keeps the last reading of a poll, ns since the epoch, for the start of the next.
#[inline]
pub fn keep_reading(trial: &Trial, lane: usize, at_ns: f64) {
    READING.set(Reading {
        at_ns: at_ns + trial.epoch_ns(),
        published_polls: trial.metrics.worker_poll_count(lane),
    });
}

/// The worker has done something since the last reading that is not the next task's time.
pub fn forget_reading() {
    READING.set(Reading { at_ns: 0.0, published_polls: u64::MAX });
}
