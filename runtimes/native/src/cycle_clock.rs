//! CLOCK_MONOTONIC from the processor's cycle counter, for the readings that a worker takes at every poll.
//!
//! A reading of the counter costs less than half of one through the kernel's vDSO. Each thread translates it by an
//! anchor, a pair of readings of both clocks, and takes a new one as soon as the last is older than `SEGMENT_NS`.
//! So a reading is wrong by no more than the sum of
//! - half the width of an anchor's bracket, `BRACKET_NS` / 2 = 150 ns;
//! - what the rate, a mean since the first anchor of the process, is off within a segment: NTP slews a clock by
//!   500 ppm at most, so twice that where it has just turned round: 500 ns;
//! - what the processor executes ahead of its turn: some 100 ns.
//!
//! Readings of one thread never fall. Where the kernel itself does not trust the counter, or the processor has
//! another one, every reading is one of CLOCK_MONOTONIC.

use crate::clock::monotonic_ns;
use std::cell::Cell;
use std::fs::read_to_string;
use std::sync::LazyLock;

/// How long a thread uses an anchor.
pub const SEGMENT_NS: f64 = 500e3;
/// An anchor is taken between two readings of the counter that are no further apart.
const BRACKET_NS: f64 = 300.0;
/// The rate is a mean over no less than this; until then, readings are of CLOCK_MONOTONIC.
const BASELINE_NS: f64 = 1e6;
/// A thread that is interrupted in each of so many brackets reads CLOCK_MONOTONIC this time.
const BRACKETS: usize = 4;

const CLOCKSOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// The first anchor of the process; None where the counter cannot be used.
static FIRST: LazyLock<Option<Anchor>> = LazyLock::new(|| is_usable().then(Anchor::between_any));

/// Whether workers read the cycle counter here. Takes the first anchor: called before the workers start.
pub fn reads_cycles() -> bool {
    FIRST.is_some()
}

/// The kernel's own clock is the counter: it has found it constant, never stopping and equal on all cores.
fn is_usable() -> bool {
    cfg!(target_arch = "x86_64") && read_to_string(CLOCKSOURCE).is_ok_and(|name| name.trim() == "tsc")
}

/// One thread's clock.
pub struct CycleClock {
    anchor_cycles: Cell<u64>,
    anchor_ns: Cell<f64>,
    ns_per_cycle: Cell<f64>,
    /// The anchor is used for so many cycles; 0: there is none.
    segment_cycles: Cell<u64>,
    last_ns: Cell<f64>,
}

#[derive(Clone, Copy)]
struct Anchor {
    cycles: u64,
    at_ns: f64,
}

impl CycleClock {
    pub const fn new() -> CycleClock {
        CycleClock {
            anchor_cycles: Cell::new(0),
            anchor_ns: Cell::new(0.0),
            ns_per_cycle: Cell::new(0.0),
            segment_cycles: Cell::new(0),
            last_ns: Cell::new(0.0),
        }
    }

    /// CLOCK_MONOTONIC in ns; never less than the thread's reading before.
    #[inline]
    pub fn now_ns(&self) -> f64 {
        let since = cycles().wrapping_sub(self.anchor_cycles.get());
        let now_ns = if since < self.segment_cycles.get() {
            self.anchor_ns.get() + since as i64 as f64 * self.ns_per_cycle.get()
        } else {
            self.anchored_ns()
        };
        let now_ns = now_ns.max(self.last_ns.get());
        self.last_ns.set(now_ns);
        now_ns
    }

    /// As `now_ns`, read after all that stands before it is done: for the end of an op.
    #[inline]
    pub fn now_ns_after_all(&self) -> f64 {
        fence();
        self.now_ns()
    }

    /// Takes a new anchor and answers its reading of CLOCK_MONOTONIC.
    #[cold]
    fn anchored_ns(&self) -> f64 {
        let Some(first) = *FIRST else { return monotonic_ns() };
        let found = (0..BRACKETS).find_map(|_| Anchor::between_close(&first));
        let Some((anchor, ns_per_cycle)) = found else { return monotonic_ns() };
        self.anchor_cycles.set(anchor.cycles);
        self.anchor_ns.set(anchor.at_ns);
        self.ns_per_cycle.set(ns_per_cycle);
        self.segment_cycles.set((SEGMENT_NS / ns_per_cycle) as u64);
        anchor.at_ns
    }
}

impl Anchor {
    /// A reading of CLOCK_MONOTONIC between two of the counter, and how many cycles apart these were.
    fn bracket() -> (Anchor, u64) {
        let before = cycles();
        let at_ns = monotonic_ns();
        let width = cycles().wrapping_sub(before);
        (Anchor { cycles: before.wrapping_add(width / 2), at_ns }, width)
    }

