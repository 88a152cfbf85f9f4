//! The roles of colours and the exact colours that they have on light and dark paper.
//!
//! Outcome colours are Okabe and Ito's, which colour-blind readers tell apart. Text of the same
//! meaning has a role of its own, darkened on light paper until it has a contrast of 4.5:1.

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Ink {
    /// Request, selection, control.
    Request,
    /// Ok, reply.
    Ok,
    /// Waiting, slow, near the limit.
    Waiting,
    /// Failed, broken.
    Failed,
    /// Refused on purpose.
    Refused,
    RequestText,
    OkText,
    WaitingText,
    FailedText,
    RefusedText,
    /// Text on a surface filled with one of the five text roles.
    OnStrong,
    /// Behind everything; also the face of cards.
    Paper,
    /// The stage's surface.
    Panel,
    /// Outlines and grid lines.
    Line,
    Ink,
    DimInk,
    Track,
    /// An empty slot or place.
    Empty,
    /// What belongs to one of the members among whom something is divided. Says nothing of how it does.
    Owner0,
    Owner1,
    Owner2,
    Owner3,
    Owner4,
    Owner5,
    Owner6,
    Owner7,
}

/// After so many members the colours begin again; their numbers tell them apart.
const OWNERS: [Ink; 8] =
    [Ink::Owner0, Ink::Owner1, Ink::Owner2, Ink::Owner3, Ink::Owner4, Ink::Owner5, Ink::Owner6, Ink::Owner7];

impl Ink {
    pub const COUNT: usize = 26;

    /// The colour of what belongs to this member, from 0.
    pub fn owner(member: usize) -> Ink {
        OWNERS[member % OWNERS.len()]
    }

    /// The role for text of the same meaning.
    pub fn text(self) -> Ink {
        match self {
            Ink::Request => Ink::RequestText,
            Ink::Ok => Ink::OkText,
            Ink::Waiting => Ink::WaitingText,
            Ink::Failed => Ink::FailedText,
            Ink::Refused => Ink::RefusedText,
            other => other,
        }
    }
}

/// Red, green and blue, 0 to 255.
pub type Rgb = [u8; 3];

/// A colour for each role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    rgb: [Rgb; Ink::COUNT],
}

/// Role, light, dark; in the order of the enum.
const COLOURS: [(Ink, u32, u32); Ink::COUNT] = [
    (Ink::Request, 0x0072B2, 0x5AB3F0),
    (Ink::Ok, 0x009E73, 0x2BC59A),
    (Ink::Waiting, 0xB26B00, 0xF2B134),
    (Ink::Failed, 0xD55E00, 0xFF7A4D),
    (Ink::Refused, 0xB5538C, 0xE39CC5),
    (Ink::RequestText, 0x006AA6, 0x5AB3F0),
    (Ink::OkText, 0x007355, 0x2BC59A),
    (Ink::WaitingText, 0x8F5600, 0xF2B134),
    (Ink::FailedText, 0xB34A00, 0xFF7A4D),
    (Ink::RefusedText, 0xA04378, 0xE39CC5),
    (Ink::OnStrong, 0xFFFFFF, 0x0E1318),
    (Ink::Paper, 0xF7F5F0, 0x0E1318),
    (Ink::Panel, 0xFFFFFF, 0x151C23),
    (Ink::Line, 0xE3DED3, 0x26313C),
    (Ink::Ink, 0x1B2026, 0xE8EEF4),
    (Ink::DimInk, 0x5E636A, 0x8FA1B3),
    (Ink::Track, 0xE3DED0, 0x25313B),
    (Ink::Empty, 0xEDE9DF, 0x1F2932),
    (Ink::Owner0, 0x0072B2, 0x5AB3F0),
    (Ink::Owner1, 0x009E73, 0x2BC59A),
    (Ink::Owner2, 0xB26B00, 0xF2B134),
    (Ink::Owner3, 0xB5538C, 0xE39CC5),
    (Ink::Owner4, 0x6A51A3, 0xB39DF3),
    (Ink::Owner5, 0x5E8700, 0xB9D35A),
    (Ink::Owner6, 0x7A4A21, 0xD8A47F),
    (Ink::Owner7, 0x0F7C8C, 0x6AD0DC),
];

