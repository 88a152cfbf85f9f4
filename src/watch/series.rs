//! Figures over time: a fixed number of windows over the run.

use super::latency::Latencies;
use crate::sim::{Outcome, OutcomeKind, Span, Time};
use serde::Serialize;

/// Windows over a whole run.
pub const WINDOWS: u64 = 240;

/// A chart's point tells of so many windows, its own included: one alone holds too few requests to say
/// where the slowest hundredth begins.
pub const RECENT_WINDOWS: usize = 16;

/// What happened in one window. Latencies are those of requests that ended with `ok` in it and the
/// [`RECENT_WINDOWS`]` - 1` before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Window {
    /// Milliseconds from the start of the run to the window's end.
    pub end_ms: f64,
    pub issued: u64,
    pub ok: u64,
    pub refused: u64,
    pub failed: u64,
    pub timed_out: u64,
    /// Reads that caches answered, and those that they could not.
    pub hits: u64,
    pub misses: u64,
    /// Reads that were answered with something old, and writes that are lost though they were acknowledged.
    pub stale: u64,
    pub lost: u64,
    /// Calls that rate limiters let pass.
    pub passed: u64,
    /// Messages of queues that consumers were done with.
    pub dealt_with: u64,
    /// Calls that waited for a worker, a consumer or a limiter's leave at the window's end, anywhere.
    pub waiting: u64,
    pub mean_ms: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// Complete windows, and the present one.
#[derive(Clone, Debug)]
pub struct Series {
    window: Span,
    complete: Vec<Window>,
    current: Window,
    /// Of the present window.
    end: Time,
    waiting: u64,
    /// Calls that passed just now.
    passed: u64,
    /// By node that issues requests, then by window: hits and misses of its reads. Windows at the end without any are
    /// left out.
    reads: Vec<Vec<[u64; 2]>>,
    /// Of the present window and those before it: the window with index `i` has place `i % RECENT_WINDOWS`.
    recent: Vec<Latencies>,
}

impl Series {
    pub fn new(duration: Span) -> Series {
        let window = Span((duration.0 / WINDOWS).max(1_000_000));
        Series {
            window,
            complete: vec![],
            current: Window::default(),
            end: Time(window.0),
            waiting: 0,
            passed: 0,
            reads: vec![],
            recent: vec![Latencies::new(2); RECENT_WINDOWS],
        }
    }

    /// The length of a window.
    pub fn window(&self) -> Span {
        self.window
    }

    /// Windows that are over, oldest first.
    pub fn complete(&self) -> &[Window] {
        &self.complete
    }

    /// How many a second, in the complete window with this index and the [`RECENT_WINDOWS`]` - 1` before it.
    pub fn recent_per_s(&self, index: usize, count: impl Fn(&Window) -> u64) -> f64 {
        self.per_s_over(RECENT_WINDOWS, index, count)
    }

    /// How many windows make up a second: at least one, at most [`RECENT_WINDOWS`].
    pub fn windows_of_a_second(&self) -> usize {
        ((1_000_000_000 / self.window.0) as usize).clamp(1, RECENT_WINDOWS)
    }

    /// How many a second, in the complete window with this index and those before it, so many in all.
    pub fn per_s_over(&self, over: usize, index: usize, count: impl Fn(&Window) -> u64) -> f64 {
        let first = (index + 1).saturating_sub(over);
        let windows = self.complete.get(first..=index).unwrap_or(&[]);
        let seconds = windows.len() as f64 * self.window.seconds();
        windows.iter().map(count).sum::<u64>() as f64 / seconds.max(1e-9)
    }

    /// The share of reads that were answered with something old, in the same windows; `None` if there were no reads of
    /// caches.
    pub fn recent_stale_ratio(&self, index: usize) -> Option<f64> {
        let first = (index + 1).saturating_sub(RECENT_WINDOWS);
        let windows = self.complete.get(first..=index)?;
        let (stale, reads) =
            windows.iter().fold((0, 0), |sum, it| (sum.0 + it.stale, sum.1 + it.hits + it.misses));
        (reads > 0).then(|| stale as f64 / reads as f64)
    }

    /// The share of reads that caches answered, in the same windows; `None` if there were none.
    pub fn recent_hit_ratio(&self, index: usize) -> Option<f64> {
        let first = (index + 1).saturating_sub(RECENT_WINDOWS);
        let windows = self.complete.get(first..=index)?;
        let (hits, misses) = windows.iter().fold((0, 0), |sum, it| (sum.0 + it.hits, sum.1 + it.misses));
        (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64)
    }

    /// The same of the requests of one node.
    pub fn recent_hit_ratio_of(&self, node: u16, index: usize) -> Option<f64> {
        let first = (index + 1).saturating_sub(RECENT_WINDOWS);
        let windows = self.reads.get(node as usize)?.iter().take(index + 1).skip(first);
        let (hits, misses) = windows.fold((0, 0), |sum, it| (sum.0 + it[0], sum.1 + it[1]));
        (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64)
    }

    /// The one that is under way.
    pub fn current(&self) -> &Window {
        &self.current
    }

    /// Closes every window that ended before `now`.
    #[inline]
    pub fn roll(&mut self, now: Time) {
        if now >= self.end {
            self.close(now);
        }
    }

