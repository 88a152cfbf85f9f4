//! The life of a payment, as a table: whatever it does not list is refused.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Asked for; nothing is promised yet.
    Created,
    /// The money is reserved.
    Authorised,
    /// The money was taken.
    Captured,
    /// And paid out to the merchant.
    Settled,
    PartlyRefunded,
    Refunded,
    /// The reservation was released.
    Voided,
    /// Declined, or stopped as fraud.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Authorise,
    Fail,
    Capture,
    Void,
    Settle,
    RefundPart,
    RefundRest,
}

use Action::*;
use State::*;

/// (from, action, to). What is refunded before it is settled keeps its state when the rest is settled.
pub const TRANSITIONS: &[(State, Action, State)] = &[
    (Created, Authorise, Authorised),
    (Created, Fail, Failed),
    (Authorised, Capture, Captured),
    (Authorised, Void, Voided),
    (Captured, Settle, Settled),
    (Captured, RefundPart, PartlyRefunded),
    (Captured, RefundRest, Refunded),
    (Settled, RefundPart, PartlyRefunded),
    (Settled, RefundRest, Refunded),
    (PartlyRefunded, Settle, PartlyRefunded),
    (PartlyRefunded, RefundPart, PartlyRefunded),
    (PartlyRefunded, RefundRest, Refunded),
    (Refunded, Settle, Refunded),
];

impl State {
    pub const ALL: [State; 8] =
        [Created, Authorised, Captured, Settled, PartlyRefunded, Refunded, Voided, Failed];

    /// The line of the table that an action takes; none if it is not allowed.
    pub fn row(self, action: Action) -> Option<usize> {
        TRANSITIONS.iter().position(|row| row.0 == self && row.1 == action)
    }

    /// The state after an action; none if it is not allowed.
    pub fn after(self, action: Action) -> Option<State> {
        self.row(action).map(|row| TRANSITIONS[row].2)
    }

    pub fn name(self) -> &'static str {
        match self {
            Created => "created",
            Authorised => "authorised",
            Captured => "captured",
            Settled => "settled",
            PartlyRefunded => "partly refunded",
            Refunded => "refunded",
            Voided => "voided",
            Failed => "failed",
        }
    }

    /// The figure that says how many are in it.
    pub fn figure(self) -> &'static str {
        match self {
            Created => "payments created",
            Authorised => "payments authorised",
            Captured => "payments captured",
            Settled => "payments settled",
            PartlyRefunded => "payments partly refunded",
            Refunded => "payments refunded",
            Voided => "payments voided",
            Failed => "payments failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair, against what is written out by hand: rows are states, columns actions, a letter is the
    /// next state.
    #[test]
    fn every_pair_of_state_and_action() {
        let actions = [Authorise, Fail, Capture, Void, Settle, RefundPart, RefundRest];
        let wanted = [
            (Created, "A F . . . . ."),
            (Authorised, ". . C V . . ."),
            (Captured, ". . . . S P R"),
            (Settled, ". . . . . P R"),
            (PartlyRefunded, ". . . . P P R"),
            (Refunded, ". . . . R . ."),
            (Voided, ". . . . . . ."),
            (Failed, ". . . . . . ."),
        ];
        let letter = |state: Option<State>| match state {
            None => ".",
            Some(Created) => "N",
            Some(Authorised) => "A",
            Some(Captured) => "C",
            Some(Settled) => "S",
            Some(PartlyRefunded) => "P",
            Some(Refunded) => "R",
            Some(Voided) => "V",
            Some(Failed) => "F",
        };
        assert_eq!(wanted.len(), State::ALL.len());
        for (state, row) in wanted {
            let found: Vec<&str> = actions.iter().map(|action| letter(state.after(*action))).collect();
            assert_eq!(found.join(" "), row, "{}", state.name());
        }
        let mut unique = TRANSITIONS.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>();
        unique.dedup();
        assert_eq!(unique.len(), TRANSITIONS.len());
    }
}
