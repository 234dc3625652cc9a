//! One trial: its trace and records, and how its tasks are released. All workers share it.

use crate::cells::F64;
use crate::clock::Anchor;
use crate::echo::Connections;
use crate::generated::{NONE, Opcode};
use crate::prefetch::prefetch;
use crate::record::{Recorder, Records};
use crate::suspension::Suspension;
use crate::task::{SleepingTask, Task};
use crate::trace::Trace;
use crate::worker::{Worker, thread_id_of};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use tokio::runtime::{Handle, RuntimeMetrics};
use tokio::sync::Notify;

/// A child that a parent may still join; the values of `Trial::joins`.
const JOIN_RUNNING: u8 = 0;
const JOIN_ENDED: u8 = 1;
const JOIN_AWAITED: u8 = 2;

/// Lives as long as its process, so that tasks carry a plain reference and a worker that never returns is safe.
pub struct Trial {
    pub trace: Trace,
    pub records: Records,
    pub worker_count: usize,
    pub metrics: RuntimeMetrics,
    pub anchor: Anchor,
    /// None where the trace has no echo.
    pub connections: Option<&'static Connections>,
    /// Told when the last task ends; only a warm-up has one.
    pub countdown: Option<Countdown>,
    /// The suspension of task 0 has this index in the table that the connections know: an echo's tag.
    pub first_tag: u32,
    runtime: Handle,
    /// CLOCK_MONOTONIC at the epoch. Written before the first task is released.
    epoch_ns: F64,
    /// Some task sleeps, so all of them have room for a timer.
    has_sleeps: bool,
    /// By task; empty where none waits for children or a reply.
    suspensions: &'static [Suspension],
    /// The task released by each task's end, or NONE; empty where none follows another.
    successors: Vec<u32>,
    /// Conditions a task still waits for: its due time and its predecessor. Whoever brings it to 0 submits it.
    /// Empty where no task waits for both.
    gates: Vec<AtomicU8>,
    /// By child; empty where nobody joins.
    joins: Vec<AtomicU8>,
}

/// Tasks that have not ended.
pub struct Countdown {
    left: AtomicUsize,
    done: Notify,
}

/// What a trial is made of.
pub struct Parts {
    pub trace: Trace,
    pub records: Records,
    pub worker_count: usize,
    pub runtime: Handle,
    pub connections: Option<&'static Connections>,
    /// The table that the connections know, and where this trial's part of it begins.
    pub suspensions: &'static [Suspension],
    pub first_tag: u32,
    pub counts_down: bool,
}

