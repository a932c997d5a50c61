//! The kinds of record: one machinery, different fields and invariants.

use serde::{Deserialize, Serialize};

/// What a record is. The number is stored: it is never changed and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// A request, claim or fault that the desk works on.
    Ticket = 1,
    /// A possible sale.
    Lead = 2,
    /// An incoming appeal not yet registered.
    Inquiry = 3,
    /// A planned action or task.
    Activity = 4,
    /// A thing a customer owns and the desk supports.
    Asset = 5,
    /// An organisation.
    Account = 6,
    /// A person at an organisation.
    Contact = 7,
    /// A service contract.
    Contract = 8,
    /// Goods or a service.
    Product = 9,
    /// A knowledge-base article.
    Article = 10,
    /// A person who works tickets.
    Agent = 11,
    /// A group of agents.
    Team = 12,
    /// Working hours and holidays in a time zone.
    Calendar = 13,
    /// Targets from which due times follow.
    SupportLevel = 14,
    /// A rule by which tickets are made again and again.
    Recurrence = 15,
    /// A category of articles, in a tree.
    Category = 16,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Ticket,
        Self::Lead,
        Self::Inquiry,
        Self::Activity,
        Self::Asset,
        Self::Account,
        Self::Contact,
        Self::Contract,
        Self::Product,
        Self::Article,
        Self::Agent,
        Self::Team,
        Self::Calendar,
        Self::SupportLevel,
        Self::Recurrence,
        Self::Category,
    ];

    /// The name used in the API, scripts and the journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Lead => "lead",
            Self::Inquiry => "inquiry",
            Self::Activity => "activity",
            Self::Asset => "asset",
            Self::Account => "account",
            Self::Contact => "contact",
            Self::Contract => "contract",
            Self::Product => "product",
            Self::Article => "article",
            Self::Agent => "agent",
            Self::Team => "team",
            Self::Calendar => "calendar",
            Self::SupportLevel => "support_level",
            Self::Recurrence => "recurrence",
            Self::Category => "category",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// The kind with this stored number.
    #[must_use]
    pub fn from_u8(n: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|k| *k as u8 == n)
    }

    /// Whether records of this kind carry a human number.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        matches!(
            self,
            Self::Ticket
                | Self::Lead
                | Self::Inquiry
                | Self::Contract
                | Self::Article
                | Self::Asset
        )
    }

    /// Whether comments, files and links can belong to records of this kind. What only says how the
    /// desk works has none.
    #[must_use]
    pub const fn has_entries(self) -> bool {
        !matches!(
            self,
            Self::Agent
                | Self::Team
                | Self::Calendar
                | Self::SupportLevel
                | Self::Recurrence
                | Self::Category
        )
    }

    /// Whether messages to and from a customer can belong to records of this kind.
    #[must_use]
    pub const fn has_messages(self) -> bool {
        matches!(
            self,
            Self::Ticket | Self::Lead | Self::Inquiry | Self::Activity
        )
    }

    /// Whether a record of this kind must have a type that a pack defines.
    #[must_use]
    pub const fn needs_type(self) -> bool {
        matches!(self, Self::Ticket)
    }
}
