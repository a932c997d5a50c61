//! What a customer would see: exactly what the desk shows to it.

use crate::desk::sight::Sight;
use crate::desk::{Actor, Desk, Error, ErrorKind, ListQuery, RecordPage, Result};
use crate::domain::record::fields;
use crate::domain::{Id, Kind};

/// Records of each kind that are shown.
const SHOWN: usize = 20;

/// What is shown of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    /// The kind.
    pub kind: Kind,
    /// Fields that are shown, by their full codes; of all types.
    pub fields: Vec<String>,
    /// Fields that are kept back.
    pub hidden: Vec<String>,
    /// The newest records, as they are shown.
    pub records: Vec<RecordPage>,
    /// Whether there are more.
    pub more: bool,
}

/// What a customer would see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Who was looked as.
    pub customer: Actor,
    /// What is shown, kind by kind.
    pub kinds: Vec<Exposed>,
}

impl Desk {
    /// What a contact would see of each kind; kinds that it may not list are left out.
    ///
    /// # Errors
    /// When the asker is no administrator, there is no such contact, or the store fails.
    pub fn exposed_to(&self, actor: &Actor, contact: Id) -> Result<Preview> {
        actor.require_admin("looking through a customer's eyes")?;
        let page = self.record(actor, Kind::Contact, contact, None)?;
        let account = page
            .record
            .reference(fields::ACCOUNT)
            .ok_or_else(|| Error::field("as", "no_account", "the contact belongs to no account"))?;
        let customer = Actor::Contact { contact, account };
        let snapshot = self.store.snapshot(None)?;
        let (ground, _) = self.ground(snapshot, self.now(), None)?;
        let sight = Sight::new(&ground, &customer);
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let page = match self.list(&customer, &ListQuery::newest(kind, SHOWN)) {
                Ok(page) => page,
                Err(e) if e.kind == ErrorKind::Forbidden && e.code == "forbidden" => continue,
                Err(e) => return Err(e),
            };
            let types = ground.catalog.types(kind).map(|t| Some(t.code.as_str()));
            let (mut shown, mut hidden) = (Vec::new(), Vec::new());
            for of in [None].into_iter().chain(types) {
                for def in ground.catalog.fields(kind, of) {
                    let list = match sight.hides(kind, def)? {
                        true => &mut hidden,
                        false => &mut shown,
                    };
                    if !list.contains(&def.code) {
                        list.push(def.code.clone());
                    }
                }
            }
            all.push(Exposed {
                kind,
                fields: shown,
                hidden,
                more: page.next.is_some(),
                records: page.items,
            });
        }
        Ok(Preview {
            customer,
            kinds: all,
        })
    }
}
