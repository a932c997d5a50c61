//! Installing packs and adding fields while the desk runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Answer, Deciding};
use crate::desk::journal::RuleName;
use crate::desk::view::PackView;
use crate::desk::{Error, ErrorKind, Fault, Result, codec, keys};
use crate::domain::definitions::FieldSet;
use crate::domain::{Code, FieldDef, Kind, Names, Value};
use crate::hooks::Hook;
use crate::packs::{self, Catalog, Loaded, LocalFields, PackFault, PackFiles};
use crate::store::{Expect, Pos, Table};

/// The list of active packs and run-time fields: one row, whose version stands for the rules in force.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ActivePacks {
    /// Name and revision of each pack.
    pub packs: Vec<(String, [u8; 32])>,
    /// Fields that administrators added.
    pub local: Vec<LocalFields>,
}

/// What a row is expected to be, by the version it was read at.
pub const fn expected(version: Option<Pos>) -> Expect {
    match version {
        Some(pos) => Expect::Version(pos),
        None => Expect::Absent,
    }
}

impl Deciding<'_, '_> {
    pub(super) fn install_pack(&mut self, files: &PackFiles) -> Result<Answer> {
        self.actor.require_admin("installing a pack")?;
        let loaded = packs::load(files, self.ground.hosts).map_err(faults)?;
        let catalog = Arc::clone(&self.ground.catalog);
        if let Some(old) = catalog.pack(loaded.name()) {
            self.refuse_drops(old, &loaded)?;
        }
        let name = loaded.name().to_owned();
        let revision = loaded.revision;
        self.input
            .arguments
            .push(("pack".to_owned(), Value::from(name.as_str())));
        self.input
            .arguments
            .push(("revision".to_owned(), Value::Text(hex(&revision))));
        let mut all: Vec<Arc<Loaded>> = catalog
            .packs()
            .iter()
            .filter(|p| p.name() != name)
            .cloned()
            .collect();
        all.push(Arc::new(loaded));
        self.store_revision(&revision, files)?;
        self.activate(&all, catalog.local())?;
        Ok(Answer {
            kind: None,
            id: self.allot.id(self.ground.now),
            entry: None,
        })
    }

    pub(super) fn remove_pack(&mut self, name: &str) -> Result<Answer> {
        self.actor.require_admin("removing a pack")?;
        let catalog = Arc::clone(&self.ground.catalog);
        let pack = catalog.pack(name).ok_or_else(Error::not_found)?;
        for def in &pack.definitions.types {
            self.refuse_used(def.kind, "type", &def.code)?;
        }
        self.input
            .arguments
            .push(("pack".to_owned(), Value::from(name)));
        let rest: Vec<Arc<Loaded>> = catalog
            .packs()
            .iter()
            .filter(|p| p.name() != name)
            .cloned()
            .collect();
        self.activate(&rest, catalog.local())?;
        Ok(Answer {
            kind: None,
            id: self.allot.id(self.ground.now),
            entry: None,
        })
    }

    pub(super) fn define_field(
        &mut self,
        kind: Kind,
        type_code: Option<&str>,
        field: &FieldDef,
    ) -> Result<Answer> {
        self.actor.require_admin("defining a field")?;
        let catalog = Arc::clone(&self.ground.catalog);
        let types = match type_code {
            Some(name) => {
                let found = catalog.resolve_type(name).filter(|t| t.kind == kind);
                let def = found.ok_or_else(|| {
                    Error::field("type", "unknown_type", "there is no such type of this kind")
                })?;
                vec![def.code.clone()]
            }
            None => Vec::new(),
        };
        let bare = field.code.strip_prefix("local/").unwrap_or(&field.code);
        if let Some(fault) = crate::domain::code::fault(bare) {
            return Err(Error::field(
                "code",
                "malformed",
                format!("the code {fault}"),
            ));
        }
        let mut field = field.clone();
        field.code = Code::qualify("local", bare).0;
        let mut local: Vec<LocalFields> = catalog.local().to_vec();
        local.retain(|l| l.set.code != field.code);
        let set = FieldSet {
            code: field.code.clone(),
            names: Names::default(),
            kind: types.is_empty().then_some(kind),
            fields: vec![field.clone()],
        };
        local.push(LocalFields { set, types });
        self.input
            .arguments
            .push(("field".to_owned(), Value::Text(field.code)));
        self.activate(catalog.packs(), &local)?;
        Ok(Answer {
            kind: None,
            id: self.allot.id(self.ground.now),
            entry: None,
        })
    }

