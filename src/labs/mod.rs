//! The labs: each a scenario, a lesson and a challenge, made to teach one thing.
//!
//! A lab is its `.json` (scenario) and `.md` (lesson), and one line in the table. With the feature `texts` both
//! are part of the program. The page lacks it: there they are files beside it, fetched when a lab is opened.

pub mod lesson;
pub mod prose;
mod sweeps;

pub use lesson::{Challenge, Goal, Lesson, Op, Prediction, Question};
pub use sweeps::{over_time_of, sweep_of};

/// A lab of the table.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// `topic/name`; never changes once released.
    pub id: &'static str,
    pub topic: &'static str,
    pub title: &'static str,
    /// One sentence, for the gallery.
    pub summary: &'static str,
    /// The scenario file.
    #[cfg(feature = "texts")]
    pub scenario: &'static str,
    /// The lesson, in Markdown with the sections that [`mod@lesson`] names; [`Lesson::parse`] reads it.
    #[cfg(feature = "texts")]
    pub lesson: &'static str,
}

/// `"Topic" { "id", "Title", "One sentence."; … } …`
macro_rules! labs {
    ($($topic:literal { $($id:literal, $title:literal, $summary:literal;)* })*) => {
        &[$($(Lab {
            id: $id,
            topic: $topic,
            title: $title,
            summary: $summary,
            #[cfg(feature = "texts")]
            scenario: include_str!(concat!($id, ".json")),
            #[cfg(feature = "texts")]
            lesson: include_str!(concat!($id, ".md")),
        },)*)*]
    };
}

