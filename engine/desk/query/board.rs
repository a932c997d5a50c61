//! The board of a type: a column for each status, and before them the inbox.

use std::collections::BTreeMap;

use super::filter::{Filter, Holds};
use super::inbox;
use super::list::Walk;
use crate::desk::decide::Ground;
use crate::desk::sight::Sight;
use crate::desk::{
    Actor, Board, BoardCard, BoardColumn, BoardQuery, Desk, Error, InboxQuery, RecordPage,
    Responsible, Result,
};
use crate::domain::definitions::TypeDef;
use crate::domain::{Id, Kind, Value, record::fields};

/// Most cards of a column.
const MAX_CARDS: usize = 100;

impl Desk {
    /// The board of a type.
    ///
    /// # Errors
    /// When there is no such type, the asker may not, or the store fails.
    pub fn board(&self, actor: &Actor, query: &BoardQuery) -> Result<Board> {
        actor.require_agent("reading a board")?;
        if !(1..=MAX_CARDS).contains(&query.limit) {
            let message = format!("must lie between 1 and {MAX_CARDS}");
            return Err(Error::field("limit", "limit_out_of_range", message));
        }
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let found = ground.catalog.resolve_type(&query.type_code);
        let found = found.filter(|t| t.kind != Kind::Inquiry);
        let Some(def) = found else {
            let short: String = query.type_code.chars().take(64).collect();
            let message = format!("there is no type `{short}` of records that stand on a board");
            return Err(Error::field("type", "unknown_type", message));
        };
        let reader = Reader {
            ground: &ground,
            sight: &sight,
            query,
            def,
        };
        let mut columns = vec![reader.inbox()?];
        let workflow = ground.catalog.workflow(def.kind, Some(&def.code));
        for status in workflow.into_iter().flat_map(|w| &w.statuses) {
            let (cards, more) = reader.cards(&status.code)?;
            columns.push(BoardColumn {
                status: Some(status.clone()),
                cards,
                more,
            });
        }
        Ok(Board {
            type_code: def.code.clone(),
            columns,
        })
    }
}

struct Reader<'r, 'g, 'a> {
    ground: &'r Ground<'a>,
    sight: &'r Sight<'g, 'a>,
    query: &'r BoardQuery,
    def: &'r TypeDef,
}

impl Reader<'_, '_, '_> {
    /// Inquiries without a type, and those of the pack's own types.
    fn inbox(&self) -> Result<BoardColumn> {
        let query = InboxQuery {
            responsible: self.query.responsible,
            type_code: None,
            older_than_secs: None,
            limit: self.query.limit,
            cursor: None,
            at_least: None,
        };
        let page = inbox::read(self.ground, self.sight, &query, None, self.query.limit)?;
        let pack = self.def.code.split_once('/').map(|(pack, _)| pack);
        let own = |page: &RecordPage| {
            let code = page.record.type_code();
            code.is_none_or(|code| code.split_once('/').map(|(p, _)| p) == pack)
        };
        let items: Vec<_> = page.items.into_iter().filter(|i| own(&i.page)).collect();
        let ages: Vec<i64> = items.iter().map(|i| i.age_secs).collect();
        let mut cards = self.cards_of(items.into_iter().map(|i| i.page).collect())?;
        for (card, age) in cards.iter_mut().zip(ages) {
            card.age_secs = Some(age);
        }
        Ok(BoardColumn {
            status: None,
            cards,
            more: page.next.is_some(),
        })
    }

    /// The newest records of a status, and whether there are more.
    fn cards(&self, status: &str) -> Result<(Vec<BoardCard>, bool)> {
        let is = |field: &str, value: Value| Filter {
            field: field.to_owned(),
            indexed: true,
            holds: Holds::In(vec![value]),
        };
        let mut filters = Vec::new();
        if let Responsible::Agent(id) = self.query.responsible {
            filters.push(is(fields::ASSIGNEE, Value::Ref(id)));
        }
        filters.push(is(fields::STATUS, Value::from(status)));
        filters.push(is(fields::TYPE, Value::from(self.def.code.as_str())));
        let walk = Walk {
            snapshot: &*self.ground.snapshot,
            kind: self.def.kind,
            filters: &filters,
            limit: self.query.limit,
        };
        let page = walk.page(self.sight, None)?;
        let mut pages = page.items;
        if self.query.responsible == Responsible::Nobody {
            pages.retain(|p| p.record.get(fields::ASSIGNEE).is_none());
        }
        Ok((self.cards_of(pages)?, page.next.is_some()))
    }

    /// Cards with the names of their clients, which are read in one trip.
    fn cards_of(&self, pages: Vec<RecordPage>) -> Result<Vec<BoardCard>> {
        let named = [
            (Kind::Account, fields::ACCOUNT),
            (Kind::Contact, fields::CONTACT),
        ];
        let party = |page: &RecordPage, field| page.record.reference(field);
        let mut places: Vec<(Kind, Id)> = pages
            .iter()
            .flat_map(|page| {
                named
                    .iter()
                    .filter_map(|(k, f)| Some((*k, party(page, f)?)))
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        let snapshot = &*self.ground.snapshot;
        let parties = super::record::read_many(snapshot, self.sight, &places)?;
        let names: BTreeMap<Id, String> = parties
            .into_iter()
            .filter(|p| p.record.text(fields::TITLE).is_some())
            .map(|p| (p.record.id, p.record.title().to_owned()))
            .collect();
        let card = |page: RecordPage| {
            let code = page.record.type_code();
            let def = code.and_then(|code| self.ground.catalog.type_def(code));
            let name = |field| names.get(&party(&page, field)?).cloned();
            // What is answered or closed is late no more; that it was stays in the record.
            let late = |due, met| {
                let record = &page.record;
                let due = record.instant(due);
                record.get(met).is_none() && due.is_some_and(|due| due <= self.ground.now)
            };
            BoardCard {
                reaction_overdue: late("reaction_due_at", "reacted_at"),
                resolution_overdue: late("resolution_due_at", "closed_at"),
                icon: def.map(|d| d.icon.clone()).unwrap_or_default(),
                account: name(fields::ACCOUNT),
                contact: name(fields::CONTACT),
                age_secs: None,
                page,
            }
        };
        Ok(pages.into_iter().map(card).collect())
    }
}