    #[cold]
    #[inline(never)]
    fn close(&mut self, now: Time) {
        while now >= self.end && self.complete.len() < 2 * WINDOWS as usize {
            let mut window = std::mem::take(&mut self.current);
            window.end_ms = Span(self.end.0).ms();
            window.waiting = self.waiting;
            let latencies = self.recent_latencies();
            window.mean_ms = latencies.mean_ms();
            window.p50_ms = latencies.quantile_ms(0.5);
            window.p95_ms = latencies.quantile_ms(0.95);
            window.p99_ms = latencies.quantile_ms(0.99);
            self.complete.push(window);
            self.end = self.end + self.window;
            let oldest = self.present_latencies();
            if oldest.count() > 0 {
                oldest.clear();
            }
        }
    }

    fn recent_latencies(&self) -> Latencies {
        let mut all = Latencies::new(2);
        self.recent.iter().filter(|window| window.count() > 0).for_each(|window| all.add(window));
        all
    }

    fn present_latencies(&mut self) -> &mut Latencies {
        &mut self.recent[self.complete.len() % RECENT_WINDOWS]
    }

    pub fn issued(&mut self, now: Time) {
        self.roll(now);
        self.current.issued += 1;
    }

    /// Caches counted these since the last request was issued or ended.
    pub fn cached(&mut self, hits: u64, misses: u64) {
        self.current.hits += hits;
        self.current.misses += misses;
    }

    /// So many reads turned out stale, and so many writes lost, since the last request was issued or ended.
    pub fn went_wrong(&mut self, stale: u64, lost: u64) {
        self.current.stale += stale;
        self.current.lost += lost;
    }

    /// Consumers of a queue were done with so many, since the last request was issued or ended.
    pub fn dealt_with(&mut self, count: u64) {
        self.current.dealt_with += count;
    }

    /// A rate limiter let so many pass; [`Series::waits`], which it tells next, says when.
    pub fn passed(&mut self, count: u64) {
        self.passed += count;
    }

    /// A cache had what a request of this node reads, or had not.
    pub fn looked_up(&mut self, node: u16, hit: bool) {
        let (node, window) = (node as usize, self.complete.len());
        if self.reads.len() <= node {
            self.reads.resize(node + 1, vec![]);
        }
        let reads = &mut self.reads[node];
        if reads.len() <= window {
            reads.resize(window + 1, [0; 2]);
        }
        reads[window][usize::from(!hit)] += 1;
    }

    /// At one place so many waited before, and so many wait now.
    pub fn waits(&mut self, before: u32, after: u32, now: Time) {
        if before != after || self.passed > 0 {
            self.roll(now);
            self.current.passed += std::mem::take(&mut self.passed);
            self.waiting = (self.waiting + u64::from(after)).saturating_sub(before.into());
        }
    }

    /// How many wait now.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    pub fn ended(&mut self, outcome: Outcome, latency: Span, now: Time) {
        self.roll(now);
        match outcome.kind() {
            OutcomeKind::Ok => {
                self.current.ok += 1;
                self.present_latencies().record(latency);
            }
            OutcomeKind::Refused => self.current.refused += 1,
            OutcomeKind::Failed => self.current.failed += 1,
            OutcomeKind::TimedOut => self.current.timed_out += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_ends_with_those_who_wait() {
        let mut series = Series::new(Span::from_ms(2400.0));
        let at = |windows: f64| Time::from_ms(windows * series.window().ms());
        let times = [0.1, 0.9, 1.5, 3.2].map(at);
        series.waits(0, 3, times[0]);
        series.waits(0, 2, times[1]);
        series.waits(3, 1, times[2]);
        series.waits(2, 0, times[3]);
        let ends: Vec<u64> = series.complete().iter().map(|window| window.waiting).collect();
        assert_eq!((ends, series.waiting()), (vec![5, 3, 3], 1));
    }

    /// Against the sorted list of all latencies that ended in the last windows.
    #[test]
    fn percentiles_are_those_of_the_last_windows() {
        let mut series = Series::new(Span::from_ms(2400.0));
        let window_ms = series.window().ms();
        // Three requests in each window; every window's are a millisecond slower than those before.
        let latency = |window: u64, nth: u64| 10.0 + window as f64 + nth as f64 * 100.0;
        for window in 0..20 {
            for nth in 0..3 {
                let at = Time::from_ms((window as f64 + 0.2 + 0.2 * nth as f64) * window_ms);
                series.ended(Outcome::Ok, Span::from_ms(latency(window, nth)), at);
            }
        }
        series.roll(Time::from_ms(20.0 * window_ms));
        assert_eq!(series.complete().len(), 20);
        for (last, shown) in series.complete().iter().enumerate() {
            let first = (last + 1).saturating_sub(RECENT_WINDOWS) as u64;
            let mut all: Vec<f64> = (first..=last as u64)
                .flat_map(|window| (0..3).map(move |nth| latency(window, nth)))
                .collect();
            all.sort_by(f64::total_cmp);
            let close = |is: Option<f64>, should: f64| (is.unwrap() - should).abs() <= should * 0.01;
            assert!(
                close(shown.p50_ms, all[(all.len() as f64 * 0.5).ceil() as usize - 1]),
                "{last}: {shown:?}"
            );
            assert!(close(shown.p99_ms, all[all.len() - 1]), "{last}: {shown:?}");
            assert!(close(shown.mean_ms, all.iter().sum::<f64>() / all.len() as f64), "{last}: {shown:?}");
            assert_eq!(shown.ok, 3);
            let per_s = series.recent_per_s(last, |window| window.ok);
            assert!((per_s - 3000.0 / window_ms).abs() < 1e-9, "{last}: {per_s}");
        }
        // What is older than those windows is forgotten.
        series.roll(Time::from_ms(40.0 * window_ms));
        assert_eq!(series.complete().last().and_then(|window| window.p50_ms), None);
    }
}
