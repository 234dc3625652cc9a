//! A task as a future: performs the effects that `step` asks for, until the task finishes or suspends.
//! The twin of `runtimes/interpreter.ts`, polled by Tokio itself.
//!
//! Clock reads: one at the start of each poll and one after each op that holds the worker; at the end of a task
//! only where something was done since the last reading, which also says when the last op was done. So an empty
//! task reads once, on the cycle counter. The start of a poll does not share the last reading of the poll before:
//! between the two lie Tokio's queues, its driver and the waking of other workers, and a worker that the kernel
//! takes off its core there would make the next task look as if it had not waited.

use crate::echo::Request;
use crate::generated::Opcode;
use crate::kernel::burn;
use crate::record::Recorder;
use crate::step::{Effect, Stepper};
use crate::trial::Trial;
use crate::worker::Worker;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::coop::poll_proceed;
use tokio::time::Sleep;

/// Small, since Tokio moves it into its place several times: the timer of a task that sleeps lies outside.
pub struct Task {
    trial: &'static Trial,
    id: u32,
    stepper: Stepper,
    waits: Wait,
}

/// What the task waits for between its polls.
enum Wait {
    FirstPoll,
    /// Its turn again since `ready_ns`.
    Turn {
        ready_ns: f64,
    },
    Timer {
        until_ns: f64,
    },
    /// A reply or its children: its slot in the trial's suspensions tells.
    Others,
}

/// A task of a trace with sleeps: it has room for a timer, so that a sleep allocates nothing.
pub struct SleepingTask {
    task: Task,
    timer: Option<Sleep>,
}

/// One poll in progress.
struct Turn<'a, 'b> {
    trial: &'static Trial,
    worker: &'a Worker,
    lane: usize,
    context: &'a mut Context<'b>,
    /// None where the trace has no sleep.
    timer: Option<Pin<&'a mut Option<Sleep>>>,
    recorder: Recorder<'a>,
    /// The last reading of the clock.
    now_ns: f64,
    /// Nothing has been done since the last reading.
    is_fresh: bool,
}

impl Task {
    pub fn new(trial: &'static Trial, id: u32) -> Task {
        Task { trial, id, stepper: Stepper::default(), waits: Wait::FirstPoll }
    }

    #[inline]
    fn advance(&mut self, timer: Option<Pin<&mut Option<Sleep>>>, context: &mut Context<'_>) -> Poll<()> {
        let trial = self.trial;
        trial.prefetch_task(self.id);
        Worker::with(|worker| {
            let (lane, now_ns) = trial.poll_begins(worker);
            let recorder = trial.recorder(lane);
            let mut turn = Turn { trial, worker, lane, context, timer, recorder, now_ns, is_fresh: true };
            match self.resume(&mut turn) {
                Some(result) => self.run(&mut turn, result),
                None => Poll::Pending,
            }
        })
    }
}

impl Future for Task {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.get_mut().advance(None, context)
    }
}

impl SleepingTask {
    pub fn new(task: Task) -> SleepingTask {
        SleepingTask { task, timer: None }
    }
}

impl Future for SleepingTask {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the timer is the only part that must not move; it is polled and dropped where it stands.
        let SleepingTask { task, timer } = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above; it is pinned because `self` is.
        task.advance(Some(unsafe { Pin::new_unchecked(timer) }), context)
    }
}

impl Task {
    /// Records the start of a poll. The result of the op it was suspended in, or None where it still has to wait.
    #[inline]
    fn resume(&mut self, turn: &mut Turn) -> Option<u32> {
        let (ready_ns, result) = match self.waits {
            Wait::FirstPoll => (0.0, Some(0)),
            Wait::Turn { ready_ns } => (ready_ns, Some(0)),
            Wait::Timer { until_ns } => {
                if turn.timer_is_over() {
                    turn.recorder.performed(Opcode::Sleep, turn.now_ns - until_ns);
                    (until_ns, Some(0))
                } else {
                    // Tokio's budget can run out under a timer that has fired; the poll that counts comes later.
                    (turn.now_ns, None)
                }
            }
            Wait::Others => match turn.trial.suspension(self.id).resumption() {
                Some(left) => (left.ready_at_ns - turn.trial.epoch_ns(), Some(left.result)),
                None => (turn.now_ns, None),
            },
        };
        turn.now_ns = turn.recorder.poll_starts(self.id, turn.now_ns, ready_ns);
        result
    }

    /// Steps and performs until the task finishes or suspends.
    #[inline]
    fn run(&mut self, turn: &mut Turn, mut result: u32) -> Poll<()> {
        loop {
            match self.stepper.step(&turn.trial.trace, self.id, result) {
                Effect::Finished => {
                    self.finish(turn);
                    return Poll::Ready(());
                }
                Effect::Cpu { seed, units } => result = self.cpu(turn, seed, units),
                Effect::Block { length_ns } => {
                    self.block(turn, length_ns);
                    result = 0;
                }
                Effect::Spawn { first, count } => {
                    self.spawn(turn, first, count);
                    result = 0;
                }
                Effect::Join { first, count } => {
                    if self.suspends_in_join(turn, first, count) {
                        return Poll::Pending;
                    }
                    result = 0;
                }
                Effect::Sleep { length_ns } => {
                    if self.suspends_in_sleep(turn, length_ns) {
                        return Poll::Pending;
                    }
                    result = 0;
                }
                Effect::Yield => {
                    self.yield_turn(turn);
                    return Poll::Pending;
                }
                Effect::Echo { seed, bytes, reply_delay_ns } => {
                    let request = Request {
                        payload_bytes: bytes,
                        seed,
                        tag: turn.trial.first_tag + self.id,
                        reply_delay_ns,
                        is_warm_up: turn.trial.countdown.is_some(),
                    };
                    self.echo(turn, &request);
                    return Poll::Pending;
                }
            }
        }
    }

