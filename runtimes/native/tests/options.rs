//! What the options of Tokio change in whole trials.

mod support;

use isoload_native::generated::{NO_DUE, Opcode, Task};
use isoload_native::options::Options;
use isoload_native::tokio_runtime::Flavor;
use support::{Draft, Setup, chains, family, op, run, stat, task};

/// A parent that spawns a child and then holds its worker, beside a worker that is free.
#[test]
fn the_lifo_slot_keeps_a_child_from_the_other_worker() {
    let is_stolen = |has_lifo_slot| {
        let mut draft = chains(1, 1, vec![family(Opcode::Spawn, 1, 1), op(Opcode::Block, 200e6)]);
        draft.programs.push(vec![]);
        draft.tasks.push(Task { parent: 0, ..task(1, NO_DUE) });
        let options = Options { has_lifo_slot, ..Options::default() };
        let setup = Setup { options, ..Setup::new(Flavor::MultiThread, 2) };
        let (records, stats) = run(setup, draft.trace()).expect("the trial completes");
        let [parent, child] = records.tasks else { panic!("two tasks were planned") };
        let is_early = child.first_poll_ns.get() < parent.finish_ns.get();
        assert_eq!(child.worker.get() != parent.worker.get(), is_early);
        assert!(!is_early || stat(&stats, "steals") >= 1.0);
        is_early
    };
    assert!(!is_stolen(true));
    // A machine that stands still for as long as the block hides one.
    assert!((0..3).any(|_| is_stolen(false)));
}

/// The first join waits for the child; after it no join has to wait.
#[test]
fn joins_that_need_not_wait_take_from_the_budget_of_tokio() {
    for (joins, yields) in [(100, 0), (200, 1), (300, 2)] {
        let mut ops = vec![family(Opcode::Spawn, 1, 1)];
        ops.extend((0..=joins).map(|_| family(Opcode::Join, 1, 1)));
        let mut draft = chains(1, 1, ops);
        draft.programs.push(vec![]);
        draft.tasks.push(Task { parent: 0, ..task(1, NO_DUE) });
        for setup in [Setup::new(Flavor::MultiThread, 2), Setup::new(Flavor::CurrentThread, 1)] {
            let (records, stats) = run(setup, draft.trace()).expect("the trial completes");
            assert_eq!(stat(&stats, "budgetForcedYields"), f64::from(yields));
            assert_eq!(records.tasks[0].poll_count.get(), 2 + yields, "first, after the child, after yields");
        }
    }
}

#[test]
fn a_queue_is_seen_at_its_depth() {
    let draft = Draft {
        tasks: (0..1000).map(|id| task(u32::from(id > 0), 0.0)).collect(),
        // The first holds the worker while the others come.
        programs: vec![vec![op(Opcode::Block, 300e6)], vec![]],
        ..chains(0, 1, vec![])
    };
    let (_, stats) = run(Setup::new(Flavor::MultiThread, 1), draft.trace()).expect("the trial completes");
    let [global, local] = ["globalQueueDepthMax", "localQueueDepthMax"].map(|name| stat(&stats, name));
    assert!((500.0..=1000.0).contains(&(global.max(local))), "{global} and {local}");
    assert_eq!(stat(&stats, "blockingThreadsMax"), 0.0);
}

/// Orders of magnitude only; `benches/diagnostic.rs` compares buckets.
#[test]
fn a_diagnostic_trial_tells_the_waits_of_its_own_tasks_as_tokio_saw_them() {
    let trace = chains(3000, 64, vec![op(Opcode::Cpu, 2000.0)]).trace();
    for setup in [Setup::new(Flavor::MultiThread, 2), Setup::new(Flavor::CurrentThread, 1)] {
        let options = Options { is_diagnostic: true, ..Options::default() };
        let (records, stats) = run(Setup { options, ..setup }, trace).expect("the trial completes");
        // Without the warm-up's polls.
        assert_eq!(stat(&stats, "scheduleLatencyCount"), 3000.0);
        let mut waits_ns: Vec<f64> =
            records.tasks.iter().map(|row| row.first_poll_ns.get() - row.submitted_ns.get()).collect();
        waits_ns.sort_by(f64::total_cmp);
        let [low_ns, high_ns] =
            ["scheduleLatencyP50FromNs", "scheduleLatencyP50ToNs"].map(|end| stat(&stats, end));
        let median_ns = waits_ns[waits_ns.len() / 2];
        assert!(median_ns > low_ns / 10.0 && median_ns < high_ns * 10.0, "{median_ns}: {low_ns} … {high_ns}");
        assert!(stat(&stats, "pollTimeCount") >= 1.0);
        let has_mean = stats.iter().any(|&(name, mean_ns)| name == "meanPollTimeNs" && mean_ns > 0.0);
        assert_eq!(has_mean, setup.flavor == Flavor::MultiThread);
    }
    let (_, stats) = run(Setup::new(Flavor::MultiThread, 2), trace).expect("the trial completes");
    assert!(stats.iter().all(|(name, _)| !name.starts_with("scheduleLatency")));
}
