//! What is wrong with a script, said so that its author can mend it.

use std::fmt;
use std::sync::Arc;

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

/// A fault found before a script runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptFault {
    /// Pack of the file.
    pub pack: Arc<str>,
    /// The file, as the pack names it.
    pub file: Arc<str>,
    /// Line, from 1; 0 when the fault is nowhere in particular.
    pub line: u32,
    /// Column, from 1; 0 when the fault is nowhere in particular.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
    /// The line of the file.
    pub source_line: String,
    /// The known word that was probably meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for ScriptFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pack {}, {}", self.pack, self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(word) = &self.suggestion {
            write!(f, "; did you mean `{word}`?")?;
        }
        if !self.source_line.is_empty() {
            write!(f, "\n  | {}", self.source_line)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptFault {}

/// A file of a pack, for messages about it.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) pack: Arc<str>,
    pub(super) file: Arc<str>,
    pub(super) text: Arc<str>,
}

impl Source {
    /// A fault at a place of the file.
    pub(super) fn fault(&self, position: Position, message: impl Into<String>) -> ScriptFault {
        let line = position.line().unwrap_or(0);
        ScriptFault {
            pack: self.pack.clone(),
            file: self.file.clone(),
            line: number(line),
            column: number(column(position)),
            message: message.into(),
            source_line: self.line(line),
            suggestion: None,
        }
    }

    /// The fault that a parser found.
    pub(super) fn parse_fault(&self, error: &ParseError) -> ScriptFault {
        let mut message = lower(&error.err_type().to_string());
        if let Some(advice) = parse_advice(error.err_type()) {
            message.push_str("; ");
            message.push_str(advice);
        }
        self.fault(error.position(), message)
    }

    /// The text of a line, without the blanks around it, cut at 200 characters.
    pub(super) fn line(&self, line: usize) -> String {
        line.checked_sub(1)
            .and_then(|n| self.text.lines().nth(n))
            .map(|l| l.trim().chars().take(200).collect())
            .unwrap_or_default()
    }
}

/// Column of a position, from 1; 0 when unknown.
pub(super) fn column(position: Position) -> usize {
    position
        .position()
        .unwrap_or(usize::from(!position.is_none()))
}

/// A line or column as it is reported.
pub(super) fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn parse_advice(error: &ParseErrorType) -> Option<&'static str> {
    let advice = match error {
        ParseErrorType::Reserved(word)
        | ParseErrorType::BadInput(rhai::LexError::ImproperSymbol(word, _)) => {
            match word.as_str() {
                "print" | "debug" => "to leave a reason in the trace write `c.because(code, text)`",
                "import" | "export" => "a rule file is whole: copy the function into it",
                "eval" | "Fn" | "curry" => "call functions by their name",
                _ => return None,
            }
        }
        ParseErrorType::VariableUndefined(_) => {
            "a function sees its parameters and its own variables only, not those around it"
        }
        ParseErrorType::TooManyFunctions => "split the file",
        ParseErrorType::ExprTooDeep => "put parts of the expression into variables",
        _ => return None,
    };
    Some(advice)
}

/// The text of an error of a running script, without its position.
pub(super) fn text(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorRuntime(token, _) | EvalAltResult::ErrorTerminated(token, _) => {
            let said = token.to_string();
            if said.is_empty() {
                "the script gave up without a reason".to_owned()
            } else {
                said.chars().take(2_000).collect()
            }
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => unknown_function(signature),
        EvalAltResult::ErrorDotExpr(said, _) if said.is_empty() => {
            "there is no such member".to_owned()
        }
        // Only records, `c` and the other objects of a hook are without setters.
        EvalAltResult::ErrorDotExpr(said, _) if said.contains("setter") => {
            "this is read only; to set a field of the record write `c.set(field, value)`".to_owned()
        }
        EvalAltResult::ErrorDotExpr(said, _) => lower(said),
        _ => {
            let mut bare = error.to_string();
            if let Some(at) = bare.rfind(" (line ") {
                bare.truncate(at);
            }
            lower(&bare)
        }
    }
}

/// A call of a function that does not exist, `name (type, type)`.
fn unknown_function(signature: &str) -> String {
    let name = signature.split(" (").next().unwrap_or(signature);
    let given = signature.get(name.len()..).unwrap_or_default().trim();
    if let Some(m) = super::methods().iter().find(|m| m.name == name) {
        return format!("`{name}` takes ({}), not {}", m.arguments, in_words(given));
    }
    let known = super::methods().iter().map(|m| m.name);
    match closest(name, known) {
        Some(near) => format!("there is no function `{name}`; did you mean `{near}`?"),
        None => format!("there is no function `{name}` for {}", in_words(given)),
    }
}

/// The types of arguments, `(Hook, i64)`, in the words of an author; `c` itself is left out.
fn in_words(types: &str) -> String {
    let inner = types.trim_start_matches('(').trim_end_matches(')');
    let words = inner.split(", ").filter_map(|name| match name {
        "" | "Hook" => None,
        "i64" => Some("a whole number"),
        "f64" | "decimal" | "Decimal" => Some("a number"),
        "string" | "&str" | "String" | "ImmutableString" | "char" => Some("a text"),
        "bool" => Some("true or false"),
        "map" | "Map" => Some("a map"),
        "array" | "Array" => Some("a list"),
        "()" | "(" => Some("nothing"),
        "timestamp" | "Instant" => Some("an instant"),
        other => Some(other),
    });
    format!("({})", words.collect::<Vec<_>>().join(", "))
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// The known name that is closest to `name`, if one is close enough to be meant.
pub(super) fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = name.chars().count();
    let most = if letters <= 4 {
        1
    } else {
        letters.div_ceil(3).min(3)
    };
    known
        .map(|k| (distance(name, k), k))
        .filter(|(d, _)| *d <= most)
        .min()
        .map(|(_, k)| k)
}

/// Letters to insert, remove, replace or swap with a neighbour to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut next = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (get(&row, j) + usize::from(ca != *cb))
                .min(get(&row, j + 1) + 1)
                .min(get(&next, j) + 1);
            let swapped = j > 0 && last_a == Some(*cb) && b.get(j - 1) == Some(&ca);
            if swapped {
                best = best.min(get(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last_a = Some(ca);
    }
    row.last().copied().unwrap_or(usize::MAX)
}
