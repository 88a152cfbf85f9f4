//! What nodes count beside calls and outcomes: hits of a cache, retries of a client, stale reads.

macro_rules! counters {
    ($($name:ident $id:literal $label:literal $help:literal),+ $(,)?) => {
        /// Something that a node counts, for a member of its own.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Counter {
            $(#[doc = $help] $name),+
        }

        /// One row for each, in the order of the enum: (counter, id in reports, label).
        pub const COUNTERS: &[(Counter, &str, &str)] =
            &[$((Counter::$name, $id, $label)),+];
    };
}

counters! {
    Hits "hits" "hits" "Reads answered from the cache.",
    Misses "misses" "misses" "Reads that the cache could not answer.",
    Expired "expired" "expired" "Misses on an entry that was there but too old.",
    Coalesced "coalesced" "coalesced" "Misses that waited for another's fill instead of asking again.",
    Evictions "evictions" "evictions" "Entries that made room for others.",
    Fills "fills" "fills" "Entries fetched from the origin.",
    Refreshes "refreshes" "refreshed ahead" "Entries fetched anew before they expired.",
    Flushes "flushes" "flushed" "Writes that were passed on later.",
    LostWrites "lost_writes" "lost writes" "Acknowledged writes that no machine has any more.",
    Reads "reads" "reads" "Reads answered.",
    Writes "writes" "writes" "Writes acknowledged.",
    StaleReads "stale_reads" "stale reads" "Answers older than the newest write acknowledged before the read began.",
    LostUpdates "lost_updates" "lost updates" "Acknowledged writes overwritten by one that had not seen them.",
    Conflicts "conflicts" "conflicts" "Versions kept side by side, as neither had seen the other.",
    ReadRepairs "read_repairs" "read repairs" "Replicas brought up to date after a read.",
    Hints "hints" "hints kept" "Writes kept for a replica that could not be reached.",
    HintsDelivered "hints_delivered" "hints delivered" "Kept writes that reached their replica.",
    Synced "synced" "synced" "Entries brought up to date by anti-entropy.",
    MovedRows "moved_rows" "moved rows" "Rows that changed their shard.",
    Commits "commits" "commits" "Transactions over several shards that were carried out.",
    Aborts "aborts" "aborts" "Transactions over several shards that were given up.",
    Allowed "allowed" "passed at once" "Requests let through at once.",
    Limited "limited" "refused" "Requests refused as too many.",
    Delayed "delayed" "passed later" "Requests let through later.",
    Published "published" "published" "Messages accepted.",
    Delivered "delivered" "delivered" "Messages handed to a consumer, each time counted.",
    Acknowledged "acknowledged" "acknowledged" "Messages done with.",
    Redelivered "redelivered" "redelivered" "Messages handed out again.",
    Duplicates "duplicates" "seen twice" "Messages that had been processed before.",
    DeadLetters "dead_letters" "dead letters" "Messages given up after too many attempts.",
    Dropped "dropped" "dropped" "Messages thrown away because there was no room.",
    Retries "retries" "retries" "Calls made again.",
    RetriesDenied "retries_denied" "retries denied" "Calls not made again, as the retry budget was spent.",
    Hedges "hedges" "hedges" "Second calls made because the first took long.",
    HedgesWon "hedges_won" "hedges won" "Second calls that were answered first.",
    BreakerOpened "breaker_opened" "breaker opened" "Times that the circuit breaker opened.",
    ScaledOut "scaled_out" "machines added" "Machines that autoscaling added.",
    ScaledIn "scaled_in" "machines removed" "Machines that autoscaling removed.",
    Events "events" "events" "Messages that followed from an operation: clicks to count, webhooks, deliveries.",
    MovedKeys "moved_keys" "moved entries" "Entries that another machine is asked for since machines came or went.",
    Kept "kept" "kept together" "Requests sent to the server that their client or connection was given before.",
    InDoubt "in_doubt" "left in doubt" "Locks whose coordinator crashed before it said what becomes of them.",
}

impl Counter {
    pub const COUNT: usize = COUNTERS.len();

    /// As in reports.
    pub fn id(self) -> &'static str {
        COUNTERS[self as usize].1
    }

    /// As on the page.
    pub fn label(self) -> &'static str {
        COUNTERS[self as usize].2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_ids_are_unique() {
        for (index, (counter, id, ..)) in COUNTERS.iter().enumerate() {
            assert_eq!(*counter as usize, index);
            assert_eq!(COUNTERS.iter().filter(|other| other.1 == *id).count(), 1);
        }
    }
}