    /// The tightest of many, while nobody knows how long a cycle is.
    fn between_any() -> Anchor {
        let brackets = (0..50).map(|_| Anchor::bracket());
        brackets.min_by_key(|bracket| bracket.1).expect("brackets were taken").0
    }

    /// An anchor, with the mean rate since `first`; None where the thread was interrupted or it is too early.
    fn between_close(first: &Anchor) -> Option<(Anchor, f64)> {
        let (anchor, width) = Anchor::bracket();
        let since_ns = anchor.at_ns - first.at_ns;
        let ns_per_cycle = since_ns / anchor.cycles.wrapping_sub(first.cycles) as f64;
        let is_close = since_ns >= BASELINE_NS && width as f64 * ns_per_cycle <= BRACKET_NS;
        is_close.then_some((anchor, ns_per_cycle))
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn cycles() -> u64 {
    // SAFETY: every x86-64 has the instruction, and Linux leaves it to programs.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// The processor reads the counter out of order; this waits until the instructions before have been executed.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fence() {
    // SAFETY: every x86-64 has the instruction.
    unsafe { std::arch::x86_64::_mm_lfence() }
}

#[cfg(not(target_arch = "x86_64"))]
fn cycles() -> u64 {
    0
}

#[cfg(not(target_arch = "x86_64"))]
fn fence() {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    /// What the file's comment promises.
    const BOUND_NS: f64 = 1000.0;

    /// How far a reading lies outside two of CLOCK_MONOTONIC around it.
    fn error_ns(clock: &CycleClock) -> f64 {
        let before_ns = monotonic_ns();
        let now_ns = clock.now_ns_after_all();
        let after_ns = monotonic_ns();
        (before_ns - now_ns).max(now_ns - after_ns).max(0.0)
    }

    /// Beyond the baseline, so that the counter is read where it can be.
    fn warm() {
        reads_cycles();
        thread::sleep(Duration::from_nanos(2 * BASELINE_NS as u64));
    }

    fn worst_error_ns(clock: &CycleClock, readings: usize) -> f64 {
        (0..readings).map(|_| error_ns(clock)).fold(0.0, f64::max)
    }

    #[test]
    fn readings_agree_with_the_monotonic_clock_within_the_bound_on_every_thread() {
        warm();
        let threads: Vec<_> = (0..4)
            .map(|index| {
                thread::spawn(move || {
                    let clock = CycleClock::new();
                    let busy_ns = worst_error_ns(&clock, 200_000);
                    // Through anchors of all ages.
                    let rested = (0..50).map(|rest: u64| {
                        thread::sleep(Duration::from_micros(10 * rest + index));
                        error_ns(&clock)
                    });
                    rested.fold(busy_ns, f64::max)
                })
            })
            .collect();
        for thread in threads {
            let worst_ns = thread.join().expect("no panic");
            assert!(worst_ns <= BOUND_NS, "a reading was {worst_ns} ns off");
        }
    }

    #[test]
    fn a_rate_that_is_one_per_cent_off_breaks_the_bound() {
        warm();
        if !reads_cycles() {
            return;
        }
        let clock = CycleClock::new();
        // A reading whose anchor was interrupted leaves no segment.
        while clock.segment_cycles.get() == 0 {
            clock.now_ns();
        }
        clock.ns_per_cycle.set(clock.ns_per_cycle.get() * 1.01);
        clock.segment_cycles.set(u64::MAX);
        thread::sleep(Duration::from_millis(1));
        // An interruption between two readings hides the error of one.
        assert!(worst_error_ns(&clock, 100) > BOUND_NS);
    }

    #[test]
    fn readings_of_one_thread_never_fall() {
        warm();
        let clock = CycleClock::new();
        let mut last_ns = 0.0;
        for _ in 0..1_000_000 {
            let now_ns = clock.now_ns();
            assert!(now_ns >= last_ns, "{now_ns} after {last_ns}");
            last_ns = now_ns;
        }
    }

    #[test]
    fn a_clock_without_an_anchor_reads_the_monotonic_clock() {
        let clock = CycleClock::new();
        // As young as the process: no rate can be known. Not so young, where the thread lost its core in between.
        let is_refused = (0..100).any(|_| {
            let first = Anchor { cycles: cycles(), at_ns: monotonic_ns() };
            Anchor::between_close(&first).is_none()
        });
        assert!(is_refused);
        assert!(error_ns(&clock) <= BOUND_NS);
    }
}
