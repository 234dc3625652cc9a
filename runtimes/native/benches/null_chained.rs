//! What isoload adds to Tokio: empty tasks through a whole trial against a bare Tokio program of the same shape,
//! interleaved. Chained: 64 chains of tasks that spawn each other. Injected: all tasks at once from one thread
//! outside the runtime. Also the cost of a reading of each clock and of a unit of the kernel, and how long a start
//! takes.
//!
//! `cargo bench --no-default-features`; an argument limits it to the lines that contain it.

#[path = "../tests/support/mod.rs"]
mod support;

use isoload_native::clock::{monotonic_ns, thread_id};
use isoload_native::generated::NONE;
use isoload_native::kernel::burn;
use isoload_native::options::Options;
use isoload_native::record::Records;
use isoload_native::tokio_runtime::{Flavor, Settings, start};
use isoload_native::trace::Trace;
use std::hint::black_box;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;
use support::{Draft, Setup, chains, has_ended, records_for, run_until, task, warm_up};
use tokio::runtime::{Builder, Handle};

const ROUNDS: usize = 15;
const TASKS: u32 = 1_000_000;
const IN_FLIGHT: u32 = 64;
/// How often the main thread looks whether all tasks have ended, in both programs.
const POLL_PERIOD: Duration = Duration::from_micros(200);

fn main() {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str()));
    let chained = chains(TASKS, IN_FLIGHT, vec![]).trace();
    let injected = Draft { tasks: vec![task(0, 0.0); TASKS as usize], ..chains(0, 1, vec![]) }.trace();
    for (name, trace) in [("chained", chained), ("injected", injected)] {
        let successors = trace.successors().leak();
        for worker_count in [1, 2] {
            let name = format!("{name}, {worker_count} workers");
            if is_wanted(&name) {
                compare(&name, || trial_cost(trace, worker_count), || bare_cost(successors, worker_count));
            }
        }
    }
    if is_wanted("clock") {
        report("a reading of the clock, ns", &(0..ROUNDS).map(|_| clock_read_ns()).collect::<Vec<_>>());
    }
    if is_wanted("kernel") {
        report("a unit of the kernel, ns", &(0..ROUNDS).map(|_| unit_ns()).collect::<Vec<_>>());
    }
    if is_wanted("start") {
        report("a start with 2 workers, ms", &(0..ROUNDS).map(|_| start_ms()).collect::<Vec<_>>());
    }
}

/// What all tasks took.
struct Cost {
    wall_ns: f64,
    /// Of the workers' threads. Unlike the wall clock it does not count what else runs on the machine.
    cpu_ns: f64,
}

/// Interleaved rounds of both; the ratio is taken within each round.
fn compare(name: &str, ours: impl Fn() -> Cost, bare: impl Fn() -> Cost) {
    let rounds: Vec<[Cost; 2]> = (0..ROUNDS).map(|_| [ours(), bare()]).collect();
    let of = |figure: fn(&[Cost; 2]) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
    report(&format!("{name}: isoload, ns a task"), &of(|[ours, _]| ours.wall_ns / f64::from(TASKS)));
    report(&format!("{name}: bare Tokio, ns a task"), &of(|[_, bare]| bare.wall_ns / f64::from(TASKS)));
    report(
        &format!("{name}: isoload / bare Tokio, tasks a second"),
        &of(|[ours, bare]| bare.wall_ns / ours.wall_ns),
    );
    report(&format!("{name}: isoload, CPU ns a task"), &of(|[ours, _]| ours.cpu_ns / f64::from(TASKS)));
    report(
        &format!("{name}: isoload / bare Tokio, tasks a CPU second"),
        &of(|[ours, bare]| bare.cpu_ns / ours.cpu_ns),
    );
}

/// Median and quartiles.
fn report(what: &str, samples: &[f64]) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    let (low, middle, high) = (at(0.25), at(0.5), at(0.75));
    println!("{what}: median {middle:.3} (quartiles {low:.3} … {high:.3}, n = {})", sorted.len());
}

