//! The fields of one type (or of a kind's records without type): in form order and by name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Code, FieldDef, Kind, builtin};

/// The fields that records have.
#[derive(Debug, Clone)]
pub(super) struct FieldTable {
    /// In form order.
    pub(super) fields: Arc<[Arc<FieldDef>]>,
    /// Places in `fields` by full code.
    by_code: HashMap<String, usize>,
    /// Packs and places by the name without namespace.
    by_name: HashMap<String, Vec<(String, usize)>>,
}

impl FieldTable {
    /// The engine's own fields, then each group's, each field once. A group is a layer of the form
    /// (fields of the kind, of the type, local ones), ordered by the fields' own `order`.
    pub(super) fn new(kind: Kind, groups: &[Vec<&FieldDef>]) -> Self {
        let mut fields: Vec<Arc<FieldDef>> = builtin::fields(kind)
            .iter()
            .cloned()
            .map(Arc::new)
            .collect();
        let mut by_code: HashMap<String, usize> = HashMap::new();
        for (i, field) in fields.iter().enumerate() {
            by_code.insert(field.code.clone(), i);
        }
        let mut by_name: HashMap<String, Vec<(String, usize)>> = HashMap::new();
        for group in groups {
            let mut group = group.clone();
            group.sort_by_key(|f| f.order);
            for field in group {
                if by_code.contains_key(&field.code) {
                    continue;
                }
                let place = fields.len();
                by_code.insert(field.code.clone(), place);
                let code = Code::from(field.code.as_str());
                by_name
                    .entry(code.name().to_owned())
                    .or_default()
                    .push((code.pack().unwrap_or_default().to_owned(), place));
                fields.push(Arc::new(field.clone()));
            }
        }
        Self {
            fields: fields.into(),
            by_code,
            by_name,
        }
    }

    /// The field a name means: a full code or an engine field first, then `pack`'s field; without a
    /// pack, the field of the one pack that has the name.
    pub(super) fn resolve(&self, pack: Option<&str>, name: &str) -> Option<&FieldDef> {
        let place = self.by_code.get(name).or_else(|| {
            let all = self.by_name.get(name)?;
            match (pack, all.as_slice()) {
                (Some(pack), all) => Some(&all.iter().find(|(p, _)| p == pack)?.1),
                (None, [(_, only)]) => Some(only),
                (None, _) => None,
            }
        })?;
        self.fields.get(*place).map(|f| &**f)
    }
}
