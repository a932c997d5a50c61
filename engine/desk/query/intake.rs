//! The first page of the intake: who is it?

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desk::allot::Allotment;
use crate::desk::intake::{PartyHit, PartyHits, PartyQuery, PartyVariant};
use crate::desk::party::{self, Found, PartyKey};
use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Error, RecordPage, Request, Result, decide, keys};
use crate::domain::party::{PartyField, PartyMode};
use crate::domain::{Id, Kind, Record, Value, party as parties, record::fields};
use crate::store::{Snapshot, Table};

/// Most parties that are asked for.
pub const MAX_PARTIES: usize = 50;
/// Most records of each kind that are shown with a party.
const MAX_ABOUT: usize = 20;

impl Desk {
    /// Searches for a party by whatever is known of it.
    ///
    /// # Errors
    /// When a text is wrong, the asker may not, or the store fails.
    pub fn find_parties(&self, actor: &Actor, query: &PartyQuery) -> Result<PartyHits> {
        actor.require_agent("searching for parties")?;
        if !(1..=MAX_PARTIES).contains(&query.limit) {
            let message = format!("must lie between 1 and {MAX_PARTIES}");
            return Err(Error::field("limit", "limit_out_of_range", message));
        }
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let request = Request::by(actor.clone());
        let mut allot = Allotment::new(&self.ids, &*self.store);
        let mut probe = match query.inquiry {
            Some(id) => decide::Probe::new(&ground, &request, &mut allot, Kind::Inquiry, id)?,
            None => decide::Probe::at_large(&ground, &request, &mut allot, Kind::Inquiry),
        };
        let search = probe.party_search(query)?;
        let sight = Sight::new(&ground, actor);
        let limit = search.limit.min(query.limit);
        let snapshot = &*ground.snapshot;
        let found = party::find(snapshot, &sight, &search.keys, search.all, limit)?;
        let reader = Reader {
            snapshot,
            sight: &sight,
            variant: query.variant,
        };
        let mut hits = Vec::with_capacity(found.len());
        for found in found {
            hits.push(reader.hit(found)?);
        }
        Ok(PartyHits {
            all: search.all,
            hits,
        })
    }

    /// Records of the same kind with the same tax number or phone.
    ///
    /// # Errors
    /// When there is no such record, the asker may not, or the store fails.
    pub fn duplicates(&self, actor: &Actor, kind: Kind, id: Id) -> Result<Vec<Found>> {
        actor.require_agent("searching for parties")?;
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let page = super::record::read(&*snapshot, &sight, kind, id)?;
        same(&*snapshot, &sight, &page.record)
    }
}

/// Reads what belongs to parties.
struct Reader<'r, 'g, 'a> {
    snapshot: &'r dyn Snapshot,
    sight: &'r Sight<'g, 'a>,
    variant: PartyVariant,
}

impl Reader<'_, '_, '_> {
    fn hit(&self, found: Found) -> Result<PartyHit> {
        let record = &found.page.record;
        let (kind, id) = (record.kind, record.id);
        let account = record.reference(fields::ACCOUNT);
        let account = match account {
            Some(account) => self.records(&[(Kind::Account, account)])?.pop(),
            None => None,
        };
        let by = match kind {
            Kind::Account => Some(fields::ACCOUNT),
            Kind::Contact => Some(fields::CONTACT),
            _ => None,
        };
        let mut about: BTreeMap<Kind, Vec<RecordPage>> = BTreeMap::new();
        if let Some(field) = by {
            for other in [Kind::Lead, Kind::Ticket] {
                about.insert(other, self.about(other, field, id, self.variant)?);
            }
        }
        if kind == Kind::Account {
            let people = self.about(Kind::Contact, fields::ACCOUNT, id, PartyVariant::All)?;
            about.insert(Kind::Contact, people);
        }
        let same = same(self.snapshot, self.sight, record)?;
        let mut take = |kind| about.remove(&kind).unwrap_or_default();
        Ok(PartyHit {
            account,
            contacts: take(Kind::Contact),
            leads: take(Kind::Lead),
            tickets: take(Kind::Ticket),
            duplicates: same.into_iter().map(|f| f.page.record.id).collect(),
            score: found.score,
            reasons: found.reasons,
            page: found.page,
        })
    }

    /// The newest records of a kind whose field names the party.
    fn about(
        &self,
        kind: Kind,
        field: &str,
        id: Id,
        which: PartyVariant,
    ) -> Result<Vec<RecordPage>> {
        let from = keys::index_prefix(kind, field, &Value::Ref(id));
        let to = keys::after(&from);
        let rows = self
            .snapshot
            .range(Table::Index, &from, &to, true, 5 * MAX_ABOUT)?;
        let ids = rows.iter().filter_map(|(key, _)| keys::id_at_end(key));
        let places: Vec<(Kind, Id)> = ids.map(|id| (kind, id)).collect();
        let mut pages = self.records(&places)?;
        pages.retain(|page| {
            let closed = page.record.get(fields::CLOSED_AT).is_some();
            match which {
                PartyVariant::Open => !closed,
                PartyVariant::Closed => closed,
                PartyVariant::All => true,
            }
        });
        pages.truncate(MAX_ABOUT);
        Ok(pages)
    }

    fn records(&self, places: &[(Kind, Id)]) -> Result<Vec<RecordPage>> {
        super::record::read_many(self.snapshot, self.sight, places)
    }
}

/// Others of the kind that share a tax number or a phone.
fn same(snapshot: &dyn Snapshot, sight: &Sight<'_, '_>, record: &Record) -> Result<Vec<Found>> {
    let told = [PartyField::TaxNumber, PartyField::Phone];
    let sources = parties::sources(record.kind).iter();
    let values = sources
        .filter(|(_, field)| told.contains(field))
        .flat_map(|(name, field)| {
            let values = record.get(name).into_iter().flat_map(parties::texts);
            values.map(move |text| (*field, text))
        });
    let keys: Vec<PartyKey> = values
        .enumerate()
        .filter_map(|(i, (field, text))| {
            PartyKey::of(record.kind, field, text, PartyMode::Exact, i)
        })
        .collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = party::find(snapshot, sight, &keys, false, MAX_ABOUT)?;
    found.retain(|f| f.page.record.id != record.id);
    Ok(found)
}
