//! Takes out of a WebAssembly module what only debuggers read.

use anyhow::{Context, Result, bail};

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// Custom sections that nothing needs at run time: most of a module.
const NEEDLESS: &[&[u8]] = &[b"name", b"producers", b"linking", b"reloc.CODE", b"reloc.DATA"];

/// The module without its `name` and `producers` sections (WebAssembly core specification, 5.5).
///
/// # Errors
/// When the bytes are no module, or a section ends beyond them.
pub fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    let Some(mut rest) = module.strip_prefix(MAGIC) else { bail!("not a WebAssembly module") };
    let mut kept = MAGIC.to_vec();
    while let Some((&id, after_id)) = rest.split_first() {
        let (size, content) = number(after_id)?;
        let (content, next) = content.split_at_checked(size).context("a section ends too late")?;
        let whole = &rest[..rest.len() - next.len()];
        if id != 0 || !NEEDLESS.contains(&custom_name(content)?) {
            kept.extend_from_slice(whole);
        }
        rest = next;
    }
    Ok(kept)
}

fn custom_name(section: &[u8]) -> Result<&[u8]> {
    let (length, name) = number(section)?;
    name.get(..length).context("a section's name ends too late")
}

/// An unsigned LEB128 number of at most 32 bits, and what comes after it.
fn number(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((usize::try_from(value)?, &bytes[index + 1..]));
        }
    }
    bail!("a number does not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(sections: &[&[u8]]) -> Vec<u8> {
        [MAGIC, &sections.concat()].concat()
    }

    const TYPES: &[u8] = &[1, 4, 1, 0x60, 0, 0];

    fn custom(name: &[u8], content: &[u8]) -> Vec<u8> {
        // The size as a padded LEB128 of two bytes, as linkers write it.
        let size = 1 + name.len() + content.len();
        [&[0, (size & 0x7f) as u8 | 0x80, (size >> 7) as u8, name.len() as u8], name, content].concat()
    }

    #[test]
    fn only_the_needless_sections_go() {
        let features = custom(b"target_features", &[1; 10]);
        let full = module(&[TYPES, &custom(b"name", &[7; 200]), &features, &custom(b"producers", b"x")]);
        assert_eq!(without_names(&full).unwrap(), module(&[TYPES, &features]));
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let full = module(&[TYPES, &custom(b"name", &[7; 200])]);
        for length in [0, 7, MAGIC.len() + 1, MAGIC.len() + 3, full.len() - 1] {
            assert!(without_names(&full[..length]).is_err(), "{length} bytes");
        }
    }
}
