//! What the tests and the bench share: traces built by hand, a harness of a few lines, an echo peer.

// Each of them uses a part of it.
#![allow(dead_code)]

use isoload_native::clock::monotonic_ns;
use isoload_native::generated::{
    Header, NO_DUE, NONE, Op, Opcode, PERIODS_A_TIMER, Program, ReplyFrame, RequestFrame, TRACE_MAGIC,
    TRACE_VERSION, Task,
};
use isoload_native::options::Options;
use isoload_native::record::{Records, Shape};
use isoload_native::row::{bytes_of, row_from};
use isoload_native::stats::Stats;
use isoload_native::tokio_runtime::{Flavor, Settings, start};
use isoload_native::trace::Trace;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// A live trial of a test that has not ended by then hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A trace in the making: the programs' ops, and the tasks in the order of their ids.
pub struct Draft {
    pub programs: Vec<Vec<Op>>,
    pub tasks: Vec<Task>,
    pub canary_period_ns: f64,
    pub window_ns: f64,
    /// Of an echo's peer.
    pub connection_count: u32,
}

pub fn op(code: Opcode, a: f64) -> Op {
    Op { code: code as u32, variant: 0, a, b: 0.0, target: 0, count: 0 }
}

pub fn family(code: Opcode, target: u32, count: u32) -> Op {
    Op { target, count, ..op(code, 0.0) }
}

/// A task that is due at `due_ns`, or NO_DUE.
pub fn task(program: u32, due_ns: f64) -> Task {
    Task { due_ns, think_ns: 0.0, after: NONE, parent: NONE, program, session: NONE, seed: 7, class: 0 }
}

/// `task_count` tasks of `ops` in `in_flight` chains.
pub fn chains(task_count: u32, in_flight: u32, ops: Vec<Op>) -> Draft {
    let link = |id: u32| match id.checked_sub(in_flight) {
        None => task(0, 0.0),
        Some(after) => Task { after, seed: id, ..task(0, NO_DUE) },
    };
    Draft {
        programs: vec![ops],
        tasks: (0..task_count).map(link).collect(),
        canary_period_ns: 0.0,
        window_ns: 0.0,
        connection_count: 0,
    }
}

impl Draft {
    /// The bytes of the trace, as TypeScript lays them out: whole 8-byte words, never freed.
    pub fn bytes(&self) -> &'static [u8] {
        let header = Header {
            magic_low: u32::from_le_bytes(*TRACE_MAGIC.first_chunk().unwrap()),
            magic_high: u32::from_le_bytes(*TRACE_MAGIC.last_chunk().unwrap()),
            version: TRACE_VERSION,
            class_count: 0,
            program_count: self.programs.len() as u32,
            op_count: self.programs.iter().map(Vec::len).sum::<usize>() as u32,
            task_count: self.tasks.len() as u32,
            root_count: self.tasks.iter().filter(|task| task.due_ns >= 0.0).count() as u32,
            session_count: 0,
            connection_count: self.connection_count,
            measured_class: 0,
            reserved: 0,
            seed: 7.0,
            canary_period_ns: self.canary_period_ns,
            canary_phase_ns: -1.0,
            window_ns: self.window_ns,
            drain_ns: 1e9,
        };
        let mut bytes = bytes_of(&header).to_vec();
        let mut first_op = 0;
        for program in &self.programs {
            bytes.extend_from_slice(bytes_of(&Program { first_op, op_count: program.len() as u32 }));
            first_op += program.len() as u32;
        }
        self.programs.iter().flatten().for_each(|op| bytes.extend_from_slice(bytes_of(op)));
        self.tasks.iter().for_each(|task| bytes.extend_from_slice(bytes_of(task)));
        aligned(&bytes)
    }

    pub fn trace(&self) -> Trace {
        view(self.bytes()).expect("the draft is whole")
    }
}

/// A copy that starts 8-byte aligned, never freed.
pub fn aligned(bytes: &[u8]) -> &'static [u8] {
    let words: &'static mut [u64] = vec![0u64; bytes.len().div_ceil(8)].leak();
    // SAFETY: the words are at least as long as the bytes, and nobody else knows them.
    let copy = unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), bytes.len()) };
    copy.copy_from_slice(bytes);
    copy
}

pub fn view(bytes: &'static [u8]) -> Result<Trace, String> {
    // SAFETY: never freed, never written.
    unsafe { Trace::view(bytes.as_ptr(), bytes.len()) }
}

/// The trace that TypeScript has written for these tests, with the checksums its reference says.
pub fn every_op() -> (Trace, Vec<u32>) {
    let checksums = include_bytes!("../every-op.checksums");
    let words = checksums.chunks_exact(4).map(|word| u32::from_le_bytes(*word.first_chunk().unwrap()));
    (view(aligned(include_bytes!("../every-op.trace"))).expect("the fixture is whole"), words.collect())
}

/// A trace of every op kind that needs no peer.
pub fn warm_up() -> Trace {
    let parent = vec![
        op(Opcode::Cpu, 1000.0),
        op(Opcode::Block, 20e3),
        op(Opcode::Sleep, 100e3),
        op(Opcode::Yield, 0.0),
        family(Opcode::Spawn, 1, 2),
        family(Opcode::Join, 1, 2),
    ];
    let child = Task { parent: 0, ..task(1, NO_DUE) };
    Draft {
        programs: vec![parent, vec![]],
        tasks: vec![task(0, 0.0), child, child],
        canary_period_ns: 0.0,
        window_ns: 0.0,
        connection_count: 0,
    }
    .trace()
}

