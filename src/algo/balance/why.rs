//! Why a backend was chosen, as figures and as a sentence.

use serde::Serialize;

/// Why a backend was chosen: the figures at that instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Why {
    /// The only reason is that it was chosen before: sticky session, same connection.
    Stuck,
    /// It was its turn.
    #[default]
    Turn,
    /// Its turn by weight: `current` is the smooth policy's counter when the counters were compared,
    /// so with this pick's `weight` already added.
    WeightedTurn { current: i64, weight: u32 },
    /// Its turn by weight: the interleaved policy's present round takes weights from `threshold` up.
    InterleavedTurn { threshold: u32, weight: u32 },
    /// Nobody had fewer in flight.
    Fewest { in_flight: u32 },
    /// Nobody had fewer in flight per weight.
    FewestPerWeight { in_flight: u32, weight: u32 },
    /// Drawn from `among`.
    Drawn { among: u32 },
    /// Two were drawn (ids), the one with fewer in flight was taken; the first if equal.
    FewerOfTwo { first: u32, first_in_flight: u32, second: u32, second_in_flight: u32 },
    /// More than two were drawn; none of them had fewer in flight.
    FewestDrawn { drawn: u32, in_flight: u32 },
    /// The client's or key's hash led to it; `place` is the slot of the table, or the point's
    /// position on the circle of 2⁶⁴, that was met.
    Hash { hash: u64, place: u64 },
    /// The hash led to others first, which were not eligible: `skipped` points or tries.
    HashSkipped { hash: u64, place: u64, skipped: u32 },
    /// The hash led to `own` (an id), which had as much in flight as the load factor allows: `most`.
    HashFull { hash: u64, place: u64, own: u32, in_flight: u32, most: u64 },
    /// Lowest score (expected microseconds to answer, times requests in flight + 1) of two drawn
    /// (ids); the first if equal.
    LowerScore { first: u32, first_us: u64, second: u32, second_us: u64 },
}

impl Why {
    /// `Hash`, or `HashSkipped` if anything had to be skipped.
    pub(super) fn hashed(hash: u64, place: u64, skipped: u32) -> Why {
        if skipped == 0 { Why::Hash { hash, place } } else { Why::HashSkipped { hash, place, skipped } }
    }

    /// The reason in plain words; `backend_id` is the chosen one's id.
    pub fn sentence(&self, backend_id: u32) -> String {
        let id = backend_id;
        match *self {
            Why::Stuck => {
                format!("An earlier request of the same client went to server {id}, so this one did too.")
            }
            Why::Turn => "Its turn: round robin takes the servers in order.".to_string(),
            Why::WeightedTurn { current, weight } => {
                format!(
                    "Its turn by weight: server {id}'s counter was the highest, {current} (weight {weight})."
                )
            }
            Why::InterleavedTurn { threshold, weight } => format!(
                "Its turn by weight: this round takes weights from {threshold} up, and server {id} has {weight}."
            ),
            Why::Fewest { in_flight } => {
                format!("Server {id} had {in_flight} in flight, nobody had fewer.")
            }
            Why::FewestPerWeight { in_flight, weight } => {
                format!(
                    "Server {id} had {in_flight} in flight at weight {weight}; nobody had fewer per weight."
                )
            }
            Why::Drawn { among: 1 } => format!("Server {id} was the only one that could be chosen."),
            Why::Drawn { among } => format!("Server {id} was drawn at random, one of {among}."),
            Why::FewerOfTwo { first, first_in_flight, second, second_in_flight } => two_drawn(
                first,
                second,
                &first_in_flight.to_string(),
                &second_in_flight.to_string(),
                " in flight",
            ),
            Why::FewestDrawn { drawn, in_flight } => {
                format!(
                    "{drawn} servers were drawn; server {id} had {in_flight} in flight, none of them had fewer."
                )
            }
            Why::Hash { hash, .. } => format!("The hash {} leads to server {id}.", start_of(hash)),
            Why::HashSkipped { hash, skipped, .. } => format!(
                "The hash {} led {} to a server that could not be chosen, then to server {id}.",
                start_of(hash),
                if skipped == 1 { "once".to_string() } else { format!("{skipped} times") }
            ),
            Why::HashFull { hash, own, in_flight, most, .. } => format!(
                "The hash {} leads to server {own}, which had {in_flight} in flight; the load factor allows {most}. \
                 The next with room was server {id}.",
                start_of(hash)
            ),
            Why::LowerScore { first, first_us, second, second_us } => two_drawn(
                first,
                second,
                &milliseconds(first_us),
                &milliseconds(second_us),
                " ms to expect (how long it took lately × its requests in flight, with this one)",
            ),
        }
    }
}

fn two_drawn(first: u32, second: u32, first_figure: &str, second_figure: &str, what: &str) -> String {
    if first_figure == second_figure {
        format!("Servers {first} and {second} were drawn; both had {first_figure}{what}.")
    } else {
        format!(
            "Servers {first} and {second} were drawn; {first} had {first_figure}{what}, {second} had {second_figure}."
        )
    }
}

/// The hash's first four hexadecimal digits.
fn start_of(hash: u64) -> String {
    format!("{:04x}…", hash >> 48)
}

fn milliseconds(us: u64) -> String {
    format!("{:.1}", us as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_carry_the_figures() {
        let says = |why: Why, id, sentence: &str| assert_eq!(why.sentence(id), sentence);
        says(Why::Turn, 3, "Its turn: round robin takes the servers in order.");
        says(Why::Fewest { in_flight: 0 }, 2, "Server 2 had 0 in flight, nobody had fewer.");
        let drawn = Why::FewerOfTwo { first: 1, first_in_flight: 3, second: 4, second_in_flight: 5 };
        says(drawn, 1, "Servers 1 and 4 were drawn; 1 had 3 in flight, 4 had 5.");
        let score = Why::LowerScore { first: 1, first_us: 12_300, second: 4, second_us: 45_000 };
        let sentence = "Servers 1 and 4 were drawn; 1 had 12.3 ms to expect (how long it took lately × its requests in \
                        flight, with this one), 4 had 45.0.";
        says(score, 1, sentence);
        let skipped = Why::HashSkipped { hash: 0xabcd << 48, place: 0, skipped: 1 };
        says(skipped, 9, "The hash abcd… led once to a server that could not be chosen, then to server 9.");
        let full = Why::HashFull { hash: 0xabcd << 48, place: 0, own: 3, in_flight: 5, most: 4 };
        let sentence = "The hash abcd… leads to server 3, which had 5 in flight; the load factor allows 4. \
                        The next with room was server 1.";
        says(full, 1, sentence);
    }
}
