//! The records of a trial in shared memory, and the recorder that fills them: the twin of `runtimes/record.ts`.
//!
//! JavaScript reads the rows while Rust writes them, so every field is an atomic of its own. A lane and a task's
//! row have one writer at a time; the runtime's queues order them.

use crate::generated::{
    CPU_HOLD_ROW_MIN_NS, Canary, Hold, Lane, Opcode, RECORDS_MAGIC, RECORDS_VERSION, RecordsHeader, Stretch,
    TaskRecord, Tick, TimerCanary, stretch_kind, task_state,
};

/// The rows of a trial's records. They live as long as the process.
#[derive(Clone, Copy)]
pub struct Records {
    pub header: &'static RecordsHeader,
    pub lanes: &'static [Lane],
    pub tasks: &'static [TaskRecord],
    pub canaries: &'static [Canary],
    pub timers: &'static [TimerCanary],
    holds: &'static [Hold],
    stretches: &'static [Stretch],
}

/// How many rows of each kind there are.
pub struct Shape {
    /// One a worker and one for the releaser.
    pub lane_count: u32,
    pub task_count: u32,
    pub canary_capacity: u32,
    pub timer_capacity: u32,
    pub hold_capacity: u32,
    /// Of all workers together; each has an equal part.
    pub stretch_capacity: u32,
}

impl Records {
    /// Views the `len` bytes at `data`, or says what is wrong with them.
    ///
    /// # Safety
    /// The bytes are readable and writable for the rest of the process, and other threads of Rust touch them
    /// through `Records` only.
    pub unsafe fn view(data: *mut u8, len: usize) -> Result<Records, String> {
        if !(data as usize).is_multiple_of(align_of::<RecordsHeader>()) || len < size_of::<RecordsHeader>() {
            return Err(format!(
                "records are 8-byte aligned and hold a header; these are {len} bytes at {data:p}"
            ));
        }
        // SAFETY: aligned and long enough, by the check above.
        let header = unsafe { &*data.cast::<RecordsHeader>() };
        let magic = [header.magic_low.get().to_le_bytes(), header.magic_high.get().to_le_bytes()].concat();
        if magic != RECORDS_MAGIC || header.version.get() != RECORDS_VERSION {
            return Err(format!("these bytes are no records of version {RECORDS_VERSION}"));
        }
        let lanes_at = size_of::<RecordsHeader>();
        let tasks_at = lanes_at + header.lane_count.get() as usize * size_of::<Lane>();
        let canaries_at = tasks_at + header.task_count.get() as usize * size_of::<TaskRecord>();
        let timers_at = canaries_at + header.canary_capacity.get() as usize * size_of::<Canary>();
        let holds_at = timers_at + header.timer_capacity.get() as usize * size_of::<TimerCanary>();
        let ticks_at = holds_at + header.hold_capacity.get() as usize * size_of::<Hold>();
        let stretches_at = ticks_at + header.tick_capacity.get() as usize * size_of::<Tick>();
        let end = stretches_at + header.stretch_capacity.get() as usize * size_of::<Stretch>();
        if end != len {
            return Err(format!("the header promises {end} bytes of records; these are {len}"));
        }
        // SAFETY: the sections lie within `len`, 8-byte aligned, and all their fields are atomics.
        unsafe {
            Ok(Records {
                header,
                lanes: rows(data, lanes_at, header.lane_count.get()),
                tasks: rows(data, tasks_at, header.task_count.get()),
                canaries: rows(data, canaries_at, header.canary_capacity.get()),
                timers: rows(data, timers_at, header.timer_capacity.get()),
                holds: rows(data, holds_at, header.hold_capacity.get()),
                stretches: rows(data, stretches_at, header.stretch_capacity.get()),
            })
        }
    }

