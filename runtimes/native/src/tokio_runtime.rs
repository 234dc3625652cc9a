//! Starts, runs and stops one trial on a Tokio runtime of its own.
//!
//! A driver thread owns the runtime: it builds it, opens the connections, warms up, waits for the stop and waits
//! for the workers to leave. With the current-thread flavour the driver is the one worker.

use crate::clock::thread_id;
use crate::cycle_clock::reads_cycles;
use crate::echo::{Connections, Surroundings};
use crate::histograms::Histograms;
use crate::options::Options;
use crate::queue_depths::QueueDepths;
use crate::record::Records;
use crate::release::release_all;
use crate::rest::await_rest;
use crate::stats::{Stats, counters};
use crate::suspension::Suspension;
use crate::trace::Trace;
use crate::trial::{Parts, Trial, waits_for_others};
use crate::warm_up::WarmUp;
use crate::worker::Worker;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, mpsc};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime, RuntimeMetrics};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The Tokio that this crate is built with.
pub const TOKIO_VERSION: &str = env!("TOKIO_VERSION");

/// Threads that have not started by then will not: a limit has kept Tokio from it since the probe.
const THREADS_LIMIT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    MultiThread,
    CurrentThread,
}

pub struct Settings {
    pub flavor: Flavor,
    pub worker_count: usize,
    /// There is a core for a releaser that spins.
    pub may_spin: bool,
    pub trace: Trace,
    pub records: Records,
    pub warm_up: Trace,
    /// None where the trace needs no peer.
    pub peer_port: Option<u16>,
    pub options: Options,
}

pub type OnEnd = Box<dyn FnOnce(Result<Stats, String>) + Send>;

/// A runtime that is up and warm.
pub struct Started {
    trial: &'static Trial,
    is_diagnostic: bool,
    commands: UnboundedSender<Command>,
    begin_release: mpsc::Sender<()>,
}

/// A trial that runs.
struct Execution {
    on_end: OnEnd,
    /// Tokio's histograms at the epoch, in a diagnostic trial: the warm-up's part of those at the end.
    warm_up: Option<Histograms>,
}

enum Command {
    Execute(Execution),
    Stop,
    /// A connection broke; the message for the user.
    Failed(String),
}

/// Brings the runtime up; `on_ready` is called on the driver's thread.
pub fn start(settings: Settings, on_ready: impl FnOnce(Result<Started, String>) + Send + 'static) {
    reads_cycles();
    let name = match settings.flavor {
        Flavor::MultiThread => "isoload-driver",
        Flavor::CurrentThread => "isoload-worker",
    };
    let driver = thread::Builder::new().name(name.to_owned());
    driver.spawn(move || drive(&settings, on_ready)).expect("the driver's thread starts");
}

impl Started {
    /// Runs the trace; the header's epoch is set. `on_end` is called once, on the driver's thread: with the
    /// counters when all workers have left after the stop, or with a message as soon as the trial has failed.
    pub fn execute(&self, on_end: OnEnd) {
        self.trial.set_epoch(self.trial.records.header.epoch_ns.get());
        let warm_up = self.is_diagnostic.then(|| Histograms::read(&self.trial.metrics));
        self.trial.spawn_timer_canaries();
        self.begin_release.send(()).expect("the releaser waits for it");
        let execution = Execution { on_end, warm_up };
        self.commands.send(Command::Execute(execution)).expect("the driver waits for it");
    }

    /// Returns at once. The trial is over; the header's `stop` is set.
    pub fn stop(&self) {
        // After a failure the driver has left, and there is nothing to stop.
        let _ = self.commands.send(Command::Stop);
    }
}

