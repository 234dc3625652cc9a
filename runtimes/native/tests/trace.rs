//! Traces as TypeScript encodes them.

mod support;

use isoload_native::kernel::fold;
use isoload_native::reference::reference_checksums;
use support::{aligned, chains, every_op, view};

#[test]
fn the_checksums_are_those_of_the_reference_in_typescript() {
    let (trace, checksums) = every_op();
    assert!(trace.tasks.len() > 300 && trace.header.root_count > 100);
    assert_eq!(reference_checksums(&trace), checksums);
}

#[test]
fn another_seed_gives_other_checksums() {
    let mut draft = chains(10, 2, vec![]);
    let before = reference_checksums(&draft.trace());
    draft.tasks[3].seed ^= 1;
    let after = reference_checksums(&draft.trace());
    let differing = before.iter().zip(&after).filter(|(one, other)| one != other).count();
    assert_eq!(differing, 1);
}

#[test]
fn bytes_that_are_no_whole_trace_are_told() {
    let bytes = chains(3, 1, vec![]).bytes();
    let refusal = |bytes: Vec<u8>| view(aligned(&bytes)).err().expect("these bytes are no trace");
    assert!(refusal(bytes[..bytes.len() - 8].to_vec()).contains("promises"));
    assert!(refusal(bytes[..40].to_vec()).contains("holds a header"));
    assert!(refusal([b"ISOTRACK".as_slice(), &bytes[8..]].concat()).contains("no trace"));
    let mut other_version = bytes.to_vec();
    other_version[8] += 1;
    assert!(refusal(other_version).contains("version"));
}

#[test]
fn every_period_has_one_canary() {
    let mut draft = chains(1, 1, vec![]);
    draft.canary_period_ns = 1e6;
    let trace = draft.trace();
    for index in 0..10_000 {
        let within_ns = trace.canary_due_ns(index) - f64::from(index) * 1e6;
        assert!((0.0..1e6).contains(&within_ns), "canary {index} is due {within_ns} ns into its period");
    }
}

#[test]
fn folding_depends_on_the_order() {
    for value in 1..1000 {
        assert_ne!(fold(fold(7, value), 0), fold(fold(7, 0), value));
    }
}
