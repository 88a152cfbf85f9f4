//! What random streams draw, as text: compared with `bits.txt` natively (`tests/bits.rs`) and in the
//! browser (`tests/wasm.rs`), so that both are known to draw the same bits.

use switchyard::sim::{Draw, Purpose, Random, Stream, mix, stream_seed};

/// The text that is kept.
pub const KEPT: &str = include_str!("bits.txt");

/// Enough to come through every layer of the ziggurat, its tail and its rejections.
const SAMPLES: u64 = 200_000;

type Sample = fn(&mut Stream) -> f64;

/// The first draws in full, then a digest of many: one line each, bits in hexadecimal.
pub fn drawn() -> String {
    let mut lines = vec![];
    let mut stream = Stream::new(42, "clients", Purpose::Arrivals);
    for index in 0..8 {
        lines.push(format!("stream {index} {:016x}", stream.next_u64()));
    }
    let mut draw = Draw::new(stream_seed(42, "servers", Purpose::Service), 7);
    for index in 0..8 {
        lines.push(format!("draw {index} {:016x}", draw.next_u64()));
    }
    let real: [(&str, Sample); 3] = [
        ("unit", |stream| stream.unit()),
        ("exponential", |stream| stream.exponential()),
        ("normal", |stream| stream.normal()),
    ];
    for (name, sample) in real {
        let mut stream = Stream::new(42, name, Purpose::Service);
        for index in 0..4 {
            lines.push(format!("{name} {index} {:016x}", sample(&mut stream).to_bits()));
        }
        let digest = (0..SAMPLES).fold(0, |digest, _| mix(digest ^ sample(&mut stream).to_bits()));
        lines.push(format!("{name} digest of {SAMPLES} {digest:016x}"));
    }
    lines.join("\n") + "\n"
}
