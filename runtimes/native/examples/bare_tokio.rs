//! The bare Tokio program of the peers bench: the same tasks in the same shapes as the traces that isoload runs,
//! without isoload. Only the CPU kernel is the crate's, from its source. It records nothing but what it is asked.
//!
//! `bare_tokio key=value …` runs one job and prints one JSON object; `bare_tokio version` prints Tokio's version.

#[path = "../src/kernel.rs"]
#[allow(dead_code)]
mod kernel;

use kernel::{burn, fold};
use std::collections::HashMap;
use std::io::Read;
use std::process::exit;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle, Runtime};

/// Tasks that come from outside are counted down in so many groups, so that workers rarely meet at a counter.
const GROUPS: usize = 64;
const WARM_UP_IN_FLIGHT: usize = 64;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("version") {
        println!("{}", env!("TOKIO_VERSION"));
        return;
    }
    let job = Job::from_arguments();
    end_with_parent();
    let runtime = start(job.worker_count, job.lifo);
    let warm_up = Work::new(vec![1; job.warm_up_count], &job);
    closed_loop(&runtime, warm_up, WARM_UP_IN_FLIGHT);
    let work = Work::new(job.seeds.clone(), &job);
    let figures = match job.kind.as_str() {
        "chained" => vec![("perSecond", per_second(work, closed_loop(&runtime, work, job.in_flight)))],
        "injected" => vec![("perSecond", per_second(work, injected(&runtime, work)))],
        "latency" => latency(&runtime, work, job.in_flight),
        "memory" => memory(&runtime, work, job.worker_count),
        "blocked" => blocked(&runtime, work, &job),
        other => panic!("no job is called {other}"),
    };
    println!("{}", answer(work, &figures));
}

/// What one process is asked to do.
struct Job {
    kind: String,
    worker_count: usize,
    lifo: bool,
    in_flight: usize,
    /// What every task burns; 0: it is empty.
    units: u64,
    /// Folded into the checksum of a task that burns: the code of the op in isoload's traces.
    opcode: u32,
    warm_up_count: usize,
    block: Duration,
    within: Duration,
    /// One a task.
    seeds: Vec<u32>,
}

impl Job {
    fn from_arguments() -> Job {
        let given: HashMap<String, String> = std::env::args()
            .skip(1)
            .map(|argument| {
                let (key, value) = argument.split_once('=').expect("arguments are key=value");
                (key.to_owned(), value.to_owned())
            })
            .collect();
        let text = |key: &str| given.get(key).unwrap_or_else(|| panic!("{key}= is missing")).clone();
        let number = |key: &str| text(key).parse::<u64>().expect("a whole number");
        let seeds = std::fs::read(text("seeds")).expect("the file of seeds can be read");
        Job {
            kind: text("kind"),
            worker_count: number("workers") as usize,
            lifo: text("lifo") == "on",
            in_flight: number("inFlight") as usize,
            units: number("units"),
            opcode: number("opcode") as u32,
            warm_up_count: number("warmUp") as usize,
            block: Duration::from_nanos(number("blockNs")),
            within: Duration::from_nanos(number("withinNs")),
            seeds: seeds.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect(),
        }
    }
}

/// Standard input belongs to whoever started this; when it ends, however that happens, so does this process.
fn end_with_parent() {
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        exit(1);
    });
}

fn start(worker_count: usize, lifo: bool) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(worker_count).enable_all();
    if !lifo {
        builder.disable_lifo_slot();
    }
    builder.build().expect("the runtime starts")
}

/// The tasks of a run and what each of them left. Shared by all workers, never freed.
struct Work {
    seeds: Vec<u32>,
    units: u64,
    opcode: u32,
    /// The checksum of each task. Written by the task.
    checksums: Vec<AtomicU32>,
    /// Whether the tasks are stamped; the shapes that ask for a rate alone read no clock a task.
    is_timed: bool,
    /// When each task was submitted and when it ended, ns since `zero`.
    submitted_ns: Vec<AtomicU64>,
    ended_ns: Vec<AtomicU64>,
    zero: Instant,
}

