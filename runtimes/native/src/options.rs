//! The options of the native runtimes, as Tokio's builder takes them.

use crate::histograms;
use tokio::runtime::Builder;

/// What of Tokio's builder a trial may set; a runtime of the other flavour has fewer of them.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether a worker runs the task it woke last at once, before its queue. `current_thread` has no such slot.
    pub has_lifo_slot: bool,
    /// Tokio's `global_queue_interval`. None: Tokio tunes it itself, or in `current_thread` takes 31.
    pub global_interval: Option<u32>,
    /// Tokio's `event_interval`.
    pub event_interval: u32,
    /// Tokio's `max_blocking_threads`.
    pub blocking_threads: usize,
    /// Tokio keeps its histograms, which cost readings of the clock: such a trial is never compared.
    pub is_diagnostic: bool,
}

impl Default for Options {
    /// Tokio's own defaults.
    fn default() -> Self {
        Options {
            has_lifo_slot: true,
            global_interval: None,
            event_interval: 61,
            blocking_threads: 512,
            is_diagnostic: false,
        }
    }
}

impl Options {
    pub fn apply(&self, builder: &mut Builder) {
        builder.event_interval(self.event_interval).max_blocking_threads(self.blocking_threads);
        if let Some(interval) = self.global_interval {
            builder.global_queue_interval(interval);
        }
        if !self.has_lifo_slot {
            builder.disable_lifo_slot();
        }
        if self.is_diagnostic {
            histograms::enable(builder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::sync::mpsc::channel;
    use std::task::Poll;
    use std::thread;
    use std::time::Duration;
    use tokio::runtime::{Handle, Runtime};

    /// Both flavours with one worker.
    fn runtimes(options: Options) -> [Runtime; 2] {
        let mut multi_thread = Builder::new_multi_thread();
        multi_thread.worker_threads(1);
        [multi_thread, Builder::new_current_thread()].map(|mut builder| {
            options.apply(&mut builder);
            builder.enable_all().build().expect("it builds")
        })
    }

    /// Runs `begin` on a worker, then polls its task again and again without a pause until the flag that `begin`
    /// got is set; how many polls that took.
    fn polls_until(runtime: &Runtime, begin: impl FnOnce(Arc<AtomicBool>) + Send + 'static) -> u32 {
        let is_over = Arc::new(AtomicBool::new(false));
        let polls = Arc::new(AtomicU32::new(0));
        let (seen, counted) = (is_over.clone(), polls.clone());
        let mut begin = Some(begin);
        let spinning = runtime.spawn(poll_fn(move |context| {
            if let Some(begin) = begin.take() {
                begin(seen.clone());
            }
            if seen.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            counted.fetch_add(1, Ordering::Relaxed);
            context.waker().wake_by_ref();
            Poll::Pending
        }));
        runtime.block_on(spinning).expect("no panic");
        polls.load(Ordering::Relaxed)
    }

    /// A task from outside, while the worker's own queue never gets empty.
    fn inject(is_over: Arc<AtomicBool>) {
        let handle = Handle::current();
        let outside = thread::spawn(move || {
            drop(handle.spawn(async move { is_over.store(true, Ordering::Relaxed) }));
        });
        outside.join().expect("no panic");
    }

    #[test]
    fn a_worker_looks_at_the_global_queue_once_in_the_interval() {
        for interval in [2, 3000] {
            let options = Options { global_interval: Some(interval), ..Options::default() };
            for runtime in runtimes(options) {
                let polls = polls_until(&runtime, inject);
                assert!(polls <= interval, "{polls} polls");
                assert!(polls + 100 >= interval, "{polls} polls");
            }
        }
    }

    #[test]
    fn without_an_interval_the_global_queue_is_looked_at_as_often_as_tokio_likes() {
        for runtime in runtimes(Options::default()) {
            assert!(polls_until(&runtime, inject) <= 127);
        }
    }

    #[test]
    fn a_worker_looks_for_events_once_in_the_interval() {
        for event_interval in [1, 3000] {
            let options = Options { event_interval, ..Options::default() };
            for runtime in runtimes(options) {
                let polls = polls_until(&runtime, |is_over| {
                    drop(Handle::current().spawn(async move {
                        let mut timer = pin!(tokio::time::sleep(Duration::from_millis(1)));
                        // Armed, and long due when the worker goes on.
                        poll_fn(|context| Poll::Ready(timer.as_mut().poll(context).is_ready())).await;
                        thread::sleep(Duration::from_millis(5));
                        timer.await;
                        is_over.store(true, Ordering::Relaxed);
                    }));
                });
                assert!(polls <= event_interval + 4, "{polls} polls");
                assert!(polls + 100 >= event_interval, "{polls} polls");
            }
        }
    }

    #[test]
    fn no_more_blocking_threads_than_allowed_run_at_once() {
        let options = Options { blocking_threads: 2, ..Options::default() };
        for runtime in runtimes(options) {
            let (running, ran) = channel();
            let releases: Vec<_> = (0..3)
                .map(|_| {
                    let (release, released) = channel::<()>();
                    let running = running.clone();
                    drop(runtime.spawn_blocking(move || {
                        running.send(()).expect("the test waits");
                        released.recv().expect_err("the test drops its end");
                    }));
                    release
                })
                .collect();
            for _ in 0..2 {
                ran.recv_timeout(Duration::from_secs(10)).expect("two run");
            }
            let metrics = runtime.metrics();
            assert_eq!((metrics.num_blocking_threads(), metrics.blocking_queue_depth()), (2, 1));
            drop(releases);
            ran.recv_timeout(Duration::from_secs(10)).expect("then the third runs");
        }
    }

    #[test]
    fn histograms_are_kept_in_diagnostic_trials_only() {
        for is_diagnostic in [false, true] {
            for runtime in runtimes(Options { is_diagnostic, ..Options::default() }) {
                let metrics = runtime.metrics();
                assert_eq!(metrics.schedule_latency_histogram_enabled(), is_diagnostic);
                assert_eq!(metrics.poll_time_histogram_enabled(), is_diagnostic);
            }
        }
    }
}
