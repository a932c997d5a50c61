//! Decisions of actions and computed fields.

use crate::action_run;
use crate::field_compute;
use crate::values::{Effect, FieldChange, Value};

impl Default for action_run::Decision {
    /// No opinion.
    fn default() -> Self {
        Self {
            refusals: Vec::new(),
            effects: Vec::new(),
            result: None,
            extra: Vec::new(),
        }
    }
}

impl action_run::Decision {
    /// Refuses with a stable code and a text for people; nothing is done then.
    #[must_use]
    pub fn refuse(code: &str, message: impl Into<String>) -> Self {
        Self::default().and_refuse(None, code, message)
    }

    /// Refuses because of a field.
    #[must_use]
    pub fn refuse_field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::default().and_refuse(Some(field), code, message)
    }

    /// Adds a reason to refuse, and the field that is to blame if one is.
    #[must_use]
    pub fn and_refuse(
        mut self,
        field: Option<&str>,
        code: &str,
        message: impl Into<String>,
    ) -> Self {
        self.refusals.push(action_run::Refusal {
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

    /// Gives something back to the asker: JSON text of an object.
    #[must_use]
    pub fn returning(mut self, json: impl Into<String>) -> Self {
        self.result = Some(json.into());
        self
    }
}

impl field_compute::Decision {
    /// Gives a field a value.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.values.push(FieldChange {
            field: field.to_owned(),
            value: Some(value.into()),
        });
        self
    }

    /// Removes the value of a field.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        self.values.push(FieldChange {
            field: field.to_owned(),
            value: None,
        });
        self
    }
}
