//! What searches taught: what nothing was found for, what nobody opened, which articles solve tickets
//! and which nobody finds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days as CalendarDays, NaiveDate, NaiveTime};

use crate::desk::citation::{self, Citation};
use crate::desk::learning::{all_of, article_row, query_row};
use crate::desk::sight::Sight;
use crate::desk::{
    Actor, ArticleLesson, Condition, Desk, Error, ListQuery, QueryLesson, Result, SearchLessons,
    codec, keys,
};
use crate::domain::learned::{Asked, Days, QueryCounts, Shown, day_of};
use crate::domain::{Id, Kind, StatusCategory};
use crate::store::{MAX_RANGE_ROWS, Snapshot, Table};

/// Days that are reported when none are asked for.
const USUAL_DAYS: u64 = 30;
/// Most rows of each list.
pub const MAX_LISTED: usize = 200;
/// Articles that are looked at, a page at a time.
const MAX_ARTICLES: usize = 2_000;
/// Of a hundred searches so few lead to an opened hit that the query counts as not answered.
const LOW_SHARE: u32 = 20;

impl Desk {
    /// What searches taught from one day to another, both included; the last 30 days when not said.
    ///
    /// # Errors
    /// When the asker is a customer, the days are wrong, or the store fails.
    pub fn lessons(
        &self,
        actor: &Actor,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<SearchLessons> {
        actor.require_agent("reading what searches taught")?;
        let (ground, _) = self.ground(self.store.snapshot(None)?, self.now(), None)?;
        if Sight::new(&ground, actor)
            .rights()
            .is_some_and(|rights| !rights.reports())
        {
            return Err(Error::forbidden("none of your roles lets you run reports"));
        }
        self.keep_lessons(true)?;
        let today = self.now().date_naive();
        let to = to.unwrap_or(today);
        let usual = || to.checked_sub_days(CalendarDays::new(USUAL_DAYS - 1));
        let from = from.or_else(usual).unwrap_or(to);
        if to < from {
            let why = "lies before `from`";
            return Err(Error::field("to", "malformed", why));
        }
        let snapshot = self.store.snapshot(None)?;
        let mut lessons = SearchLessons {
            from,
            to,
            ..SearchLessons::default()
        };
        queries(&*snapshot, &mut lessons)?;
        let seen = self.articles(actor, &*snapshot, &mut lessons)?;
        self.unseen(actor, &seen, &mut lessons)?;
        Ok(lessons)
    }

    /// Articles that were put into answers; gives all that were used or opened.
    fn articles(
        &self,
        actor: &Actor,
        snapshot: &dyn Snapshot,
        lessons: &mut SearchLessons,
    ) -> Result<BTreeSet<Id>> {
        let days = (number(lessons.from), number(lessons.to));
        let mut opened: BTreeMap<Id, Shown> = BTreeMap::new();
        let (from, to) = all_of(&article_row(None));
        for (key, row) in snapshot.range(Table::Meta, &from, &to, false, MAX_RANGE_ROWS)? {
            let counts: Days<Shown> = codec::decode(&row.bytes)?;
            if let Some(id) = keys::id_at_end(&key) {
                opened.insert(id, counts.sum(days.0, days.1));
            }
        }
        let mut uses: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        let from = citation::all();
        let rows = snapshot.range(
            Table::Meta,
            &from,
            &keys::after(&from),
            false,
            MAX_RANGE_ROWS,
        )?;
        lessons.cut |= rows.len() == MAX_RANGE_ROWS;
        for (_, row) in rows {
            let used: Citation = codec::decode(&row.bytes)?;
            let day = day_of(used.at);
            if used.kind == Kind::Ticket && days.0 <= day && day <= days.1 {
                uses.entry(used.article).or_default().insert(used.record);
            }
        }
        let (ground, _) = self.ground(self.store.snapshot(None)?, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let mut used: Vec<(&Id, &BTreeSet<Id>)> = uses.iter().collect();
        used.sort_by_key(|(id, tickets)| (std::cmp::Reverse(tickets.len()), **id));
        lessons.cut |= used.len() > MAX_LISTED;
        for (id, tickets) in used.into_iter().take(MAX_LISTED) {
            let article = super::record::read_many(snapshot, &sight, &[(Kind::Article, *id)])?;
            let Some(article) = article.into_iter().next() else {
                continue;
            };
            let places: Vec<_> = tickets.iter().map(|id| (Kind::Ticket, *id)).collect();
            let read = super::record::read_many(snapshot, &sight, &places)?;
            let solved = read.iter().filter(|t| {
                citation::category(&ground.catalog, &t.record) == Some(StatusCategory::Done)
            });
            let shown = opened.get(id).copied().unwrap_or_default();
            lessons.helpful.push(ArticleLesson {
                solved: solved.count(),
                tickets: read.len(),
                shown: shown.shown,
                clicks: shown.clicks,
                record: article.record,
            });
        }
        lessons
            .helpful
            .sort_by_key(|a| (std::cmp::Reverse((a.solved, a.tickets)), a.record.id));
        let clicked = opened.iter().filter(|(_, shown)| shown.clicks > 0);
        Ok(clicked
            .map(|(id, _)| *id)
            .chain(uses.keys().copied())
            .collect())
    }

    /// Published articles that nobody opened or used.
    fn unseen(
        &self,
        actor: &Actor,
        seen: &BTreeSet<Id>,
        lessons: &mut SearchLessons,
    ) -> Result<()> {
        let mut query = ListQuery::newest(Kind::Article, super::MAX_LIMIT);
        let published = Condition::In(vec!["published".to_owned()]);
        query.filters.push(("status".to_owned(), published));
        let mut looked_at = 0;
        loop {
            let page = self.list(actor, &query)?;
            looked_at += page.items.len();
            for item in page.items {
                let created = item.record.instant("created_at");
                let is_old = created.is_none_or(|at| day_of(at) <= number(lessons.to));
                if is_old && !seen.contains(&item.record.id) {
                    lessons.unseen.push(item.record);
                }
            }
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
            if MAX_ARTICLES <= looked_at {
                lessons.cut = true;
                break;
            }
        }
        // The oldest first: the newest may not have had the time.
        lessons.unseen.reverse();
        lessons.cut |= lessons.unseen.len() > MAX_LISTED;
        lessons.unseen.truncate(MAX_LISTED);
        Ok(())
    }
}

fn number(day: NaiveDate) -> u32 {
    day_of(day.and_time(NaiveTime::MIN).and_utc())
}

fn queries(snapshot: &dyn Snapshot, lessons: &mut SearchLessons) -> Result<()> {
    let (from, to) = all_of(&query_row(None));
    let mut asked: Vec<(String, Asked)> = Vec::new();
    for (_, row) in snapshot.range(Table::Meta, &from, &to, false, MAX_RANGE_ROWS)? {
        let counts: QueryCounts = codec::decode(&row.bytes)?;
        let sum = counts.days.sum(number(lessons.from), number(lessons.to));
        if sum.searches == 0 {
            continue;
        }
        lessons.searches += u64::from(sum.searches);
        lessons.without_hits += u64::from(sum.empty);
        lessons.clicks += u64::from(sum.clicks);
        asked.extend(counts.text.map(|text| (text, sum)));
    }
    let listed = |holds: &dyn Fn(&Asked) -> bool, weight: &dyn Fn(&Asked) -> u32| {
        let mut rows: Vec<&(String, Asked)> = asked.iter().filter(|(_, sum)| holds(sum)).collect();
        rows.sort_by(|a, b| weight(&b.1).cmp(&weight(&a.1)).then_with(|| a.0.cmp(&b.0)));
        let row = |(query, sum): &(String, Asked)| QueryLesson {
            query: query.clone(),
            searches: sum.searches,
            without_hits: sum.empty,
            clicks: sum.clicks,
        };
        rows.into_iter().map(row).collect::<Vec<_>>()
    };
    // Found nothing at least every second time.
    lessons.not_found = listed(&|sum| sum.searches <= 2 * sum.empty, &|sum| sum.empty);
    lessons.not_opened = listed(
        &|sum| {
            let found = sum.searches.saturating_sub(sum.empty);
            2 * sum.empty < sum.searches && sum.clicks * 100 < found * LOW_SHARE
        },
        &|sum| sum.searches.saturating_sub(sum.clicks),
    );
    for list in [&mut lessons.not_found, &mut lessons.not_opened] {
        lessons.cut |= list.len() > MAX_LISTED;
        list.truncate(MAX_LISTED);
    }
    Ok(())
}
