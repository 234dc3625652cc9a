//! Whole trials without Node.

mod support;

use isoload_native::generated::{Lane, NO_DUE, Opcode, Task, task_state};
use isoload_native::record::Records;
use isoload_native::reference::reference_checksums;
use isoload_native::tokio_runtime::Flavor;
use isoload_native::trace::Trace;
use support::{
    Draft, Setup, chains, every_op, family, has_ended, op, run, run_until, spawn_echo_peer, stat, task,
};

/// One, two and seven workers, and the current-thread flavour.
fn setups() -> [Setup; 4] {
    let multi_thread = |worker_count| Setup::new(Flavor::MultiThread, worker_count);
    [multi_thread(1), multi_thread(2), multi_thread(7), Setup::new(Flavor::CurrentThread, 1)]
}

fn two_workers() -> Setup {
    Setup::new(Flavor::MultiThread, 2)
}

#[test]
fn every_op_is_performed_and_every_task_ends_once() {
    let (trace, checksums) = every_op();
    for setup in setups() {
        let peer_port = Some(spawn_echo_peer());
        let (records, _) = run(Setup { peer_port, ..setup }, trace).expect("the trial completes");
        assert_done(&trace, &records);
        let recorded: Vec<u32> = records.tasks.iter().map(|row| row.checksum.get()).collect();
        assert_eq!(recorded, checksums);
        assert_eq!(records.header.canary_count.get(), 200, "one a millisecond of the window");
    }
}

#[test]
fn chains_and_injected_tasks_end_whatever_the_number_of_workers() {
    for setup in setups() {
        for in_flight in [1, 64, 5000] {
            let trace = chains(5000, in_flight, vec![]).trace();
            let (records, _) = run(setup, trace).expect("the trial completes");
            assert_done(&trace, &records);
        }
    }
}

/// Children end before, while and after their parent asks for them.
#[test]
fn joins_wait_for_exactly_their_children() {
    let parents = 200;
    let children = 3;
    let mut draft = chains(parents, 20, vec![]);
    draft.programs = vec![vec![], vec![op(Opcode::Yield, 0.0)], vec![op(Opcode::Cpu, 3000.0)]];
    for parent in 0..parents {
        let first = parents + parent * children;
        draft.programs.push(vec![
            family(Opcode::Spawn, first, children),
            op(Opcode::Cpu, f64::from(parent) * 50.0),
            family(Opcode::Join, first, children),
            op(Opcode::Cpu, 1.0),
        ]);
        draft.tasks[parent as usize].program = draft.programs.len() as u32 - 1;
        draft.tasks.extend((0..children).map(|child| Task { parent, ..task(child, NO_DUE) }));
    }
    // The children of all parents stand behind all parents.
    draft.tasks.sort_by_key(|task| task.parent.wrapping_add(1));
    let trace = draft.trace();
    for setup in setups() {
        let (records, _) = run(setup, trace).expect("the trial completes");
        assert_done(&trace, &records);
        for (id, child) in trace.tasks.iter().enumerate().skip(parents as usize) {
            let parent = &records.tasks[child.parent as usize];
            assert!(
                records.tasks[id].finish_ns.get() <= parent.finish_ns.get(),
                "child {id} outlived its parent"
            );
        }
    }
}

#[test]
fn a_sleep_never_ends_early_and_its_lateness_is_resume_wait() {
    // So long that the timer stands before it is due, whatever keeps the worker in between.
    let trace = chains(40, 8, vec![op(Opcode::Sleep, 30e6)]).trace();
    let (records, _) = run(two_workers(), trace).expect("the trial completes");
    assert_done(&trace, &records);
    for row in records.tasks {
        assert!(row.finish_ns.get() - row.first_poll_ns.get() >= 30e6);
        assert_eq!(row.poll_count.get(), 2);
        assert!(row.resume_wait_ns.get() > 0.0);
    }
}

