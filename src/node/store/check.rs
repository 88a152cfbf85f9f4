//! What must hold of a store at every instant: money is neither made nor lost, and rows lie where somebody looks for
//! them.

use super::Store;

impl Store {
    /// Recounts what must be conserved.
    ///
    /// # Errors
    /// Says which invariant does not hold.
    pub fn check(&self) -> Result<(), String> {
        if self.surplus() != 0 {
            return Err(format!("{} more money than at first", self.surplus()));
        }
        for (member, machine) in self.machines.iter().enumerate() {
            let rows = machine.rows.iter().count();
            if rows != machine.rows.held() as usize {
                return Err(format!("member {member} counts {} rows, and has {rows}", machine.rows.held()));
            }
            if let Some((key, _)) = machine.rows.iter().find(|(key, _)| !self.may_hold(member as u16, *key)) {
                return Err(format!("member {member} has a row of key {key}, which is not its own"));
            }
            if let Some((key, _)) = machine
                .locks
                .iter()
                .find(|(key, _)| machine.accounts.get(*key as u32).is_none_or(Option::is_none))
            {
                return Err(format!("member {member} has locked key {key} without an account"));
            }
        }
        let (left, away) = (self.map.handover().map_or(0, |it| it.of - it.moved), self.map.away());
        (left as usize == away).then_some(()).ok_or_else(|| format!("{left} rows are to move, not {away}"))
    }

    /// It is an owner, or will be; a copy of a move that failed waits there for the next try.
    fn may_hold(&self, member: u16, key: u32) -> bool {
        self.map.concerns(member, key) || self.map.target(key).has(member)
    }

    /// Of every key of which a write was acknowledged there is a row somewhere: so it must be where writes are taken by
    /// quorums that overlap, or by all, and that is not changed meanwhile.
    ///
    /// # Errors
    /// Says which key is gone.
    pub fn check_acknowledged(&self) -> Result<(), String> {
        let held = |key: u32| self.machines.iter().any(|machine| machine.rows.get(key).is_some());
        match self.oracle.keys().find(|key| !held(*key)) {
            Some(key) => Err(format!("key {key} was written, and nobody has a row of it")),
            None => Ok(()),
        }
    }
}