    /// Writes the list of active packs; the rules they make together must fit.
    fn activate(&mut self, all: &[Arc<Loaded>], local: &[LocalFields]) -> Result<()> {
        let next = Catalog::build(all, local).map_err(faults)?;
        let known = self.ground.catalog.warnings();
        for warning in next.warnings().iter().filter(|w| !known.contains(w)) {
            tracing::warn!("{warning}");
            self.draft.notes.push(format!("warning:{warning}"));
        }
        let active = ActivePacks {
            packs: all
                .iter()
                .map(|p| (p.name().to_owned(), p.revision))
                .collect(),
            local: next.local().to_vec(),
        };
        let row = codec::encode(&active)?;
        self.ground.catalogs.prepare(&row, &Arc::new(next));
        let order = codec::encode(&self.ground.catalogs.rule_names(&row))?;
        let rows = &mut self.draft.rows;
        let expect = expected(self.ground.catalog_version);
        rows.expect
            .push((Table::Packs, keys::active_packs(), expect));
        let at = (Table::Packs, keys::active_at(), row.clone());
        rows.put.push((Table::Packs, keys::active_packs(), row));
        rows.put_at_pos.push(at);
        rows.put_at_pos
            .push((Table::Packs, keys::rule_order(), order));
        Ok(())
    }

    /// A revision is stored once, under its hash. Its last piece is written last.
    fn store_revision(&mut self, revision: &[u8; 32], files: &PackFiles) -> Result<()> {
        let chunks = files.to_chunks();
        let pieces = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let last = keys::pack_chunk(revision, pieces.saturating_sub(1));
        if self.draft.snapshot.get(Table::Packs, &last)?.is_some() {
            return Ok(());
        }
        for (n, chunk) in (0..pieces).zip(chunks) {
            let key = keys::pack_chunk(revision, n);
            self.draft.rows.put.push((Table::Packs, key, chunk));
        }
        Ok(())
    }

    /// A revision may not drop a type or status that records are in.
    fn refuse_drops(&self, old: &Loaded, new: &Loaded) -> Result<()> {
        for change in packs::changes(old, new)
            .into_iter()
            .filter(packs::Change::drops)
        {
            let field = match change.subject {
                packs::Subject::Type => "type",
                packs::Subject::Status => "status",
                _ => continue,
            };
            for kind in Kind::ALL {
                self.refuse_used(kind, field, &change.code)?;
            }
        }
        Ok(())
    }

    fn refuse_used(&self, kind: Kind, field: &str, code: &str) -> Result<()> {
        let prefix = keys::index_prefix(kind, field, &Value::from(code));
        let rows =
            self.draft
                .snapshot
                .range(Table::Index, &prefix, &keys::after(&prefix), false, 1)?;
        if rows.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "in_use",
            format!(
                "{field} `{code}` is in use and would be dropped: move its records to another one \
                 first, or deactivate it instead"
            ),
        ))
    }
}

/// The faults of a pack as an error of the desk.
pub fn faults(found: Vec<PackFault>) -> Error {
    let faults = found.iter().map(|f| Fault {
        field: Some(f.file.clone()),
        code: "pack_fault".to_owned(),
        message: f.to_string(),
        rule: None,
    });
    let mut error = Error::invalid(faults.collect());
    error.code = "pack_invalid";
    error.message = found
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    error
}

/// The rules of a catalog in their total order.
pub fn rule_names(catalog: &Catalog) -> Vec<RuleName> {
    let rules = Hook::ALL
        .into_iter()
        .flat_map(|hook| catalog.rules(hook).iter());
    rules
        .map(|rule| RuleName {
            rule: rule.id(),
            version: rule.version.to_string(),
            revision: rule.revision,
            hook: rule.hook.name().to_owned(),
        })
        .collect()
}

/// The installed packs as queries show them.
pub fn packs_view(catalog: &Catalog) -> Vec<PackView> {
    let view = |pack: &Arc<Loaded>| PackView {
        name: pack.name().to_owned(),
        version: pack.manifest.version.clone(),
        names: pack.manifest.names.0.clone(),
        revision: hex(&pack.revision),
        rules: pack
            .rules
            .iter()
            .map(|rule| (rule.name.to_string(), rule.hook.name().to_owned()))
            .collect(),
        types: pack
            .definitions
            .types
            .iter()
            .map(|t| t.code.clone())
            .collect(),
    };
    catalog.packs().iter().map(view).collect()
}

/// Bytes as hexadecimal text.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