impl Palette {
    pub const LIGHT: Palette = Palette::mix(false);
    pub const DARK: Palette = Palette::mix(true);

    /// For dark or for light surroundings.
    pub fn of(dark: bool) -> &'static Palette {
        if dark { &Palette::DARK } else { &Palette::LIGHT }
    }

    const fn mix(dark: bool) -> Palette {
        let mut rgb = [[0; 3]; Ink::COUNT];
        let mut index = 0;
        while index < Ink::COUNT {
            let (_, light_rgb, dark_rgb) = COLOURS[index];
            let value = if dark { dark_rgb } else { light_rgb };
            rgb[index] = [(value >> 16) as u8, (value >> 8) as u8, value as u8];
            index += 1;
        }
        Palette { rgb }
    }

    pub fn rgb(&self, ink: Ink) -> Rgb {
        self.rgb[ink as usize]
    }

    /// As in CSS: `#0072b2`.
    pub fn css(&self, ink: Ink) -> String {
        let [r, g, b] = self.rgb(ink);
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}

/// Contrast of two colours, 1 to 21, as WCAG 2.2 defines it.
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2.2's relative luminance.
fn luminance(rgb: Rgb) -> f64 {
    let linear = |channel: u8| {
        let share = channel as f64 / 255.0;
        if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
    };
    0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: [Ink; 5] = [Ink::Request, Ink::Ok, Ink::Waiting, Ink::Failed, Ink::Refused];

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, (ink, ..)) in COLOURS.iter().enumerate() {
            assert_eq!(*ink as usize, index);
        }
    }

    /// The published extremes: black on white is 21:1, #777777 on white 4.48:1.
    #[test]
    fn contrast_is_that_of_the_published_examples() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([0x77; 3], [255; 3]) - 4.48).abs() < 0.005);
    }

    /// In the space of CIELAB, where a distance of 2.3 is just seen (Mahy et al., 1994): ten times that.
    #[test]
    fn owners_are_told_apart() {
        let lab = |rgb: Rgb| {
            let [r, g, b] = rgb.map(|channel| {
                let share = channel as f64 / 255.0;
                if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
            });
            let f = |t: f64| if t > 0.008856 { libm::cbrt(t) } else { 7.787 * t + 16.0 / 116.0 };
            let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
            let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
            let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        for palette in [Palette::LIGHT, Palette::DARK] {
            for (index, one) in OWNERS.iter().enumerate() {
                for other in &OWNERS[index + 1..] {
                    let (a, b) = (lab(palette.rgb(*one)), lab(palette.rgb(*other)));
                    let squares: f64 = (0..3).map(|axis| (a[axis] - b[axis]) * (a[axis] - b[axis])).sum();
                    assert!(squares.sqrt() > 20.0, "{one:?} and {other:?}: {:.1}", squares.sqrt());
                }
            }
        }
    }

    #[test]
    fn marks_have_3_to_1_and_text_4_5_to_1_on_paper_and_panel() {
        for palette in [Palette::LIGHT, Palette::DARK] {
            for ground in [Ink::Paper, Ink::Panel] {
                for mark in MARKS.into_iter().chain(OWNERS) {
                    let ratio = contrast(palette.rgb(mark), palette.rgb(ground));
                    assert!(ratio >= 3.0, "{mark:?} on {ground:?}: {ratio:.2}");
                }
                for text in MARKS.map(Ink::text).into_iter().chain([Ink::Ink, Ink::DimInk]) {
                    let ratio = contrast(palette.rgb(text), palette.rgb(ground));
                    assert!(ratio >= 4.5, "{text:?} on {ground:?}: {ratio:.2}");
                }
            }
            for strong in MARKS.map(Ink::text).into_iter().chain([Ink::DimInk]) {
                let ratio = contrast(palette.rgb(Ink::OnStrong), palette.rgb(strong));
                assert!(ratio >= 4.5, "on {strong:?}: {ratio:.2}");
            }
        }
    }
}
