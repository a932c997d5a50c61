//! A client's card: the client, and what belongs to it, list by list.

use std::sync::Arc;

use super::filter::{Filter, Holds};
use super::list::Walk;
use crate::desk::sight::Sight;
use crate::desk::{Actor, Condition, Desk, Error, RecordPage, Result};
use crate::domain::workspace::Listed;
use crate::domain::{Id, Kind, Value, record::fields};
use crate::store::Pos;

/// Most records of a list.
const MAX_SHOWN: usize = 50;
/// Kinds of record that are shown when no workspace says which.
const KINDS: [Kind; 7] = [
    Kind::Contact,
    Kind::Ticket,
    Kind::Lead,
    Kind::Inquiry,
    Kind::Activity,
    Kind::Contract,
    Kind::Asset,
];

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewQuery {
    /// An account or a contact.
    pub kind: Kind,
    /// Which one.
    pub id: Id,
    /// Workspace whose lists are shown, by its code; none: a list for each kind of record.
    pub workspace: Option<String>,
    /// Most records of a list.
    pub limit: usize,
    /// Position that must be seen.
    pub at_least: Option<Pos>,
}

/// A client's card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The client.
    pub client: RecordPage,
    /// The lists, in the order of the workspace.
    pub lists: Vec<OverviewList>,
}

/// One list of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewList {
    /// Code of the workspace's entry, else the name of the kind.
    pub code: String,
    /// What is listed.
    pub kind: Kind,
    /// The newest records.
    pub items: Vec<RecordPage>,
    /// Whether there are more.
    pub more: bool,
}

impl Desk {
    /// A client and what belongs to it, as the asker may see it. Lists of a workspace that are not
    /// about clients are left out.
    ///
    /// # Errors
    /// When there is no such client or workspace, the asker may not, or the store fails.
    pub fn overview(&self, actor: &Actor, query: &OverviewQuery) -> Result<Overview> {
        actor.require_agent("reading a client's card")?;
        if !(1..=MAX_SHOWN).contains(&query.limit) {
            let message = format!("must lie between 1 and {MAX_SHOWN}");
            return Err(Error::field("limit", "limit_out_of_range", message));
        }
        let snapshot = self.store.snapshot(query.at_least)?;
        let (ground, _) = self.ground(Arc::clone(&snapshot), self.now(), None)?;
        let sight = Sight::new(&ground, actor);
        let mut client = super::record::read(&*snapshot, &sight, query.kind, query.id)?;
        sight.mask(&mut client.record)?;
        let mut lists = Vec::new();
        for (code, kind, conditions) in wanted(&ground.catalog, query.workspace.as_deref())? {
            let Some(field) = owner(kind, query.kind) else {
                continue;
            };
            let mut filters = vec![Filter {
                field: field.to_owned(),
                indexed: true,
                holds: Holds::In(vec![Value::Ref(query.id)]),
            }];
            filters.extend(super::filter::read_filters(
                &*snapshot,
                &ground.catalog,
                &sight,
                kind,
                &conditions,
            )?);
            let (by_index, rest): (Vec<Filter>, Vec<Filter>) =
                filters.into_iter().partition(|f| f.indexed);
            let walk = Walk {
                snapshot: &*snapshot,
                kind,
                filters: &by_index,
                limit: query.limit,
            };
            let page = walk.page(&sight, None)?;
            let items = page.items.into_iter();
            lists.push(OverviewList {
                code,
                kind,
                items: items.filter(|page| meets(page, &rest)).collect(),
                more: page.next.is_some(),
            });
        }
        Ok(Overview { client, lists })
    }
}

/// The field by which records of a kind belong to a client.
fn owner(kind: Kind, client: Kind) -> Option<&'static str> {
    let field = match client {
        Kind::Account => fields::ACCOUNT,
        Kind::Contact => fields::CONTACT,
        _ => return None,
    };
    let def = crate::domain::builtin::field(kind, field)?;
    def.indexed.then_some(field)
}

/// Whether a record meets the conditions that no index answers.
fn meets(page: &RecordPage, rest: &[Filter]) -> bool {
    rest.iter().all(|filter| {
        let value = page.record.get(&filter.field);
        match &filter.holds {
            Holds::In(values) => value.is_some_and(|value| values.contains(value)),
            Holds::Present(present) => value.is_some() == *present,
            Holds::Between(..) => false,
        }
    })
}

type Wanted = (String, Kind, Vec<(String, Condition)>);

fn wanted(catalog: &crate::packs::Catalog, workspace: Option<&str>) -> Result<Vec<Wanted>> {
    let Some(name) = workspace else {
        let bare = |kind: Kind| (kind.name().to_owned(), kind, Vec::new());
        return Ok(KINDS.into_iter().map(bare).collect());
    };
    let def = catalog.workspace(name).ok_or_else(|| {
        let short: String = name.chars().take(64).collect();
        let message = format!("there is no workspace `{short}`; see `/v1/workspaces`");
        Error::field("workspace", "unknown_workspace", message)
    })?;
    let entries = def.entries.iter().filter_map(|entry| {
        let Listed::Records(kind) = entry.list else {
            return None;
        };
        let conditions = entry.holds.iter();
        let conditions =
            conditions.map(|(name, value)| (name.clone(), Condition::In(vec![value.clone()])));
        Some((entry.code.clone(), kind, conditions.collect()))
    });
    Ok(entries.collect())
}
