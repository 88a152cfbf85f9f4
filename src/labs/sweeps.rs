//! What a sweep or a comparison begins with in labs where the usual figure does not show what the lab is about.

/// (lab, setting, figure); see `tests/sweeps.rs`.
const SWEEPS: &[(&str, &str, &str)] = &[
    ("caching/ttl-and-refresh", "editors.rate_per_s", "cache.stale_reads"),
    ("caching/eviction-race", "cache.capacity", "cache.hit_ratio"),
    ("caching/stampede", "cache.ttl_ms", "p99"),
    ("caching/write-strategies", "cache.flush_every_ms", "cache.lost_writes"),
    ("caching/cold-start", "clients.rate_per_s", "refused"),
    ("hash-rings/virtual-points", "cache.partitioner.points", "cache.imbalance"),
    ("hash-rings/the-ring-that-scans-by-name", "cache.count", "cache.hit_ratio"),
    ("rate-limiting/the-windows-edge", "servers.workers", "refused"),
    ("rate-limiting/one-burst-six-limiters", "servers.workers", "p99"),
    ("rate-limiting/fair-per-client", "clients.rate_per_s", "clients.refused"),
    ("rate-limiting/tuning-a-token-bucket", "limiter.policy.capacity", "p99"),
    ("consistency/strong-or-eventual", "store.replication_lag_ms", "store.stale_reads"),
    ("consistency/cut-the-network", "store.timeout_ms", "lost"),
    ("consistency/repair", "store.read_quorum", "store.stale_reads"),
    ("consistency/conflicts", "clients.rate_per_s", "store.lost_updates"),
    ("sharding/add-a-shard", "store.workers", "p99"),
    ("sharding/a-transaction-over-two", "clients.rate_per_s", "lost"),
    ("chat/presence", "phones.users", "chat.timed out"),
    ("chat/offline-and-back", "chat.runs.presence_ms", "chat.sends refused"),
    ("chat/a-gateway-dies", "people.rate_per_s", "chat.delivered after at most"),
    ("message-queue/more-consumers", "workers.count", "orders.utilisation"),
    ("message-queue/poison", "orders.poison_share", "orders.dead_letters"),
    ("message-queue/at-least-once", "orders.attempts_max", "orders.dead_letters"),
    ("distributed-cache/placement-and-copies", "cache.capacity", "cache.hit_ratio"),
    ("url-shortener/counter-or-hash", "shortener.runs.links", "shortener.collisions"),
    ("api-gateway/which-check", "clients.rate_per_s", "refused"),
    ("resilience/hedging", "clients.rate_per_s", "p95"),
    ("payments/with-and-without-a-key", "shop.timeout_ms", "pay.charged again"),
    ("payments/fraud-rules", "pay.runs.amount_mean", "pay.share of honest stopped"),
    ("payments/refunds", "pay.runs.amount_mean", "pay.fees of all that was captured"),
    ("payments/settlement-and-fees", "pay.runs.amount_mean", "pay.fees of all that was captured"),
    ("payments/a-receiver-that-is-down", "pay.runs.webhook_attempts", "pay.webhooks given up"),
];

/// Setting and figure with which a sweep of this lab begins; `None` for the first number and the usual figure.
pub fn sweep_of(lab: &str) -> Option<(&'static str, &'static str)> {
    SWEEPS.iter().find(|(id, ..)| *id == lab).map(|(_, path, figure)| (*path, *figure))
}

/// What a comparison shows over time at first, where that is neither how much hits nor how long an answer takes: some variants
/// answer nothing for a while, and some answer wrongly.
const OVER_TIME: &[(&str, &str)] = &[
    ("caching/ttl-and-refresh", "Stale reads"),
    ("rate-limiting/one-burst-six-limiters", "Let through"),
    ("rate-limiting/the-windows-edge", "Let through"),
    ("resilience/retry-storm", "Answered"),
    ("resilience/circuit-breaker", "Answered"),
    ("resilience/bulkhead", "Answered"),
    ("consistency/strong-or-eventual", "Stale reads"),
    ("consistency/cut-the-network", "Stale reads"),
    ("consistency/tune-r-and-w", "Stale reads"),
    ("consistency/repair", "Stale reads"),
    ("consistency/conflicts", "Lost updates"),
    ("sharding/a-transaction-over-two", "Not answered"),
];

/// The name of the figure with which a comparison of this lab begins; `None` for the usual one.
pub fn over_time_of(lab: &str) -> Option<&'static str> {
    OVER_TIME.iter().find(|(id, _)| *id == lab).map(|(_, figure)| *figure)
}
