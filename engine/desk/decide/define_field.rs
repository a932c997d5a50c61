//! Fields that administrators add while the desk runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Answer, Deciding};
use crate::desk::{Error, Result};
use crate::domain::definitions::FieldSet;
use crate::domain::{Code, FieldDef, Kind, Names, Value};
use crate::packs::LocalFields;

impl Deciding<'_, '_> {
    pub(super) fn define_field(
        &mut self,
        kind: Kind,
        type_code: Option<&str>,
        field: &FieldDef,
        replaced: &BTreeMap<String, String>,
    ) -> Result<Answer> {
        self.actor.require_admin("defining a field")?;
        self.refuse_moving()?;
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
        let mut sets = local.iter().filter(|l| l.set.code == field.code);
        let old = sets.find_map(|l| l.set.fields.first()).cloned();
        local.retain(|l| l.set.code != field.code);
        let set = FieldSet {
            code: field.code.clone(),
            names: Names::default(),
            kind: types.is_empty().then_some(kind),
            fields: vec![field.clone()],
        };
        local.push(LocalFields { set, types });
        self.follow_field(old.as_ref(), &field, replaced, &local)?;
        self.input
            .arguments
            .push(("field".to_owned(), Value::Text(field.code)));
        self.activate(catalog.packs(), &local, None)?;
        Ok(self.no_record())
    }
}