/// A reading from before the hand-over would be raised to the submission, and the wait would read 0.
#[test]
fn every_poll_starts_with_a_reading_of_its_own() {
    for setup in [Setup::new(Flavor::MultiThread, 1), two_workers(), Setup::new(Flavor::CurrentThread, 1)] {
        let due = (0..40).map(|index| task(0, f64::from(index) * 3e6)).collect();
        let draft = Draft { tasks: due, ..chains(0, 1, vec![]) };
        let (records, _) = run(setup, draft.trace()).expect("the trial completes");
        for (id, row) in records.tasks.iter().enumerate() {
            assert!(row.first_poll_ns.get() > row.submitted_ns.get(), "task {id} waited for nothing");
        }
    }
}

#[test]
fn a_block_holds_its_worker_and_gets_a_row() {
    let trace = chains(12, 4, vec![op(Opcode::Block, 2e6)]).trace();
    let (records, _) = run(two_workers(), trace).expect("the trial completes");
    assert_done(&trace, &records);
    assert_eq!(records.header.hold_count.get(), 12);
    for row in records.tasks {
        assert!(row.held_ns.get() >= 2e6);
        assert_eq!((row.poll_count.get(), row.resume_wait_ns.get()), (1, 0.0));
    }
}

/// Blocks of 5 ms, one every 15 ms: what is no block is rest.
#[test]
fn a_worker_rests_between_its_polls_and_never_within_one() {
    for setup in [Setup::new(Flavor::MultiThread, 1), two_workers(), Setup::new(Flavor::CurrentThread, 1)] {
        let due = (0..8).map(|index| task(0, f64::from(index) * 15e6)).collect();
        let draft = Draft { tasks: due, ..chains(0, 1, vec![op(Opcode::Block, 5e6)]) };
        let (records, _) = run(setup, draft.trace()).expect("the trial completes");
        for (worker, lane) in records.lanes[..setup.worker_count].iter().enumerate() {
            let rests: Vec<(f64, f64)> = records.rests_of(lane).collect();
            assert!(!rests.is_empty() && lane.stretches_lost.get() == 0);
            assert!(rests.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{rests:?}");
            let mine = records.tasks.iter().filter(|row| usize::from(row.worker.get()) == worker);
            let polls: Vec<(f64, f64)> =
                mine.map(|row| (row.first_poll_ns.get(), row.finish_ns.get())).collect();
            for (start_ns, end_ns) in &polls {
                let is_within = |rest: &&(f64, f64)| rest.0 < *end_ns && rest.1 > *start_ns;
                assert_eq!(rests.iter().find(is_within), None, "{start_ns} … {end_ns}");
            }
            let busy_ns: f64 = polls.iter().map(|poll| poll.1 - poll.0).sum();
            let all_ns = lane.idle_ns.get() + busy_ns;
            let end_ns = records.header.end_ns.get();
            // What is missing are the ways from poll to park, each as long as a busy machine makes it.
            assert!(all_ns > end_ns * 0.5 && all_ns <= end_ns, "{all_ns} of {end_ns}");
        }
    }
}

#[test]
fn a_window_has_a_timer_canary_in_ten_periods_and_each_canary_its_local_one() {
    let draft = Draft { canary_period_ns: 1e6, window_ns: 100e6, ..chains(4, 1, vec![]) };
    let trace = draft.trace();
    for setup in setups() {
        let is_over =
            |records: &Records| has_ended(records) && sum(records, |lane| lane.timers_run.get()) == 10;
        let (records, _) = run_until(setup, trace, is_over).expect("the trial completes");
        for (index, row) in records.timers.iter().enumerate() {
            assert_eq!(row.due_ns.get(), trace.timer_due_ns(index as u32));
            assert!(row.run_ns.get() >= row.due_ns.get(), "{} of {}", row.run_ns.get(), row.due_ns.get());
        }
        let count = records.header.canary_count.get() as usize;
        assert_eq!((count, sum(&records, |lane| lane.locals_run.get())), (100, 100));
        for row in &records.canaries[..count] {
            assert_eq!(row.local_state.get(), u16::from(task_state::DONE));
            assert!(row.local_run_ns.get() >= row.run_ns.get());
        }
    }
}

#[test]
fn without_a_window_canaries_come_until_the_tasks_have_ended() {
    let mut draft = chains(4, 1, vec![op(Opcode::Sleep, 5e6)]);
    draft.canary_period_ns = 1e6;
    let (records, _) = run(two_workers(), draft.trace()).expect("the trial completes");
    let last_end_ns = records.tasks.iter().map(|row| row.finish_ns.get()).fold(0.0, f64::max);
    let due_by_then = (last_end_ns / 1e6) as i32;
    assert!(records.header.canary_count.get() >= due_by_then);
    for row in &records.canaries[..records.header.canary_count.get() as usize] {
        assert_eq!(row.state.get(), u16::from(task_state::DONE));
        assert!(row.due_ns.get() <= row.submitted_ns.get() && row.submitted_ns.get() <= row.run_ns.get());
    }
}

#[test]
fn a_stop_does_not_wait_for_what_is_not_due() {
    let draft = Draft { tasks: vec![task(0, 0.0), task(0, 3600e9)], ..chains(0, 1, vec![]) };
    let first_is_done = |records: &Records| sum(records, |lane| lane.done.get()) == 1;
    let (records, _) = run_until(two_workers(), draft.trace(), first_is_done).expect("the trial is stopped");
    assert_eq!(records.tasks[1].state.get(), task_state::NONE);
    assert_eq!(records.header.release_ended.get(), 1);
}

#[test]
fn the_counters_of_tokio_tell_of_the_whole_trial() {
    let trace = chains(3000, 10, vec![op(Opcode::Yield, 0.0)]).trace();
    for setup in setups() {
        let (records, stats) = run(setup, trace).expect("the trial completes");
        assert_eq!(stat(&stats, "workers"), setup.worker_count as f64);
        assert!(stat(&stats, "spawned") >= 3000.0);
        // A poll from the LIFO slot is part of the poll before it, three in a row at most.
        assert!(stat(&stats, "polls") >= 6000.0 / 4.0, "{} polls", stat(&stats, "polls"));
        let parks: u32 = sum(&records, |lane| lane.parks.get());
        let unparks = stat(&stats, "unparks");
        assert!((f64::from(parks) - unparks).abs() <= setup.worker_count as f64, "{unparks} of {parks}");
        assert_eq!(sum(&records, |lane| lane.polls.get()), 6000);
    }
}

#[test]
fn a_peer_that_is_not_there_is_told() {
    let (trace, _) = every_op();
    let setup = Setup { peer_port: Some(1), ..two_workers() };
    let message = run_until(setup, trace, has_ended).err().expect("nobody listens on port 1");
    assert!(message.contains("connection 1 of 3 to the echo peer"), "{message}");
}

fn sum(records: &Records, of: fn(&Lane) -> u32) -> u32 {
    records.lanes.iter().map(of).sum()
}

/// Every task was submitted, started and done once, in this order, with the reference's checksum, and every op
/// of the programs was performed once.
fn assert_done(trace: &Trace, records: &Records) {
    let checksums = reference_checksums(trace);
    for (id, (row, checksum)) in records.tasks.iter().zip(checksums).enumerate() {
        assert_eq!((row.state.get(), row.starts.get()), (task_state::DONE, 1), "task {id}");
        assert_eq!(row.checksum.get(), checksum, "task {id}");
        assert!(row.submitted_ns.get() <= row.first_poll_ns.get(), "task {id}");
        assert!(row.first_poll_ns.get() <= row.finish_ns.get(), "task {id}");
    }
    let count = trace.tasks.len() as u32;
    assert_eq!(sum(records, |lane| lane.submitted.get()), count);
    assert_eq!(sum(records, |lane| lane.started.get()), count);
    assert_eq!(sum(records, |lane| lane.done.get()), count);
    assert_eq!(sum(records, |lane| lane.spawned.get()), count - trace.header.root_count);
    for code in Opcode::ALL {
        let planned = trace.tasks.iter().map(|task| {
            let program = &trace.programs[task.program as usize];
            let ops = &trace.ops[program.first_op as usize..][..program.op_count as usize];
            ops.iter().filter(|op| op.code == code as u32).count() as u32
        });
        let performed: u32 = records.lanes.iter().map(|lane| lane.op_count[code as usize].get()).sum();
        assert_eq!(performed, planned.sum::<u32>(), "{code:?}");
    }
}
