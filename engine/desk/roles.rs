//! Roles of agents: where they are kept, and what they come to for an asker.

use super::sight::Part;
use super::{Actor, Desk, Result, codec, keys};
use crate::domain::record::fields::{ASSIGNEE, TEAM};
use crate::domain::role::{Reach, Rights, Role};
use crate::domain::{Kind, Value, builtin};
use crate::hooks::Predicate;
use crate::store::{Key, Snapshot, Table};

/// Most roles of a desk.
pub const MAX_ROLES: usize = 200;
/// The field of an agent that names its roles.
pub const ROLES: &str = "roles";

const PREFIX: &[u8] = b"role/";

/// Where a role is kept.
pub fn role_key(code: &str) -> Key {
    [PREFIX, code.as_bytes()].concat()
}

/// Every role, by code.
pub fn read(snapshot: &dyn Snapshot) -> Result<Vec<Role>> {
    let to = keys::after(PREFIX);
    let rows = snapshot.range(Table::Meta, PREFIX, &to, false, MAX_ROLES)?;
    rows.iter()
        .map(|(_, row)| codec::decode(&row.bytes))
        .collect()
}

/// Whether somebody is in charge of records of the kind, so that some can be an agent's own.
pub fn is_in_charge_of(kind: Kind) -> bool {
    builtin::field(kind, ASSIGNEE).is_some() && builtin::field(kind, TEAM).is_some()
}

/// What rights let an asker see of a kind, as a condition; nothing when it is everything.
pub fn bound(rights: &Rights, kind: Kind) -> Option<Part> {
    let is = |field: &str, id| Predicate::In {
        field: field.to_owned(),
        values: vec![Value::Ref(id)],
    };
    let own = is(ASSIGNEE, rights.agent);
    let only = match (rights.on(kind).see, rights.team) {
        (Reach::All, _) => return None,
        (Reach::None, _) => Predicate::nothing(),
        (Reach::Team, Some(team)) => Predicate::Any(vec![own, is(TEAM, team)]),
        (Reach::Own | Reach::Team, _) => own,
    };
    Some(Part {
        types: None,
        untyped: true,
        only,
    })
}

impl Desk {
    /// The roles of the desk, by code.
    ///
    /// # Errors
    /// For everybody but administrators, or when the store fails.
    pub fn roles(&self, actor: &Actor) -> Result<Vec<Role>> {
        actor.require_admin("reading roles")?;
        read(&*self.store.snapshot(None)?)
    }
}