/// Every lab, in the order of the gallery.
pub const LABS: &[Lab] = labs! {
    "Load balancing" {
        "load-balancing/one-slow-server", "One slow server",
            "Four servers, one of them five times slower. Round robin does not notice.";
        "load-balancing/unequal-servers", "Unequal servers",
            "One big server, one middling, two small. Equal shares overload the small ones.";
        "load-balancing/crash-and-health-checks", "A crash, and health checks",
            "A server crashes. Until the balancer finds out, it goes on sending requests there.";
        "load-balancing/two-choices", "Two choices",
            "Looking at two servers of twelve is most of what looking at all of them gains.";
        "load-balancing/sticky-sessions", "Sticky sessions against balance",
            "A server is back after a crash, and idles: every client has a cookie for another one.";
        "load-balancing/flapping", "Health checks and flapping",
            "A server that is down for a second, up for two. When to take it out, when to trust it again.";
        "load-balancing/layer-4-or-7", "Layer 4 against layer 7",
            "Six long connections over four servers: two are full, two half idle, a new one gets nothing.";
    }
    "Caching" {
        "caching/eviction-race", "Eviction race on one stream",
            "The same requests, the same 24 places: which policy keeps what will be asked for?";
        "caching/scan", "A scan wrecks LRU",
            "A nightly report reads ten thousand keys once, and the users' keys are pushed out.";
        "caching/write-strategies", "Write strategies, and what a crash loses",
            "Through, around or behind the cache: quick, safe or stale, and sixty lost writes.";
        "caching/stampede", "A stampede, and coalescing",
            "A popular key expires, and everybody asks the origin for it at once.";
        "caching/ttl-and-refresh", "Lifetimes and refresh-ahead",
            "A lifetime is a promise how old an answer may be. What it costs, and how to have both.";
        "caching/cold-start", "Cold start and warming",
            "An empty cache lets everything through to an origin that cannot bear it.";
    }
    "Hash rings" {
        "hash-rings/virtual-points", "Virtual points",
            "Six machines on a ring. With one point each, one of them owns two fifths of the keys.";
        "hash-rings/add-and-remove-a-node", "Add and remove a node",
            "A fifth machine comes, another fails. With modulo nearly every key moves each time.";
        "hash-rings/bounded-load", "Bounded load",
            "One key is so popular that its server drowns. A bound sends what is too much to the next.";
        "hash-rings/five-ways-to-place-keys", "Five ways to place keys",
            "Ring, rendezvous, jump, multi-probe and Maglev, with a machine that comes and one that fails.";
        "hash-rings/the-ring-that-scans-by-name", "The ring that scans by name",
            "A home-made ring that forgot to hash: one shard does everything, however many there are.";
    }
    "Rate limiting" {
        "rate-limiting/one-burst-six-limiters", "One burst, six limiters",
            "Two seconds of too much. Four limiters let the same requests through, and only one makes them wait.";
        "rate-limiting/the-windows-edge", "The window's edge",
            "Twenty a second are allowed, and nearly forty pass: half of them on each side of the edge.";
        "rate-limiting/tuning-a-token-bucket", "Tuning a token bucket",
            "Its rate is above the mean, and still it refuses nearly half: the bucket is too small.";
        "rate-limiting/fair-per-client", "Fair per client",
            "One client goes wrong. With one limit for all, the nine others pay for it.";
        "rate-limiting/refuse-or-delay", "Refuse or delay",
            "A limiter that holds what is too much: the servers are busy with requests that were given up.";
    }
    "Consistency" {
        "consistency/strong-or-eventual", "Strong or eventual",
            "Followers hear of a write 400 ms later. One read in five is stale, and nothing says so.";
        "consistency/cut-the-network", "Cut the network",
            "Two of five machines are cut off. Who answers, and who is right?";
        "consistency/tune-r-and-w", "Tune R and W",
            "How many machines must answer a read, and take a write, so that no read is stale?";
        "consistency/repair", "Repair",
            "A machine comes back with old rows: read repair, hinted handoff and anti-entropy compared.";
        "consistency/conflicts", "Conflicts",
            "Two writes at the same moment. Last write wins loses one, version vectors keep both.";
    }
    "Sharding" {
        "sharding/which-key", "Which key",
            "Four shards, divided by range. What is popular lies close together, so one shard does it all.";
        "sharding/add-a-shard", "Add a shard",
            "Four shards become five. How many rows move depends on how keys are divided.";
        "sharding/hot-shard", "Hot shard",
            "Half of all requests are for one key. More shards do not help it.";
        "sharding/a-query-over-all-shards", "A query over all shards",
            "One answer in a hundred is slow. A query that asks 20 shards waits for the slowest.";
        "sharding/a-transaction-over-two", "A transaction over two shards",
            "The coordinator dies, and two healthy machines hold accounts locked until it is back.";
    }
    "Scaling" {
        "scaling/one-big-or-many-small", "One big machine or many small",
            "The same capacity in one machine or in four: four times as fast, or four times as safe.";
        "scaling/lose-a-machine", "Lose a machine",
            "Three machines at 80 % look economical, until two of them must carry everything.";
        "scaling/adding-machines", "When adding machines stops helping",
            "Twice the machines, a tenth more throughput: what cannot be shared out is the limit.";
        "scaling/autoscaling-lag", "Autoscaling comes late",
            "The load jumps. Help is ordered two seconds later, and arrives after twelve.";
    }
    "News feed" {
        "news-feed/on-write-or-on-read", "On write or on read",
            "Copy each post to all followers, or gather the posts when somebody reads: who pays, and how much.";
        "news-feed/the-celebrity", "The celebrity",
            "One post in nine is for 950 followers, and four copies in five are made for it.";
        "news-feed/stale-feeds", "Stale feeds",
            "Authors are answered at once and copies made later. For a while, half of the feeds lack a post.";
    }
    "Chat" {
        "chat/one-room", "One room",
            "One message is sixteen deliveries. Some stand there twice, because an answer was lost.";
        "chat/presence", "Presence",
            "A phone that vanishes says nothing. How long to wait before it counts as gone?";
        "chat/offline-and-back", "Offline and back",
            "Six phones in a tunnel, and a room that has promised to keep what they have yet to get.";
        "chat/a-gateway-dies", "A gateway dies",
            "Its connections break. Messages that counted as delivered were not.";
    }
    "Message queue" {
        "message-queue/backpressure", "Backpressure",
            "More comes than goes, and the queue is full. Somebody must wait, be refused, or lose something.";
        "message-queue/more-consumers", "Slow consumers, more consumers",
            "Eight consumers are no faster than two: there are only two partitions.";
        "message-queue/poison", "A poison message, and dead letters",
            "One message that nobody gets through with stops all that wait behind it.";
        "message-queue/at-least-once", "At least once, seen twice",
            "A slow consumer is taken for dead, and its message is handed out again.";
    }
    "Distributed cache" {
        "distributed-cache/placement-and-copies", "Placement and copies",
            "Five machines, and room for every key once. What does it cost to keep each of them twice?";
        "distributed-cache/lose-a-node", "Lose a node",
            "One machine of four dies. The others are full as before, and the origin drowns.";
        "distributed-cache/expiry-in-step", "Expiry in step",
            "What was written together expires together, and everybody asks the origin at once.";
    }
    "URL shortener" {
        "url-shortener/counter-or-hash", "Counter or hash",
            "One gives codes that strangers guess, the other codes that collide.";
        "url-shortener/hot-link", "A hot link and its cache",
            "A link is everywhere. The cache bears it, and the clicks are not counted.";
        "url-shortener/clicks-in-line-or-queued", "Clicks: in line or queued",
            "Counting takes as long as redirecting. In a rush a quarter of the redirects pay for it.";
    }
    "API gateway" {
        "api-gateway/which-check", "Which check stopped it",
            "Size, token, rate, route, fields: five checks, and the first that fails is the answer.";
        "api-gateway/token-expiry", "A token expires",
            "Short lives limit what a stolen token is worth, and everybody logs in all the time.";
        "api-gateway/one-noisy-tenant", "One noisy tenant",
            "A script of one tenant sends four times as much as all ten together.";
    }
    "Resilience" {
        "resilience/retry-storm", "A retry storm, and a budget",
            "Three bad seconds, and the system never recovers: the retries keep it down.";
        "resilience/backoff-and-jitter", "Backoff, with each jitter",
            "Forty devices fail together and come back together, until chance pulls them apart.";
        "resilience/circuit-breaker", "A circuit breaker",
            "A queue full of requests that nobody waits for. A pause lets it drain.";
        "resilience/hedging", "The tail at scale, and hedging",
            "Each shard is slow in two of a hundred calls, and eight of a hundred searches are.";
        "resilience/bulkhead", "A bulkhead",
            "A few large exports hold all the workers, and the users wait.";
    }
    "Payments" {
        "payments/a-payments-life", "A payment's life",
            "Authorised, captured, settled, refunded: a table says what may follow on what.";
        "payments/with-and-without-a-key", "Retry with and without a key",
            "An answer is lost, the payment is sent again, and one customer in nine pays twice.";
        "payments/fraud-rules", "Fraud rules",
            "Every thief can be stopped. Then nine in ten of those that are stopped are honest.";
        "payments/refunds", "A recall, and who pays for it",
            "Merchants were paid yesterday, and today everybody wants the money back.";
        "payments/settlement-and-fees", "Settlement and fees",
            "Paid out on the next day, less the fees: 17 % of small payments by card.";
        "payments/a-receiver-that-is-down", "A webhook receiver that is down",
            "Notices that nobody takes are tried again. How often, and how long after?";
    }
};

/// The scenario of the first lab, which the page shows at once: it is part of every program.
pub const FIRST_SCENARIO: &str = include_str!("load-balancing/one-slow-server.json");

/// The lab with this id.
pub fn find(id: &str) -> Option<&'static Lab> {
    LABS.iter().find(|lab| lab.id == id)
}

#[cfg(all(test, feature = "texts"))]
mod tests {
    use super::*;

    #[test]
    fn the_first_scenario_is_the_first_labs() {
        assert_eq!(LABS[0].scenario, FIRST_SCENARIO);
    }
}
