//! Reading inputs: fields, options, related records.

use crate::values::Value;

/// Something with fields: a record, or the record an input is about.
pub trait Fields {
    /// The fields by name, as the contract gives them.
    fn fields(&self) -> &[(String, Value)];

    /// The value of a field.
    fn field(&self, name: &str) -> Option<&Value> {
        find(self.fields(), name)
    }

    /// Text of a text field.
    fn text(&self, name: &str) -> Option<&str> {
        self.field(name).and_then(as_text)
    }

    /// Number of a whole-number field.
    fn int(&self, name: &str) -> Option<i64> {
        self.field(name).and_then(as_int)
    }

    /// Truth value of a yes-or-no field.
    fn boolean(&self, name: &str) -> Option<bool> {
        self.field(name).and_then(as_bool)
    }

    /// Date of a date field, such as `2026-03-02`.
    fn date(&self, name: &str) -> Option<&str> {
        match self.field(name) {
            Some(Value::Date(date)) => Some(date),
            _ => None,
        }
    }

    /// Instant of an instant field, in microseconds since 1970.
    fn instant(&self, name: &str) -> Option<i64> {
        match self.field(name) {
            Some(Value::Instant(at)) => Some(*at),
            _ => None,
        }
    }

    /// Id that a reference field holds.
    fn reference(&self, name: &str) -> Option<&str> {
        match self.field(name) {
            Some(Value::Reference(id)) => Some(id),
            _ => None,
        }
    }

    /// Texts of a list field; none when it has no value.
    fn texts(&self, name: &str) -> &[String] {
        match self.field(name) {
            Some(Value::Texts(list)) => list,
            _ => &[],
        }
    }

    /// Whether the field has a value that is neither blank nor empty.
    fn is_filled(&self, name: &str) -> bool {
        self.field(name).is_some_and(Value::is_filled)
    }
}

/// What every input offers beside the record.
pub trait Context: Fields {
    /// A record as this hook sees it.
    type View: Fields;

    /// The pack whose rule is called.
    fn pack(&self) -> &str;

    /// Options of the pack by name.
    fn options(&self) -> &[(String, Value)];

    /// A record that the rule declared it reads, by the name of the reference.
    fn related(&self, name: &str) -> Option<&Self::View>;

    /// Whether the command set the field explicitly.
    fn is_asked(&self, field: &str) -> bool;

    /// Text of an option, or `otherwise`.
    fn text_option<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        find(self.options(), name)
            .and_then(as_text)
            .unwrap_or(otherwise)
    }

    /// Number of an option, or `otherwise`.
    fn int_option(&self, name: &str, otherwise: i64) -> i64 {
        find(self.options(), name)
            .and_then(as_int)
            .unwrap_or(otherwise)
    }

    /// Truth value of an option, or `otherwise`.
    fn bool_option(&self, name: &str, otherwise: bool) -> bool {
        find(self.options(), name)
            .and_then(as_bool)
            .unwrap_or(otherwise)
    }

    /// Whether a full code of a status, type or survey is the one that the pack calls `name`.
    fn is_own(&self, code: &str, name: &str) -> bool {
        code.strip_prefix(self.pack())
            .and_then(|rest| rest.strip_prefix('/'))
            == Some(name)
    }

    /// Whether the record is of the type that the pack calls `name`.
    fn has_type(&self, name: &str) -> bool {
        self.text("type")
            .is_some_and(|code| self.is_own(code, name))
    }
}

fn find<'a>(fields: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    fields.iter().find(|(n, _)| n == name).map(|(_, v)| v)
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(truth) => Some(*truth),
        _ => None,
    }
}

/// Implements the readers, and empty values for unit tests, for the input of one hook.
macro_rules! input {
    ($module:ident { $($field:ident: $empty:expr),* }) => {
        impl Fields for crate::$module::View {
            fn fields(&self) -> &[(String, Value)] {
                &self.fields
            }
        }

        impl Fields for crate::$module::Input {
            fn fields(&self) -> &[(String, Value)] {
                &self.subject.fields
            }
        }

        impl Context for crate::$module::Input {
            type View = crate::$module::View;

            fn pack(&self) -> &str {
                &self.pack
            }

            fn options(&self) -> &[(String, Value)] {
                &self.options
            }

            fn related(&self, name: &str) -> Option<&Self::View> {
                self.related
                    .iter()
                    .find(|(n, _)| n == name)
                    .map(|(_, view)| view)
            }

            fn is_asked(&self, field: &str) -> bool {
                self.asked.iter().any(|f| f == field)
            }
        }

        impl Default for crate::$module::View {
            /// A ticket without fields, for unit tests.
            fn default() -> Self {
                Self {
                    id: "00000000-0000-0000-0000-000000000001".to_owned(),
                    kind: "ticket".to_owned(),
                    category: None,
                    fields: Vec::new(),
                }
            }
        }

        impl crate::$module::View {
            /// With a value, for unit tests.
            #[must_use]
            pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
                self.fields.push((field.to_owned(), value.into()));
                self
            }
        }

        impl Default for crate::$module::Input {
            /// An input with a ticket without fields at the beginning of 1970, for unit tests.
            fn default() -> Self {
                Self {
                    pack: "test".to_owned(),
                    now: 0,
                    actor: crate::$module::Actor {
                        role: "agent".to_owned(),
                        id: None,
                        locale: "en".to_owned(),
                    },
                    subject: crate::$module::View::default(),
                    before: None,
                    asked: Vec::new(),
                    related: Vec::new(),
                    options: Vec::new(),
                    $($field: $empty,)*
                    extra: Vec::new(),
                }
            }
        }

        impl crate::$module::Input {
            /// With a value of the record, for unit tests.
            #[must_use]
            pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
                self.subject.fields.push((field.to_owned(), value.into()));
                self
            }

            /// With an option of the pack, for unit tests.
            #[must_use]
            pub fn with_option(mut self, name: &str, value: impl Into<Value>) -> Self {
                self.options.push((name.to_owned(), value.into()));
                self
            }
        }
    };
}

