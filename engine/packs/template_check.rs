//! What templates name: strings, other templates and fields, found before one is filled in.

use super::attach::Attacher;
use super::fault::{Faults, PackFault};
use super::files::PackFiles;
use super::source::short;
use super::template;
use crate::domain::{Kind, builtin};
use crate::hooks::{Hook, Texts};

/// Members of a record that are no fields.
const MEMBERS: [&str; 3] = ["id", "kind", "status_category"];

impl Attacher<'_> {
    /// Reports names in templates that lead to nothing.
    pub(super) fn check_templates(&self, files: &PackFiles, texts: &Texts, faults: &mut Faults) {
        let keys = texts.keys();
        let names: Vec<&str> = template::of(files).map(|(_, name, _)| name).collect();
        for (path, _, text) in template::of(files) {
            for (at, named) in all(text) {
                let place = |message: String| {
                    PackFault::of_file(&self.origin.pack, path, message).at(text, at)
                };
                let fault = match named {
                    Named::String(key) if !keys.contains(key) => {
                        let key = short(key);
                        place(format!("the pack's `locales` have no string `{key}`"))
                            .near(&key, keys.iter().copied())
                    }
                    Named::Template(name) if !names.contains(&name) => {
                        let name = short(name);
                        place(format!("the pack's `templates` have no `{name}`"))
                            .near(&name, names.iter().copied())
                    }
                    Named::Field(name) if !self.has_field(name) => {
                        let name = short(name);
                        let fields = self.message_kinds().flat_map(builtin::fields);
                        let fields = fields.map(|f| f.code.as_str()).chain(self.own_fields());
                        place(format!(
                            "no record that messages are about has a field `{name}`"
                        ))
                        .near(&name, fields)
                    }
                    Named::Filter(name) if !template::knows(&format!("''|{name}")) => {
                        place(format!("templates have no filter `{}`", short(name)))
                    }
                    Named::Test(name) if !template::knows(&format!("'' is {name}")) => {
                        place(format!("templates have no test `is {}`", short(name)))
                    }
                    _ => continue,
                };
                faults.push(fault);
            }
        }
    }

    /// Kinds of the records that messages of this pack are about.
    fn message_kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        let rules = self.manifest.rules.iter();
        let composing = rules.filter(|rule| rule.hook == Hook::NotifyCompose);
        composing.map(|rule| rule.kind)
    }

    fn has_field(&self, name: &str) -> bool {
        let foreign = name
            .split_once('/')
            .is_some_and(|(pack, _)| pack != self.origin.pack);
        // Templates that no rule uses yet are about anything.
        let mut kinds: Vec<Kind> = self.message_kinds().collect();
        if kinds.is_empty() {
            kinds.extend(Kind::ALL);
        }
        foreign
            || MEMBERS.contains(&name)
            || kinds
                .into_iter()
                .any(|kind| self.known(kind, name).is_some())
    }
}

