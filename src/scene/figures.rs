//! Figures as the page writes them: three significant digits, thin spaces, the unit beside each.

/// Stands where there is no figure yet.
pub const NONE: &str = "–";
/// Between groups of three digits: a narrow space at which no line breaks.
pub const GROUP: char = '\u{202f}';
/// Between a figure and its unit.
pub const UNIT: char = '\u{a0}';

/// A whole number with its digits in groups: 12 480.
pub fn whole(value: u64) -> String {
    grouped(&value.to_string())
}

/// Digits in groups of three from the right; four digits too, so that columns agree.
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(GROUP);
        }
        out.push(digit);
    }
    out
}

/// A text of somebody who knows no groups, with its whole numbers in them: "1 034 posts".
pub fn with_groups(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(from) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(from);
        let to = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        // Digits behind a point are no whole number.
        let is_whole = !before.ends_with('.');
        out.push_str(before);
        out.push_str(&if is_whole { grouped(&number[..to]) } else { number[..to].to_owned() });
        rest = &number[to..];
    }
    out + rest
}

/// Minor units of money as people write them: 2 245.60.
pub fn money(minor_units: u64) -> String {
    format!("{}.{:02}", whole(minor_units / 100), minor_units % 100)
}

/// Three significant digits: 0.0123, 1.23, 12.3, 123, 2 610. Not finite: [`NONE`].
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_string();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    let size = value.abs();
    if size < 1e-6 {
        return "0".to_string();
    }
    let mut exponent = libm::floor(libm::log10(size)) as i32;
    // 9.996 has three digits as 10.0, not as 10.00.
    if (size / ten_to(exponent - 2)).round() >= 1000.0 {
        exponent += 1;
    }
    if exponent >= 2 {
        let step = ten_to(exponent - 2);
        return format!("{sign}{}", grouped(&format!("{:.0}", (size / step).round() * step)));
    }
    format!("{sign}{size:.*}", (2 - exponent) as usize)
}

/// How far from `mean`, which is written already: with as many decimals, more only if else nothing were left.
pub fn beside(mean: &str, half_width: f64) -> String {
    if !half_width.is_finite() {
        return NONE.to_string();
    }
    // No wider than what adding up leaves behind.
    if half_width < 5e-7 {
        return "0".to_string();
    }
    let decimals = mean.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let least = if half_width > 0.0 { -libm::floor(libm::log10(half_width)) } else { 0.0 };
    match decimals.max(least.clamp(0.0, 6.0) as usize) {
        0 => whole(half_width.round() as u64),
        decimals => format!("{half_width:.decimals$}"),
    }
}

/// A power of ten; `libm::pow` would be most of a kilobyte of every visit.
pub(super) fn ten_to(exponent: i32) -> f64 {
    let power = (0..exponent.unsigned_abs()).fold(1.0, |power, _| power * 10.0);
    if exponent < 0 { 1.0 / power } else { power }
}

/// Without digits that say nothing: 0.5, 20, 1 000.
pub fn short(value: f64) -> String {
    match value {
        value if value >= 1.0 && value == libm::trunc(value) => whole(value as u64),
        value => {
            let figure = figure(value);
            let is_fraction = figure.contains('.');
            if is_fraction { figure.trim_end_matches('0').trim_end_matches('.').to_string() } else { figure }
        }
    }
}

/// The unit behind a figure: one day and two days, but 1 ms.
pub fn unit_of<'a>(figure: &str, unit: &'a str) -> &'a str {
    let is_word = unit.len() > 2 && !unit.ends_with("/s");
    match unit.strip_suffix('s') {
        Some(one) if figure == "1" && is_word => one,
        _ => unit,
    }
}

/// With its unit: "2 610 ms"; [`NONE`] alone if there is none.
pub fn with_unit(value: Option<f64>, unit: &str) -> String {
    match value {
        Some(value) if value.is_finite() && unit.is_empty() => figure(value),
        Some(value) if value.is_finite() => format!("{}{UNIT}{unit}", figure(value)),
        _ => NONE.to_string(),
    }
}

/// Milliseconds as a whole number where that loses nothing that matters: "96 ms", "2 610 ms", "0.42 ms".
pub fn ms(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() && (10.0..1000.0).contains(&value) => {
            format!("{}{UNIT}ms", whole(value.round() as u64))
        }
        value => with_unit(value, "ms"),
    }
}

