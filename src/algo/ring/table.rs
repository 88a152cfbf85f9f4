//! What policies with a table of slots share: preference, shares and the picture.

use super::{CELLS, Inspection, POINTS_SHOWN, Point};

/// The members of the slots from `slot` on, each once, and then those without a slot.
pub(super) fn walk(table: &[u32], slot: usize, members: usize, count: usize, out: &mut Vec<usize>) {
    let wanted = count.min(members);
    out.clear();
    let slots = table.iter().skip(slot).chain(table.iter().take(slot)).map(|&member| member as usize);
    for member in slots.chain(0..members) {
        if out.len() >= wanted {
            return;
        }
        if !out.contains(&member) {
            out.push(member);
        }
    }
}

/// A table on a line: a point where another member's run of slots begins.
pub(super) fn inspect(table: &[u32], members: usize, note: String) -> Inspection {
    let slots = table.len().max(1) as f64;
    let (mut shares, mut points, mut points_total) = (vec![0.0; members], vec![], 0);
    for (slot, &member) in table.iter().enumerate() {
        if let Some(share) = shares.get_mut(member as usize) {
            *share += 1.0 / slots;
        }
        if slot == 0 || table[slot - 1] != member {
            points_total += 1;
            if points.len() < POINTS_SHOWN {
                points.push(Point { at: slot as f64 / slots, member });
            }
        }
    }
    let middle = |nth: usize| table.get((2 * nth + 1) * table.len() / (2 * CELLS)).copied();
    let cells = (0..CELLS).filter_map(middle).collect();
    Inspection { note, points, points_total, cells, shares, ..Default::default() }
}
