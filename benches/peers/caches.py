"""libCacheSim (PyPI, libcachesim 0.3.5) on the traces that our cache policies run on.

caches.py speed TRACE     millions of requests a second: lines `speed POLICY/CAPACITY FIGURE`
caches.py golden          misses on the small traces of src/algo/cache/golden.rs, as lines of its table

TRACE is in the format oracleGeneral: per request 24 bytes, little endian: u32 time, u64 key, u32 size (1), i64
next request of the key. Run by `cargo xtask bench`.
"""

import os
import sys
import tempfile
import time

import libcachesim as peer

REPETITIONS = 5
CAPACITIES = (10_000, 100_000)
# Ours by id, and the class there. Its SLRU has four equal segments.
POLICIES = {
    "fifo": peer.FIFO,
    "lru": peer.LRU,
    "lfu": peer.LFU,
    "random": peer.Random,
    "clock": peer.Clock,
    "slru": peer.SLRU,
    "two-q": peer.TwoQ,
    "arc": peer.ARC,
    "lirs": peer.LIRS,
    "w-tiny-lfu": peer.WTinyLFU,
    "s3-fifo": peer.S3FIFO,
    "sieve": peer.Sieve,
    "min": peer.Belady,
}


def run(policy, capacity, path):
    """Seconds and misses."""
    reader = peer.TraceReader(path, peer.TraceType.ORACLE_GENERAL_TRACE)
    cache = POLICIES[policy](capacity, hashpower=17)
    start = time.perf_counter()
    miss_ratio, _ = cache.process_trace(reader)
    return time.perf_counter() - start, round(miss_ratio * (os.path.getsize(path) // 24))


def speed(path):
    requests = os.path.getsize(path) // 24
    for capacity in CAPACITIES:
        for policy in POLICIES:
            runs = sorted(run(policy, capacity, path)[0] for _ in range(REPETITIONS))
            print(f"speed {policy}/{capacity} {requests / runs[REPETITIONS // 2] / 1e6:.2f}", flush=True)


def skewed(state):
    """A number below 2000, small ones far more often: the cube of a uniform number."""
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    uniform = state >> 33
    square = uniform * uniform >> 31
    return state, (square * uniform >> 31) * 2000 >> 31


def traces():
    """As in golden.rs: keys with a skew; the same with scans; a loop with some of the first."""
    found = {"skewed": [], "scans": [], "loop": []}
    state = 1
    for nth in range(50_000):
        state, key = skewed(state)
        found["skewed"].append(key)
        found["scans"].append(10_000 + nth if nth % 1500 >= 1200 else key)
        found["loop"].append(nth % 450 if nth % 10 else key)
    return found


def golden():
    for name, keys in traces().items():
        with tempfile.NamedTemporaryFile() as file:
            later, records = {}, []
            for nth in range(len(keys) - 1, -1, -1):
                following = later.get(keys[nth], 2**63 - 1)
                later[keys[nth]] = nth + 1
                number = keys[nth] + 1  # 0 is no key there
                records.append(
                    nth.to_bytes(4, "little") + number.to_bytes(8, "little")
                    + (1).to_bytes(4, "little") + following.to_bytes(8, "little")
                )
            file.write(b"".join(reversed(records)))
            file.flush()
            for policy in POLICIES:
                misses = [run(policy, capacity, file.name)[1] for capacity in (40, 400)]
                print(f'    ("{policy}", "{name}", {misses}),')


if __name__ == "__main__":
    if sys.argv[1:2] == ["speed"] and len(sys.argv) == 3:
        speed(sys.argv[2])
    elif sys.argv[1:] == ["golden"]:
        golden()
    else:
        sys.exit(__doc__)
