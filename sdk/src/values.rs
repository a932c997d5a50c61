//! Values, effects and how to make them.

pub use crate::bindings::base::opora::hooks::types::{
    Assignment, Comment, Effect, FieldChange, NewLink, NewRecord, Notice, Timer, Value, Visibility,
    WebhookCall,
};

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl Value {
    /// Whether the value counts as filled in: blank text and empty lists do not.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        match self {
            Self::Text(text) => !text.trim().is_empty(),
            Self::Texts(list) | Self::References(list) => !list.is_empty(),
            _ => true,
        }
    }
}

impl Effect {
    /// Set a field; an unqualified name is the engine's field or one of the plugin's own pack.
    #[must_use]
    pub fn set(field: &str, value: impl Into<Value>) -> Self {
        Self::Set(FieldChange {
            field: field.to_owned(),
            value: Some(value.into()),
        })
    }

    /// Remove the value of a field.
    #[must_use]
    pub fn clear(field: &str) -> Self {
        Self::Set(FieldChange {
            field: field.to_owned(),
            value: None,
        })
    }

    /// Enter a status.
    #[must_use]
    pub fn transition(to: &str) -> Self {
        Self::Transition(to.to_owned())
    }

    /// Put an agent in charge, by id or code.
    #[must_use]
    pub fn assign_agent(agent: &str) -> Self {
        Self::Assign(Assignment {
            agent: Some(agent.to_owned()),
            team: None,
        })
    }

    /// Put a team in charge, by id or code.
    #[must_use]
    pub fn assign_team(team: &str) -> Self {
        Self::Assign(Assignment {
            agent: None,
            team: Some(team.to_owned()),
        })
    }

    /// Add a comment that customers see.
    #[must_use]
    pub fn comment(text: impl Into<String>) -> Self {
        Self::Comment(Comment {
            visibility: Visibility::Public,
            text: text.into(),
        })
    }

    /// Add a comment that only agents see.
    #[must_use]
    pub fn note(text: impl Into<String>) -> Self {
        Self::Comment(Comment {
            visibility: Visibility::Internal,
            text: text.into(),
        })
    }

    /// Create a record of a kind (`ticket`, `activity`, …).
    #[must_use]
    pub fn create(record: NewRecord) -> Self {
        Self::Create(record)
    }

    /// Link the record to another, by its kind and id.
    #[must_use]
    pub fn link(relation: &str, kind: &str, to: &str) -> Self {
        Self::Link(NewLink {
            relation: relation.to_owned(),
            kind: kind.to_owned(),
            to: to.to_owned(),
        })
    }

    /// Add a label.
    #[must_use]
    pub fn tag(label: &str) -> Self {
        Self::Tag(label.to_owned())
    }

    /// Remove a label.
    #[must_use]
    pub fn untag(label: &str) -> Self {
        Self::Untag(label.to_owned())
    }

    /// Set a timer; `at` in microseconds since 1970, `data` JSON text that is given back.
    #[must_use]
    pub fn schedule(name: &str, at: i64, data: &str) -> Self {
        Self::Schedule(Timer {
            name: name.to_owned(),
            at,
            data: data.to_owned(),
        })
    }

    /// Remove a timer.
    #[must_use]
    pub fn unschedule(name: &str) -> Self {
        Self::Unschedule(name.to_owned())
    }

    /// Queue a message to `contact`, `assignee`, `team` or an address.
    #[must_use]
    pub fn notify(to: &str, channel: &str, subject: &str, text: impl Into<String>) -> Self {
        Self::Notify(Notice {
            to: to.to_owned(),
            channel: channel.to_owned(),
            subject: subject.to_owned(),
            text: text.into(),
        })
    }

    /// Call a webhook that the administrator set up; `body` is JSON text.
    #[must_use]
    pub fn webhook(name: &str, body: &str) -> Self {
        Self::Webhook(WebhookCall {
            name: name.to_owned(),
            body: body.to_owned(),
        })
    }

    /// An effect that this version of the contract does not list; `data` is JSON text.
    #[must_use]
    pub fn custom(kind: &str, data: &str) -> Self {
        Self::Custom((kind.to_owned(), data.to_owned()))
    }
}

impl NewRecord {
    /// A record of a kind, with a title, without a type and without a link to this one.
    #[must_use]
    pub fn new(kind: &str, title: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            type_code: None,
            fields: vec![("title".to_owned(), title.into())],
            relation: String::new(),
        }
    }

    /// With a value.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields.push((field.to_owned(), value.into()));
        self
    }

    /// Of a type; an unqualified name is of the plugin's own pack.
    #[must_use]
    pub fn of_type(mut self, code: &str) -> Self {
        self.type_code = Some(code.to_owned());
        self
    }

    /// With a link to the record the hook was called for.
    #[must_use]
    pub fn linked(mut self, relation: &str) -> Self {
        relation.clone_into(&mut self.relation);
        self
    }
}
