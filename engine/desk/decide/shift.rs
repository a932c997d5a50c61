//! Records follow a change of their pack: to the codes that take the place of those that go. Clocks
//! and closing follow the meaning of the status; no rule is called.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Answer, Deciding};
use crate::desk::journal::By;
use crate::desk::shifting::{self, MOVED_AT_ONCE, Uses};
use crate::desk::{Error, ErrorKind, Fault, Result, keys};
use crate::domain::definitions::TypeDef;
use crate::domain::field::OptionDef;
use crate::domain::{FieldDef, Id, Kind, StatusCategory, Value, record::fields};
use crate::packs::{Catalog, Loaded, LocalFields, Moves, Shift, Subject, bridge};
use crate::store::Table;

impl Deciding<'_, '_> {
    /// What a new revision does to the records: all of them move now when they fit into this
    /// command; else the old revision comes back, from which they move one command after another.
    pub(super) fn follow(
        &mut self,
        old: &Arc<Loaded>,
        new: &Arc<Loaded>,
        all: &[Arc<Loaded>],
    ) -> Result<Option<Arc<Loaded>>> {
        let shift = Arc::new(shift_to(&self.ground.catalog, old, new, all)?);
        refuse_reserved(old, new, &shift.moves)?;
        let Some(uses) = shifting::uses(&*self.draft.snapshot, &shift)? else {
            return Ok(None);
        };
        refuse(&uses)?;
        let Some(places) = uses.at_once() else {
            if uses.makes_unique() {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "too_many_to_make_unique",
                    format!(
                        "a field becomes unique that more than {MOVED_AT_ONCE} records have: \
                         define a new field and fill it in"
                    ),
                ));
            }
            return Ok(Some(Arc::clone(old)));
        };
        self.draft.load(places)?;
        for (kind, id) in places {
            self.move_record(&shift, *kind, *id)?;
        }
        self.draft.shift = Some(shift);
        Ok(None)
    }

    /// Records follow a field of administrators whose options change, as they follow a pack: to the
    /// options that take the place of those that go. One in use that nothing replaces is refused.
    pub(super) fn follow_field(
        &mut self,
        old: Option<&FieldDef>,
        new: &FieldDef,
        replaced: &BTreeMap<String, String>,
        local: &[LocalFields],
    ) -> Result<()> {
        let gone = old.iter().flat_map(|old| &old.options);
        let gone = gone.filter(|o| new.options.iter().all(|kept| kept.code != o.code));
        let gone: Vec<&OptionDef> = gone.collect();
        for (from, to) in replaced {
            if gone.iter().all(|o| o.code != *from) || new.options.iter().all(|o| o.code != *to) {
                let message = format!(
                    "names an option that the field loses and one that it keeps, not `{}` and `{}`",
                    shortened(from),
                    shortened(to)
                );
                return Err(Error::field("replaced", "malformed", message));
            }
        }
        self.guard_field(old, new, &gone, replaced)?;
        if gone.is_empty() {
            return Ok(());
        }
        let full = |option: &str| format!("{}:{option}", new.code);
        let mut moves = Moves::default();
        for option in gone {
            match replaced.get(&option.code) {
                Some(to) => drop(moves.options.insert(full(&option.code), full(to))),
                None => drop(moves.dropped.options.insert(full(&option.code))),
            }
        }
        let catalog = Arc::clone(&self.ground.catalog);
        let next = Catalog::build(catalog.packs(), local).map_err(super::pack_faults)?;
        let shift = Arc::new(Shift {
            pack: "local".to_owned(),
            previous: catalog,
            next: Arc::new(next),
            moves,
            staged: false,
        });
        let Some(uses) = shifting::uses(&*self.draft.snapshot, &shift)? else {
            return Ok(());
        };
        refuse(&uses)?;
        let Some(places) = uses.at_once() else {
            return Err(Error::new(
                ErrorKind::Conflict,
                "too_many_to_move",
                format!(
                    "more than {MOVED_AT_ONCE} records have options that go: change them first, or \
                     keep the options"
                ),
            ));
        };
        self.draft.load(places)?;
        for (kind, id) in places {
            self.move_record(&shift, *kind, *id)?;
        }
        self.draft.shift = Some(shift);
        Ok(())
    }

    /// Index rows that come and go with a pack.
    pub(super) fn reindex(&mut self, next: Catalog, pack: &str) -> Result<()> {
        let shift = Arc::new(Shift {
            pack: pack.to_owned(),
            previous: Arc::clone(&self.ground.catalog),
            next: Arc::new(next),
            moves: Moves::default(),
            staged: false,
        });
        let Some(uses) = shifting::uses(&*self.draft.snapshot, &shift)? else {
            return Ok(());
        };
        let Some(places) = uses.at_once() else {
            return Err(Error::new(
                ErrorKind::Conflict,
                "in_use",
                format!(
                    "{} records have indexed values of pack `{pack}`, which it can be neither \
                     removed nor installed with: disable it instead",
                    uses.affected
                ),
            ));
        };
        self.draft.load(places)?;
        self.draft.reindexed.extend(places);
        self.draft.shift = Some(shift);
        Ok(())
    }

    /// The next records move; after the last ones the new revision stands alone.
    pub(super) fn move_pack(&mut self, pack: &str) -> Result<Answer> {
        let catalog = Arc::clone(&self.ground.catalog);
        let shift = catalog.shift().filter(|s| s.pack == pack);
        let shift = Arc::clone(shift.ok_or_else(Error::not_found)?);
        let key = keys::pack_moving(pack);
        let row = self.draft.snapshot.get(Table::Packs, &key)?;
        let from = row.as_ref().map(|r| r.bytes.as_slice());
        let walk = shifting::walk(&*self.draft.snapshot, &shift, from)?;
        let expect = super::config::expected(row.as_ref().map(|r| r.version));
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Packs, key.clone(), expect));
        self.draft.load(&walk.places)?;
        for (kind, id) in &walk.places {
            self.move_record(&shift, *kind, *id)?;
        }
        self.argue("pack", pack);
        self.argue("records", &walk.places.len().to_string());
        match walk.next {
            Some(next) => self.draft.rows.put.push((Table::Packs, key, next)),
            None => {
                if row.is_some() {
                    self.draft.rows.delete.push((Table::Packs, key));
                }
                let next = Arc::clone(&shift.next);
                let local = bridge::known(catalog.local(), next.packs());
                self.activate(next.packs(), &local, None)?;
                if let Some(pack) = next.pack(pack) {
                    self.log_pack(pack, "moved")?;
                }
            }
        }
        Ok(self.no_record())
    }

    /// A record that has not moved yet does so before anything else is done with it.
    pub(super) fn settle_in(&mut self, kind: Kind, id: Id) -> Result<()> {
        match self.ground.catalog.shift() {
            None => Ok(()),
            Some(shift) => {
                let shift = Arc::clone(shift);
                let unmoved = self.draft.peek(kind, id);
                if unmoved.is_some_and(|r| shifting::affects(&shift, r)) {
                    self.move_record(&shift, kind, id)?;
                }
                Ok(())
            }
        }
    }

    fn move_record(&mut self, shift: &Shift, kind: Kind, id: Id) -> Result<()> {
        let record = self.draft.record(kind, id)?.clone();
        let was = shifting::status(&shift.previous, &record).cloned();
        let after = shift.moves.apply(&record);
        let is = shifting::status(&shift.next, after.as_ref().unwrap_or(&record)).cloned();
        if let Some(after) = &after {
            let gone = record
                .fields
                .keys()
                .filter(|f| !after.fields.contains_key(*f));
            for field in gone {
                self.draft.set(kind, id, field, None, By::Engine);
            }
            for (field, value) in &after.fields {
                self.draft
                    .set(kind, id, field, Some(value.clone()), By::Engine);
            }
        }
        self.draft.reindexed.insert((kind, id));
        let Some((was, is)) = was.zip(is) else {
            return Ok(());
        };
        if !shifting::means_other(&was, &is) {
            return Ok(());
        }
        let closed = StatusCategory::is_closed;
        if closed(was.category) != closed(is.category) {
            let at = closed(is.category).then_some(Value::Instant(self.ground.now));
            self.draft.set(kind, id, fields::CLOSED_AT, at, By::Engine);
        }
        self.clocks_follow(kind, id, &is)
    }
}

