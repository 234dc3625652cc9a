//! What Tokio itself counted in a trial.

use crate::cycle_clock::reads_cycles;
use tokio::runtime::RuntimeMetrics;

/// By the names of `runtimeStats`.
pub type Stats = Vec<(&'static str, f64)>;

/// Sums over the workers at the end, warm-up and the connections' own tasks included. `polls` are Tokio's: a task
/// from the LIFO slot counts as part of the poll before it.
pub fn counters(metrics: &RuntimeMetrics) -> Stats {
    let sum = |of: fn(&RuntimeMetrics, usize) -> u64| {
        (0..metrics.num_workers()).map(|worker| of(metrics, worker)).sum::<u64>() as f64
    };
    let parks = sum(RuntimeMetrics::worker_park_count);
    vec![
        ("workers", metrics.num_workers() as f64),
        ("spawned", metrics.spawned_tasks_count() as f64),
        ("polls", sum(RuntimeMetrics::worker_poll_count)),
        ("steals", sum(RuntimeMetrics::worker_steal_count)),
        ("stealOperations", sum(RuntimeMetrics::worker_steal_operations)),
        ("parks", parks),
        // Tokio counts both together.
        ("unparks", sum(RuntimeMetrics::worker_park_unpark_count) - parks),
        ("localSchedules", sum(RuntimeMetrics::worker_local_schedule_count)),
        ("remoteSchedules", metrics.remote_schedule_count() as f64),
        ("overflows", sum(RuntimeMetrics::worker_overflow_count)),
        ("budgetForcedYields", metrics.budget_forced_yield_count() as f64),
        // 0: its workers read CLOCK_MONOTONIC through the kernel, at more than twice the cost.
        ("readsCycleCounter", f64::from(reads_cycles())),
    ]
}
