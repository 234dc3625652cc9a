//! Our wait (first poll − submitted) against Tokio's own schedule-latency histogram, on tasks of one poll: at
//! p50, p90 and p99 the bucket of ours lies so many buckets beside the bucket of Tokio's.
//!
//! Ours starts right before the hand-over to Tokio and ends in the poll; Tokio's lies within. So where tasks wait
//! for less than a microsecond, the two differ by the cost of a spawn and of the readings: here in the p50 of
//! chained tasks on multi_thread, most of which go through the LIFO slot.
//!
//! `cargo bench --no-default-features --bench diagnostic`

#[path = "../tests/support/mod.rs"]
mod support;

use isoload_native::generated::Opcode;
use isoload_native::options::Options;
use isoload_native::tokio_runtime::Flavor;
use isoload_native::trace::Trace;
use support::{Draft, Setup, chains, op, run, stat, task};

const ROUNDS: usize = 9;
const TASKS: u32 = 50_000;

fn main() {
    let ops = vec![op(Opcode::Cpu, 2000.0)];
    let chained = chains(TASKS, 64, ops.clone()).trace();
    let injected = Draft { tasks: vec![task(0, 0.0); TASKS as usize], ..chains(0, 1, ops.clone()) }.trace();
    let paced = (0..TASKS / 10).map(|index| task(0, f64::from(index) * 50e3)).collect();
    let paced = Draft { tasks: paced, ..chains(0, 1, ops) }.trace();
    for (name, trace) in [("chained", chained), ("injected", injected), ("20,000 a second", paced)] {
        let multi_thread = Setup::new(Flavor::MultiThread, 2);
        compare(&format!("{name}, multi_thread"), multi_thread, trace);
        let without_slot = Options { has_lifo_slot: false, ..multi_thread.options };
        compare(
            &format!("{name}, multi_thread, lifo=off"),
            Setup { options: without_slot, ..multi_thread },
            trace,
        );
        compare(&format!("{name}, current_thread"), Setup::new(Flavor::CurrentThread, 1), trace);
    }
}

fn compare(name: &str, setup: Setup, trace: Trace) {
    let options = Options { is_diagnostic: true, ..setup.options };
    let setup = Setup { options, ..setup };
    let rounds: Vec<[Compared; 3]> = (0..ROUNDS).map(|_| round(setup, trace)).collect();
    for (index, share) in ["p50", "p90", "p99"].iter().enumerate() {
        let mut apart: Vec<i32> = rounds.iter().map(|round| round[index].buckets_apart()).collect();
        apart.sort_unstable();
        let Compared { ours_ns, from_ns, to_ns } = rounds[ROUNDS / 2][index];
        println!(
            "{name}, {share}: buckets apart {apart:?} (n = {ROUNDS}); one round: ours {ours_ns:.0} ns, Tokio's bucket {from_ns:.0} … {to_ns:.0} ns"
        );
    }
}

#[derive(Clone, Copy)]
struct Compared {
    ours_ns: f64,
    from_ns: f64,
    to_ns: f64,
}

impl Compared {
    /// 0: ours lies in Tokio's bucket; further buckets are counted as wide as that one.
    fn buckets_apart(&self) -> i32 {
        ((self.ours_ns - self.from_ns) / (self.to_ns - self.from_ns)).floor() as i32
    }
}

fn round(setup: Setup, trace: Trace) -> [Compared; 3] {
    let (records, stats) = run(setup, trace).expect("the trial completes");
    assert_eq!(stat(&stats, "scheduleLatencyCount"), f64::from(trace.header.task_count));
    let mut waits_ns: Vec<f64> =
        records.tasks.iter().map(|row| row.first_poll_ns.get() - row.submitted_ns.get()).collect();
    waits_ns.sort_by(f64::total_cmp);
    [
        (0.5, "scheduleLatencyP50FromNs", "scheduleLatencyP50ToNs"),
        (0.9, "scheduleLatencyP90FromNs", "scheduleLatencyP90ToNs"),
        (0.99, "scheduleLatencyP99FromNs", "scheduleLatencyP99ToNs"),
    ]
    .map(|(share, from, to)| Compared {
        ours_ns: waits_ns[(share * waits_ns.len() as f64).ceil() as usize - 1],
        from_ns: stat(&stats, from),
        to_ns: stat(&stats, to),
    })
}
