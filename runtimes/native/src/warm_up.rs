//! The warm-up: every worker runs every op kind of a small trace before the trial begins.

use crate::clock::monotonic_ns;
use crate::echo::Connections;
use crate::record::{Records, Shape};
use crate::suspension::Suspension;
use crate::trace::Trace;
use crate::trial::{Parts, Trial};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;

/// A machine that has not warmed up by then has lost a worker.
const LIMIT: Duration = Duration::from_secs(10);
/// How long workers wait for each other at the start of a round. A missed meeting only costs another round.
const MEETING_LIMIT: Duration = Duration::from_millis(100);

pub struct WarmUp {
    pub trace: Trace,
    pub worker_count: usize,
    pub runtime: Handle,
    pub connections: Option<&'static Connections>,
    /// Room for one copy of the trace a worker.
    pub suspensions: &'static [Suspension],
}

impl WarmUp {
    /// Runs a copy of the trace on each worker, again and again until every worker has run every op kind.
    /// Tokio moves tasks as it likes, so a round may leave a worker without some op.
    pub async fn run(&self) -> Result<(), String> {
        let mut performed = vec![0u32; self.worker_count];
        let is_warm = tokio::time::timeout(LIMIT, self.rounds(&mut performed)).await.is_ok();
        if is_warm {
            return Ok(());
        }
        Err(format!(
            "after {LIMIT:?} not every worker had run every op kind; opcodes as bits {:#x}, by worker {performed:x?}",
            self.wanted()
        ))
    }

    async fn rounds(&self, performed: &mut [u32]) {
        while performed.iter().any(|&kinds| kinds != self.wanted()) {
            self.round(performed).await;
        }
    }

    /// One bit an opcode of the trace.
    fn wanted(&self) -> u32 {
        self.trace.ops.iter().fold(0, |kinds, op| kinds | 1 << op.code)
    }

    /// All workers meet, so that each holds one copy, and release it there.
    async fn round(&self, performed: &mut [u32]) {
        let meeting = Arc::new(Meeting::default());
        let copies: Vec<&'static Trial> = (0..self.worker_count).map(|index| self.copy(index)).collect();
        for &copy in &copies {
            let meeting = meeting.clone();
            self.runtime.spawn(async move {
                meeting.attend(copy.worker_count);
                copy.set_epoch(monotonic_ns());
                release_roots(copy);
            });
        }
        for copy in copies {
            copy.countdown.as_ref().expect("a warm-up counts down").reached_zero().await;
            for (kinds, lane) in performed.iter_mut().zip(copy.records.lanes) {
                for (code, count) in lane.op_count.iter().enumerate() {
                    *kinds |= u32::from(count.get() > 0) << code;
                }
            }
        }
    }

    /// Never freed, as trials are: some kilobytes a round.
    fn copy(&self, index: usize) -> &'static Trial {
        let records = Records::leaked(&Shape {
            lane_count: self.worker_count as u32 + 1,
            task_count: self.trace.header.task_count,
            canary_capacity: 0,
            timer_capacity: 0,
            hold_capacity: 0,
            stretch_capacity: 0,
        });
        Trial::leaked(Parts {
            trace: self.trace,
            records,
            worker_count: self.worker_count,
            runtime: self.runtime.clone(),
            connections: self.connections,
            suspensions: self.suspensions,
            first_tag: index as u32 * self.trace.header.task_count,
            counts_down: true,
        })
    }
}

/// Releases the roots of a warm-up at once, whatever their due times. The releaser's lane is this thread's.
fn release_roots(copy: &'static Trial) {
    for root in 0..copy.trace.header.root_count {
        copy.submit_root(root, 0.0);
    }
}

/// Where workers wait for each other, blocking.
#[derive(Default)]
struct Meeting {
    present: Mutex<usize>,
    complete: Condvar,
}

impl Meeting {
    fn attend(&self, expected: usize) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        *present += 1;
        self.complete.notify_all();
        drop(self.complete.wait_timeout_while(present, MEETING_LIMIT, |present| *present < expected));
    }
}
