//! `intake.route`: what rules make of an inquiry, when a person accepts it and when it arrives.

use std::sync::Arc;

use super::Way;
use crate::desk::decide::Deciding;
use crate::desk::decide::rules::Ruled;
use crate::desk::intake::{Acceptance, PartyQuery, PartyVariant};
use crate::desk::party::{self, Found};
use crate::desk::{Error, ErrorKind, Result, keys};
use crate::domain::party::PartyMode;
use crate::domain::{Id, Kind, Record, Value, record::fields};
use crate::hooks::intake::{FoundParty, NewParty, RouteChoice, RouteView, Wanted};
use crate::hooks::{Detail, Hook, RecordView};
use crate::store::Table;

/// Most parties that rules are shown.
const MAX_FOUND: usize = 10;
/// Most open tickets and leads that rules are shown, of each kind.
const MAX_OPEN: usize = 20;

impl Deciding<'_, '_> {
    /// Asks the rules about an inquiry that somebody accepts. Refusals of all of them come together;
    /// the first one with an opinion says what becomes of it.
    pub(super) fn route(
        &mut self,
        inquiry: Id,
        ask: &Acceptance,
        asked: Option<&Way>,
    ) -> Result<Option<Way>> {
        let scope = match asked {
            Some(Way::Create { type_code, .. }) => type_code.clone(),
            Some(Way::Attach(kind, id)) => self.type_of(*kind, *id),
            _ => None,
        };
        let detail = self.route_detail(inquiry, Some(ask), asked, scope.as_deref())?;
        self.scene(Hook::IntakeRoute, Kind::Inquiry, inquiry, &detail);
        let mut faults = Vec::new();
        let mut chosen = None;
        for rule in self.intake_rules(Hook::IntakeRoute, inquiry, scope.as_deref()) {
            match self.call_rule(&rule, Kind::Inquiry, inquiry, &detail)? {
                Ok(Some(ruled)) => {
                    for refusal in &ruled.decision.refusals {
                        faults.push(self.refusal(&rule, Kind::Inquiry, None, refusal));
                    }
                    if faults.is_empty() {
                        self.apply_effects(&ruled, Kind::Inquiry, inquiry)?;
                        let way = self.chosen_way(inquiry, &ruled, Some(ask))?;
                        chosen = chosen.or(way);
                    }
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            return Ok(chosen);
        }
        Err(Error::refused("intake_refused", faults))
    }

    /// Asks the rules about an inquiry that arrived. What they decide is done whole, or the inquiry
    /// stays in the inbox with the reason in the journal.
    pub(super) fn route_by_itself(&mut self, inquiry: Id) -> Result<Option<(Kind, Id)>> {
        let detail = self.route_detail(inquiry, None, None, None)?;
        self.scene(Hook::IntakeRoute, Kind::Inquiry, inquiry, &detail);
        for rule in self.intake_rules(Hook::IntakeRoute, inquiry, None) {
            let called = self.call_rule(&rule, Kind::Inquiry, inquiry, &detail)?;
            let Ok(Some(ruled)) = called else { continue };
            if !ruled.decision.refusals.is_empty() {
                continue;
            }
            self.apply_effects(&ruled, Kind::Inquiry, inquiry)?;
            if ruled.decision.route.is_some() {
                return self.follow_route(inquiry, &ruled);
            }
        }
        Ok(None)
    }

    /// Does what a rule decided about an inquiry that arrived, all of it or nothing.
    fn follow_route(&mut self, inquiry: Id, ruled: &Ruled) -> Result<Option<(Kind, Id)>> {
        let trace = std::mem::take(&mut self.draft.trace);
        let saved = self.draft.clone();
        self.draft.trace = trace;
        let back = self.draft.trace.enter(ruled.run);
        let created = self.created;
        self.chain.push(ruled.rule.id());
        let done = self.follow_through(inquiry, ruled);
        self.chain.pop();
        self.draft.trace.leave(done.is_err().then_some(back));
        let error = match done {
            Ok(place) => return Ok(Some(place)),
            Err(error) if error.code == "chain_too_deep" || error.kind == ErrorKind::Internal => {
                return Err(error);
            }
            Err(error) => error,
        };
        let runs = std::mem::take(&mut self.draft.runs);
        let trace = std::mem::take(&mut self.draft.trace);
        self.draft = saved;
        self.draft.runs = runs;
        self.draft.trace = trace;
        self.created = created;
        let faults: Vec<String> = error.faults.iter().map(|f| f.message.clone()).collect();
        let why = format!("{} {}", error.message, faults.join("; "));
        self.retract(ruled, inquiry, why.trim());
        Ok(None)
    }

    fn follow_through(&mut self, inquiry: Id, ruled: &Ruled) -> Result<(Kind, Id)> {
        let Some(way) = self.chosen_way(inquiry, ruled, None)? else {
            return Ok((Kind::Inquiry, inquiry));
        };
        let place = self.go(
            inquiry,
            &Acceptance::default(),
            way,
            crate::desk::journal::By::Asked,
        )?;
        // What would be refused at the end must be known while it can be taken back.
        self.settle(&[(Kind::Inquiry, inquiry), place])?;
        Ok(place)
    }

    /// What a rule chose, in full names; parties that it names are registered for the inquiry.
    fn chosen_way(
        &mut self,
        inquiry: Id,
        ruled: &Ruled,
        ask: Option<&Acceptance>,
    ) -> Result<Option<Way>> {
        let Some(choice) = &ruled.decision.route else {
            return Ok(None);
        };
        Ok(Some(match choice {
            RouteChoice::Decline { reason, .. } => Way::Decline(reason.clone()),
            RouteChoice::Attach { kind, id, .. } => {
                if !kind.has_messages() || *kind == Kind::Inquiry {
                    let message = format!("an inquiry is not attached to a {}", kind.name());
                    return Err(Error::field("record", "unexpected", message));
                }
                Way::Attach(*kind, *id)
            }
            RouteChoice::Create {
                kind,
                type_code,
                values,
                spot,
            } => {
                self.parties_by_rule(inquiry, ruled, ask)?;
                let catalog = Arc::clone(&self.ground.catalog);
                let own = |code: &String| crate::domain::Code::qualify(&ruled.rule.pack, code).0;
                let type_code = type_code.as_ref().map(own);
                let pack = Some(&*ruled.rule.pack);
                let full = |name: &String| {
                    let def = catalog.resolve(*kind, type_code.as_deref(), pack, name);
                    def.map_or_else(|| name.clone(), |def| def.code.clone())
                };
                let by = ruled.by(*spot);
                let values = values.iter().map(|(n, v)| (full(n), v.clone(), by));
                Way::Create {
                    kind: *kind,
                    values: values.collect(),
                    type_code,
                }
            }
        }))
    }

    /// Registers the parties that a rule gives values for, where the inquiry has none and nobody named
    /// one.
    fn parties_by_rule(
        &mut self,
        inquiry: Id,
        ruled: &Ruled,
        ask: Option<&Acceptance>,
    ) -> Result<()> {
        for party in &ruled.decision.parties {
            let field = match party.kind {
                Kind::Account => fields::ACCOUNT,
                Kind::Contact => fields::CONTACT,
                other => {
                    let message = format!("a {} is no party that is registered", other.name());
                    return Err(Error::field("party", "unexpected", message));
                }
            };
            let asked = ask.is_some_and(|ask| {
                let new = match party.kind {
                    Kind::Account => &ask.new_account,
                    _ => &ask.new_contact,
                };
                new.is_some() || ask.fields.get(field).is_some_and(|v| !v.is_null())
            });
            let told = self.draft.record(Kind::Inquiry, inquiry)?.clone();
            if asked || told.get(field).is_some() {
                continue;
            }
            let account = told.reference(fields::ACCOUNT);
            let id = self.party_by_rule(&told, account, party, ruled)?;
            self.set_engine(inquiry, field, Some(Value::Ref(id)));
        }
        Ok(())
    }

    fn party_by_rule(
        &mut self,
        told: &Record,
        account: Option<Id>,
        party: &NewParty,
        ruled: &Ruled,
    ) -> Result<Id> {
        let by = ruled.by(party.spot);
        self.party_of(told, party.kind, account, |deciding, id| {
            for (name, value) in &party.values {
                let name = deciding.rule_field(ruled, party.kind, id, name)?;
                deciding.set_by_rule(party.kind, id, &name, Some(value.clone()), by)?;
            }
            Ok(())
        })
    }

    fn route_detail(
        &mut self,
        inquiry: Id,
        ask: Option<&Acceptance>,
        asked: Option<&Way>,
        scope: Option<&str>,
    ) -> Result<Detail> {
        let found = self.parties_of(inquiry, scope)?;
        let open = self.open_of(inquiry, &found)?;
        let catalog = Arc::clone(&self.ground.catalog);
        // Rules see whole records, whoever accepts.
        let view = |page: &Record| {
            let record = self.draft.peek(page.kind, page.id).unwrap_or(page);
            Arc::new(crate::desk::decide::view_by(&catalog, record))
        };
        let wanted = match asked {
            Some(Way::Create {
                kind, type_code, ..
            }) => Wanted {
                kind: Some(*kind),
                values: self.wanted_values(ask, *kind, type_code.as_deref()),
                type_code: type_code.clone(),
                record: None,
            },
            Some(Way::Attach(kind, id)) => Wanted {
                record: Some((*kind, *id)),
                ..Wanted::default()
            },
            _ => Wanted::default(),
        };
        let party = |found: Found| FoundParty {
            view: view(&found.page.record),
            score: found.score,
            reasons: found.reasons.into_iter().map(|r| r.field).collect(),
        };
        Ok(Detail::Route(Arc::new(RouteView {
            automatic: ask.is_none(),
            wanted,
            found: found.into_iter().map(party).collect(),
            open,
        })))
    }

    /// The values that were asked for, as far as they can be read before there is a record.
    fn wanted_values(
        &self,
        ask: Option<&Acceptance>,
        kind: Kind,
        type_code: Option<&str>,
    ) -> Vec<(String, Value)> {
        let catalog = &self.ground.catalog;
        let asked = ask.into_iter().flat_map(|ask| &ask.fields);
        let read = asked.filter_map(|(name, json)| {
            let def = catalog.field(kind, type_code, name)?;
            Some((def.code.clone(), def.read(json).ok()??))
        });
        read.collect()
    }

    /// The parties that what an inquiry tells of its sender fits, all of it exactly.
    pub(super) fn parties_of(&mut self, inquiry: Id, scope: Option<&str>) -> Result<Vec<Found>> {
        let query = PartyQuery {
            asked: Vec::new(),
            mode: PartyMode::Exact,
            all: false,
            variant: PartyVariant::Open,
            type_code: scope.map(str::to_owned),
            inquiry: Some(inquiry),
            limit: MAX_FOUND,
            at_least: None,
        };
        let search = self.party_search(inquiry, &query)?;
        if search.keys.is_empty() {
            return Ok(Vec::new());
        }
        let snapshot = Arc::clone(&self.draft.snapshot);
        let found = party::find(
            &*snapshot,
            &self.sight,
            &search.keys,
            search.all,
            search.limit,
        )?;
        // What rules are shown was read: a replay finds it again.
        let places: Vec<(Kind, Id)> = found
            .iter()
            .map(|f| (f.page.record.kind, f.page.record.id))
            .collect();
        self.draft.load(&places)?;
        Ok(found)
    }

    /// Open tickets and leads of an inquiry's party: of the one it names, else of the likeliest.
    fn open_of(&mut self, inquiry: Id, found: &[Found]) -> Result<Vec<Arc<RecordView>>> {
        let told = self.draft.record(Kind::Inquiry, inquiry)?;
        let named = told
            .reference(fields::CONTACT)
            .map(|id| (fields::CONTACT, id));
        let named = named.or_else(|| {
            let account = told.reference(fields::ACCOUNT)?;
            Some((fields::ACCOUNT, account))
        });
        let likeliest = found.iter().find_map(|f| {
            let record = &f.page.record;
            match record.kind {
                Kind::Contact => Some((fields::CONTACT, record.id)),
                Kind::Account => Some((fields::ACCOUNT, record.id)),
                _ => None,
            }
        });
        let Some((field, party)) = named.or(likeliest) else {
            return Ok(Vec::new());
        };
        let snapshot = Arc::clone(&self.draft.snapshot);
        let mut places = Vec::new();
        for kind in [Kind::Ticket, Kind::Lead] {
            let from = keys::index_prefix(kind, field, &Value::Ref(party));
            let to = keys::after(&from);
            let rows = snapshot.range(Table::Index, &from, &to, true, MAX_OPEN)?;
            let ids = rows.iter().filter_map(|(key, _)| keys::id_at_end(key));
            places.extend(ids.map(|id| (kind, id)));
        }
        self.draft.load(&places)?;
        let catalog = Arc::clone(&self.ground.catalog);
        let records = places
            .into_iter()
            .filter_map(|(k, id)| self.draft.peek(k, id));
        let open = records.filter(|r| r.get(fields::CLOSED_AT).is_none());
        Ok(open
            .map(|r| Arc::new(crate::desk::decide::view_by(&catalog, r)))
            .collect())
    }
}