impl Work {
    fn new(seeds: Vec<u32>, job: &Job) -> &'static Work {
        let is_timed = matches!(job.kind.as_str(), "latency" | "blocked");
        let stamps = || (0..if is_timed { seeds.len() } else { 0 }).map(|_| AtomicU64::new(0)).collect();
        Box::leak(Box::new(Work {
            checksums: seeds.iter().map(|_| AtomicU32::new(0)).collect(),
            is_timed,
            submitted_ns: stamps(),
            ended_ns: stamps(),
            seeds,
            units: job.units,
            opcode: job.opcode,
            zero: Instant::now(),
        }))
    }

    fn count(&self) -> usize {
        self.seeds.len()
    }

    fn now_ns(&self) -> u64 {
        self.zero.elapsed().as_nanos() as u64
    }

    #[inline]
    fn perform(&self, task: usize) {
        let seed = self.seeds[task];
        let checksum = match self.units {
            0 => seed,
            units => fold(fold(seed, self.opcode), burn(fold(seed, 0), units)),
        };
        self.checksums[task].store(checksum, Ordering::Relaxed);
    }

    /// Submitted to end, of each task.
    fn response_ns(&self, task: usize) -> u64 {
        self.ended_ns[task].load(Ordering::Relaxed) - self.submitted_ns[task].load(Ordering::Relaxed)
    }
}

/// Counts tasks or chains down and unparks who waits for the last one. Never freed: a count of references would
/// be one more line that all workers write.
struct Countdown {
    groups: Vec<Group>,
    /// Groups that still have members.
    left: AtomicUsize,
    waiting: Thread,
}

/// A counter on cache lines of its own.
#[repr(align(128))]
struct Group(AtomicUsize);

impl Countdown {
    /// `member_count` members in at most `group_count` groups; member m is in group m mod the number of groups.
    fn new(member_count: usize, group_count: usize) -> &'static Countdown {
        let group_count = group_count.min(member_count);
        let members = |group: usize| (member_count - group).div_ceil(group_count);
        Box::leak(Box::new(Countdown {
            groups: (0..group_count).map(|group| Group(AtomicUsize::new(members(group)))).collect(),
            left: AtomicUsize::new(group_count),
            waiting: thread::current(),
        }))
    }

    fn arrive(&self, member: usize) {
        let group = &self.groups[member % self.groups.len()].0;
        if group.fetch_sub(1, Ordering::AcqRel) == 1 && self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waiting.unpark();
        }
    }

    /// Called by the thread that made it.
    fn wait(&self) {
        while self.left.load(Ordering::Acquire) > 0 {
            thread::park();
        }
    }
}

/// `in_flight` chains: the end of task k submits task k + in_flight.
struct Chains {
    work: &'static Work,
    in_flight: usize,
    countdown: &'static Countdown,
    runtime: Handle,
}

impl Chains {
    fn spawn(&'static self, task: usize) {
        drop(self.runtime.spawn(async move {
            let work = self.work;
            work.perform(task);
            let next = task + self.in_flight;
            // One reading ends a task and submits the next, as in isoload.
            if work.is_timed {
                let now_ns = work.now_ns();
                work.ended_ns[task].store(now_ns, Ordering::Relaxed);
                if next < work.count() {
                    work.submitted_ns[next].store(now_ns, Ordering::Relaxed);
                }
            }
            match next < work.count() {
                true => self.spawn(next),
                false => self.countdown.arrive(task),
            }
        }));
    }
}

/// Runs all tasks in chains and answers how long it took, from the first spawn to the end of the last chain.
fn closed_loop(runtime: &Runtime, work: &'static Work, in_flight: usize) -> Duration {
    let in_flight = in_flight.min(work.count());
    let countdown = Countdown::new(in_flight, in_flight);
    let runtime = runtime.handle().clone();
    let chains = Box::leak(Box::new(Chains { work, in_flight, countdown, runtime }));
    let begin = Instant::now();
    for task in 0..in_flight {
        if work.is_timed {
            work.submitted_ns[task].store(work.now_ns(), Ordering::Relaxed);
        }
        chains.spawn(task);
    }
    chains.countdown.wait();
    begin.elapsed()
}

