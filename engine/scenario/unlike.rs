//! Keys of tables in a scenario that are not as they should be.

use super::command::Names;
use super::driver::{Seen, ShownClock, ShownEntry, ShownField, ShownMessage};
use super::file::{ClockLike, EntryLike, FieldLike, MessageLike, Pieces, instant};
use super::report::Difference;
use super::words;

/// Keys of a table that are not as they should be.
#[derive(Default)]
pub(super) struct Unlike {
    wanted: Vec<String>,
    got: Vec<String>,
}

impl Unlike {
    /// A key that differs.
    pub fn key(&mut self, name: &str, wanted: &str, got: &str) {
        self.wanted.push(format!("{name} = {wanted}"));
        self.got.push(match got {
            "" => format!("no {name}"),
            got => format!("{name} = {got}"),
        });
    }

    /// A key that must be this text, where one is wanted.
    pub fn text(&mut self, name: &str, wanted: Option<&str>, got: Option<&str>) {
        if let Some(wanted) = wanted.filter(|w| Some(*w) != got) {
            self.key(
                name,
                &words::text(wanted),
                &got.map_or_else(String::new, words::text),
            );
        }
    }

    /// A key that must be so or not so, where it is said.
    pub fn flag(&mut self, name: &str, wanted: Option<bool>, got: bool) {
        if let Some(wanted) = wanted.filter(|w| *w != got) {
            self.key(name, &wanted.to_string(), &got.to_string());
        }
    }

    /// A key whose text must hold pieces; those that are missing are told.
    pub fn pieces(&mut self, name: &str, wanted: &Pieces, got: &[&str]) {
        let missing = |piece: &&String| !got.iter().any(|text| text.contains(piece.as_str()));
        let missing: Vec<&String> = wanted.all().iter().filter(missing).collect();
        let shown = match got {
            [one] => words::text(one),
            all => words::texts(all),
        };
        match missing.as_slice() {
            [] => {}
            [one] => self.key(name, &words::text(one), &shown),
            several => self.key(name, &words::texts(several), &shown),
        }
    }

    /// The difference, if there is one.
    pub fn difference(self, what: impl Into<String>) -> Option<Difference> {
        let (wanted, got) = (self.wanted.join(", "), self.got.join(", "));
        (!wanted.is_empty()).then(|| Difference::new(what, wanted, got))
    }
}

/// Keys of an entry that differ.
pub(super) fn entry(wanted: &EntryLike, got: &ShownEntry, names: &Names) -> Seen<Unlike> {
    let mut unlike = Unlike::default();
    let pairs = [
        ("kind", &wanted.kind, Some(got.kind.as_str())),
        ("visibility", &wanted.visibility, got.visibility.as_deref()),
        ("channel", &wanted.channel, got.channel.as_deref()),
        ("direction", &wanted.direction, got.direction.as_deref()),
        ("relation", &wanted.relation, got.relation.as_deref()),
        (
            "author_name",
            &wanted.author_name,
            got.author_name.as_deref(),
        ),
    ];
    for (key, wanted, got) in pairs {
        unlike.text(key, wanted.as_deref(), got);
    }
    if let Some(to) = &wanted.to
        && got.to != Some(names.get(to)?.1)
    {
        let is = got
            .to
            .map_or_else(String::new, |id| words::text(&names.of(id)));
        unlike.key("to", &words::text(to), &is);
    }
    unlike.pieces("says", &wanted.says, &[&got.text]);
    Ok(unlike)
}

/// Keys of a message that differ.
pub(super) fn message(wanted: &MessageLike, got: &ShownMessage) -> Unlike {
    let mut unlike = Unlike::default();
    unlike.text("to", wanted.to.as_deref(), Some(&got.to));
    unlike.text("channel", wanted.channel.as_deref(), Some(&got.channel));
    unlike.pieces("subject", &wanted.subject, &[&got.subject]);
    unlike.pieces("says", &wanted.says, &[&got.text]);
    unlike
}

/// Keys of a clock that differ.
pub(super) fn clock(wanted: &ClockLike, got: Option<&ShownClock>) -> Seen<Unlike> {
    let mut unlike = Unlike::default();
    let state = got.map_or("none", |c| c.state.as_str());
    unlike.text("state", wanted.state.as_deref(), Some(state));
    if let Some(due) = wanted.due_at.as_ref().map(instant).transpose()?
        && got.is_none_or(|c| c.due_at != due)
    {
        let is = got.map_or_else(String::new, |c| words::text(&words::instant(c.due_at)));
        unlike.key("due_at", &words::text(&words::instant(due)), &is);
    }
    if let Some(breached) = wanted.breached {
        match got {
            Some(c) => unlike.flag("breached", Some(breached), c.breached_at.is_some()),
            None => unlike.key("breached", &breached.to_string(), ""),
        }
    }
    let level = got.map(|c| c.level.as_str());
    unlike.text("level", wanted.level.as_deref(), level);
    Ok(unlike)
}

/// Keys of a field of a form that differ.
pub(super) fn field(wanted: &FieldLike, got: &ShownField) -> Unlike {
    let mut unlike = Unlike::default();
    unlike.flag("visible", wanted.visible, got.visible);
    unlike.flag("required", wanted.required, got.required);
    unlike.flag("readonly", wanted.readonly, got.readonly);
    if let Some(options) = wanted.options.as_ref().filter(|o| **o != got.options) {
        unlike.key(
            "options",
            &words::texts(options),
            &words::texts(&got.options),
        );
    }
    let advice: Vec<&str> = got.advice.iter().map(String::as_str).collect();
    unlike.pieces("advice", &wanted.advice, &advice);
    unlike
}

#[cfg(test)]
mod tests {
    use super::{Pieces, Unlike};

    #[test]
    fn only_keys_that_differ_are_told() {
        let mut unlike = Unlike::default();
        unlike.text("kind", Some("comment"), Some("comment"));
        unlike.text("channel", None, Some("mail"));
        unlike.text("relation", Some("part"), None);
        unlike.flag("visible", Some(true), false);
        let pieces = Pieces::Many(vec!["here".into(), "away".into()]);
        unlike.pieces("says", &pieces, &["I am here"]);
        let told = unlike.difference("entry 1").unwrap();
        assert_eq!(
            told.expected,
            "relation = \"part\", visible = true, says = \"away\""
        );
        assert_eq!(
            told.got,
            "no relation, visible = false, says = \"I am here\""
        );
        assert!(Unlike::default().difference("nothing").is_none());
    }
}