fn shortened(code: &str) -> String {
    code.chars().take(64).collect()
}

/// The change of rules from one revision of a pack to another.
///
/// # Errors
/// When the packs do not fit together.
pub fn shift_to(
    catalog: &Arc<Catalog>,
    old: &Loaded,
    new: &Loaded,
    all: &[Arc<Loaded>],
) -> Result<Shift> {
    let moves = Moves::between(old, new);
    let local = bridge::known(&moved_local(catalog.local(), &moves), all);
    let next = Catalog::build(all, &local).map_err(super::pack_faults)?;
    Ok(Shift {
        pack: old.name().to_owned(),
        previous: Arc::clone(catalog),
        next: Arc::new(next),
        moves,
        staged: false,
    })
}

/// Fields of administrators, on the old types and on those that take their place.
pub fn moved_local(local: &[LocalFields], moves: &Moves) -> Vec<LocalFields> {
    let mut local = local.to_vec();
    for entry in &mut local {
        let new = entry.types.iter().filter_map(|t| moves.types.get(t));
        let mut new: Vec<String> = new.cloned().collect();
        new.retain(|t| !entry.types.contains(t));
        entry.types.extend(new);
    }
    local
}

/// Refuses to rename or remove types that are reserved: neither their codes nor the names that people
/// know change. A name in a language that had none may be added.
pub fn refuse_reserved(old: &Loaded, new: &Loaded, moves: &Moves) -> Result<()> {
    let goes = |code: &String| moves.types.contains_key(code) || moves.dropped.types.contains(code);
    let renamed = |t: &TypeDef| {
        let mut kept = new.definitions.types.iter();
        let now = kept.find(|n| n.code == t.code).map(|n| &n.names.0);
        let mut names = t.names.0.iter();
        now.is_some_and(|now| names.any(|(locale, name)| now.get(locale) != Some(name)))
    };
    let types = old.definitions.types.iter();
    reserved(types.filter(|t| goes(&t.code) || renamed(t)))
}

