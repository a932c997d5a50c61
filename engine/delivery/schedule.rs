//! When a message is tried again. The engine's clock decides, and nothing is left to chance.

use chrono::TimeDelta;

/// Attempts before a message is given up: about three days.
pub const MAX_ATTEMPTS: u16 = 12;
/// How long a message that was never taken stays worth sending.
pub const STALE: TimeDelta = TimeDelta::days(5);
/// First delay in seconds; each next one is three times as long.
const FIRST_SECS: i64 = 30;
/// Longest delay in seconds.
const MOST_SECS: i64 = 12 * 60 * 60;
/// Longest rest of a sink that takes nothing, in seconds.
const MOST_REST_SECS: i64 = 60;

/// How long to wait after so many failed attempts, from 1.
#[must_use]
pub fn delay_after(attempts: u16) -> TimeDelta {
    TimeDelta::seconds(grown(FIRST_SECS, 3, attempts, MOST_SECS))
}

/// How long a sink rests that took nothing so many times in a row, from 1.
#[must_use]
pub fn rest_after(failures: u16) -> TimeDelta {
    TimeDelta::seconds(grown(1, 2, failures, MOST_REST_SECS))
}

fn grown(first: i64, by: i64, times: u16, most: i64) -> i64 {
    let steps = u32::from(times.saturating_sub(1));
    let factor = by.checked_pow(steps).unwrap_or(most);
    first.saturating_mul(factor).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_limit_and_last_for_days() {
        let secs: Vec<i64> = (1..=8).map(|n| delay_after(n).num_seconds()).collect();
        assert_eq!(secs, [30, 90, 270, 810, 2_430, 7_290, 21_870, 43_200]);
        assert_eq!(delay_after(u16::MAX).num_seconds(), MOST_SECS);
        let all: i64 = (1..MAX_ATTEMPTS)
            .map(|n| delay_after(n).num_seconds())
            .sum();
        assert!((2 * 86_400..4 * 86_400).contains(&all), "{all}");
    }

    #[test]
    fn a_sink_rests_for_a_minute_at_most() {
        let secs: Vec<i64> = (1..=8).map(|n| rest_after(n).num_seconds()).collect();
        assert_eq!(secs, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
