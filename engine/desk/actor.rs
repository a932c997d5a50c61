//! Who acts, and what they may.

use serde::{Deserialize, Serialize};

use super::{Error, Result};
use crate::domain::{Id, Instant, Kind, Record, article, record::fields};
use crate::hooks::ActorView;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// The engine itself: timers, the command line of the machine's owner.
    System,
    /// A person or program with all rights; bound to an agent record or not.
    Admin {
        /// Agent record.
        agent: Option<Id>,
    },
    /// A person or program who works tickets.
    Agent {
        /// Agent record, when the token is bound to one.
        agent: Option<Id>,
    },
    /// A customer at the portal: sees its own organisation and nothing else.
    Contact {
        /// Contact record.
        contact: Id,
        /// Account of the contact.
        account: Id,
    },
    /// A rule acting in a chain.
    Rule {
        /// `pack/name`.
        rule: String,
    },
    /// Anybody, without a token: reads what is published for everybody, when a setting allows it.
    Visitor,
}

impl Actor {
    /// Name of the role.
    #[must_use]
    pub const fn role(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Admin { .. } => "admin",
            Self::Agent { .. } => "agent",
            Self::Contact { .. } => "contact",
            Self::Rule { .. } => "rule",
            Self::Visitor => "visitor",
        }
    }

    /// The agent's or contact's record.
    #[must_use]
    pub const fn id(&self) -> Option<Id> {
        match self {
            Self::Admin { agent } | Self::Agent { agent } => *agent,
            Self::Contact { contact, .. } => Some(*contact),
            Self::System | Self::Rule { .. } | Self::Visitor => None,
        }
    }

    /// The agent or contact with its kind.
    #[must_use]
    pub const fn record(&self) -> Option<(Kind, Id)> {
        let kind = if self.is_contact() {
            Kind::Contact
        } else {
            Kind::Agent
        };
        match self.id() {
            Some(id) => Some((kind, id)),
            None => None,
        }
    }

    /// The name written to entries and the journal: `agent:ID`, `rule:PACK/NAME`, `system`.
    #[must_use]
    pub fn name(&self) -> String {
        match (self, self.id()) {
            (Self::Rule { rule }, _) => format!("rule:{rule}"),
            (_, Some(id)) => format!("{}:{id}", self.role()),
            (_, None) => self.role().to_owned(),
        }
    }

    /// Whether it is a customer, known or not.
    #[must_use]
    pub const fn is_contact(&self) -> bool {
        matches!(self, Self::Contact { .. } | Self::Visitor)
    }

    /// The customer's account.
    #[must_use]
    pub const fn account(&self) -> Option<Id> {
        match self {
            Self::Contact { account, .. } => Some(*account),
            _ => None,
        }
    }

    /// Whether internal comments and fields are shown.
    #[must_use]
    pub const fn sees_internal(&self) -> bool {
        !self.is_contact()
    }

    /// As hooks see the actor.
    #[must_use]
    pub fn view(&self, locale: &str) -> ActorView {
        ActorView {
            role: self.role().to_owned(),
            id: self.id(),
            locale: locale.to_owned(),
        }
    }

    /// Whether the actor may know now that the record exists.
    #[must_use]
    pub fn may_see(&self, record: &Record, now: Instant) -> bool {
        let (contact, account) = match self {
            Self::Contact { contact, account } => (contact, account),
            Self::Visitor => {
                return match record.kind {
                    Kind::Article => article::is_open_to(record, None, now),
                    kind => kind == Kind::Category,
                };
            }
            _ => return true,
        };
        match record.kind {
            Kind::Ticket | Kind::Inquiry | Kind::Asset | Kind::Contract => {
                record.reference(fields::ACCOUNT) == Some(*account)
            }
            Kind::Account => record.id == *account,
            Kind::Contact => record.id == *contact,
            Kind::Article => article::is_open_to(record, Some(*account), now),
            Kind::Product | Kind::Category => true,
            Kind::Lead
            | Kind::Activity
            | Kind::Agent
            | Kind::Team
            | Kind::Calendar
            | Kind::SupportLevel
            | Kind::Recurrence => false,
        }
    }

    /// Refuses what needs an administrator.
    ///
    /// # Errors
    /// For everybody but administrators and the engine.
    pub fn require_admin(&self, what: &str) -> Result<()> {
        match self {
            Self::System | Self::Admin { .. } => Ok(()),
            _ => Err(Error::forbidden(format!("{what} needs the role `admin`"))),
        }
    }

    /// Refuses customers.
    ///
    /// # Errors
    /// For contacts.
    pub fn require_agent(&self, what: &str) -> Result<()> {
        if self.is_contact() {
            return Err(Error::forbidden(format!("{what} needs the role `agent`")));
        }
        Ok(())
    }

    /// Whether the actor may create or change records of the kind.
    ///
    /// # Errors
    /// When the role does not allow it.
    pub fn require_write(&self, kind: Kind) -> Result<()> {
        match kind {
            _ if *self == Self::Visitor => Err(Error::forbidden("changing anything needs a token")),
            Kind::Calendar | Kind::SupportLevel | Kind::Agent | Kind::Team => {
                self.require_admin(&format!("changing a {}", kind.name()))
            }
            Kind::Ticket => Ok(()),
            _ => self.require_agent(&format!("changing a {}", kind.name())),
        }
    }
}

impl Actor {
    /// Whether the actor may name the record in a field. A customer may name what it sees; what a
    /// rule or the engine put there for it (an assignee, a team) stays.
    #[must_use]
    pub fn may_refer(&self, record: &Record, now: Instant) -> bool {
        self.may_see(record, now)
            || matches!(record.kind, Kind::Agent | Kind::Team | Kind::SupportLevel)
    }
}