/// Refuses to take away a pack with reserved types.
pub fn refuse_reserved_gone(pack: &Loaded) -> Result<()> {
    reserved(pack.definitions.types.iter()).map_err(|mut error| {
        error.message = format!(
            "pack `{}` has reserved types, which cannot be removed: disable the pack instead",
            pack.name()
        );
        error
    })
}

/// Refuses for the types of these that are reserved.
fn reserved<'t>(types: impl Iterator<Item = &'t TypeDef>) -> Result<()> {
    let faults: Vec<Fault> = types
        .filter(|t| t.reserved)
        .map(|t| {
            let message = "is reserved: it can be neither renamed nor removed";
            Fault::field(&t.code, "reserved", message)
        })
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::refused("reserved", faults))
}

/// Refuses what records use and nothing replaces, all of it together with the numbers.
pub fn refuse(uses: &Uses) -> Result<()> {
    let faults = refusals(uses);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::refused("in_use", faults))
}

/// Why records cannot follow, a fault each.
pub fn refusals(uses: &Uses) -> Vec<Fault> {
    let dropped = uses.dropped.iter().map(|((subject, code), count)| {
        let what = subject.name();
        let message = format!(
            "{what} is used by {} and would be dropped: name what takes its place in `[replaced]`{}",
            records(*count),
            if *subject == Subject::Type {
                ", or keep it with `active = false`"
            } else {
                ""
            }
        );
        Fault::field(code, "in_use", message)
    });
    let misfits: &BTreeMap<String, u64> = &uses.misfits;
    let misfits = misfits.iter().map(|(why, count)| Fault {
        field: None,
        code: "cannot_move".to_owned(),
        message: format!("{} cannot move: one {why}", records(*count)),
        rule: None,
    });
    dropped.chain(misfits).collect()
}

/// A number of records in words.
pub fn records(count: u64) -> String {
    match count {
        1 => "1 record".to_owned(),
        n => format!("{n} records"),
    }
}
