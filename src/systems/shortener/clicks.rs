//! Click analytics: how often each link was opened, in all and per day.

use std::collections::BTreeMap;

/// The most (day, link) pairs that are kept; beyond, the oldest day's go first.
pub const ROWS_KEPT_MAX: usize = 100_000;

/// Clicks per day and link. The total of each link is kept with the link.
#[derive(Clone, Debug, Default)]
pub struct Clicks {
    rows: BTreeMap<(u32, u32), u64>,
    counted: u64,
    forgotten: u64,
}

impl Clicks {
    pub fn count(&mut self, day: u32, link: u32) {
        *self.rows.entry((day, link)).or_default() += 1;
        self.counted += 1;
        if self.rows.len() > ROWS_KEPT_MAX {
            self.forgotten += self.rows.pop_first().map_or(0, |(_, count)| count);
        }
    }

    /// (day, clicks) of a link, in order; days without a click are left out.
    pub fn days(&self, link: u32) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.rows.iter().filter(move |((_, of), _)| *of == link).map(|((day, _), count)| (*day, *count))
    }

    /// Clicks of all links on one day.
    pub fn on(&self, day: u32) -> u64 {
        self.rows.range((day, 0)..=(day, u32::MAX)).map(|(_, count)| count).sum()
    }

    pub fn counted(&self) -> u64 {
        self.counted
    }

    /// # Errors
    /// If the days do not add up to what was counted.
    pub fn check(&self) -> Result<(), String> {
        let kept: u64 = self.rows.values().sum();
        if kept + self.forgotten != self.counted {
            return Err(format!(
                "{} clicks counted, {kept} kept, {} forgotten",
                self.counted, self.forgotten
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_kept_apart_and_the_oldest_are_forgotten() {
        let mut clicks = Clicks::default();
        for (day, link) in [(0, 7), (0, 7), (1, 7), (1, 8)] {
            clicks.count(day, link);
        }
        assert_eq!(clicks.days(7).collect::<Vec<_>>(), [(0, 2), (1, 1)]);
        assert_eq!((clicks.on(0), clicks.on(1), clicks.on(2)), (2, 2, 0));
        for link in 0..ROWS_KEPT_MAX as u32 {
            clicks.count(2, link);
        }
        assert_eq!((clicks.rows.len(), clicks.on(0), clicks.counted()), (ROWS_KEPT_MAX, 0, 100_004));
        clicks.check().unwrap();
    }
}
