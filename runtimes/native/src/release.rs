//! The releaser: hands roots and canaries to the runtime at their due times, from a thread of its own.
//!
//! The schedule is absolute: a late release never moves the next one, so a stalled runtime is charged for its
//! stall (no coordinated omission; Tene, "How NOT to Measure Latency").

use crate::clock::{monotonic_ns, set_timer_slack_ns, sleep_until_ns};
use crate::queue_depths::QueueDepths;
use crate::trial::Trial;

/// No sleep is longer, so that a stop is soon seen.
const SLICE_NS: f64 = 20e6;
/// How often it looks whether the trial has ended, once it has nothing left to release.
const STAY_NS: f64 = 2e6;
/// Where a core is free, the rest of a wait is spun: longer than a sleep's usual overshoot with little slack.
const SPIN_NS: f64 = 60e3;
/// 1 µs; the kernel's default of 50 µs would be the releases' own lateness.
const TIMER_SLACK_NS: u64 = 1_000;

/// Releases everything, says so in the header and stays until the stop; earlier if the trial is stopped. Answers
/// what it saw of Tokio's queues. `may_spin`: there is a core for it.
pub fn release_all(trial: &'static Trial, may_spin: bool) -> QueueDepths {
    set_timer_slack_ns(TIMER_SLACK_NS);
    let mut depths = QueueDepths::default();
    let root_count = trial.trace.header.root_count;
    let mut root = 0;
    let mut canary = 0;
    // Reckoned once a canary: it takes a division, and many roots may be due at once.
    let mut canary_at_ns = canary_due_ns(trial, canary);
    loop {
        let root_due_ns =
            if root < root_count { trial.trace.tasks[root as usize].due_ns } else { f64::INFINITY };
        let due_ns = root_due_ns.min(canary_at_ns);
        if due_ns == f64::INFINITY {
            break;
        }
        let Some(now_ns) = wait_until(trial, due_ns, may_spin) else { break };
        depths.sample(&trial.metrics, now_ns);
        if root_due_ns <= canary_at_ns {
            trial.submit_root(root, now_ns);
            root += 1;
        } else {
            trial.submit_canary(canary, canary_at_ns, now_ns);
            canary += 1;
            canary_at_ns = canary_due_ns(trial, canary);
        }
    }
    trial.records.header.release_ended.publish(1);
    // It stays until the end, so that the CPU time it took can still be read.
    while !trial.records.stopped() {
        depths.sample(&trial.metrics, trial.now_ns());
        sleep_until_ns(monotonic_ns() + STAY_NS);
    }
    depths
}

/// When the next canary is due; Infinity where there is none any more.
fn canary_due_ns(trial: &Trial, canary: u32) -> f64 {
    let header = trial.trace.header;
    let window_ns = header.window_ns;
    let is_in_window = window_ns == 0.0 || f64::from(canary) < (window_ns / header.canary_period_ns).floor();
    if header.canary_period_ns == 0.0 || !is_in_window || canary as usize >= trial.records.canaries.len() {
        return f64::INFINITY;
    }
    let due_ns = trial.trace.canary_due_ns(canary);
    if window_ns == 0.0 || due_ns < window_ns { due_ns } else { f64::INFINITY }
}

/// Waits until `due_ns` and answers the reading that ended the wait. None: nothing is to be released any more,
/// as the trial is stopped, or has no window and all its tasks have ended before `due_ns`.
fn wait_until(trial: &Trial, due_ns: f64, may_spin: bool) -> Option<f64> {
    let header = trial.records.header;
    loop {
        if trial.records.stopped() {
            return None;
        }
        // Read before the clock: what is due before the tasks ended is released.
        let tasks_ended = header.tasks_ended.observe() != 0;
        let now_ns = trial.now_ns();
        if now_ns >= due_ns {
            return Some(now_ns);
        }
        if tasks_ended && trial.trace.header.window_ns == 0.0 {
            return None;
        }
        let wake_ns = if may_spin { due_ns - SPIN_NS } else { due_ns };
        if wake_ns > now_ns {
            sleep_until_ns(wake_ns.min(now_ns + SLICE_NS) + trial.epoch_ns());
        } else {
            std::hint::spin_loop();
        }
    }
}