/// What a trial is run with; the last lane is the releaser's.
#[derive(Clone, Copy)]
pub struct Setup {
    pub flavor: Flavor,
    pub worker_count: usize,
    pub peer_port: Option<u16>,
    pub options: Options,
}

impl Setup {
    /// Of Tokio's defaults, without a peer.
    pub fn new(flavor: Flavor, worker_count: usize) -> Setup {
        Setup { flavor, worker_count, peer_port: None, options: Options::default() }
    }
}

pub fn records_for(trace: &Trace, worker_count: usize) -> Records {
    Records::leaked(&Shape {
        lane_count: worker_count as u32 + 1,
        task_count: trace.header.task_count,
        canary_capacity: 10_000,
        timer_capacity: timer_limit(trace),
        hold_capacity: trace.header.task_count * 4,
        stretch_capacity: worker_count as u32 * 1000,
    })
}

/// One a full period of the window; without a window, more than a test lasts.
fn timer_limit(trace: &Trace) -> u32 {
    let period_ns = PERIODS_A_TIMER * trace.header.canary_period_ns;
    if period_ns == 0.0 {
        return 0;
    }
    if trace.header.window_ns > 0.0 { (trace.header.window_ns / period_ns) as u32 } else { 1000 }
}

/// Plays the harness: starts, sets the epoch, watches the counters until `is_over`, stops. Panics on a hang.
pub fn run_until(
    setup: Setup,
    trace: Trace,
    mut is_over: impl FnMut(&Records) -> bool,
) -> Result<(Records, Stats), String> {
    let Setup { flavor, worker_count, peer_port, options } = setup;
    let records = records_for(&trace, worker_count);
    let settings = Settings {
        flavor,
        worker_count,
        may_spin: worker_count < 2,
        trace,
        records,
        warm_up: warm_up(),
        peer_port,
        options,
    };
    let (ready, readied) = channel();
    start(settings, move |outcome| ready.send(outcome).expect("the test waits"));
    let started = readied.recv_timeout(LIMIT).expect("the runtime comes up in time")?;
    records.header.epoch_ns.set(monotonic_ns());
    let (ended, end) = channel();
    // Who counts from the first look counts from before the first task.
    is_over(&records);
    started.execute(Box::new(move |outcome| ended.send(outcome).expect("the test waits")));
    let deadline_ns = monotonic_ns() + LIMIT.as_nanos() as f64;
    while !is_over(&records) {
        if let Ok(early) = end.try_recv() {
            return early.map(|stats| (records, stats));
        }
        assert!(monotonic_ns() < deadline_ns, "the trial hangs");
        thread::sleep(Duration::from_micros(200));
    }
    records.header.end_ns.set(monotonic_ns() - records.header.epoch_ns.get());
    records.header.stop.publish(1);
    started.stop();
    let stats = end.recv_timeout(LIMIT).expect("the workers leave in time")?;
    Ok((records, stats))
}

pub fn run(setup: Setup, trace: Trace) -> Result<(Records, Stats), String> {
    run_until(setup, trace, has_ended)
}

/// One of the trial's counters.
pub fn stat(stats: &Stats, name: &str) -> f64 {
    stats.iter().find(|stat| stat.0 == name).unwrap_or_else(|| panic!("{name} is no counter")).1
}

/// Every task and every canary has ended, and no more will come. Says so to the releaser, as the witness does.
pub fn has_ended(records: &Records) -> bool {
    let sum = |of: fn(&isoload_native::generated::Lane) -> u32| records.lanes.iter().map(of).sum::<u32>();
    if sum(|lane| lane.done.get()) < records.header.task_count.get() {
        return false;
    }
    records.header.tasks_ended.publish(1);
    if records.header.release_ended.observe() != 1 {
        return false;
    }
    let canary_count = records.header.canary_count.observe() as u32;
    sum(|lane| lane.canaries_run.get()) == canary_count && sum(|lane| lane.locals_run.get()) == canary_count
}

/// An echo peer on threads of this process; its port. It lives as long as the process.
pub fn spawn_echo_peer() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve(stream.expect("a connection")));
        }
    });
    port
}

/// Ends when the other side does.
fn serve(mut stream: TcpStream) {
    let mut head = [0; size_of::<RequestFrame>()];
    // Kept from request to request: a test counts the process's allocations.
    let mut payload = Vec::new();
    while stream.read_exact(&mut head).is_ok() {
        let request: RequestFrame = row_from(&head);
        payload.resize(request.payload_bytes as usize, 0);
        if stream.read_exact(&mut payload).is_err() {
            return;
        }
        thread::sleep(Duration::from_nanos(request.reply_delay_ns as u64));
        let reply = ReplyFrame {
            payload_bytes: request.payload_bytes,
            tag: request.tag,
            received_ns: monotonic_ns(),
            sent_ns: monotonic_ns(),
        };
        if stream.write_all(bytes_of(&reply)).and_then(|()| stream.write_all(&payload)).is_err() {
            return;
        }
    }
}
