//! The nouns of a service desk and the pure rules about them. No I/O here; `now` is an argument.

pub mod article;
pub mod builtin;
pub mod calendar;
pub mod category;
pub mod code;
pub mod contract;
pub mod definitions;
pub mod document;
pub mod entry;
pub mod erasing;
pub mod family;
pub mod field;
pub mod id;
pub mod kind;
pub mod learned;
pub mod names;
pub mod party;
pub mod plan;
pub mod process;
pub mod record;
pub mod recurrence;
pub mod report;
pub mod role;
pub mod sla;
pub mod span;
pub mod subject;
pub mod tally;
pub mod value;
pub mod workflow;
pub mod working_time;
pub mod workspace;

pub use code::Code;
pub use definitions::Definitions;
pub use entry::{Entry, EntryBody};
pub use field::{FieldDef, ValueType};
pub use id::Id;
pub use kind::Kind;
pub use names::Names;
pub use process::ProcessDef;
pub use record::Record;
pub use value::Value;
pub use workflow::{StatusCategory, StatusDef, TransitionDef, Workflow};

/// An instant in UTC.
pub type Instant = chrono::DateTime<chrono::Utc>;