/// Something that a template names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named<'t> {
    /// `t("key")`
    String(&'t str),
    /// `include "name"` and the like.
    Template(&'t str),
    /// `record.name`, `record["name"]`
    Field(&'t str),
    /// `| name`
    Filter(&'t str),
    /// `is name`, `is not name`
    Test(&'t str),
}

/// What a template names by literals, with the place of each.
fn all(text: &str) -> Vec<(usize, Named<'_>)> {
    let mut found = Vec::new();
    for (start, tag) in tags(text) {
        for (at, part) in unquoted(tag) {
            words(part, |place, named| found.push((start + at + place, named)));
        }
        let mut rest = 0;
        while let Some((at, word, end)) = tag.get(rest..).and_then(literal) {
            let before = tag.get(..rest + at).unwrap_or_default().trim_end();
            let place = start + rest + at;
            if ends_with_call(before, "t") {
                found.push((place, Named::String(word)));
            } else if let Some(before) = before.strip_suffix('[')
                && is_last_word(before.trim_end(), "record")
            {
                found.push((place, Named::Field(word)));
            } else if ["include", "extends", "import", "from"]
                .iter()
                .any(|w| is_last_word(before, w))
            {
                found.push((place, Named::Template(word)));
            }
            rest += end;
        }
        for (at, _) in tag.match_indices("record.") {
            if !is_last_word(tag.get(..at + "record".len()).unwrap_or_default(), "record") {
                continue;
            }
            let from = at + "record.".len();
            let name = tag.get(from..).unwrap_or_default();
            let end = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
            if let Some(name) = name.get(..end).filter(|name| !name.is_empty()) {
                found.push((start + from, Named::Field(name)));
            }
        }
    }
    found
}

/// The pieces of a tag that stand in no quotes, with their places.
fn unquoted(tag: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(rest) = tag.get(from..) {
        let Some((at, _, end)) = literal(rest) else {
            found.push((from, rest));
            break;
        };
        found.extend(rest.get(..at).map(|part| (from, part)));
        from += end;
    }
    found
}

/// Filters and tests of a piece of a tag.
fn words<'t>(part: &'t str, mut found: impl FnMut(usize, Named<'t>)) {
    let name_at = |from: usize| {
        let rest = part.get(from..)?;
        let name = rest.trim_start();
        let at = from + rest.len() - name.len();
        let end = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
        name.get(..end).filter(|n| !n.is_empty()).map(|n| (at, n))
    };
    for (bar, _) in part.match_indices('|') {
        if let Some((at, name)) = name_at(bar + 1) {
            found(at, Named::Filter(name));
        }
    }
    for (is, word) in part.match_indices("is") {
        let before = part.get(..is).unwrap_or_default().chars().next_back();
        let after = part.get(is + word.len()..).unwrap_or_default();
        let alone =
            before.is_some_and(char::is_whitespace) && after.starts_with(char::is_whitespace);
        let test = match alone.then(|| name_at(is + word.len())).flatten() {
            Some((at, "not")) => name_at(at + "not".len()),
            test => test,
        };
        if let Some((at, name)) = test {
            found(at, Named::Test(name));
        }
    }
}

/// What stands between the braces of tags, with its place. Comments and raw text are none.
fn tags(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('{')) {
        let at = from + at;
        from = at + 1;
        let Some(rest) = text.get(at..) else { break };
        let close = match rest.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => {
                from = rest.find("#}").map_or(text.len(), |end| at + end + 2);
                continue;
            }
            _ => continue,
        };
        let inner = rest.get(2..).unwrap_or_default();
        let end = end_of(inner, close);
        let tag = inner.get(..end).unwrap_or_default();
        from = at + 2 + end;
        let word = tag.trim_start_matches(['-', '+']).trim();
        if word.trim_end_matches(['-', '+']).trim() == "raw" {
            let raw = text.get(from..).unwrap_or_default();
            from = raw.find("endraw").map_or(text.len(), |end| from + end);
            continue;
        }
        found.push((at + 2, tag));
    }
    found
}

/// Where a tag ends; what stands in quotes does not end it.
fn end_of(inner: &str, close: &str) -> usize {
    let mut from = 0;
    loop {
        let rest = inner.get(from..).unwrap_or_default();
        let Some(end) = rest.find(close) else {
            return inner.len();
        };
        match literal(rest) {
            Some((at, _, after)) if at < end => from += after,
            _ => return from + end,
        }
    }
}

/// The first text in quotes: where it begins, the text, and where the rest begins.
fn literal(text: &str) -> Option<(usize, &str, usize)> {
    let at = text.find(['"', '\''])?;
    let quote = char::from(*text.as_bytes().get(at)?);
    let inner = text.get(at + 1..)?;
    let mut escaped = false;
    for (end, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some((at, inner.get(..end)?, at + 1 + end + 1)),
            _ => {}
        }
    }
    None
}

fn ends_with_call(before: &str, function: &str) -> bool {
    let call = before.strip_suffix('(').map(str::trim_end);
    call.is_some_and(|before| is_last_word(before, function))
}

/// Whether a text ends with a word that is part of no other name.
fn is_last_word(text: &str, word: &str) -> bool {
    let before = text.strip_suffix(word).map(|rest| rest.chars().next_back());
    before.is_some_and(|c| !c.is_some_and(|c| is_name(c) || c == '.'))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_templates_and_fields_are_found_in_tags_only() {
        let text = "t(\"no\") {# t(\"no\") #} {{ t('a.b', x=record.title) }}\n\
                    {% include \"_foot.jinja\" %}{{ record[\"p/f\"] }} {{ \"}} t(\" ~ my.record.x }}\n\
                    {% raw %}{{ t(\"no\") }}{% endraw %}{{ last(\"no\") }}{{ t(\"z\") }}";
        let names: Vec<Named<'_>> = all(text).into_iter().map(|(_, named)| named).collect();
        assert_eq!(
            names,
            [
                Named::String("a.b"),
                Named::Field("title"),
                Named::Template("_foot.jinja"),
                Named::Field("p/f"),
                Named::String("z"),
            ]
        );
        let text = "{{ 'a|b is c' | upper|foo(1) }}{% if this is not defined and x is bar %}";
        let names: Vec<Named<'_>> = all(text).into_iter().map(|(_, named)| named).collect();
        assert_eq!(
            names,
            [
                Named::Filter("upper"),
                Named::Filter("foo"),
                Named::Test("defined"),
                Named::Test("bar"),
            ]
        );
        // Tags that never end are the parser's to report.
        for broken in ["{{", "{% raw", "{{ t(\"", "{#", "{", "{{ t('я", "{%raw%}"] {
            let _ = all(broken);
        }
    }
}
