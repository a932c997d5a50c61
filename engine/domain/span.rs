//! Lengths of time as ISO 8601 writes them: `PT30M`, `P7D`, `P1DT2H30M`.

use chrono::TimeDelta;

/// Reads a length of whole seconds, at most a year of 366 days. Weeks and days are 7 and 1 times 24
/// hours; years and months have no length of their own and are not read.
#[must_use]
pub fn parse(text: &str) -> Option<TimeDelta> {
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text.strip_prefix('P')?, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let days = seconds(date, &[('W', 7 * 86_400), ('D', 86_400)])?;
    let rest = seconds(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    let whole = days.checked_add(rest)?;
    (whole <= MAX_SECS)
        .then(|| TimeDelta::try_seconds(whole))
        .flatten()
}

/// Longest length that is read, in seconds.
pub const MAX_SECS: i64 = 366 * 86_400;

/// The sum of parts like `2H30M`, each unit at most once and in this order.
fn seconds(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut sum) = (text, 0_i64);
    for (unit, secs) in units {
        let Some((number, after)) = rest.split_once(*unit) else {
            continue;
        };
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(*secs)?)?;
        rest = after;
    }
    rest.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lengths_are_read_as_iso_8601_writes_them() {
        let secs = |text: &str| parse(text).map(|d| d.num_seconds());
        assert_eq!(secs("PT30M"), Some(1_800));
        assert_eq!(secs("P1DT2H30M5S"), Some(95_405));
        assert_eq!(secs("P2W"), Some(14 * 86_400));
        assert_eq!(secs("PT0S"), Some(0));
        assert_eq!(secs("P366D"), Some(366 * 86_400));
        for wrong in [
            "",
            "P",
            "PT",
            "P1DT",
            "30M",
            "PT30",
            "PTM",
            "PT-5M",
            "PT1M1H",
            "PT1H1H",
            "P1Y",
            "P1M",
            "PT1.5H",
            "P367D",
            "PT99999999999999999999S",
            "P1D ",
            "pt5m",
            "P٣D",
        ] {
            assert_eq!(secs(wrong), None, "{wrong}");
        }
    }
}