    /// Fresh records of their own, never freed: for the warm-up, the tests and the bench.
    pub fn leaked(shape: &Shape) -> Records {
        let ends = [
            size_of::<RecordsHeader>(),
            shape.lane_count as usize * size_of::<Lane>(),
            shape.task_count as usize * size_of::<TaskRecord>(),
            shape.canary_capacity as usize * size_of::<Canary>(),
            shape.timer_capacity as usize * size_of::<TimerCanary>(),
            shape.hold_capacity as usize * size_of::<Hold>(),
            shape.stretch_capacity as usize * size_of::<Stretch>(),
        ];
        let bytes: usize = ends.iter().sum();
        let block: &'static mut [u64] = vec![0u64; bytes / 8].leak();
        // Written, so that no page is first touched while something is measured.
        std::hint::black_box(&mut *block).fill(0);
        let data = block.as_mut_ptr().cast::<u8>();
        // SAFETY: zeros are a header, and the block is leaked and long enough.
        let header = unsafe { &*data.cast::<RecordsHeader>() };
        header.magic_low.set(u32::from_le_bytes(*RECORDS_MAGIC.first_chunk().expect("eight bytes")));
        header.magic_high.set(u32::from_le_bytes(*RECORDS_MAGIC.last_chunk().expect("eight bytes")));
        header.version.set(RECORDS_VERSION);
        header.lane_count.set(shape.lane_count);
        header.task_count.set(shape.task_count);
        header.canary_capacity.set(shape.canary_capacity);
        header.timer_capacity.set(shape.timer_capacity);
        header.hold_capacity.set(shape.hold_capacity);
        header.stretch_capacity.set(shape.stretch_capacity);
        // SAFETY: leaked, and from here on touched through the records only.
        let records = unsafe { Records::view(data, bytes) }.expect("the header was just written");
        let workers = &records.lanes[..records.lanes.len().saturating_sub(1)];
        let rows_each = shape.stretch_capacity.checked_div(workers.len() as u32).unwrap_or(0);
        for (index, lane) in workers.iter().enumerate() {
            lane.stretch_first.set(index as u32 * rows_each);
            lane.stretch_capacity.set(rows_each);
        }
        records
    }

    /// The recorder of one lane. Used by that lane's thread only.
    #[inline]
    pub fn recorder(&self, lane: usize) -> Recorder<'_> {
        Recorder { records: self, lane: &self.lanes[lane], lane_index: lane as u16 }
    }

    /// Start and end of the idle stretches of `lane` that have a row.
    pub fn rests_of(&self, lane: &Lane) -> impl Iterator<Item = (f64, f64)> {
        let first = lane.stretch_first.get() as usize;
        let rows = &self.stretches[first..first + lane.stretch_count.get() as usize];
        rows.iter().map(|row| (row.start_ns.get(), row.end_ns.get()))
    }

    /// The witness has ended the trial.
    pub fn stopped(&self) -> bool {
        self.header.stop.observe() != 0
    }
}

/// # Safety
/// `count` rows of `R` stand at `data + at`, aligned and for the rest of the process; all their fields are atomics.
unsafe fn rows<R>(data: *mut u8, at: usize, count: u32) -> &'static [R] {
    // SAFETY: by contract.
    unsafe { std::slice::from_raw_parts(data.add(at).cast_const().cast(), count as usize) }
}

/// Writes the rows. It never reads a clock; its callers say when, so that one reading can serve twice.
#[derive(Clone, Copy)]
pub struct Recorder<'a> {
    records: &'a Records,
    lane: &'static Lane,
    lane_index: u16,
}

