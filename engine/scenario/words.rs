//! What was wanted and what was got, in the words of scenario files.

use serde_json::Value as Json;

use super::command::Names;
use super::driver::{ShownAction, ShownChange, ShownEntry, ShownFieldChange, ShownMessage};

/// Longest text that is shown, in characters.
const MAX_TEXT: usize = 200;

/// A text in quotes, cut off when it is long.
pub(super) fn text(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_TEXT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

/// Texts as a list.
pub(super) fn texts<T: AsRef<str>>(all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(|one| text(one.as_ref())).collect();
    format!("[{}]", all.join(", "))
}

/// Tables as a list, each beginning on a line of its own when there are several.
pub(super) fn tables(all: &[String]) -> String {
    match all {
        [] => "none".to_owned(),
        [one] => one.clone(),
        several => format!("{}: {}", several.len(), several.join(", ")),
    }
}

fn table(pairs: &[(&str, Option<String>)]) -> String {
    let pairs = pairs
        .iter()
        .filter_map(|(key, value)| Some(format!("{key} = {}", value.as_ref()?)));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}

/// A value; ids by the names they have here.
pub(super) fn value(json: &Json, names: &Names) -> String {
    match names.named(json) {
        Json::Null => "\"\"".to_owned(),
        Json::String(one) => text(&one),
        other => other.to_string(),
    }
}

/// A value of the file.
pub(super) fn toml(value: &toml::Value) -> String {
    match value {
        toml::Value::String(one) => text(one),
        other => other.to_string(),
    }
}

/// A row of the file.
pub(super) fn row(row: &toml::Table) -> String {
    let pairs: Vec<(&str, Option<String>)> = row
        .iter()
        .map(|(key, value)| (key.as_str(), Some(toml(value))))
        .collect();
    table(&pairs)
}

/// An entry.
pub(super) fn entry(entry: &ShownEntry, names: &Names) -> String {
    let some = |given: &Option<String>| given.as_deref().map(text);
    table(&[
        ("kind", Some(text(&entry.kind))),
        ("visibility", some(&entry.visibility)),
        ("channel", some(&entry.channel)),
        ("direction", some(&entry.direction)),
        ("relation", some(&entry.relation)),
        ("to", entry.to.map(|id| text(&names.of(id)))),
        ("author", Some(text(&names.named_actor(&entry.author)))),
        ("says", Some(text(&entry.text))),
    ])
}

/// A message.
pub(super) fn message(message: &ShownMessage) -> String {
    table(&[
        ("to", Some(text(&message.to))),
        ("channel", Some(text(&message.channel))),
        ("subject", Some(text(&message.subject))),
        ("says", Some(text(&message.text))),
    ])
}

/// Whether a way is open.
pub(super) fn way(action: &ShownAction) -> String {
    match action.open && action.why_not.is_empty() {
        true => "open".to_owned(),
        false => closed(&action.why_not),
    }
}

/// Why something is closed.
pub(super) fn closed(why: &[String]) -> String {
    match why {
        [] => "open".to_owned(),
        why => format!("closed by {}", texts(why)),
    }
}

/// A change of a field.
pub(super) fn field_change(change: &ShownFieldChange, names: &Names) -> String {
    table(&[
        ("field", Some(text(&change.field))),
        ("old", Some(value(&change.old, names))),
        ("new", Some(value(&change.new, names))),
        ("by", Some(text(&change.by))),
    ])
}

/// A change of a record.
pub(super) fn change(change: &ShownChange, names: &Names) -> String {
    let changes = change.fields.iter().map(|c| field_change(c, names));
    let changes: Vec<String> = changes.collect();
    table(&[
        ("command", Some(text(&change.command))),
        ("actor", Some(text(&names.named_actor(&change.actor)))),
        ("at", Some(text(&instant(change.at)))),
        ("changes", Some(format!("[{}]", changes.join(", ")))),
    ])
}

/// An instant.
pub(super) fn instant(at: crate::domain::Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn long_texts_are_cut_off() {
        assert_eq!(text("a\"б\n"), "\"a\\\"б\\n\"");
        assert_eq!(text(&"я".repeat(300)).chars().count(), 203);
    }
}
