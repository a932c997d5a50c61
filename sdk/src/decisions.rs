//! Making decisions.

use crate::values::{Effect, Value};

macro_rules! refusing {
    ($module:ident) => {
        impl Default for crate::$module::Decision {
            fn default() -> Self {
                Self::allow()
            }
        }

        impl crate::$module::Decision {
            /// Nothing is refused.
            #[must_use]
            pub const fn allow() -> Self {
                Self {
                    refusals: Vec::new(),
                    extra: Vec::new(),
                }
            }

            /// Refuses with a stable code and a text for people.
            #[must_use]
            pub fn refuse(code: &str, message: impl Into<String>) -> Self {
                Self::allow().and_refuse(code, message)
            }

            /// Refuses because of a field.
            #[must_use]
            pub fn refuse_field(field: &str, code: &str, message: impl Into<String>) -> Self {
                Self::allow().and_refuse_field(field, code, message)
            }

            /// Adds a reason to refuse.
            #[must_use]
            pub fn and_refuse(mut self, code: &str, message: impl Into<String>) -> Self {
                self.refusals.push(crate::$module::Refusal {
                    code: code.to_owned(),
                    message: message.into(),
                    field: None,
                });
                self
            }

            /// Adds a reason to refuse that a field is to blame for.
            #[must_use]
            pub fn and_refuse_field(
                mut self,
                field: &str,
                code: &str,
                message: impl Into<String>,
            ) -> Self {
                self.refusals.push(crate::$module::Refusal {
                    code: code.to_owned(),
                    message: message.into(),
                    field: Some(field.to_owned()),
                });
                self
            }
        }
    };
}

refusing!(record_validate);
refusing!(transition_guard);

macro_rules! acting {
    ($module:ident { $($field:ident),* }) => {
        impl Default for crate::$module::Decision {
            fn default() -> Self {
                Self {
                    $($field: None,)*
                    effects: Vec::new(),
                    extra: Vec::new(),
                }
            }
        }

        impl crate::$module::Decision {
            /// Adds an effect.
            #[must_use]
            pub fn and(mut self, effect: Effect) -> Self {
                self.effects.push(effect);
                self
            }
        }
    };
}

acting!(transition_effect {});
acting!(schedule_fire {});
acting!(survey_done { ask });
acting!(survey_reply { outcome });
acting!(interaction_event {});
acting!(sla_event {});
acting!(record_changed {});

macro_rules! empty {
    ($module:ident { $field:ident: $empty:expr }) => {
        impl Default for crate::$module::Decision {
            fn default() -> Self {
                Self {
                    $field: $empty,
                    extra: Vec::new(),
                }
            }
        }
    };
}

empty!(record_defaults { values: Vec::new() });
empty!(form_rules { fields: Vec::new() });
empty!(assign_select { choice: None });
empty!(sla_select { choice: None });
empty!(field_compute { values: Vec::new() });
empty!(sla_clock { steps: Vec::new() });
empty!(notify_compose { choice: None });
empty!(access_filter { choice: None });

impl crate::define::Decision {
    /// Definitions as JSON text.
    #[must_use]
    pub fn json(definitions: &str) -> Self {
        Self {
            definitions: definitions.to_owned(),
            extra: Vec::new(),
        }
    }
}

impl crate::record_defaults::Decision {
    /// Adds a value.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.values.push((field.to_owned(), value.into()));
        self
    }
}

impl crate::form_rules::Decision {
    /// Adds the rule of a field.
    #[must_use]
    pub fn with(mut self, rule: crate::form_rules::FieldRule) -> Self {
        self.fields.push(rule);
        self
    }
}

impl crate::form_rules::FieldRule {
    /// No opinion about a field yet.
    #[must_use]
    pub fn new(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            visible: None,
            required: None,
            readonly: None,
            options: None,
            advice: None,
        }
    }

    /// A value is needed.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = Some(true);
        self
    }

    /// The field may not be changed.
    #[must_use]
    pub fn readonly(mut self) -> Self {
        self.readonly = Some(true);
        self
    }

    /// The field is not shown.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.visible = Some(false);
        self
    }

    /// Only these options are offered.
    #[must_use]
    pub fn options(mut self, codes: &[&str]) -> Self {
        self.options = Some(codes.iter().map(|c| (*c).to_owned()).collect());
        self
    }

    /// With advice beside the field.
    #[must_use]
    pub fn advice(mut self, text: impl Into<String>) -> Self {
        self.advice = Some(text.into());
        self
    }
}

impl crate::assign_select::Decision {
    /// Puts an agent in charge, by id or code.
    #[must_use]
    pub fn agent(agent: &str, reason: impl Into<String>) -> Self {
        Self::choose(Some(agent), None, reason)
    }

    /// Puts a team in charge, by id or code.
    #[must_use]
    pub fn team(team: &str, reason: impl Into<String>) -> Self {
        Self::choose(None, Some(team), reason)
    }

    /// Puts an agent and a team in charge.
    #[must_use]
    pub fn choose(agent: Option<&str>, team: Option<&str>, reason: impl Into<String>) -> Self {
        Self {
            choice: Some(crate::assign_select::Choice {
                agent: agent.map(str::to_owned),
                team: team.map(str::to_owned),
                reason: reason.into(),
            }),
            extra: Vec::new(),
        }
    }
}

impl crate::sla_select::Decision {
    /// Chooses a support level, by id or code.
    #[must_use]
    pub fn level(level: &str, reason: impl Into<String>) -> Self {
        Self {
            choice: Some(crate::sla_select::Choice {
                level: level.to_owned(),
                reason: reason.into(),
            }),
            extra: Vec::new(),
        }
    }
}

impl crate::survey_done::Decision {
    /// Does not ask; the code of the reason is journalled.
    #[must_use]
    pub fn skip(reason: &str) -> Self {
        Self {
            ask: Some(crate::survey_done::Ask::Skip(reason.to_owned())),
            ..Self::default()
        }
    }

    /// Asks.
    #[must_use]
    pub fn send(survey: crate::survey_done::Survey) -> Self {
        Self {
            ask: Some(crate::survey_done::Ask::Send(survey)),
            ..Self::default()
        }
    }
}

impl crate::survey_reply::Decision {
    /// Says what an answer means; `weighted` is a score in hundredths made of several answers.
    #[must_use]
    pub fn means(meaning: &str, weighted: Option<i64>) -> Self {
        Self {
            outcome: Some(crate::survey_reply::Outcome {
                meaning: meaning.to_owned(),
                weighted,
            }),
            ..Self::default()
        }
    }
}
