//! Times of sorted lists, and records read by them.

use std::time::Duration;

use opora::desk::{Actor, Condition, ListQuery};
use opora::domain::Kind;
use opora_benches::kit::{Bed, Fallible, Mode, Spread, millis};

/// Aim for the 95th percentile of a list.
const LIST_AIM: Duration = Duration::from_millis(10);
/// Most records that a list may read beyond its limit.
const READ_BEYOND: u64 = 50;
const LIMIT: usize = 50;

/// Two filters and a sort, by the engine's own field and by a pack's.
pub fn times(bed: &Bed, mode: &Mode) -> Fallible<()> {
    for (name, sort) in [
        ("created_at", "created_at"),
        ("a pack's field", "local/weight"),
    ] {
        let query = |turn: usize| {
            let mut query = ListQuery::newest(Kind::Ticket, LIMIT);
            query.filters = vec![
                (
                    "local/room".to_owned(),
                    Condition::In(vec![format!("room {}", turn % 50)]),
                ),
                (
                    "priority".to_owned(),
                    Condition::In(vec!["high".to_owned(), "urgent".to_owned()]),
                ),
            ];
            query.sort = Some((sort.to_owned(), turn.is_multiple_of(2)));
            query
        };
        bed.desk.list(&Actor::System, &query(0))?;
        let (mut most, mut fewest) = (0, usize::MAX);
        let spread = Spread::of(mode.pick(500, 20), |turn| {
            bed.store.inner().take();
            let page = bed.desk.list(&Actor::System, &query(turn))?;
            most = most.max(bed.store.inner().take().rows);
            fewest = fewest.min(page.items.len());
            Ok(())
        })?;
        println!(
            "two filters, sort by {name:<14} p50 {:.2} ms, p95 {:.2} ms (aim: {} ms), CPU of the \
             thread {:.2} and {:.2} ms; at most {most} rows read for {LIMIT} (aim: {}); {fewest} or \
             more found",
            millis(spread.at(0.5)),
            millis(spread.at(0.95)),
            LIST_AIM.as_millis(),
            millis(spread.cpu_at(0.5)),
            millis(spread.cpu_at(0.95)),
            LIMIT as u64 + READ_BEYOND,
        );
    }
    Ok(())
}
