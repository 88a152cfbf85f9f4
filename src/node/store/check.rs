//! What must hold of a store at every instant: money is neither made nor lost, rows lie where somebody looks for
//! them, and what was acknowledged is there.

use super::Store;
use super::oracle::Kept;
use super::version::{Row, SIBLINGS_MAX};

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
        self.check_acknowledged()?;
        let (left, away) = (self.map.handover().map_or(0, |it| it.of - it.moved), self.map.away());
        (left as usize == away).then_some(()).ok_or_else(|| format!("{left} rows are to move, not {away}"))
    }

    /// It is an owner, or will be; a copy of a move that failed waits there for the next try.
    fn may_hold(&self, member: u16, key: u32) -> bool {
        self.map.concerns(member, key) || self.map.target(key).has(member)
    }

    /// Of all acknowledged writes of a key those that stay are with somebody, or one that has seen them or goes over
    /// them. None is missing but what a new leader did not have, and that was counted: the tail that an asynchronous
    /// leader had not shipped when it went, or all of a synchronous one's when nobody followed it.
    fn check_acknowledged(&self) -> Result<(), String> {
        let goes_over = |row: &Row, wanted: &Kept| {
            let versions = row.versions();
            let (number, rank) = (wanted.version.number, wanted.version.rank());
            // Too many stood side by side: what machines dropped of them was counted.
            let full = versions.len() == SIBLINGS_MAX && versions.iter().all(|it| it.number > number);
            let seen = versions.iter().any(|version| version.has_seen(&wanted.version));
            seen || full || !wanted.beside && versions.iter().any(|version| version.rank() >= rank)
        };
        let held = |key: u32, wanted: &Kept| {
            let mut rows = self.machines.iter().filter_map(|machine| machine.rows.get(key));
            rows.any(|row| goes_over(row, wanted))
        };
        match self.oracle.kept().find(|(key, wanted)| !held(*key, wanted)) {
            Some((key, wanted)) => {
                Err(format!("write {} of key {key} is with nobody", wanted.version.number))
            }
            None => Ok(()),
        }
    }
}
