//! Roles: what an agent who has some may see and change. An agent without roles may see and change
//! what any agent may.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Id, Kind, Names};

/// How far a right reaches, from nothing to everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// No record.
    None,
    /// Records that the agent is in charge of.
    Own,
    /// Those, and the records of the agent's team.
    Team,
    /// Every record.
    #[default]
    All,
}

/// What may be done with the records of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Right {
    /// Which of them are seen.
    pub see: Reach,
    /// Which of those are changed; with any reach but none, new ones may be made.
    pub change: Reach,
}

/// What agents who have the role may see and change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Role {
    /// Code.
    pub code: String,
    /// Names for people.
    pub names: Names,
    /// Rights by kind of record.
    pub kinds: BTreeMap<Kind, Right>,
    /// Rights on all other kinds.
    pub others: Right,
    /// Full codes of fields that are not shown, by kind.
    pub masked: BTreeMap<Kind, BTreeSet<String>>,
    /// Whether reports may be run.
    pub reports: bool,
}

impl Role {
    /// The rights on a kind.
    #[must_use]
    pub fn right(&self, kind: Kind) -> Right {
        self.kinds.get(&kind).copied().unwrap_or(self.others)
    }
}

/// What one agent's roles come to: whatever one of them permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The agent.
    pub agent: Id,
    /// The agent's team.
    pub team: Option<Id>,
    roles: Vec<Role>,
}

impl Rights {
    /// The rights of an agent who has these roles.
    #[must_use]
    pub const fn new(agent: Id, team: Option<Id>, roles: Vec<Role>) -> Self {
        Self { agent, team, roles }
    }

    /// What may be done with the records of a kind.
    #[must_use]
    pub fn on(&self, kind: Kind) -> Right {
        let none = Right {
            see: Reach::None,
            change: Reach::None,
        };
        self.roles.iter().fold(none, |so_far, role| {
            let right = role.right(kind);
            Right {
                see: so_far.see.max(right.see),
                change: so_far.change.max(right.change),
            }
        })
    }

    /// Full codes of the fields that no role shows. A role that sees nothing of a kind shows no field
    /// of it.
    #[must_use]
    pub fn masked(&self, kind: Kind) -> BTreeSet<String> {
        let showing = self
            .roles
            .iter()
            .filter(|r| r.right(kind).see > Reach::None);
        let sets = showing.map(|role| role.masked.get(&kind).cloned().unwrap_or_default());
        sets.reduce(|a, b| a.intersection(&b).cloned().collect())
            .unwrap_or_default()
    }

    /// Whether reports may be run.
    #[must_use]
    pub fn reports(&self) -> bool {
        self.roles.iter().any(|role| role.reports)
    }

    /// Whether a right of this reach covers a record in charge of these.
    #[must_use]
    pub fn covers(&self, reach: Reach, assignee: Option<Id>, team: Option<Id>) -> bool {
        let own = assignee == Some(self.agent);
        match reach {
            Reach::None => false,
            Reach::Own => own,
            Reach::Team => own || (team.is_some() && team == self.team),
            Reach::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(see: Reach, change: Reach, masked: &[&str]) -> Role {
        let masked = masked.iter().map(|f| (*f).to_owned()).collect();
        Role {
            kinds: BTreeMap::from([(Kind::Ticket, Right { see, change })]),
            masked: BTreeMap::from([(Kind::Ticket, masked)]),
            ..Role::default()
        }
    }

    #[test]
    fn several_roles_permit_what_one_of_them_permits() {
        let roles = vec![
            role(Reach::Team, Reach::None, &["mail", "notes"]),
            role(Reach::Own, Reach::Own, &["notes"]),
        ];
        let rights = Rights::new(Id::MIN, None, roles);
        let right = rights.on(Kind::Ticket);
        assert_eq!((right.see, right.change), (Reach::Team, Reach::Own));
        let masked: Vec<String> = rights.masked(Kind::Ticket).into_iter().collect();
        assert_eq!(masked, ["notes"]);
        assert_eq!(rights.on(Kind::Account).see, Reach::All);
        assert!(!rights.reports());
    }

    #[test]
    fn a_role_that_sees_nothing_shows_no_field() {
        let roles = vec![
            role(Reach::None, Reach::None, &[]),
            role(Reach::All, Reach::None, &["notes"]),
        ];
        let rights = Rights::new(Id::MIN, None, roles);
        assert!(rights.masked(Kind::Ticket).contains("notes"));
    }

    #[test]
    fn nobody_s_record_is_no_team_s() {
        let rights = Rights::new(Id::MIN, None, Vec::new());
        assert!(!rights.covers(Reach::Team, None, None));
        assert!(!rights.covers(Reach::Own, None, None));
        assert!(rights.covers(Reach::Own, Some(Id::MIN), None));
    }
}
