//! Numbers in base 62, with the digits a–z, A–Z, 0–9: 0 is "a", 61 is "9", 62 is "ba".

use super::Code;

pub const DIGITS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The number as a numeral without leading zeros; 11 digits at most.
pub fn encode(mut number: u64) -> Code {
    let mut digits = [0; 11];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = DIGITS[(number % 62) as usize];
        number /= 62;
        if number == 0 {
            return Code::of(&digits[at..]);
        }
    }
}

/// The number of a numeral; none if it is empty, holds another character, or is 2⁶⁴ or more.
pub fn decode(numeral: &str) -> Option<u64> {
    if numeral.is_empty() {
        return None;
    }
    numeral.bytes().try_fold(0u64, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number.checked_mul(62)?.checked_add(digit as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of a positional numeral, spelled out: count up, with carry.
    fn successor(numeral: &str) -> String {
        let mut bytes = numeral.as_bytes().to_vec();
        for at in (0..bytes.len()).rev() {
            match bytes[at] {
                b'z' => bytes[at] = b'A',
                b'Z' => bytes[at] = b'0',
                b'9' => {
                    bytes[at] = b'a';
                    continue;
                }
                _ => bytes[at] += 1,
            }
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        format!("b{}", String::from_utf8_lossy(&bytes))
    }

    #[test]
    fn counting_by_hand_gives_the_same_numerals() {
        let mut wanted = "a".to_owned();
        for number in 0..250_000 {
            assert_eq!(encode(number).as_str(), wanted);
            assert_eq!(decode(&wanted), Some(number));
            wanted = successor(&wanted);
        }
    }

    #[test]
    fn known_values() {
        for (number, numeral) in [
            (0, "a"),
            (61, "9"),
            (62, "ba"),
            (62 * 62 - 1, "99"),
            (62 * 62, "baa"),
            (62u64.pow(7) - 1, "9999999"),
            (62u64.pow(7), "baaaaaaa"),
        ] {
            assert_eq!(encode(number).as_str(), numeral);
            assert_eq!(decode(numeral), Some(number));
        }
        assert_eq!(encode(u64::MAX).as_str().len(), 11);
        for wrong in ["", "-", "a b", "ü", "99999999999"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_can_be_decoded(number: u64) {
            prop_assert_eq!(decode(encode(number).as_str()), Some(number));
        }
    }
}
