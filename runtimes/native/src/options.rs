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
