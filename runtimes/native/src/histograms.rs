//! Tokio's own histograms of poll times and schedule latencies, as figures of a diagnostic trial.
//!
//! A schedule latency runs from the instant a task is scheduled to right before its poll, at every poll. A poll
//! time covers a poll and those from the LIFO slot that follow it at once.

use crate::stats::Stats;
use std::ops::Range;
use std::time::Duration;
use tokio::runtime::{Builder, HistogramConfiguration, LogHistogram, RuntimeMetrics};

/// A bucket is no wider than 2^-2 of its lower end: Tokio's own default.
const BUCKET_PRECISION: u32 = 2;
const LEAST: Duration = Duration::from_nanos(100);
const MOST: Duration = Duration::from_secs(60);

pub fn enable(builder: &mut Builder) {
    let buckets = || {
        let buckets = LogHistogram::builder().precision_exact(BUCKET_PRECISION);
        HistogramConfiguration::log(buckets.min_value(LEAST).max_value(MOST).build())
    };
    builder
        .enable_metrics_poll_time_histogram()
        .metrics_poll_time_histogram_configuration(buckets())
        .enable_metrics_schedule_latency_histogram()
        .metrics_schedule_latency_histogram_configuration(buckets());
}

/// The counts of both at one instant, over all workers.
pub struct Histograms {
    poll_time: Histogram,
    schedule_latency: Histogram,
}

struct Histogram {
    ranges: Vec<Range<Duration>>,
    counts: Vec<u64>,
}

impl Histograms {
    /// What the workers have told so far: they do at the latest when they park.
    pub fn read(metrics: &RuntimeMetrics) -> Histograms {
        let workers = || 0..metrics.num_workers();
        Histograms {
            poll_time: Histogram::read(
                metrics.poll_time_histogram_num_buckets(),
                |bucket| metrics.poll_time_histogram_bucket_range(bucket),
                |bucket| {
                    workers().map(|worker| metrics.poll_time_histogram_bucket_count(worker, bucket)).sum()
                },
            ),
            schedule_latency: Histogram::read(
                metrics.schedule_latency_histogram_num_buckets(),
                |bucket| metrics.schedule_latency_histogram_bucket_range(bucket),
                |bucket| {
                    let counts = workers()
                        .map(|worker| metrics.schedule_latency_histogram_bucket_count(worker, bucket));
                    counts.sum()
                },
            ),
        }
    }

    /// Figures of what has come since `before`: for each histogram its count, and the ends of the buckets in
    /// which its p50, p90 and p99 lie.
    pub fn stats_since(&self, before: &Histograms) -> Stats {
        let poll_time = self.poll_time.since(&before.poll_time);
        let latency = self.schedule_latency.since(&before.schedule_latency);
        let (poll_p50, poll_p90, poll_p99) = (poll_time.at(0.5), poll_time.at(0.9), poll_time.at(0.99));
        let (wait_p50, wait_p90, wait_p99) = (latency.at(0.5), latency.at(0.9), latency.at(0.99));
        vec![
            ("pollTimeCount", poll_time.count() as f64),
            ("pollTimeP50FromNs", poll_p50.start),
            ("pollTimeP50ToNs", poll_p50.end),
            ("pollTimeP90FromNs", poll_p90.start),
            ("pollTimeP90ToNs", poll_p90.end),
            ("pollTimeP99FromNs", poll_p99.start),
            ("pollTimeP99ToNs", poll_p99.end),
            ("scheduleLatencyCount", latency.count() as f64),
            ("scheduleLatencyP50FromNs", wait_p50.start),
            ("scheduleLatencyP50ToNs", wait_p50.end),
            ("scheduleLatencyP90FromNs", wait_p90.start),
            ("scheduleLatencyP90ToNs", wait_p90.end),
            ("scheduleLatencyP99FromNs", wait_p99.start),
            ("scheduleLatencyP99ToNs", wait_p99.end),
        ]
    }
}

impl Histogram {
    fn read(
        bucket_count: usize,
        range_of: impl Fn(usize) -> Range<Duration>,
        count_of: impl Fn(usize) -> u64,
    ) -> Histogram {
        Histogram {
            ranges: (0..bucket_count).map(range_of).collect(),
            counts: (0..bucket_count).map(count_of).collect(),
        }
    }

    fn since(&self, before: &Histogram) -> Histogram {
        let counts = self.counts.iter().zip(&before.counts).map(|(after, before)| after - before);
        Histogram { ranges: self.ranges.clone(), counts: counts.collect() }
    }

    fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The ends in ns of the bucket in which the sample of rank ⌈share · count⌉ lies; 0 to 0 of no samples.
    fn at(&self, share: f64) -> Range<f64> {
        let rank = (share * self.count() as f64).ceil() as u64;
        let mut seen = 0;
        for (range, &count) in self.ranges.iter().zip(&self.counts) {
            seen += count;
            if count > 0 && seen >= rank {
                return range.start.as_nanos() as f64..range.end.as_nanos() as f64;
            }
        }
        0.0..0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[u64]) -> Histogram {
        let ns = |count: usize| Duration::from_nanos(count as u64 * 100);
        Histogram {
            ranges: (0..counts.len()).map(|bucket| ns(bucket)..ns(bucket + 1)).collect(),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn a_quantile_is_the_bucket_that_holds_its_rank() {
        let histogram = of(&[0, 50, 0, 40, 9, 1]);
        assert_eq!(histogram.at(0.5), 100.0..200.0);
        assert_eq!(histogram.at(0.51), 300.0..400.0);
        assert_eq!(histogram.at(0.9), 300.0..400.0);
        assert_eq!(histogram.at(0.99), 400.0..500.0);
        assert_eq!(histogram.at(1.0), 500.0..600.0);
        assert_eq!(of(&[0, 0]).at(0.5), 0.0..0.0);
    }

    #[test]
    fn what_came_before_is_taken_off() {
        let since = of(&[7, 3, 2]).since(&of(&[7, 1, 0]));
        assert_eq!((since.count(), since.at(0.5)), (4, 100.0..200.0));
    }
}