impl Trial {
    pub fn leaked(parts: Parts) -> &'static Trial {
        let Parts { trace, records, worker_count, runtime, connections, .. } = parts;
        assert_eq!(records.tasks.len(), trace.tasks.len(), "the records are shaped for the trace");
        assert_eq!(records.lanes.len(), worker_count + 1, "one lane a worker and one for the releaser");
        let is_gated = trace.tasks.iter().any(|task| task.due_ns >= 0.0 && task.after != NONE);
        let gates =
            trace.tasks.iter().map(|task| u8::from(task.due_ns >= 0.0) + u8::from(task.after != NONE));
        let first = parts.first_tag as usize;
        Box::leak(Box::new(Trial {
            records,
            worker_count,
            metrics: runtime.metrics(),
            anchor: Anchor::new(),
            connections,
            countdown: parts
                .counts_down
                .then(|| Countdown { left: AtomicUsize::new(trace.tasks.len()), done: Notify::new() }),
            first_tag: parts.first_tag,
            runtime,
            epoch_ns: F64::default(),
            suspensions: if waits_for_others(&trace) {
                &parts.suspensions[first..first + trace.tasks.len()]
            } else {
                &[]
            },
            has_sleeps: trace.has_op(Opcode::Sleep),
            successors: trace.successors(),
            gates: if is_gated { gates.map(AtomicU8::new).collect() } else { Vec::new() },
            joins: if trace.has_op(Opcode::Join) {
                trace.tasks.iter().map(|_| AtomicU8::new(JOIN_RUNNING)).collect()
            } else {
                Vec::new()
            },
            trace,
        }))
    }

    pub fn set_epoch(&self, epoch_ns: f64) {
        self.epoch_ns.set(epoch_ns);
    }

    #[inline]
    pub fn epoch_ns(&self) -> f64 {
        self.epoch_ns.get()
    }

    /// Reads the clock: ns since the epoch. For threads that are no workers. What stands before it may still be
    /// under way: nothing that has a length ends with this reading.
    #[inline]
    pub fn now_ns(&self) -> f64 {
        Worker::with(|thread| thread.clock.now_ns()) - self.epoch_ns()
    }

    /// A poll begins on the calling worker: its lane and a reading of its clock.
    #[inline(always)]
    pub fn poll_begins(&self, worker: &Worker) -> (usize, f64) {
        let epoch_ns = self.epoch_ns();
        let now_ns = worker.clock.now_ns() - epoch_ns;
        worker.polls(&self.records, epoch_ns, now_ns);
        (worker.lane(), now_ns)
    }

    /// Writes which thread each lane's worker runs on, so that its CPU time can be found. After the warm-up.
    pub fn bind_lanes(&self) {
        for (index, lane) in self.records.lanes[..self.worker_count].iter().enumerate() {
            lane.thread_id.set(thread_id_of(index));
        }
    }

    #[inline]
    pub fn recorder(&self, lane: usize) -> Recorder<'_> {
        self.records.recorder(lane)
    }

    pub fn suspension(&self, task: u32) -> &'static Suspension {
        &self.suspensions[task as usize]
    }

    /// Hands `task` to Tokio. Its row says that it is submitted.
    #[inline]
    pub fn spawn(&'static self, task: u32) {
        self.prefetch_successor(task);
        let task = Task::new(self, task);
        if self.has_sleeps {
            drop(self.runtime.spawn(SleepingTask::new(task)));
        } else {
            drop(self.runtime.spawn(task));
        }
    }

    /// The rows of the task that the end of `task` will release.
    #[inline]
    fn prefetch_successor(&self, task: u32) {
        if let Some(&successor) = self.successors.get(task as usize)
            && successor != NONE
        {
            self.prefetch_task(successor);
        }
    }

    /// The rows of `task`.
    #[inline(always)]
    pub fn prefetch_task(&self, task: u32) {
        prefetch(&self.records.tasks[task as usize]);
        prefetch(&self.trace.tasks[task as usize]);
    }

    /// A root that is due now, from the releaser's thread. It is submitted even where its predecessor still runs.
    pub fn submit_root(&'static self, task: u32, now_ns: f64) {
        self.recorder(self.worker_count).submitted(task, now_ns);
        if self.is_last_condition(task) {
            self.spawn(task);
        }
    }

    /// A canary that is due, from the releaser's thread: it does nothing, so that only its delay is left.
    pub fn submit_canary(&'static self, canary: u32, due_ns: f64, now_ns: f64) {
        self.recorder(self.worker_count).canary_submitted(canary, due_ns, now_ns);
        drop(self.runtime.spawn(async move {
            let (lane, now_ns) = Worker::with(|worker| self.poll_begins(worker));
            self.recorder(lane).canary_ran(canary, now_ns);
            self.spawn_local_canary(canary);
        }));
    }

    /// From within `canary`: it takes the way of what a running task spawns.
    fn spawn_local_canary(&'static self, canary: u32) {
        drop(self.runtime.spawn(async move {
            let (lane, now_ns) = Worker::with(|worker| self.poll_begins(worker));
            self.recorder(lane).local_ran(canary, now_ns);
        }));
    }

    /// Begins the timer canaries, a task for as many as there are workers: each sleeps from one due time to the next.
    /// The epoch is set.
    pub fn spawn_timer_canaries(&'static self) {
        for first in 0..self.worker_count.min(self.records.timers.len()) {
            drop(self.runtime.spawn(self.run_timer_canaries(first)));
        }
    }

    async fn run_timer_canaries(&'static self, first: usize) {
        for timer in (first..self.records.timers.len()).step_by(self.worker_count) {
            let timer = timer as u32;
            let due_ns = self.trace.timer_due_ns(timer);
            let (lane, _) = Worker::with(|worker| self.poll_begins(worker));
            self.recorder(lane).timer_set(timer, due_ns);
            tokio::time::sleep_until(self.anchor.instant_at(due_ns + self.epoch_ns()).into()).await;
            let (lane, now_ns) = Worker::with(|worker| self.poll_begins(worker));
            self.recorder(lane).timer_ran(timer, now_ns);
        }
    }

    /// The end of `task` at `now_ns`, on the worker of `lane`: its parent and its successor may go on.
    #[inline]
    pub fn ended(&'static self, lane: usize, task: u32, now_ns: f64) {
        let parent = self.trace.tasks[task as usize].parent;
        if parent != NONE && !self.joins.is_empty() {
            self.leave_join(task, parent, now_ns);
        }
        if let Some(&successor) = self.successors.get(task as usize)
            && successor != NONE
        {
            let think_ns = self.trace.tasks[successor as usize].think_ns;
            if think_ns > 0.0 {
                self.release_at(successor, now_ns + think_ns);
            } else {
                self.release(lane, successor, now_ns);
            }
        }
        if let Some(countdown) = &self.countdown {
            countdown.end_one();
        }
    }

    /// The predecessor of `task` and its think time are over at `at_ns`.
    fn release(&'static self, lane: usize, task: u32, at_ns: f64) {
        if self.trace.tasks[task as usize].due_ns >= 0.0 {
            // The releaser has stamped or will stamp it; it counts as submitted from its due time on.
            if !self.is_last_condition(task) {
                return;
            }
        } else {
            self.recorder(lane).spawned(task, at_ns);
        }
        self.spawn(task);
    }

    fn release_at(&'static self, task: u32, at_ns: f64) {
        let until = self.anchor.instant_at(at_ns + self.epoch_ns());
        drop(self.runtime.spawn(async move {
            tokio::time::sleep_until(until.into()).await;
            let (lane, _) = Worker::with(|worker| self.poll_begins(worker));
            self.release(lane, task, at_ns);
        }));
    }

    /// One of the conditions of a task with a due time has come true. AcqRel: the last one sees the other's writes.
    fn is_last_condition(&self, task: u32) -> bool {
        self.gates.get(task as usize).is_none_or(|gate| gate.fetch_sub(1, Ordering::AcqRel) == 1)
    }

    /// Registers the parent, whose suspension holds its waker and one event of its own, with each child that
    /// still runs. true: there is one, the parent waits.
    ///
    /// The parent's own event keeps the count up until it has asked every child, so only the last of parent and
    /// children can see it fall, and that one lets the parent go on.
    pub fn begin_join(&self, parent: &Suspension, first: u32, count: u32) -> bool {
        for child in &self.joins[first as usize..(first + count) as usize] {
            parent.await_one_more();
            let asked =
                child.compare_exchange(JOIN_RUNNING, JOIN_AWAITED, Ordering::AcqRel, Ordering::Acquire);
            if asked.is_err() {
                let was_last = parent.forgo_one();
                debug_assert!(!was_last, "the parent's own event is still to come");
            }
        }
        !parent.forgo_one()
    }

    fn leave_join(&self, child: u32, parent: u32, now_ns: f64) {
        if self.joins[child as usize].swap(JOIN_ENDED, Ordering::AcqRel) == JOIN_AWAITED {
            self.suspension(parent).end_one(now_ns + self.epoch_ns());
        }
    }
}

/// Whether some task of `trace` waits for children or for a reply.
pub fn waits_for_others(trace: &Trace) -> bool {
    trace.has_op(Opcode::Join) || trace.has_op(Opcode::Echo)
}

impl Countdown {
    fn end_one(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_one();
        }
    }

    /// Resolves when all tasks have ended. Awaited once.
    pub async fn reached_zero(&self) {
        if self.left.load(Ordering::Acquire) > 0 {
            self.done.notified().await;
        }
    }
}
