//! Roles: defining them, and refusing what those of the asker do not permit.

use crate::desk::roles::{self, MAX_ROLES, ROLES, role_key};
use crate::desk::{Error, ErrorKind, Fault, Result, codec};
use crate::domain::record::fields::{ASSIGNEE, TEAM};
use crate::domain::role::{Reach, Role};
use crate::domain::{Id, Kind, Value, code};
use crate::store::Table;

use super::{Answer, Deciding, config};

/// Most masked fields of a kind in a role.
const MAX_MASKED: usize = 100;
/// Longest name of a role in bytes.
const MAX_NAME: usize = 200;
/// Most languages of a name.
const MAX_LOCALES: usize = 20;

impl Deciding<'_, '_> {
    /// Defines a role, or defines it anew.
    pub(super) fn save_role(&mut self, role: &Role) -> Result<Answer> {
        self.actor.require_admin("defining a role")?;
        let role = self.checked_role(role)?;
        let key = role_key(&role.code);
        let old = self.draft.snapshot.get(Table::Meta, &key)?;
        let known = roles::read(&*self.draft.snapshot)?;
        if old.is_none() && known.len() >= MAX_ROLES {
            let text = format!("a desk has at most {MAX_ROLES} roles");
            return Err(Error::field("code", "too_many", text));
        }
        let json = serde_json::to_string(&role)
            .map_err(|e| Error::internal(format!("a role cannot be written: {e}")))?;
        let expect = config::expected(old.map(|row| row.version));
        let rows = &mut self.draft.rows;
        rows.expect.push((Table::Meta, key.clone(), expect));
        rows.put.push((Table::Meta, key, codec::encode(&role)?));
        self.input
            .arguments
            .push(("role".to_owned(), Value::Json(json)));
        // Agents may do something else now.
        self.touch_service(Kind::Agent);
        Ok(Answer::nothing(Id::MIN))
    }

    /// Removes a role that no agent has.
    pub(super) fn remove_role(&mut self, code: &str) -> Result<Answer> {
        self.actor.require_admin("removing a role")?;
        let key = role_key(code);
        let row = self.draft.snapshot.get(Table::Meta, &key)?;
        let row = row.ok_or_else(Error::not_found)?;
        let holders = self.ground.service.agents_with_role(code);
        if let Some(first) = holders.first() {
            let text = format!(
                "{} agents have the role `{code}`, `{first}` among them; take it from them first",
                holders.len()
            );
            return Err(Error::new(ErrorKind::Conflict, "in_use", text));
        }
        let expect = config::expected(Some(row.version));
        self.draft
            .rows
            .expect
            .push((Table::Meta, key.clone(), expect));
        self.draft.rows.delete.push((Table::Meta, key));
        self.input
            .arguments
            .push(("role".to_owned(), Value::from(code)));
        self.touch_service(Kind::Agent);
        Ok(Answer::nothing(Id::MIN))
    }

    /// The role with the full names of its fields, when nothing is wrong with it.
    fn checked_role(&self, role: &Role) -> Result<Role> {
        let mut faults = Vec::new();
        if let Some(why) = code::fault(&role.code) {
            faults.push(Fault::field("code", "malformed", why));
        }
        let names = &role.names.0;
        if names.len() > MAX_LOCALES
            || names
                .iter()
                .any(|(l, n)| l.len() > 35 || n.len() > MAX_NAME)
        {
            let text = format!("at most {MAX_LOCALES} languages and {MAX_NAME} bytes each");
            faults.push(Fault::field("names", "too_long", text));
        }
        let rights = role
            .kinds
            .iter()
            .map(|(kind, right)| (kind.name(), *right, Some(*kind)));
        for (name, right, kind) in rights.chain([("others", role.others, None)]) {
            let partly = |reach| matches!(reach, Reach::Own | Reach::Team);
            if right.change > right.see {
                let text = "what is changed must be seen";
                faults.push(Fault::field(name, "malformed", text));
            }
            let in_charge = kind.is_some_and(roles::is_in_charge_of);
            if (partly(right.see) || partly(right.change)) && !in_charge {
                let text = "nobody is in charge of such records: say `none` or `all`";
                faults.push(Fault::field(name, "malformed", text));
            }
        }
        let mut full = role.clone();
        for (kind, masked) in &mut full.masked {
            if masked.len() > MAX_MASKED {
                let text = format!("at most {MAX_MASKED} fields of a kind are masked");
                faults.push(Fault::field("masked", "too_many", text));
                continue;
            }
            let mut codes = std::collections::BTreeSet::new();
            for name in masked.iter() {
                match self.field_of_any_type(*kind, name) {
                    Some(code) => drop(codes.insert(code)),
                    None => {
                        let short: String = name.chars().take(64).collect();
                        let text = format!("there is no field `{short}` on a {}", kind.name());
                        faults.push(Fault::field("masked", "unknown_field", text));
                    }
                }
            }
            *masked = codes;
        }
        match faults.is_empty() {
            true => Ok(full),
            false => Err(Error::invalid(faults)),
        }
    }

    fn field_of_any_type(&self, kind: Kind, name: &str) -> Option<String> {
        let catalog = &self.ground.catalog;
        let types = catalog.types(kind).map(|t| Some(t.code.as_str()));
        let mut found = std::iter::once(None)
            .chain(types)
            .filter_map(|t| catalog.field(kind, t, name));
        found.next().map(|def| def.code.clone())
    }

    /// An agent has roles that there are.
    pub(super) fn check_roles(&self, agent: Id) -> Result<()> {
        let record = self.draft.record(Kind::Agent, agent)?;
        let Some(Value::List(named)) = record.get(ROLES) else {
            return Ok(());
        };
        for name in named.iter().filter_map(Value::as_text) {
            if !self.ground.service.has_role(name) {
                let short: String = name.chars().take(64).collect();
                let text = format!("there is no role `{short}`");
                return Err(Error::field(ROLES, "unknown_role", text));
            }
        }
        Ok(())
    }

    /// Refuses to make a record of a kind that the asker's roles do not let it change.
    pub(super) fn permit_new(&self, kind: Kind) -> Result<()> {
        let rights = self.ground.service.rights(&self.actor);
        match rights.is_none_or(|rights| rights.on(kind).change > Reach::None) {
            true => Ok(()),
            false => Err(not_permitted(kind)),
        }
    }

    /// Refuses to change a record that the asker's roles do not let it change.
    pub(super) fn permit_change(&self, kind: Kind, id: Id) -> Result<()> {
        let Some(rights) = self.ground.service.rights(&self.actor) else {
            return Ok(());
        };
        let record = self.draft.record(kind, id)?;
        let (assignee, team) = (record.reference(ASSIGNEE), record.reference(TEAM));
        match rights.covers(rights.on(kind).change, assignee, team) {
            true => Ok(()),
            false => Err(not_permitted(kind)),
        }
    }
}

fn not_permitted(kind: Kind) -> Error {
    let text = format!("none of your roles lets you change this {}", kind.name());
    Error::new(ErrorKind::Forbidden, "role_forbids", text)
}
