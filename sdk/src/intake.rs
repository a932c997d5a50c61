//! Decisions about incoming appeals.

use crate::intake_match::{self, Choice, Key};
use crate::intake_route::{self, Creation, NewParty, Refusal, Route, Target, Wanted};
use crate::values::{Effect, Value};

impl Default for intake_match::Decision {
    /// No opinion.
    fn default() -> Self {
        Self {
            choice: None,
            extra: Vec::new(),
        }
    }
}

impl Key {
    /// A value that a field of parties of a kind must equal, with the middle weight.
    #[must_use]
    pub fn new(kind: &str, field: &str, value: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            field: field.to_owned(),
            value: value.into(),
            mode: "exact".to_owned(),
            weight: 50,
        }
    }

    /// Compared in another way: `exact`, `prefix`, `part`.
    #[must_use]
    pub fn mode(mut self, mode: &str) -> Self {
        mode.clone_into(&mut self.mode);
        self
    }

    /// How much a match says, from 1 to 100.
    #[must_use]
    pub const fn weight(mut self, weight: i64) -> Self {
        self.weight = weight;
        self
    }
}

impl intake_match::Decision {
    fn choose(mut self, change: impl FnOnce(&mut Choice)) -> Self {
        change(self.choice.get_or_insert_with(|| Choice {
            keys: Vec::new(),
            instead: false,
            all_must_match: None,
            limit: None,
        }));
        self
    }

    /// Adds a key.
    #[must_use]
    pub fn key(self, key: Key) -> Self {
        self.choose(|choice| choice.keys.push(key))
    }

    /// Searches by these keys only, not by the engine's own.
    #[must_use]
    pub fn only(self) -> Self {
        self.choose(|choice| choice.instead = true)
    }

    /// Says whether everything must match.
    #[must_use]
    pub fn all_must_match(self, all: bool) -> Self {
        self.choose(|choice| choice.all_must_match = Some(all))
    }

    /// Finds so many parties at most, from 1 to 200.
    #[must_use]
    pub fn limit(self, limit: i64) -> Self {
        self.choose(|choice| choice.limit = Some(limit))
    }
}

impl intake_match::Input {
    /// What was asked of a field, if anything was.
    #[must_use]
    pub fn asked_of(&self, field: &str) -> Option<&str> {
        let asked = self.search.iter().find(|asked| asked.field == field);
        asked.map(|asked| asked.text.as_str())
    }
}

impl Default for Wanted {
    /// Nothing in particular.
    fn default() -> Self {
        Self {
            kind: None,
            type_code: None,
            record: None,
            values: Vec::new(),
        }
    }
}

impl Default for intake_route::Decision {
    /// No opinion.
    fn default() -> Self {
        Self {
            route: None,
            parties: Vec::new(),
            refusals: Vec::new(),
            effects: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl intake_route::Decision {
    /// Creates a record from the appeal.
    #[must_use]
    pub fn create(mut self, creation: Creation) -> Self {
        self.route = Some(Route::Create(creation));
        self
    }

    /// Attaches the appeal to a record.
    #[must_use]
    pub fn attach(mut self, kind: &str, id: &str) -> Self {
        self.route = Some(Route::Attach(Target {
            kind: kind.to_owned(),
            id: id.to_owned(),
        }));
        self
    }

    /// Declines the appeal; the code of the reason is journalled.
    #[must_use]
    pub fn decline(mut self, reason: &str) -> Self {
        self.route = Some(Route::Decline(reason.to_owned()));
        self
    }

    /// Gives values for a new account, contact or lead.
    #[must_use]
    pub fn party(mut self, party: NewParty) -> Self {
        self.parties.push(party);
        self
    }

    /// Adds a reason to refuse, and the field that is to blame if one is.
    #[must_use]
    pub fn and_refuse(
        mut self,
        field: Option<&str>,
        code: &str,
        message: impl Into<String>,
    ) -> Self {
        self.refusals.push(Refusal {
            code: code.to_owned(),
            message: message.into(),
            field: field.map(str::to_owned),
        });
        self
    }

    /// Adds an effect.
    #[must_use]
    pub fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

impl Creation {
    /// A record of a kind, without a type and values.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            type_code: None,
            values: Vec::new(),
        }
    }

    /// Of a type; an unqualified name is of the plugin's own pack.
    #[must_use]
    pub fn of_type(mut self, code: &str) -> Self {
        self.type_code = Some(code.to_owned());
        self
    }

    /// With a value.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.values.push((field.to_owned(), value.into()));
        self
    }
}

impl NewParty {
    /// A party of a kind, without values.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            values: Vec::new(),
        }
    }

    /// With a value.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.values.push((field.to_owned(), value.into()));
        self
    }
}
