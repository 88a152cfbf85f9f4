//! How wide text is, estimated without a browser.
//!
//! The advance widths are those of DejaVu Sans, the widest of the usual system fonts: what fits by this
//! table fits in any of them.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// Thousandths of the size, for U+0020 to U+007E.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
    372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
    500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
    478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];

fn advance(character: char, weight: Weight) -> u16 {
    let table = if weight == Weight::Bold { &BOLD } else { &REGULAR };
    match character {
        ' '..='~' => table[character as usize - 0x20],
        '\u{202f}' => 200,
        '\u{a0}' => table[0],
        '·' => 380,
        '–' => 500,
        '→' | '←' | '×' | '≤' | '≥' => 838,
        // Letters of other scripts: about as wide as a capital; wide ones are full squares.
        '\u{1100}'..='\u{ffff}' => 1000,
        _ => 780,
    }
}

/// In CSS pixels, at this size.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    text.chars().map(|character| advance(character, weight) as f64).sum::<f64>() * size / 1000.0
}

/// The text, or as much of its start as fits with an ellipsis; empty if not even that does.
pub fn fit(text: &str, size: f64, weight: Weight, max: f64) -> String {
    if width(text, size, weight) <= max {
        return text.to_string();
    }
    let mut cut: String = text.to_string();
    while cut.pop().is_some() {
        let shown = format!("{}…", cut.trim_end());
        if !cut.is_empty() && width(&shown, size, weight) <= max {
            return shown;
        }
    }
    String::new()
}

/// Words on at most `lines` lines no wider than `max`; the last is cut if need be.
pub fn wrap(text: &str, size: f64, weight: Weight, max: f64, lines: usize) -> Vec<String> {
    let mut rows: Vec<String> = vec![];
    for word in text.split_whitespace() {
        let joined = rows.last().map(|row| format!("{row} {word}"));
        match joined {
            Some(row) if width(&row, size, weight) <= max || rows.len() == lines => {
                if let Some(last) = rows.last_mut() {
                    *last = row;
                }
            }
            _ => rows.push(word.to_string()),
        }
    }
    rows.iter().map(|row| fit(row, size, weight, max)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured by a browser in DejaVu Sans: "Server 3" at 100 px is 424 px wide.
    #[test]
    fn a_measured_word_has_its_width() {
        let sum = [635, 615, 411, 592, 615, 411, 318, 636].iter().sum::<i32>() as f64 / 10.0;
        assert!((width("Server 3", 100.0, Weight::Regular) - sum).abs() < 1e-9);
    }

    #[test]
    fn what_does_not_fit_is_cut_with_an_ellipsis() {
        let cut = fit("Weighted least connections", 12.0, Weight::Bold, 80.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, Weight::Bold) <= 80.0, "{cut}");
        assert_eq!(fit("short", 12.0, Weight::Regular, 80.0), "short");
        assert_eq!(fit("anything", 12.0, Weight::Regular, 3.0), "");
    }

    #[test]
    fn words_wrap_and_the_last_line_takes_the_rest() {
        assert_eq!(wrap("Round robin", 13.0, Weight::Bold, 70.0, 2), ["Round", "robin"]);
        assert_eq!(wrap("a b c", 10.0, Weight::Regular, 8.0, 2).len(), 2);
    }
}