/// The life of the driver's thread.
fn drive(settings: &Settings, on_ready: impl FnOnce(Result<Started, String>)) {
    let (commands, mut received) = unbounded_channel();
    let (runtime, trial) = match bring_up(settings, &commands, &mut received) {
        Ok(up) => up,
        Err(message) => return on_ready(Err(message)),
    };
    let (begin_release, begun) = mpsc::channel();
    let releaser = spawn_releaser(settings, trial, begun);
    let is_diagnostic = settings.options.is_diagnostic;
    on_ready(Ok(Started { trial, is_diagnostic, commands, begin_release }));
    let execution = match runtime.block_on(await_end(&mut received)) {
        End::Stopped(execution) => execution,
        End::Failed(execution, message) => {
            // The releaser stays as it is: the trial's process ends.
            (execution.on_end)(Err(message));
            return runtime.shutdown_background();
        }
    };
    // Waits for all workers. One that is stuck keeps this thread, not the process.
    drop(runtime);
    // With the current-thread flavour the worker leaves here.
    Worker::with(|worker| worker.ends_rest(&trial.records));
    let depths = releaser.join().expect("the releaser does not panic");
    write_lanes(trial);
    if let Some(Execution { on_end, warm_up }) = execution {
        let mut stats = counters(&trial.metrics);
        stats.extend(depths.map(|depths| depths.stats()).unwrap_or_default());
        if let Some(warm_up) = warm_up {
            stats.extend(diagnosis(&trial.metrics, &warm_up));
        }
        on_end(Ok(stats));
    }
}

enum End {
    /// None: stopped before it was executed.
    Stopped(Option<Execution>),
    Failed(Execution, String),
}

/// Waits for the stop, or for a failure of an executing trial.
async fn await_end(commands: &mut UnboundedReceiver<Command>) -> End {
    let mut executing = None;
    let mut failure = None;
    loop {
        match commands.recv().await.expect("the connections and `Started` hold senders") {
            Command::Execute(execution) => executing = Some(execution),
            Command::Failed(message) => failure = Some(message),
            Command::Stop => return End::Stopped(executing),
        }
        match (executing.take(), failure.take()) {
            (Some(execution), Some(message)) => return End::Failed(execution, message),
            waiting => (executing, failure) = waiting,
        }
    }
}

/// A runtime whose workers all run, with its connections open and everything warm.
fn bring_up(
    settings: &Settings,
    commands: &UnboundedSender<Command>,
    received: &mut UnboundedReceiver<Command>,
) -> Result<(Runtime, &'static Trial), String> {
    let &Settings { worker_count, trace, records, warm_up, .. } = settings;
    let runtime = build(settings)?;
    let own_tags = if waits_for_others(&trace) { trace.tasks.len() } else { 0 };
    let tags = own_tags.max(worker_count * warm_up.tasks.len());
    let suspensions: &'static [Suspension] =
        (0..tags).map(|_| Suspension::default()).collect::<Vec<_>>().leak();
    let connections = runtime.block_on(connect(settings, suspensions, commands.clone()))?;
    let handle = runtime.handle().clone();
    let warming = WarmUp { trace: warm_up, worker_count, runtime: handle.clone(), connections, suspensions };
    runtime.block_on(unless_failed(warming.run(), received))?;
    await_rest(&runtime)?;
    let trial = Trial::leaked(Parts {
        trace,
        records,
        worker_count,
        runtime: handle,
        connections,
        suspensions,
        first_tag: 0,
        counts_down: false,
    });
    trial.bind_lanes();
    Ok((runtime, trial))
}

/// `work`, cut short by a connection that breaks: no other command comes before the runtime is ready.
async fn unless_failed(
    work: impl Future<Output = Result<(), String>>,
    received: &mut UnboundedReceiver<Command>,
) -> Result<(), String> {
    let mut work = pin!(work);
    poll_fn(|context| match received.poll_recv(context) {
        Poll::Ready(Some(Command::Failed(message))) => Poll::Ready(Err(message)),
        Poll::Ready(_) => unreachable!("nobody has been told that the runtime is ready"),
        Poll::Pending => work.as_mut().poll(context),
    })
    .await
}

async fn connect(
    settings: &Settings,
    suspensions: &'static [Suspension],
    commands: UnboundedSender<Command>,
) -> Result<Option<&'static Connections>, String> {
    let Some(port) = settings.peer_port else { return Ok(None) };
    let surroundings = Surroundings {
        suspensions,
        records: settings.records,
        fail: Arc::new(move |message| {
            // Only the first failure finds a driver that listens.
            let _ = commands.send(Command::Failed(message));
        }),
    };
    let count = settings.trace.header.connection_count;
    let connections = Connections::open(port, count, surroundings).await?;
    Ok(Some(Box::leak(Box::new(connections))))
}