/// A share of 1 in whole per cent: "87 %". Only the whole is 100 %, only nothing is 0 %.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NONE.to_string();
    }
    let percent = share * 100.0;
    let shown =
        if percent > 0.0 && percent < 100.0 { percent.round().clamp(1.0, 99.0) } else { percent.round() };
    format!("{shown:.0}{UNIT}%")
}

/// A factor: "5×", "2.5×".
pub fn factor(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    if tenths == tenths.round() { format!("{tenths:.0}×") } else { format!("{tenths:.1}×") }
}

/// An instant or a length of time in seconds, to the millisecond: "12.480 s".
pub fn seconds(value: f64) -> String {
    format!("{value:.3}{UNIT}s")
}

/// "1 request", "2 requests".
pub fn count(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", whole(value), if value == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_get_their_groups() {
        for (text, with) in [
            ("1034 posts", "1\u{202f}034 posts"),
            ("3 of 12345, 0.12345 s", "3 of 12\u{202f}345, 0.12345 s"),
            ("", ""),
            ("–", "–"),
        ] {
            assert_eq!(with_groups(text), with);
        }
    }

    #[test]
    fn one_of_them_is_no_plural() {
        for (figure, unit, said) in [
            ("1", "days", "day"),
            ("1", "checks", "check"),
            ("2", "days", "days"),
            ("1.5", "days", "days"),
            ("1", "ms", "ms"),
            ("1", "req/s", "req/s"),
            ("1", "s", "s"),
        ] {
            assert_eq!(unit_of(figure, unit), said);
        }
    }

    #[test]
    fn money_has_two_digits_behind_the_point() {
        assert_eq!([0, 7, 230, 224_560].map(money), ["0.00", "0.07", "2.30", "2\u{202f}245.60"]);
    }

    #[test]
    fn powers_of_ten_are_exact() {
        for exponent in -22..=22 {
            let written: f64 = format!("1e{exponent}").parse().unwrap();
            assert_eq!(ten_to(exponent), written, "{exponent}");
        }
    }

    #[test]
    fn three_significant_digits_at_every_size() {
        let shown = [
            (0.0, "0"),
            (0.01234, "0.0123"),
            (0.9996, "1.00"),
            (1.0, "1.00"),
            (9.996, "10.0"),
            (12.34, "12.3"),
            (99.96, "100"),
            (180.0, "180"),
            (999.6, "1 000"),
            (2612.3, "2 610"),
            (1_234_567.0, "1 230 000"),
            (-4.56, "−4.56"),
            (f64::NAN, NONE),
        ];
        for (value, text) in shown {
            assert_eq!(figure(value), text.replace(' ', "\u{202f}"), "{value}");
        }
    }

    #[test]
    fn intervals_have_the_decimals_of_their_means() {
        let shown = [
            ("332", 7.1, "7"),
            ("45.4", 0.0842, "0.08"),
            ("45.4", 0.842, "0.8"),
            ("1.01", 0.000494, "0.0005"),
            ("0", 0.0, "0"),
            ("0.370", 3.1e-17, "0"),
            ("1\u{202f}730", 1177.6, "1\u{202f}178"),
            ("0.0327", 0.0472, "0.0472"),
            ("5", f64::INFINITY, NONE),
        ];
        for (mean, half_width, text) in shown {
            assert_eq!(beside(mean, half_width), text, "{mean} ± {half_width}");
        }
    }

    #[test]
    fn short_figures_keep_every_digit_that_says_something() {
        let shown = [
            (0.0, "0"),
            (0.5, "0.5"),
            (20.0, "20"),
            (1.25, "1.25"),
            (-200.0, "−200"),
            (1234.5, "1\u{202f}230"),
        ];
        for (value, text) in shown {
            assert_eq!(short(value), text, "{value}");
        }
    }

    #[test]
    fn units_stand_beside_and_nothing_is_a_dash() {
        assert_eq!(with_unit(Some(180.0), "req/s"), "180\u{a0}req/s");
        assert_eq!(ms(Some(96.4)), "96\u{a0}ms");
        assert_eq!(ms(Some(2612.0)), "2\u{202f}610\u{a0}ms");
        assert_eq!(ms(None), NONE);
        assert_eq!(percent(0.999), "99\u{a0}%");
        assert_eq!(percent(1.0), "100\u{a0}%");
        assert_eq!(percent(0.0), "0\u{a0}%");
        assert_eq!(factor(5.0), "5×");
        assert_eq!(factor(2.54), "2.5×");
        assert_eq!(seconds(12.48), "12.480\u{a0}s");
        assert_eq!(count(1, "server", "servers"), "1 server");
        assert_eq!(whole(2231), "2\u{202f}231");
    }
}
