//! How deep Tokio's queues were: the maxima of samples, taken beside the workers on the releaser's thread.

use crate::stats::Stats;
use tokio::runtime::RuntimeMetrics;

/// A sample reads each worker's queue, whose indices the worker writes: so not more often than this.
const PERIOD_NS: f64 = 2e6;

#[derive(Default)]
pub struct QueueDepths {
    next_ns: f64,
    global_max: usize,
    /// Of any one worker.
    local_max: usize,
    blocking_max: usize,
    blocking_threads_max: usize,
}

impl QueueDepths {
    /// Takes a sample, unless the last is younger than the period.
    pub fn sample(&mut self, metrics: &RuntimeMetrics, now_ns: f64) {
        if now_ns < self.next_ns {
            return;
        }
        self.next_ns = now_ns + PERIOD_NS;
        let locals = (0..metrics.num_workers()).map(|worker| metrics.worker_local_queue_depth(worker));
        self.local_max = locals.fold(self.local_max, usize::max);
        self.global_max = self.global_max.max(metrics.global_queue_depth());
        self.blocking_max = self.blocking_max.max(metrics.blocking_queue_depth());
        self.blocking_threads_max = self.blocking_threads_max.max(metrics.num_blocking_threads());
    }

    pub fn stats(&self) -> Stats {
        vec![
            ("globalQueueDepthMax", self.global_max as f64),
            ("localQueueDepthMax", self.local_max as f64),
            ("blockingQueueDepthMax", self.blocking_max as f64),
            ("blockingThreadsMax", self.blocking_threads_max as f64),
        ]
    }
}