fn build(settings: &Settings) -> Result<Runtime, String> {
    let worker_count = settings.worker_count;
    if settings.flavor == Flavor::CurrentThread {
        assert_eq!(worker_count, 1, "the current-thread flavour has one worker");
        return build_with(Builder::new_current_thread(), settings);
    }
    probe_threads(worker_count)?;
    let threads = Arc::new((Mutex::new(0), Condvar::new()));
    let counted = threads.clone();
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(worker_count).thread_name("isoload-worker").on_thread_start(move || {
        *counted.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        counted.1.notify_all();
    });
    let runtime = build_with(builder, settings)?;
    let count = await_threads(&threads, worker_count);
    if count < worker_count {
        runtime.shutdown_background();
        return Err(format!(
            "only {count} of {worker_count} worker threads started within {THREADS_LIMIT:?}"
        ));
    }
    Ok(runtime)
}

/// Whether that many threads can be had at the same time. Tokio panics where it gets none for its workers, and
/// goes on with fewer where it gets some.
fn probe_threads(wanted: usize) -> Result<(), String> {
    let release = Arc::new(RwLock::new(()));
    let held = release.write();
    let mut probes = Vec::with_capacity(wanted);
    let mut refusal = None;
    while probes.len() < wanted && refusal.is_none() {
        let release = release.clone();
        match thread::Builder::new().name("isoload-probe".to_owned()).spawn(move || drop(release.read())) {
            Ok(probe) => probes.push(probe),
            Err(error) => refusal = Some(error),
        }
    }
    drop(held);
    let count = probes.len();
    for probe in probes {
        probe.join().expect("a probe does not panic");
    }
    match refusal {
        None => Ok(()),
        Some(error) => Err(format!("only {count} of {wanted} worker threads can be had: {error}")),
    }
}

fn build_with(mut builder: Builder, settings: &Settings) -> Result<Runtime, String> {
    let records = settings.records;
    settings.options.apply(&mut builder);
    builder.on_thread_park(|| Worker::with(Worker::parks));
    builder.on_thread_stop(move || Worker::with(|worker| worker.ends_rest(&records)));
    let built = builder.enable_all().build();
    built.map_err(|error| format!("Tokio's runtime could not be built: {error}"))
}

/// How many threads have started: `wanted`, or fewer after the limit.
fn await_threads((count, grown): &(Mutex<usize>, Condvar), wanted: usize) -> usize {
    let count = count.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = grown.wait_timeout_while(count, THREADS_LIMIT, |count| *count < wanted);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

/// A thread that is there before the epoch and begins when told. Told never, it ends with `Started`.
fn spawn_releaser(
    settings: &Settings,
    trial: &'static Trial,
    begun: mpsc::Receiver<()>,
) -> JoinHandle<Option<QueueDepths>> {
    let may_spin = settings.may_spin;
    let releaser = thread::Builder::new().name("isoload-release".to_owned());
    let run = move || {
        trial.records.lanes[trial.worker_count].thread_id.set(thread_id());
        begun.recv().is_ok().then(|| release_all(trial, may_spin))
    };
    releaser.spawn(run).expect("the releaser's thread starts")
}

/// Steals and parks as Tokio counted them, warm-up included.
fn write_lanes(trial: &Trial) {
    for (worker, lane) in trial.records.lanes[..trial.worker_count].iter().enumerate() {
        lane.steals.set(trial.metrics.worker_steal_count(worker) as u32);
        lane.parks.set(trial.metrics.worker_park_count(worker) as u32);
    }
}

/// What Tokio's histograms say of the trial without its warm-up; of multi_thread also its own moving mean of a
/// poll's time, as a mean over the workers. current_thread keeps none.
fn diagnosis(metrics: &RuntimeMetrics, warm_up: &Histograms) -> Stats {
    let count = metrics.num_workers();
    let mean_ns =
        (0..count).map(|worker| metrics.worker_mean_poll_time(worker).as_nanos() as f64).sum::<f64>()
            / count as f64;
    let mut stats = Histograms::read(metrics).stats_since(warm_up);
    if mean_ns > 0.0 {
        stats.push(("meanPollTimeNs", mean_ns));
    }
    stats
}
