//! Whatever happens to a clock, its ledger adds up to its due.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::super::working_time::tests::{calendar_near, many};
use super::super::super::working_time::{add_working, worked_between};
use super::*;

/// What happens to a clock, so many seconds after what happened before.
#[derive(Debug, Clone, Copy)]
enum Step {
    Pause,
    Resume,
    Meet,
    Cancel,
    Reopen,
    Tick,
    Change { calendar: usize, target_secs: u64 },
}

fn waits() -> impl Strategy<Value = Step> {
    prop_oneof![Just(Step::Pause), Just(Step::Resume), Just(Step::Tick)]
}

fn anything() -> impl Strategy<Value = Step> {
    let change = (0..3_usize, 0..90_000_u64).prop_map(|(calendar, target_secs)| Step::Change {
        calendar,
        target_secs,
    });
    prop_oneof![
        6 => waits(),
        1 => Just(Step::Meet),
        1 => Just(Step::Cancel),
        2 => Just(Step::Reopen),
        2 => change,
    ]
}

fn pauses() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(0),
        0..3_600_i64,
        0..200_000_i64,
        (0..48_i64).prop_map(|h| h * 1_800)
    ]
}

fn take(
    clock: &mut SlaClock,
    step: Step,
    calendars: &Vec<Calendar>,
    now: DateTime<Utc>,
) -> Result<(), SlaError> {
    match step {
        Step::Pause => clock.pause(calendars, now, "pause").map(drop),
        Step::Resume => clock.resume(calendars, now, "resume").map(drop),
        Step::Meet => clock.meet(calendars, now, "meet").map(drop),
        Step::Cancel => clock.cancel(calendars, now, "cancel").map(drop),
        Step::Reopen => clock.reopen(calendars, now, "reopen").map(drop),
        Step::Change {
            calendar,
            target_secs,
        } => {
            let terms = terms(&calendars[calendar], target_secs);
            clock
                .change_level(calendars, terms, now, "change")
                .map(drop)
        }
        Step::Tick => {
            clock.tick(now);
            Ok(())
        }
    }
}

/// Working time from the start to `until`, each segment by its own calendar and the last one
/// going on.
fn worked_until(clock: &SlaClock, calendars: &Vec<Calendar>, until: DateTime<Utc>) -> u64 {
    let last = clock.segments.len() - 1;
    let segments = clock.segments.iter().enumerate();
    let worked = segments.map(|(index, segment)| {
        let calendar = calendars.find(&clock.calendar_code, segment.calendar_version);
        let end = segment.to.filter(|_| index < last).unwrap_or(until);
        worked_between(calendar.unwrap(), segment.from, end.min(until))
    });
    worked.sum()
}

fn assert_ledger_adds_up(clock: &SlaClock, calendars: &Vec<Calendar>, now: DateTime<Utc>) {
    let segments = &clock.segments;
    assert_eq!(segments[0].from, clock.started_at);
    assert!(
        segments
            .windows(2)
            .all(|pair| pair[0].to == Some(pair[1].from))
    );
    let last = segments.last().unwrap();
    match clock.state {
        ClockState::Running => assert_eq!((last.to, last.counted), (None, true)),
        ClockState::Paused => assert_eq!((last.to, last.counted), (None, false)),
        ClockState::Met | ClockState::Cancelled => {
            assert_eq!(last.to, clock.end.as_ref().map(|end| end.at));
            assert!(last.to.is_some());
        }
    }

    let view = clock.explain(calendars, now).unwrap();
    let sum = |counted: bool| -> u64 {
        let rows = view.rows.iter().filter(|row| row.counted == counted);
        rows.map(|row| row.working_secs).sum()
    };
    assert_eq!(
        (sum(true), sum(false)),
        (view.counted_secs, view.excluded_secs)
    );
    let target = i64::try_from(view.target_secs).unwrap();
    assert_eq!(
        i64::try_from(view.counted_secs).unwrap() + view.remaining_secs,
        target
    );

    // The due is the smallest instant with that much work before it.
    let promised = view.target_secs + view.excluded_secs;
    assert_eq!(worked_until(clock, calendars, view.due_at), promised);
    if promised > 0 {
        let before = view.due_at - TimeDelta::seconds(1);
        assert!(worked_until(clock, calendars, before) < promised);
    }
    if view.remaining_secs < 0 {
        assert!(view.due_at < view.as_of);
    }
    if view.remaining_secs > 0 {
        assert!(view.as_of < view.due_at);
    }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn a_ledger_adds_up_whatever_happens(
        (first, near) in calendar_near(),
        (second, _) in calendar_near(),
        (third, _) in calendar_near(),
        target_secs in 0..90_000_u64,
        steps in vec((pauses(), anything()), 0..14),
    ) {
        let second = Calendar { version: 2, time_zone: first.time_zone, ..second };
        let third = Calendar { code: "another".into(), ..third };
        let calendars = vec![first, second, third];
        let begin = terms(&calendars[0], target_secs);
        let Ok(mut clock) = SlaClock::start("any", begin, &calendars, near, "start") else {
            return Ok(());
        };
        let mut now = near;
        assert_ledger_adds_up(&clock, &calendars, now);
        for (secs, step) in steps {
            now += TimeDelta::seconds(secs);
            let before = clock.clone();
            if take(&mut clock, step, &calendars, now).is_err() {
                prop_assert_eq!(&clock, &before);
            }
            // A wait that goes on may reach past the work ahead of a calendar that runs out.
            if clock.due_at(&calendars, now).is_err() {
                return Ok(());
            }
            assert_ledger_adds_up(&clock, &calendars, now);
            if before.breached_at.is_some() {
                prop_assert_eq!(clock.breached_at, before.breached_at);
            }
            if let (ClockState::Met, None) = (clock.state, clock.breached_at) {
                prop_assert!(clock.met_at() <= Some(clock.due_at));
            }
            let bytes = postcard::to_allocvec(&clock).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<SlaClock>(&bytes).unwrap(), &clock);
        }
    }

    #[test]
    fn replaying_the_segments_gives_the_same_due(
        (calendar, near) in calendar_near(),
        target_secs in 1..90_000_u64,
        steps in vec((pauses(), waits()), 0..14),
    ) {
        let calendars = vec![calendar];
        let begin = terms(&calendars[0], target_secs);
        let Ok(mut clock) = SlaClock::start("any", begin.clone(), &calendars, near, "start") else {
            return Ok(());
        };
        let mut now = near;
        for (secs, step) in steps {
            now += TimeDelta::seconds(secs);
            if take(&mut clock, step, &calendars, now).is_err() {
                return Ok(());
            }
        }
        let mut again = SlaClock::start("any", begin, &calendars, near, "start").unwrap();
        for segment in &clock.segments[1..] {
            let step = if segment.counted { Step::Resume } else { Step::Pause };
            take(&mut again, step, &calendars, segment.from).unwrap();
        }
        prop_assert_eq!(&again.segments, &clock.segments);
        prop_assert_eq!(again.due_at, clock.due_at);

        // With one calendar there is a closed form.
        let Ok(due) = clock.due_at(&calendars, now) else { return Ok(()) };
        let waited = clock.waited_working(&calendars, now).unwrap();
        let form = add_working(&calendars[0], near, target_secs + waited);
        prop_assert_eq!(form, Ok(due));
    }
}
