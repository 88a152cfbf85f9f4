//! Who takes messages: how much each has in hand, and to whom a partition belongs.

/// One who takes messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consumer {
    /// Deliveries that have not come back, late ones included.
    pub in_hand: u32,
    /// Those of them whose time is over.
    pub overdue: u32,
    /// It refused, and is asked again later.
    pub away: bool,
    /// In a row.
    pub refusals: u32,
}

/// All of them; those beyond `count` were removed and still have something in hand.
#[derive(Clone, Debug, Default)]
pub struct Consumers {
    all: Vec<Consumer>,
    count: usize,
    prefetch: u32,
    /// Those who are there and keep their time: partitions are theirs.
    fit: Vec<u16>,
    /// In hand altogether.
    in_hand: u32,
    /// Who is asked first next time.
    turn: usize,
}

impl Consumers {
    pub fn set(&mut self, count: usize, prefetch: u32) {
        (self.count, self.prefetch) = (count, prefetch);
        if self.all.len() < count {
            self.all.resize(count, Consumer::default());
        }
        self.refit();
    }

    pub fn all(&self) -> &[Consumer] {
        &self.all
    }

    fn refit(&mut self) {
        self.fit.clear();
        for (index, consumer) in self.all.iter().take(self.count).enumerate() {
            if consumer.overdue == 0 && !consumer.away {
                self.fit.push(index as u16);
            }
        }
    }

    /// One with a free hand, in turn.
    pub fn any(&mut self) -> Option<usize> {
        let free = |consumer: &Consumer| !consumer.away && consumer.in_hand < self.prefetch;
        // The usual case under load. Those who were removed may have some of it in hand.
        if self.in_hand >= self.count as u32 * self.prefetch && self.all.len() == self.count {
            return None;
        }
        let found = (0..self.count)
            .map(|step| (self.turn + step) % self.count)
            .find(|index| free(&self.all[*index]))?;
        self.turn = found + 1;
        Some(found)
    }

    /// The one to whom a partition belongs.
    #[cfg(feature = "whole")]
    pub fn owner(&self, partition: usize) -> Option<u16> {
        self.fit.get(partition % self.fit.len().max(1)).copied()
    }

    /// The one to whom a partition belongs, if it has a free hand.
    pub fn of_partition(&self, partition: usize) -> Option<usize> {
        let owner = *self.fit.get(partition % self.fit.len().max(1))? as usize;
        (self.all[owner].in_hand < self.prefetch).then_some(owner)
    }

    pub fn take(&mut self, index: usize) {
        self.all[index].in_hand += 1;
        self.in_hand += 1;
    }

    /// What it had in hand has come back.
    pub fn give_back(&mut self, index: usize, overdue: bool) {
        self.all[index].in_hand -= 1;
        self.in_hand -= 1;
        if overdue {
            self.all[index].overdue -= 1;
            self.refit();
        }
    }

    pub fn late(&mut self, index: usize) {
        self.all[index].overdue += 1;
        self.refit();
    }

    /// It refused. How often in a row, unless it is away already.
    pub fn refused(&mut self, index: usize) -> Option<u32> {
        let consumer = &mut self.all[index];
        if std::mem::replace(&mut consumer.away, true) {
            return None;
        }
        consumer.refusals = consumer.refusals.saturating_add(1);
        let refusals = consumer.refusals;
        self.refit();
        Some(refusals)
    }

    /// It took what it was given, whatever became of it.
    pub fn took(&mut self, index: usize) {
        self.all[index].refusals = 0;
    }

    /// It may be asked again.
    pub fn is_back(&mut self, index: usize) {
        self.all[index].away = false;
        self.refit();
    }
}
