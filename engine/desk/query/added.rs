//! Which of the texts that packs added an asker may search: those that were made of what it may see.

use crate::desk::sight::Sight;
use crate::desk::{Result, index_rules};
use crate::domain::Kind;
use crate::hooks::{Hook, Rule, when};
use crate::packs::Catalog;
use crate::search::Sections;

/// The sections with what packs added to records of some kinds, as far as the asker may search it:
/// as with other text, what is kept from it in one kind is not searched in any.
///
/// # Errors
/// When a rule of access broke, or the store fails.
pub fn with_added(
    sight: &Sight<'_, '_>,
    catalog: &Catalog,
    kinds: &[Kind],
    sections: Sections,
) -> Result<Sections> {
    let rules = catalog.rules(Hook::SearchDocument);
    let mut added = Sections {
        extra: !rules.is_empty(),
        extra_internal: !rules.is_empty() && sight.actor().sees_internal(),
        ..sections
    };
    if sight.is_whole() {
        return Ok(added);
    }
    for rule in rules.iter().filter(|rule| kinds.contains(&rule.kind)) {
        if hides(sight, catalog, rule)? {
            added.extra = false;
            added.extra_internal = false;
        }
    }
    Ok(added)
}

/// Whether anything that a rule looks at is kept from an asker who may see the record. Internal fields
/// are no matter here: what is made of them is in the section of internal text.
fn hides(sight: &Sight<'_, '_>, catalog: &Catalog, rule: &Rule) -> Result<bool> {
    let looks = index_rules::looks(rule);
    let masked = &sight.access(rule.kind)?.masked;
    let is_masked = match &looks.own {
        None => !masked.is_empty(),
        Some(own) => masked.iter().any(|field| {
            let mut own = own.iter();
            own.any(|name| when::names(&rule.pack, field, name))
        }),
    };
    if is_masked {
        return Ok(true);
    }
    if !sight.actor().sees_internal() {
        return Ok(false);
    }
    // Records beside are looked at as a whole: whoever sees only some of them sees none of it.
    for name in looks.related {
        let whole = match index_rules::target(catalog, rule, name) {
            Some(kind) => {
                let access = sight.access(kind)?;
                access.parts.is_empty() && access.masked.is_empty()
            }
            None => false,
        };
        if !whole {
            return Ok(true);
        }
    }
    Ok(false)
}