/// Submits all tasks from this thread and answers how long it took until the last one ended.
fn injected(runtime: &Runtime, work: &'static Work) -> Duration {
    let countdown = Countdown::new(work.count(), GROUPS);
    let begin = Instant::now();
    inject(runtime, work, countdown);
    countdown.wait();
    begin.elapsed()
}

fn inject(runtime: &Runtime, work: &'static Work, countdown: &'static Countdown) {
    for task in 0..work.count() {
        drop(runtime.spawn(async move {
            work.perform(task);
            countdown.arrive(task);
        }));
    }
}

fn per_second(work: &Work, elapsed: Duration) -> f64 {
    work.count() as f64 / elapsed.as_secs_f64()
}

fn latency(runtime: &Runtime, work: &'static Work, in_flight: usize) -> Vec<(&'static str, f64)> {
    closed_loop(runtime, work, in_flight);
    let mut response_ns: Vec<u64> = (0..work.count()).map(|task| work.response_ns(task)).collect();
    response_ns.sort_unstable();
    // Nearest rank.
    let quantile = |q: f64| response_ns[(q * response_ns.len() as f64).ceil() as usize - 1] as f64;
    vec![("p50Ns", quantile(0.5)), ("p99Ns", quantile(0.99))]
}

/// Growth of the resident memory while all tasks are queued behind busy workers.
fn memory(runtime: &Runtime, work: &'static Work, worker_count: usize) -> Vec<(&'static str, f64)> {
    let (started, release) =
        (Arc::new(Barrier::new(worker_count + 1)), Arc::new(Barrier::new(worker_count + 1)));
    for _ in 0..worker_count {
        let (started, release) = (started.clone(), release.clone());
        drop(runtime.spawn(async move {
            started.wait();
            release.wait();
        }));
    }
    started.wait();
    let countdown = Countdown::new(work.count(), GROUPS);
    let before_bytes = resident_bytes();
    inject(runtime, work, countdown);
    let queued_bytes = resident_bytes() - before_bytes;
    release.wait();
    countdown.wait();
    vec![("rssBytesPerTask", queued_bytes / work.count() as f64)]
}

fn resident_bytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc is there");
    let pages: f64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a count of pages");
    // SAFETY: takes a number and answers one.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as f64
}

/// A task spawns all the others onto its own worker and blocks that worker.
fn blocked(runtime: &Runtime, work: &'static Work, job: &Job) -> Vec<(&'static str, f64)> {
    let countdown = Countdown::new(work.count() + 1, GROUPS);
    let block = job.block;
    let blocker = runtime.spawn(async move {
        for task in 0..work.count() {
            work.submitted_ns[task].store(work.now_ns(), Ordering::Relaxed);
            drop(tokio::spawn(async move {
                work.perform(task);
                work.ended_ns[task].store(work.now_ns(), Ordering::Relaxed);
                countdown.arrive(task);
            }));
        }
        thread::sleep(block);
        let end_ns = work.now_ns();
        countdown.arrive(work.count());
        end_ns
    });
    countdown.wait();
    let block_end_ns = runtime.block_on(blocker).expect("the blocker ends");
    let tasks = || 0..work.count();
    let within_ns = job.within.as_nanos() as u64;
    let soon = tasks().filter(|&task| work.response_ns(task) <= within_ns).count();
    let late = tasks().filter(|&task| work.ended_ns[task].load(Ordering::Relaxed) >= block_end_ns).count();
    vec![("soonShare", soon as f64 / work.count() as f64), ("lateCount", late as f64)]
}

fn answer(work: &Work, figures: &[(&str, f64)]) -> String {
    let digest =
        work.checksums.iter().fold(0, |digest, checksum| fold(digest, checksum.load(Ordering::Relaxed)));
    let figures: Vec<String> = figures.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let done_count = work.count();
    format!("{{\"doneCount\":{done_count},\"digest\":{digest},\"figures\":{{{}}}}}", figures.join(","))
}
