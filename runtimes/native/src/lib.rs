//! Real Tokio behind isoload's contract of a runtime. This file is the door to Node and the only one that knows
//! it; without the feature `node` the crate is a plain library, which the tests and the bench link.

#[cfg(not(tokio_unstable))]
compile_error!(
    "build with `--cfg tokio_unstable`: run cargo in runtimes/native, so that it reads .cargo/config.toml, and without RUSTFLAGS, which replace it"
);
#[cfg(not(all(target_os = "linux", target_endian = "little", target_pointer_width = "64")))]
compile_error!("the native runtimes are for 64-bit little-endian Linux");

mod cells;
pub mod clock;
mod cycle_clock;
mod echo;
#[rustfmt::skip]
pub mod generated;
mod histograms;
pub mod kernel;
pub mod options;
pub mod payload;
mod prefetch;
mod queue_depths;
pub mod record;
pub mod reference;
mod release;
mod rest;
pub mod row;
pub mod stats;
mod step;
mod suspension;
mod task;
pub mod tokio_runtime;
pub mod trace;
mod trial;
mod warm_up;
mod worker;

#[cfg(all(feature = "node", not(test)))]
mod node {
    use crate::clock::monotonic_ns;
    use crate::generated::{LAYOUT_FINGERPRINT, PAYLOAD_LIMIT_BYTES};
    use crate::kernel;
    use crate::options::Options;
    use crate::payload::push_payload;
    use crate::record::Records;
    use crate::reference;
    use crate::tokio_runtime::{self, Flavor, Settings, Started, TOKIO_VERSION};
    use crate::trace::{self, Trace};
    use napi::bindgen_prelude::{Env, Error, Object, Result, Uint8Array, Uint32Array};
    use napi_derive::napi;
    use std::collections::HashMap;

    #[napi]
    pub fn tokio_version() -> &'static str {
        TOKIO_VERSION
    }

    /// Tells an addon built for other rows than those of the TypeScript beside it.
    #[napi]
    pub fn layout_fingerprint() -> &'static str {
        LAYOUT_FINGERPRINT
    }

    #[napi(object)]
    pub struct StartSettings {
        pub is_multi_thread: bool,
        pub worker_count: u32,
        /// There is a core for a releaser that spins.
        pub may_spin: bool,
        pub trace: Uint8Array,
        pub records: Uint8Array,
        pub warm_up: Uint8Array,
        /// null: the trace needs no peer.
        pub peer_port: Option<u16>,
        pub options: TokioOptions,
    }

    /// null: as Tokio does by itself.
    #[napi(object)]
    pub struct TokioOptions {
        pub has_lifo_slot: Option<bool>,
        pub global_interval: Option<u32>,
        pub event_interval: Option<u32>,
        pub blocking_threads: Option<u32>,
        pub is_diagnostic: bool,
    }

    impl From<TokioOptions> for Options {
        fn from(given: TokioOptions) -> Self {
            let own = Options::default();
            Options {
                has_lifo_slot: given.has_lifo_slot.unwrap_or(own.has_lifo_slot),
                global_interval: given.global_interval,
                event_interval: given.event_interval.unwrap_or(own.event_interval),
                blocking_threads: given.blocking_threads.map_or(own.blocking_threads, |count| count as usize),
                is_diagnostic: given.is_diagnostic,
            }
        }
    }

    /// Resolves with a `StartedTrial` when the workers are up and warm.
    #[napi(ts_return_type = "Promise<StartedTrial>")]
    pub fn start<'env>(env: &'env Env, settings: StartSettings) -> Result<Object<'env>> {
        let flavor = if settings.is_multi_thread { Flavor::MultiThread } else { Flavor::CurrentThread };
        let settings = Settings {
            flavor,
            worker_count: settings.worker_count as usize,
            may_spin: settings.may_spin,
            trace: kept_trace(settings.trace)?,
            records: kept_records(settings.records)?,
            warm_up: kept_trace(settings.warm_up)?,
            peer_port: settings.peer_port,
            options: settings.options.into(),
        };
        let (deferred, promise) = env.create_deferred()?;
        tokio_runtime::start(settings, move |outcome| match outcome {
            Ok(started) => deferred.resolve(move |_| Ok(StartedTrial { started })),
            Err(message) => deferred.reject(Error::from_reason(message)),
        });
        Ok(promise)
    }

    #[napi]
    pub struct StartedTrial {
        started: Started,
    }

    #[napi]
    impl StartedTrial {
        /// Resolves with Tokio's own counters when all workers have left after the stop.
        #[napi(ts_return_type = "Promise<Record<string, number>>")]
        pub fn execute<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
            let (deferred, promise) = env.create_deferred()?;
            self.started.execute(Box::new(move |outcome| match outcome {
                Ok(stats) => deferred.resolve(move |_| Ok(HashMap::<&str, f64>::from_iter(stats))),
                Err(message) => deferred.reject(Error::from_reason(message)),
            }));
            Ok(promise)
        }

        #[napi]
        pub fn stop(&self) {
            self.started.stop();
        }
    }

    // What follows is there for the tests that compare the two languages, and for calibration.

    #[napi]
    pub fn burn(seed: u32, units: f64) -> u32 {
        kernel::burn(seed, units as u64)
    }

    #[napi]
    pub fn fold(checksum: u32, value: u32) -> u32 {
        kernel::fold(checksum, value)
    }

    #[napi]
    pub fn op_seed(task_seed: u32, pc: u32) -> u32 {
        trace::op_seed(task_seed, pc)
    }

    /// The payload of an echo.
    #[napi]
    pub fn payload(seed: u32, bytes: u32) -> Uint8Array {
        let mut payload = Vec::with_capacity(PAYLOAD_LIMIT_BYTES);
        push_payload(&mut payload, seed, bytes as usize);
        Uint8Array::new(payload)
    }

    #[napi]
    pub fn payload_result(received: &[u8]) -> u32 {
        crc32fast::hash(received)
    }

    /// When the first `count` canaries of a trace are due.
    #[napi]
    pub fn canaries_due_ns(trace: Uint8Array, count: u32) -> Result<Vec<f64>> {
        let trace = kept_trace(trace)?;
        Ok((0..count).map(|index| trace.canary_due_ns(index)).collect())
    }

    #[napi]
    pub fn reference_checksums(trace: Uint8Array) -> Result<Uint32Array> {
        Ok(Uint32Array::new(reference::reference_checksums(&kept_trace(trace)?)))
    }

    /// CLOCK_MONOTONIC in ns.
    #[napi]
    pub fn clock_ns() -> f64 {
        monotonic_ns()
    }

    /// The reference to the array is never given back, so its bytes stay where they are as long as the process.
    fn kept_trace(bytes: Uint8Array) -> Result<Trace> {
        let (data, len) = (bytes.as_ptr(), bytes.len());
        std::mem::forget(bytes);
        // SAFETY: kept just now; JavaScript does not write a trace once it is built.
        unsafe { Trace::view(data, len) }.map_err(Error::from_reason)
    }

    /// As `kept_trace`.
    fn kept_records(bytes: Uint8Array) -> Result<Records> {
        let (data, len) = (bytes.as_ptr().cast_mut(), bytes.len());
        std::mem::forget(bytes);
        // SAFETY: kept just now.
        unsafe { Records::view(data, len) }.map_err(Error::from_reason)
    }
}
