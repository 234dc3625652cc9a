//! What isoload adds to Tokio: empty chained tasks through a whole trial against a bare Tokio program of the
//! same shape, interleaved. Also the cost of a reading of the clock, and how long a start takes.
//!
//! `cargo bench --no-default-features`

#[path = "../tests/support/mod.rs"]
mod support;

use isoload_native::clock::monotonic_ns;
use isoload_native::generated::NONE;
use isoload_native::tokio_runtime::{Flavor, Settings, start};
use isoload_native::trace::Trace;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use support::{Setup, chains, records_for, run, warm_up};
use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

const ROUNDS: usize = 9;
const TASKS: u32 = 1_000_000;
const IN_FLIGHT: u32 = 64;

fn main() {
    let trace = chains(TASKS, IN_FLIGHT, vec![]).trace();
    let successors = trace.successors().leak();
    for worker_count in [1, 2] {
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            bare.push(f64::from(TASKS) / bare_ns(successors, worker_count) * 1e9);
            ours.push(f64::from(TASKS) / trial_ns(trace, worker_count) * 1e9);
        }
        report(&format!("bare Tokio, {worker_count} workers"), bare, "tasks a second");
        report(&format!("isoload,    {worker_count} workers"), ours, "tasks a second");
    }
    report("a reading of the clock", (0..ROUNDS).map(|_| clock_read_ns()).collect(), "ns");
    report("a start with 2 workers", (0..ROUNDS).map(|_| start_ms()).collect(), "ms");
}

fn report(what: &str, mut samples: Vec<f64>, unit: &str) {
    samples.sort_by(f64::total_cmp);
    let (least, middle, most) = (samples[0], samples[samples.len() / 2], samples[samples.len() - 1]);
    println!("{what}: median {middle:.1} {unit} ({least:.1} … {most:.1}, n = {})", samples.len());
}

/// From the epoch to the last finish, by the records.
fn trial_ns(trace: Trace, worker_count: usize) -> f64 {
    let setup = Setup { flavor: Flavor::MultiThread, worker_count, peer_port: None };
    let (records, _) = run(setup, trace).expect("the trial completes");
    records.tasks.iter().map(|row| row.finish_ns.get()).fold(0.0, f64::max)
}

/// The same chains without records, clock or steps, from the first spawn to the end of the last chain.
fn bare_ns(successors: &'static [u32], worker_count: usize) -> f64 {
    let runtime =
        Builder::new_multi_thread().worker_threads(worker_count).enable_all().build().expect("it builds");
    let chains: &'static Chains = Box::leak(Box::new(Chains {
        successors,
        left: AtomicUsize::new(IN_FLIGHT as usize),
        done: Notify::new(),
        runtime: runtime.handle().clone(),
    }));
    let start_ns = monotonic_ns();
    for task in 0..IN_FLIGHT {
        chains.spawn(task);
    }
    runtime.block_on(chains.done.notified());
    monotonic_ns() - start_ns
}

struct Chains {
    successors: &'static [u32],
    left: AtomicUsize,
    done: Notify,
    runtime: Handle,
}

impl Chains {
    fn spawn(&'static self, task: u32) {
        drop(self.runtime.spawn(async move {
            match self.successors[task as usize] {
                NONE if self.left.fetch_sub(1, Ordering::AcqRel) == 1 => self.done.notify_one(),
                NONE => {}
                next => self.spawn(next),
            }
        }));
    }
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
        core_count: 2,
        trace,
        records: records_for(&trace, 2),
        warm_up: warm_up(),
        peer_port: None,
    };
    let (ready, readied) = channel();
    let start_ns = monotonic_ns();
    start(settings, move |outcome| ready.send(outcome).expect("it is waited for"));
    let started = readied.recv().expect("it answers").expect("it starts");
    let elapsed_ns = monotonic_ns() - start_ns;
    started.stop();
    elapsed_ns / 1e6
}
