//! The rest between warm-up and trial.

use crate::worker::thread_id_of;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Runtime, RuntimeFlavor};

/// Workers that have nothing to do rest at once; how long between two looks whether they do.
const LOOK_PERIOD: Duration = Duration::from_micros(100);
/// A worker without a task that does not rest by then never will.
const LIMIT: Duration = Duration::from_secs(5);

/// Until every worker has parked after the warm-up: only there it is sure to have told its counters, and what it
/// told later would count as the trial's. Tokio counts a park before it tells the rest; a thread that then sleeps has
/// told it.
pub fn await_rest(runtime: &Runtime) -> Result<(), String> {
    if runtime.handle().runtime_flavor() == RuntimeFlavor::CurrentThread {
        // This thread is the worker, and parks until the timer wakes it.
        runtime.block_on(async { tokio::time::sleep(LOOK_PERIOD).await });
        return Ok(());
    }
    let metrics = runtime.metrics();
    let began = Instant::now();
    // Parked is who has parked once more than it was unparked.
    let has_parked = |worker| !metrics.worker_park_unpark_count(worker).is_multiple_of(2);
    while !(0..metrics.num_workers()).all(|worker| has_parked(worker) && sleeps(thread_id_of(worker))) {
        if began.elapsed() > LIMIT {
            return Err(format!("not every worker rested within {LIMIT:?} of the warm-up"));
        }
        thread::sleep(LOOK_PERIOD);
    }
    Ok(())
}

/// Whether a thread of this process waits in the kernel (proc_pid_stat(5)); true of one that nothing is known of.
fn sleeps(thread_id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/self/task/{thread_id}/stat")).unwrap_or_default();
    // Its name stands in brackets, and may itself have some.
    stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('S'))
}