    fn cpu(&self, turn: &mut Turn, seed: u32, units: u64) -> u32 {
        let start_ns = turn.now_ns;
        // black_box: the loop must not be moved across the readings of the clock.
        let result = std::hint::black_box(burn(std::hint::black_box(seed), units));
        turn.read_clock();
        turn.recorder.held(self.id, Opcode::Cpu, start_ns, turn.now_ns);
        turn.recorder.performed(Opcode::Cpu, 0.0);
        result
    }

    /// Blocks the worker, as a callback does that sleeps.
    fn block(&self, turn: &mut Turn, length_ns: f64) {
        let start_ns = turn.now_ns;
        let end_ns = start_ns + length_ns;
        while turn.now_ns < end_ns {
            std::thread::sleep(Duration::from_nanos((end_ns - turn.now_ns).ceil() as u64));
            turn.read_clock();
        }
        turn.recorder.held(self.id, Opcode::Block, start_ns, turn.now_ns);
        turn.recorder.performed(Opcode::Block, turn.now_ns - end_ns);
    }

    fn spawn(&self, turn: &mut Turn, first: u32, count: u32) {
        turn.recorder.performed(Opcode::Spawn, 0.0);
        for child in first..first + count {
            turn.recorder.spawned(child, turn.now_ns);
            turn.trial.spawn(child);
        }
        turn.is_fresh = false;
    }

    fn suspends_in_join(&mut self, turn: &mut Turn, first: u32, count: u32) -> bool {
        turn.recorder.performed(Opcode::Join, 0.0);
        let suspension = turn.trial.suspension(self.id);
        suspension.arm(turn.context.waker(), 1);
        turn.is_fresh = false;
        if turn.trial.begin_join(suspension, first, count) {
            self.waits = Wait::Others;
            return true;
        }
        // As Tokio's own resources, a join that need not wait takes from the task's budget, so that a task that
        // never waits yields. Without budget Tokio has put the waker behind all that is ready.
        match poll_proceed(turn.context) {
            Poll::Ready(progress) => {
                progress.made_progress();
                false
            }
            Poll::Pending => {
                self.waits = Wait::Turn { ready_ns: turn.now_ns };
                true
            }
        }
    }

    fn suspends_in_sleep(&mut self, turn: &mut Turn, length_ns: f64) -> bool {
        turn.refresh();
        let until_ns = turn.now_ns + length_ns;
        let until = turn.trial.anchor.instant_at(until_ns + turn.trial.epoch_ns());
        self.waits = Wait::Timer { until_ns };
        timer_of(&mut turn.timer).set(Some(tokio::time::sleep_until(until.into())));
        let is_over = turn.timer_is_over();
        if is_over {
            turn.read_clock();
            turn.recorder.performed(Opcode::Sleep, turn.now_ns - until_ns);
        }
        !is_over
    }

    fn yield_turn(&mut self, turn: &mut Turn) {
        turn.recorder.performed(Opcode::Yield, 0.0);
        self.waits = Wait::Turn { ready_ns: turn.now_ns };
        // The first poll of Tokio's own yield puts this task's waker behind all that is ready.
        let is_over = pin!(tokio::task::yield_now()).poll(turn.context).is_ready();
        debug_assert!(!is_over);
    }

    fn echo(&mut self, turn: &mut Turn, request: &Request) {
        turn.recorder.performed(Opcode::Echo, 0.0);
        self.waits = Wait::Others;
        turn.trial.suspension(self.id).arm(turn.context.waker(), 1);
        let connections = turn.trial.connections.expect("a trace with an echo has connections");
        // Consecutive requests go round over the connections.
        connections.send(self.id as usize + self.stepper.pc() as usize, request);
    }

    #[inline]
    fn finish(&self, turn: &mut Turn) {
        turn.refresh();
        turn.recorder.finished(self.id, turn.now_ns, self.stepper.checksum());
        turn.trial.ended(turn.lane, self.id, turn.now_ns);
    }
}

impl Turn<'_, '_> {
    /// Reads the clock if something was done since the last reading.
    #[inline]
    fn refresh(&mut self) {
        if !self.is_fresh {
            self.read_clock();
        }
    }

    #[inline]
    fn read_clock(&mut self) {
        self.now_ns = self.worker.clock.now_ns_after_all() - self.trial.epoch_ns();
        self.is_fresh = true;
    }

    fn timer_is_over(&mut self) -> bool {
        let timer = timer_of(&mut self.timer).as_pin_mut().expect("the timer is set");
        timer.poll(self.context).is_ready()
    }
}

fn timer_of<'a>(room: &'a mut Option<Pin<&mut Option<Sleep>>>) -> Pin<&'a mut Option<Sleep>> {
    room.as_mut().expect("the tasks of a trace with sleeps have room for a timer").as_mut()
}
