//! Checks shared by the definitions of calendars and support levels.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::Names;
use super::super::code::MAX_CODE_BYTES;
use super::{DAY_MINUTES, Hours, LOCALES_MAX, NAME_MAX};

/// One thing wrong with a definition: the field and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field, such as `weekly[3].to`.
    pub field: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl FieldError {
    /// An error about `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Checks that a code is there and short, and has no space or control character in it.
pub(in super::super) fn check_code(field: &str, code: &str, errors: &mut Vec<FieldError>) {
    let message = if code.is_empty() {
        "is empty; give it a code such as `gold`".to_owned()
    } else if code.len() > MAX_CODE_BYTES {
        format!("is longer than {MAX_CODE_BYTES} bytes; shorten it")
    } else if code.chars().any(|c| c.is_whitespace() || c.is_control()) {
        format!("`{code}` has a space or control character in it; use `-` or `_`")
    } else {
        return;
    };
    errors.push(FieldError::new(field, message));
}

/// Checks names by locale: few, and each with a locale and a text.
pub(in super::super) fn check_names(names: &Names, errors: &mut Vec<FieldError>) {
    if names.0.len() > LOCALES_MAX {
        errors.push(FieldError::new(
            "names",
            format!("more than {LOCALES_MAX} locales; drop some"),
        ));
        return;
    }
    for (locale, name) in &names.0 {
        check_name(&format!("names.{locale}"), name, errors);
    }
}

/// Checks that a name is there and not too long.
pub(in super::super) fn check_name(field: &str, name: &str, errors: &mut Vec<FieldError>) {
    if name.trim().is_empty() {
        errors.push(FieldError::new(
            field,
            "is empty; write what people shall read",
        ));
    } else if name.chars().count() > NAME_MAX {
        errors.push(FieldError::new(
            field,
            format!("is longer than {NAME_MAX} characters; shorten it"),
        ));
    }
}

/// Checks the intervals of one day, each with the name of its field.
pub(super) fn check_day(mut day: Vec<(String, Hours)>, errors: &mut Vec<FieldError>) {
    for (field, hours) in &day {
        if hours.from >= hours.to {
            errors.push(FieldError::new(
                format!("{field}.from"),
                format!("`{hours}` ends before it begins; split work past midnight over two days"),
            ));
        }
        if hours.to > DAY_MINUTES {
            errors.push(FieldError::new(
                format!("{field}.to"),
                format!(
                    "`{}` minutes are more than a day of {DAY_MINUTES}",
                    hours.to
                ),
            ));
        }
    }
    day.sort_by_key(|(_, hours)| (hours.from, hours.to));
    for ((_, earlier), (field, later)) in day.iter().zip(day.iter().skip(1)) {
        if later.from < earlier.to {
            errors.push(FieldError::new(
                field.clone(),
                format!("`{later}` overlaps `{earlier}`; join or separate them"),
            ));
        }
    }
}