/// From the epoch to the last finish, by the records.
fn trial_cost(trace: Trace, worker_count: usize) -> Cost {
    let setup = Setup::new(Flavor::MultiThread, worker_count);
    let mut start_ns = None;
    let mut end_ns = 0.0;
    let is_over = |records: &Records| {
        let workers = records.lanes[..worker_count].iter();
        let all_cpu_ns = || workers.map(|lane| cpu_ns(lane.thread_id.get())).sum::<f64>();
        // Twice only: to read the clock of a thread that runs disturbs it.
        let Some(_) = start_ns else {
            start_ns = Some(all_cpu_ns());
            return false;
        };
        let is_over = has_ended(records);
        if is_over {
            end_ns = all_cpu_ns();
        }
        is_over
    };
    let (records, _) = run_until(setup, trace, is_over).expect("the trial completes");
    Cost {
        wall_ns: records.tasks.iter().map(|row| row.finish_ns.get()).fold(0.0, f64::max),
        cpu_ns: end_ns - start_ns.expect("it was asked"),
    }
}

/// The same tasks without records, clock or steps, from the first spawn to the end of the last one. Where no
/// task follows another, this thread spawns them all.
fn bare_cost(successors: &'static [u32], worker_count: usize) -> Cost {
    let thread_ids = Arc::new(Mutex::new(Vec::new()));
    let started = thread_ids.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(worker_count)
        .on_thread_start(move || started.lock().expect("no panic").push(thread_id()))
        .enable_all()
        .build()
        .expect("it builds");
    while thread_ids.lock().expect("no panic").len() < worker_count {
        sleep(POLL_PERIOD);
    }
    let all_cpu_ns = || thread_ids.lock().expect("no panic").iter().copied().map(cpu_ns).sum::<f64>();
    let bare: &'static Bare = Box::leak(Box::new(Bare { successors, runtime: runtime.handle().clone() }));
    let start_cpu_ns = all_cpu_ns();
    let start_ns = monotonic_ns();
    for task in 0..if successors.is_empty() { TASKS } else { IN_FLIGHT } {
        bare.spawn(task);
    }
    while runtime.metrics().num_alive_tasks() > 0 {
        sleep(POLL_PERIOD);
    }
    Cost { wall_ns: monotonic_ns() - start_ns, cpu_ns: all_cpu_ns() - start_cpu_ns }
}

/// CPU time that a thread of this process has taken.
fn cpu_ns(thread_id: u32) -> f64 {
    // As the kernel makes the clock of a thread: its id inverted, and the bits for "of a thread" and "scheduled".
    let clock = (!(thread_id as libc::clockid_t) << 3) | 0b110;
    let mut taken = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `taken` is valid for writes.
    let failed = unsafe { libc::clock_gettime(clock, &mut taken) };
    assert_eq!(failed, 0, "thread {thread_id} is one of this process");
    taken.tv_sec as f64 * 1e9 + taken.tv_nsec as f64
}

struct Bare {
    successors: &'static [u32],
    runtime: Handle,
}

impl Bare {
    fn spawn(&'static self, task: u32) {
        drop(self.runtime.spawn(async move {
            if let Some(&next) = self.successors.get(task as usize)
                && next != NONE
            {
                self.spawn(next);
            }
        }));
    }
}

/// To be held against what `isoload doctor` measures for the kernel's twin in V8.
fn unit_ns() -> f64 {
    const UNITS: u64 = 1_000_000;
    let begin_ns = monotonic_ns();
    black_box(burn(black_box(7), UNITS));
    (monotonic_ns() - begin_ns) / UNITS as f64
}

fn clock_read_ns() -> f64 {
    let reads = 1_000_000;
    let start_ns = monotonic_ns();
    for _ in 0..reads {
        black_box(monotonic_ns());
    }
    (monotonic_ns() - start_ns) / f64::from(reads)
}

fn start_ms() -> f64 {
    let trace = chains(1000, 10, vec![]).trace();
    let settings = Settings {
        flavor: Flavor::MultiThread,
        worker_count: 2,
        may_spin: false,
        trace,
        records: records_for(&trace, 2),
        warm_up: warm_up(),
        peer_port: None,
        options: Options::default(),
    };
    let (ready, readied) = channel();
    let start_ns = monotonic_ns();
    start(settings, move |outcome| ready.send(outcome).expect("it is waited for"));
    let started = readied.recv().expect("it answers").expect("it starts");
    let elapsed_ns = monotonic_ns() - start_ns;
    started.stop();
    elapsed_ns / 1e6
}
