//! The words that the packs of a scenario know: what was probably meant by one that they do not.

use super::compare::is_code;
use crate::domain::{Kind, builtin};
use crate::packs::{PackFiles, nearest};

/// Codes of packs, without namespace; rules with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    statuses: Vec<String>,
    types: Vec<String>,
    fields: Vec<String>,
    rules: Vec<String>,
}

impl Known {
    /// The words of packs, as far as their files can be read.
    pub fn of(packs: &[PackFiles]) -> Self {
        let mut known = Self::default();
        for kind in Kind::ALL {
            let codes = builtin::fields(kind).iter().map(|def| def.code.clone());
            known.fields.extend(codes);
        }
        for files in packs {
            let table = |path: &str| -> toml::Table {
                toml::from_str(files.text(path).unwrap_or_default()).unwrap_or_default()
            };
            let definitions = table("definitions.toml");
            let pack = super::pack::head(files).0;
            let types = codes(&definitions, "type", None, "code");
            known.types.extend(types);
            let statuses = codes(&definitions, "workflow", Some("statuses"), "code");
            known.statuses.extend(statuses);
            let fields = codes(&definitions, "field_set", Some("fields"), "code");
            known.fields.extend(fields);
            let rules = codes(&table("pack.toml"), "rule", None, "name").into_iter();
            known.rules.extend(rules.map(|r| format!("{pack}/{r}")));
        }
        known
    }

    /// What was probably meant by a status that no pack has.
    pub fn status(&self, word: &str) -> String {
        hint(&self.statuses, word)
    }

    /// What was probably meant by a type that no pack has.
    pub fn type_code(&self, word: &str) -> String {
        hint(&self.types, word)
    }

    /// What was probably meant by a field that neither the engine nor a pack has.
    pub fn field(&self, word: &str) -> String {
        hint(&self.fields, word)
    }

    /// What was probably meant by a rule that no pack has.
    pub fn rule(&self, word: &str) -> String {
        hint(&self.rules, word)
    }
}

/// What was probably meant by a kind that there is not.
pub(super) fn kind(word: &str) -> Result<Kind, String> {
    Kind::named(word).ok_or_else(|| {
        let near = nearest(word, Kind::ALL.into_iter().map(Kind::name));
        format!("there is no kind `{word}`{}", asked(near))
    })
}

fn hint(known: &[String], word: &str) -> String {
    let bare = word.rsplit_once('/').map_or(word, |(_, bare)| bare);
    if known.iter().any(|k| is_code(k, word) || k == bare) {
        return String::new();
    }
    asked(nearest(word, known.iter().map(String::as_str)))
}

/// The question after a word that is not known; nothing without a guess.
pub(super) fn asked(near: Option<String>) -> String {
    near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"))
}

/// The values of a key of the tables in a list, or in a list of each of these.
fn codes(table: &toml::Table, list: &str, inner: Option<&str>, key: &str) -> Vec<String> {
    let elements = |table: &toml::Table, list: &str| -> Vec<toml::Table> {
        let all = table.get(list).and_then(toml::Value::as_array);
        let tables = all.into_iter().flatten().filter_map(toml::Value::as_table);
        tables.cloned().collect()
    };
    let outer = elements(table, list);
    let all = match inner {
        Some(inner) => outer.iter().flat_map(|t| elements(t, inner)).collect(),
        None => outer,
    };
    let code = |t: &toml::Table| t.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    all.iter().filter_map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::{Known, kind};
    use crate::packs::PackFiles;

    #[test]
    fn what_packs_do_not_know_is_guessed() {
        let mut files = PackFiles::default();
        let manifest = "[pack]\nname = \"tiny\"\n[[rule]]\nname = \"close\"\n";
        let definitions = "[[workflow]]\nstatuses = [{ code = \"done\" }]\n[[type]]\ncode = \"ask\"\n\
                           [[field_set]]\n[[field_set.fields]]\ncode = \"severity\"\n";
        for (path, text) in [("pack.toml", manifest), ("definitions.toml", definitions)] {
            files.files.insert(path.to_owned(), text.into());
        }
        let known = Known::of(&[files]);
        assert_eq!(known.status("dnoe"), "; did you mean `done`?");
        assert_eq!(known.status("tiny/done"), "");
        assert_eq!(known.field("severty"), "; did you mean `severity`?");
        assert_eq!(known.field("priorty"), "; did you mean `priority`?");
        assert_eq!(known.type_code("askk"), "; did you mean `ask`?");
        assert_eq!(known.rule("tiny/clsoe"), "; did you mean `tiny/close`?");
        assert_eq!(known.rule("tiny/close"), "");
        assert!(
            kind("tikcet")
                .unwrap_err()
                .ends_with("did you mean `ticket`?")
        );
    }
}
