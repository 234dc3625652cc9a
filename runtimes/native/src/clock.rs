//! CLOCK_MONOTONIC as a double in ns: the clock of Node's `hrtime` and of Tokio's `Instant`.

use std::time::{Duration, Instant};

/// CLOCK_MONOTONIC in ns. Exact below 104 days of uptime (2^53 ns).
#[inline]
pub fn monotonic_ns() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for writes; this clock exists on every Linux.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    debug_assert_eq!(failed, 0);
    (now.tv_sec * 1_000_000_000 + now.tv_nsec) as f64
}

/// Sleeps until CLOCK_MONOTONIC reads `at_ns`, without drift, or until a signal comes.
pub fn sleep_until_ns(at_ns: f64) {
    let at = at_ns.max(0.0) as i64;
    let until = libc::timespec { tv_sec: at / 1_000_000_000, tv_nsec: at % 1_000_000_000 };
    // SAFETY: `until` is valid; with TIMER_ABSTIME no remaining time is written.
    let error = unsafe {
        libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &until, std::ptr::null_mut())
    };
    assert!(error == 0 || error == libc::EINTR, "clock_nanosleep failed with error {error}");
}

/// Lets the kernel end this thread's sleeps at most `slack_ns` late by its own choice; the default is 50 µs.
pub fn set_timer_slack_ns(slack_ns: u64) {
    // SAFETY: sets an attribute of the calling thread and touches no memory.
    let failed = unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, slack_ns) };
    assert_eq!(failed, 0, "prctl(PR_SET_TIMERSLACK) failed");
}

/// The kernel's id of the calling thread.
pub fn thread_id() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::gettid() as u32 }
}

/// Translates readings of CLOCK_MONOTONIC to `Instant`, which cannot be built from a number.
#[derive(Clone, Copy)]
pub struct Anchor {
    instant: Instant,
    at_ns: f64,
}

impl Anchor {
    /// The tightest of a few brackets.
    pub fn new() -> Anchor {
        let bracket = || {
            let before_ns = monotonic_ns();
            let instant = Instant::now();
            let width_ns = monotonic_ns() - before_ns;
            (width_ns, Anchor { instant, at_ns: before_ns + width_ns / 2.0 })
        };
        let brackets = (0..20).map(|_| bracket());
        let (_, anchor) = brackets.min_by(|a, b| a.0.total_cmp(&b.0)).expect("20 brackets were taken");
        anchor
    }

    pub fn instant_at(&self, at_ns: f64) -> Instant {
        let since_ns = at_ns - self.at_ns;
        if since_ns >= 0.0 {
            self.instant + Duration::from_nanos(since_ns as u64)
        } else {
            self.instant - Duration::from_nanos(-since_ns as u64)
        }
    }
}

impl Default for Anchor {
    fn default() -> Self {
        Anchor::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_ends_no_earlier_than_asked() {
        let until_ns = monotonic_ns() + 2e6;
        while monotonic_ns() < until_ns {
            sleep_until_ns(until_ns);
        }
        assert!(monotonic_ns() >= until_ns);
    }

    #[test]
    fn an_anchor_maps_now_between_two_readings_of_instant() {
        let anchor = Anchor::new();
        let before = Instant::now();
        let mapped = anchor.instant_at(monotonic_ns());
        let after = Instant::now();
        let slop = Duration::from_micros(100);
        assert!(mapped + slop >= before && mapped <= after + slop);
    }
}