input!(record_defaults {});
input!(form_rules {});
input!(record_validate {});
input!(transition_guard {
    leaving: String::new(),
    entering: String::new(),
    category: String::new()
});
input!(transition_effect {
    leaving: String::new(),
    entering: String::new(),
    category: String::new()
});
input!(assign_select {
    agents: Vec::new(),
    teams: Vec::new()
});
input!(sla_select { levels: Vec::new() });
input!(survey_done {
    address: None,
    asked_before: 0
});
input!(survey_reply {
    template: String::new(),
    score: None,
    scale: 5,
    comment: String::new(),
    answers: Vec::new()
});
input!(schedule_fire {
    name: String::new(),
    data: String::new()
});
input!(field_compute {});
input!(interaction_event {
    entry: crate::interaction_event::Entry::default()
});
input!(sla_clock {
    event: String::new(),
    entry: None,
    clocks: Vec::new()
});
input!(sla_event {
    event: String::new(),
    clock: crate::sla_event::Clock::default()
});
input!(record_changed {
    command: String::new(),
    changes: Vec::new()
});
input!(action_run {
    name: String::new(),
    arguments: "{}".to_owned()
});
input!(notify_compose {
    notice: crate::notify_compose::Notice::default()
});
input!(access_filter {
    kind: "ticket".to_owned()
});
input!(intake_match {
    search: Vec::new(),
    mode: "exact".to_owned(),
    all_must_match: false,
    channel: None
});
input!(intake_route {
    automatic: false,
    wanted: crate::intake_route::Wanted::default(),
    found: Vec::new(),
    open: Vec::new()
});
input!(process_step {
    process: "test/process".to_owned(),
    stage: String::new(),
    loops: 0,
    entered_at: 0,
    decisions: Vec::new(),
    event: "entered".to_owned(),
    outcome: None
});
input!(contract_consume {
    event: "closed".to_owned(),
    contract: crate::contract_consume::View::default(),
    unit: "hours".to_owned(),
    total: None,
    used: "0".to_owned(),
    counted: "0".to_owned()
});
input!(search_document {});

/// The record of a hook that is about none.
#[derive(Debug, Clone, Copy)]
pub enum NoRecord {}

impl Fields for NoRecord {
    fn fields(&self) -> &[(String, Value)] {
        match *self {}
    }
}

/// As `input`, for a hook that is about no record.
macro_rules! bare {
    ($module:ident { $($field:ident: $empty:expr),* }) => {
        impl Fields for crate::$module::Input {
            /// None: the hook is about no record.
            fn fields(&self) -> &[(String, Value)] {
                &[]
            }
        }

        impl Context for crate::$module::Input {
            type View = NoRecord;

            fn pack(&self) -> &str {
                &self.pack
            }

            fn options(&self) -> &[(String, Value)] {
                &self.options
            }

            fn related(&self, _: &str) -> Option<&NoRecord> {
                None
            }

            fn is_asked(&self, _: &str) -> bool {
                false
            }
        }

        impl Default for crate::$module::Input {
            /// An input of an administrator at the beginning of 1970, for unit tests.
            fn default() -> Self {
                Self {
                    pack: "test".to_owned(),
                    now: 0,
                    actor: crate::$module::Actor {
                        role: "admin".to_owned(),
                        id: None,
                        locale: "en".to_owned(),
                    },
                    options: Vec::new(),
                    $($field: $empty,)*
                    extra: Vec::new(),
                }
            }
        }

        impl crate::$module::Input {
            /// With an option of the pack, for unit tests.
            #[must_use]
            pub fn with_option(mut self, name: &str, value: impl Into<Value>) -> Self {
                self.options.push((name.to_owned(), value.into()));
                self
            }
        }
    };
}

bare!(pack_lifecycle {
    phase: "install".to_owned(),
    from_version: None,
    to_version: Some("1.0.0".to_owned()),
    dry_run: false
});
bare!(config_guard {
    change: crate::config_guard::Change::default()
});
bare!(search_rank {
    kinds: vec!["article".to_owned()],
    words: Vec::new(),
    channel: "agent".to_owned()
});