impl Recorder<'_> {
    /// `task` is handed to the runtime. Called before it can be polled.
    #[inline]
    pub fn submitted(&self, task: u32, at_ns: f64) {
        let row = &self.records.tasks[task as usize];
        row.submitted_ns.set(at_ns);
        row.state.publish(task_state::SUBMITTED);
        self.lane.submitted.add_alone(1);
    }

    /// Also for tasks that the runtime itself released.
    #[inline]
    pub fn spawned(&self, task: u32, at_ns: f64) {
        self.submitted(task, at_ns);
        self.lane.spawned.add_alone(1);
    }

    /// A poll of `task` begins at `at_ns`; `ready_ns` is when it could have gone on (later polls only).
    /// The reading may be a shared one from before the task was handed over, so it is raised to that instant;
    /// the answer is the raised one.
    #[inline]
    pub fn poll_starts(&self, task: u32, at_ns: f64, ready_ns: f64) -> f64 {
        let row = &self.records.tasks[task as usize];
        let polls = row.poll_count.get();
        row.poll_count.set(polls + 1);
        self.lane.polls.add_alone(1);
        if polls > 0 {
            if row.state.get() == task_state::DONE {
                self.started(row);
            }
            if at_ns > ready_ns {
                row.resume_wait_ns.set(row.resume_wait_ns.get() + at_ns - ready_ns);
            }
            return at_ns.max(ready_ns);
        }
        let first_poll_ns = at_ns.max(row.submitted_ns.get());
        row.first_poll_ns.set(first_poll_ns);
        row.worker.set(self.lane_index);
        row.state.publish(task_state::STARTED);
        self.started(row);
        first_poll_ns
    }

    /// A task's first poll, or a poll after its end: then the runtime repeats it, and the second start shows that.
    #[inline]
    fn started(&self, row: &TaskRecord) {
        row.starts.set(row.starts.get().saturating_add(1));
        self.lane.started.add_alone(1);
    }

    /// An op of `task` held the worker from `start_ns` to `end_ns`.
    pub fn held(&self, task: u32, op: Opcode, start_ns: f64, end_ns: f64) {
        let row = &self.records.tasks[task as usize];
        row.held_ns.set(row.held_ns.get() + end_ns - start_ns);
        if op == Opcode::Cpu && end_ns - start_ns < CPU_HOLD_ROW_MIN_NS {
            return;
        }
        let claimed = self.records.header.hold_count.claim();
        let Some(hold) = self.records.holds.get(claimed as usize) else { return };
        hold.start_ns.set(start_ns);
        hold.end_ns.set(end_ns);
        hold.task.set(task);
        hold.worker.set(self.lane_index);
        hold.op.set(op as u16);
    }

    /// An op was performed; where it has a nominal length, `excess_ns` is actual − nominal, else 0.
    #[inline]
    pub fn performed(&self, op: Opcode, excess_ns: f64) {
        self.lane.op_count[op as usize].add_alone(1);
        let shortest = &self.lane.shortest_ns[op as usize];
        if excess_ns < shortest.get() {
            shortest.set(excess_ns);
        }
    }

    #[inline]
    pub fn finished(&self, task: u32, at_ns: f64, checksum: u32) {
        let row = &self.records.tasks[task as usize];
        row.finish_ns.set(at_ns.max(row.first_poll_ns.get()));
        row.checksum.set(checksum);
        row.state.publish(task_state::DONE);
        self.lane.done.publish_one_more();
    }

    /// This lane's worker had nothing to poll from `start_ns`, the end of its last poll, to `end_ns`, the start of
    /// its next or its leaving. Called at most once between two polls: the room for rows is reckoned so.
    pub fn idle(&self, start_ns: f64, end_ns: f64) {
        let header = self.records.header;
        let from_ns = start_ns.max(0.0);
        // Where the trial has ended, what comes after its end is no part of it.
        let trial_end_ns = header.end_ns.get();
        let to_ns = if trial_end_ns > 0.0 { end_ns.min(trial_end_ns) } else { end_ns };
        if to_ns <= from_ns {
            return;
        }
        self.lane.idle_ns.set(self.lane.idle_ns.get() + to_ns - from_ns);
        if to_ns - from_ns < header.idle_row_min_ns.get() {
            return;
        }
        if self.lane.stretch_count.get() >= self.lane.stretch_capacity.get() {
            self.lane.stretches_lost.add_alone(1);
            return;
        }
        let index = self.lane.stretch_first.get() + self.lane.stretch_count.get();
        let row = &self.records.stretches[index as usize];
        row.start_ns.set(from_ns);
        row.end_ns.set(to_ns);
        row.worker.set(self.lane_index);
        row.kind.set(stretch_kind::IDLE);
        self.lane.stretch_count.publish_one_more();
    }

    pub fn canary_submitted(&self, canary: u32, due_ns: f64, at_ns: f64) {
        let row = &self.records.canaries[canary as usize];
        row.due_ns.set(due_ns);
        row.submitted_ns.set(at_ns);
        row.state.publish(u16::from(task_state::SUBMITTED));
        self.records.header.canary_count.publish(canary as i32 + 1);
    }

    /// An injected canary ran, and its local one is ready from now on.
    pub fn canary_ran(&self, canary: u32, at_ns: f64) {
        let row = &self.records.canaries[canary as usize];
        row.run_ns.set(at_ns.max(row.submitted_ns.get()));
        row.worker.set(self.lane_index);
        row.state.publish(u16::from(task_state::DONE));
        row.local_state.publish(u16::from(task_state::SUBMITTED));
        self.lane.canaries_run.publish_one_more();
    }

    /// The local canary that was spawned by `canary` ran.
    pub fn local_ran(&self, canary: u32, at_ns: f64) {
        let row = &self.records.canaries[canary as usize];
        row.local_run_ns.set(at_ns.max(row.run_ns.get()));
        row.local_worker.set(self.lane_index);
        row.local_state.publish(u16::from(task_state::DONE));
        self.lane.locals_run.publish_one_more();
    }

    /// Tokio was asked to wake timer canary `timer` at `due_ns`.
    pub fn timer_set(&self, timer: u32, due_ns: f64) {
        let row = &self.records.timers[timer as usize];
        row.due_ns.set(due_ns);
        row.state.publish(u16::from(task_state::SUBMITTED));
    }

    pub fn timer_ran(&self, timer: u32, at_ns: f64) {
        let row = &self.records.timers[timer as usize];
        row.run_ns.set(at_ns);
        row.worker.set(self.lane_index);
        row.state.publish(u16::from(task_state::DONE));
        self.lane.timers_run.publish_one_more();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small_records() -> Records {
        Records::leaked(&Shape {
            lane_count: 3,
            task_count: 2,
            canary_capacity: 1,
            timer_capacity: 1,
            hold_capacity: 1,
            stretch_capacity: 4,
        })
    }

    #[test]
    fn a_poll_that_shares_an_older_reading_is_raised_to_the_submission() {
        let records = small_records();
        let recorder = records.recorder(0);
        recorder.submitted(1, 50.0);
        assert_eq!(recorder.poll_starts(1, 40.0, 0.0), 50.0);
        recorder.finished(1, 45.0, 9);
        let row = &records.tasks[1];
        assert_eq!((row.first_poll_ns.get(), row.finish_ns.get()), (50.0, 50.0));
        assert_eq!((row.starts.get(), row.state.get()), (1, task_state::DONE));
    }

    #[test]
    fn a_poll_after_the_end_counts_as_a_second_start() {
        let records = small_records();
        let recorder = records.recorder(0);
        recorder.submitted(0, 1.0);
        recorder.poll_starts(0, 2.0, 0.0);
        recorder.poll_starts(0, 12.0, 5.0);
        assert_eq!((records.tasks[0].starts.get(), records.tasks[0].resume_wait_ns.get()), (1, 7.0));
        recorder.finished(0, 13.0, 0);
        recorder.poll_starts(0, 14.0, 14.0);
        assert_eq!((records.tasks[0].starts.get(), records.lanes[0].started.get()), (2, 2));
    }

    #[test]
    fn short_cpu_holds_and_holds_beyond_the_room_get_no_row() {
        let records = small_records();
        let recorder = records.recorder(0);
        recorder.held(0, Opcode::Cpu, 0.0, CPU_HOLD_ROW_MIN_NS - 1.0);
        assert_eq!(records.header.hold_count.get(), 0);
        recorder.held(0, Opcode::Block, 1.0, 2.0);
        recorder.held(1, Opcode::Block, 3.0, 4.0);
        assert_eq!(records.header.hold_count.get(), 2);
        assert_eq!((records.holds[0].task.get(), records.holds[0].end_ns.get()), (0, 2.0));
        assert_eq!(records.tasks[0].held_ns.get(), CPU_HOLD_ROW_MIN_NS);
    }

    #[test]
    fn idle_stretches_stand_in_their_workers_part_and_within_the_trial() {
        let records = small_records();
        records.header.idle_row_min_ns.set(10.0);
        let recorder = records.recorder(1);
        recorder.idle(-5.0, 20.0);
        recorder.idle(30.0, 39.0);
        recorder.idle(50.0, 60.0);
        records.header.end_ns.set(100.0);
        recorder.idle(80.0, 120.0);
        recorder.idle(130.0, 140.0);
        let lane = &records.lanes[1];
        assert_eq!(lane.idle_ns.get(), 20.0 + 9.0 + 10.0 + 20.0);
        assert_eq!((lane.stretch_count.get(), lane.stretches_lost.get()), (2, 1));
        let rows =
            records.stretches.iter().map(|row| (row.start_ns.get(), row.end_ns.get(), row.worker.get()));
        assert_eq!(rows.collect::<Vec<_>>(), [(0.0, 0.0, 0), (0.0, 0.0, 0), (0.0, 20.0, 1), (50.0, 60.0, 1)]);
        assert_eq!(records.lanes[0].stretch_count.get(), 0);
    }
}
