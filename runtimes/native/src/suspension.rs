//! Where a task that waits for others leaves its waker: for the reply to an echo, or for children in a join.
//!
//! `pending` is 0 while the task does not wait. The task arms its slot with the number of events it waits for,
//! plus one; each event takes one off, and the one that leaves 1 writes what the task will read, takes the
//! waker, stores 0 and wakes. So `waker` and the results belong to the task while `pending` is 0, and to the
//! last event while it is 1.

use crate::cells::{F64, U32};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Waker;

/// The number in `pending` that is left for the last event.
const LAST: u32 = 1;

#[derive(Default)]
pub struct Suspension {
    pending: AtomicU32,
    /// Result of the op, for the task's next step.
    result: U32,
    /// When the task could go on, on CLOCK_MONOTONIC.
    ready_at_ns: F64,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: `waker` is touched by one thread at a time, as the protocol above says.
unsafe impl Sync for Suspension {}

/// What the last event left.
#[derive(Clone, Copy)]
pub struct Resumption {
    pub result: u32,
    pub ready_at_ns: f64,
}

impl Suspension {
    /// Starts to wait for `events` events. Called by the task in its poll, while it does not wait.
    pub fn arm(&self, waker: &Waker, events: u32) {
        debug_assert_eq!(self.pending.load(Ordering::Relaxed), 0, "a task waits for one op at a time");
        // SAFETY: `pending` is 0, so the slot belongs to the task.
        unsafe { *self.waker.get() = Some(waker.clone()) };
        // Release: who takes an event off sees the waker.
        self.pending.store(events + LAST, Ordering::Release);
    }

    /// One event more to wait for. Called by the task, while an event of its own keeps the count up.
    pub fn await_one_more(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes off an event that turned out to have happened. true: it was the last, the task does not wait.
    pub fn forgo_one(&self) -> bool {
        // Acquire: what the other events did happens before the task goes on.
        if self.pending.fetch_sub(1, Ordering::AcqRel) != LAST + 1 {
            return false;
        }
        // SAFETY: the count is LAST and this is the last event.
        drop(unsafe { (*self.waker.get()).take() });
        self.pending.store(0, Ordering::Relaxed);
        true
    }

    /// One event has happened; the last wakes the task.
    pub fn end_one(&self, ready_at_ns: f64) {
        let before = self.pending.fetch_sub(1, Ordering::AcqRel);
        assert!(before > LAST, "an event ended that no task waits for");
        if before == LAST + 1 {
            self.wake(Resumption { result: 0, ready_at_ns });
        }
    }

    /// The one event of a task that waits for one. false: nobody waits for it.
    pub fn reply(&self, resumption: Resumption) -> bool {
        let is_awaited =
            self.pending.compare_exchange(LAST + 1, LAST, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if is_awaited {
            self.wake(resumption);
        }
        is_awaited
    }

    fn wake(&self, resumption: Resumption) {
        self.result.set(resumption.result);
        self.ready_at_ns.set(resumption.ready_at_ns);
        // SAFETY: the count is LAST and this is the last event.
        let waker = unsafe { (*self.waker.get()).take() };
        // Release: the task that sees 0 sees the results.
        self.pending.store(0, Ordering::Release);
        waker.expect("an armed slot has a waker").wake();
    }

    /// What the last event left; None while the task still waits.
    pub fn resumption(&self) -> Option<Resumption> {
        (self.pending.load(Ordering::Acquire) == 0)
            .then(|| Resumption { result: self.result.get(), ready_at_ns: self.ready_at_ns.get() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn only_the_last_event_wakes() {
        let (slot, count) = (Suspension::default(), Arc::new(Count::default()));
        slot.arm(&Waker::from(count.clone()), 2);
        slot.end_one(1.0);
        assert!(slot.resumption().is_none());
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
        slot.end_one(2.0);
        assert_eq!(slot.resumption().map(|resumption| resumption.ready_at_ns), Some(2.0));
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_reply_that_nobody_waits_for_is_told() {
        let slot = Suspension::default();
        assert!(!slot.reply(Resumption { result: 1, ready_at_ns: 1.0 }));
        slot.arm(Waker::noop(), 1);
        assert!(slot.reply(Resumption { result: 7, ready_at_ns: 1.0 }));
        assert_eq!(slot.resumption().map(|resumption| resumption.result), Some(7));
        assert!(!slot.reply(Resumption { result: 8, ready_at_ns: 1.0 }));
    }

    #[test]
    #[should_panic(expected = "no task waits for")]
    fn an_event_too_many_is_a_panic() {
        Suspension::default().end_one(1.0);
    }

    #[test]
    fn events_of_two_threads_wake_exactly_once() {
        for _ in 0..2000 {
            let (slot, count) = (Arc::new(Suspension::default()), Arc::new(Count::default()));
            slot.arm(&Waker::from(count.clone()), 2);
            let other = std::thread::spawn({
                let slot = slot.clone();
                move || slot.end_one(1.0)
            });
            slot.end_one(2.0);
            other.join().expect("no panic");
            assert_eq!(count.0.load(Ordering::SeqCst), 1);
        }
    }
}
