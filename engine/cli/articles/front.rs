//! What stands before the text of an article in a file: names and values in YAML between lines of
//! `---`, or in TOML between lines of `+++`.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser};

/// Longest front matter in bytes.
const MAX_BYTES: usize = 64 * 1_024;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// One.
    Text(String),
    /// Several.
    List(Vec<String>),
}

/// What a file says of its article, and the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// Values by name, each with its line in the file.
    pub values: BTreeMap<String, (usize, Said)>,
    /// The text.
    pub body: String,
}

/// What is wrong, and in which line of the file.
pub type Fault = (usize, String);

/// Reads a file. One without front matter is all text.
///
/// # Errors
/// When the front matter does not end, is not what it should be, or says a name twice.
pub fn read(text: &str) -> Result<Front, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = match text.lines().next().map(str::trim_end) {
        Some("---") => "---",
        Some("+++") => "+++",
        _ => {
            return Ok(Front {
                body: text.to_owned(),
                ..Front::default()
            });
        }
    };
    let mut at = 0;
    let mut begins = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let ends = number > 0 && line.trim_end() == mark;
        if number == 0 {
            begins = line.len();
        }
        at += line.len();
        if !ends {
            continue;
        }
        let front = text.get(begins..at - line.len()).unwrap_or_default();
        if MAX_BYTES < front.len() {
            let message = format!("front matter is over the limit of {MAX_BYTES} bytes");
            return Err((1, message));
        }
        let values = match mark {
            "---" => yaml(front)?,
            _ => toml_values(front)?,
        };
        let body = text.get(at..).unwrap_or_default();
        // An empty line between the two is no part of either.
        let body = body
            .strip_prefix("\r\n")
            .or_else(|| body.strip_prefix('\n'))
            .unwrap_or(body);
        return Ok(Front {
            values,
            body: body.to_owned(),
        });
    }
    Err((
        1,
        format!("front matter begins with `{mark}` and does not end"),
    ))
}

/// Reads YAML event by event: nothing is expanded, so that a short text stays short.
fn yaml(text: &str) -> Result<BTreeMap<String, (usize, Said)>, Fault> {
    let mut values = BTreeMap::new();
    // The name whose value comes next, and the list that is being read.
    let mut name: Option<(String, usize)> = None;
    let mut list: Option<Vec<String>> = None;
    let mut depth = 0;
    for event in Parser::new_from_str(text) {
        // Lines of the front matter count from 1, and the file has one more before it.
        let (event, span) = event.map_err(|e| (e.marker().line() + 1, e.info().to_owned()))?;
        let line = span.start.line() + 1;
        let flat = || {
            (
                line,
                "only texts and lists of texts may stand here".to_owned(),
            )
        };
        match event {
            Event::MappingStart(..) if depth == 0 => depth = 1,
            Event::MappingStart(..) | Event::Alias(_) => return Err(flat()),
            Event::SequenceStart(..) if name.is_some() && list.is_none() => list = Some(Vec::new()),
            Event::SequenceStart(..) => return Err(flat()),
            Event::SequenceEnd => {
                if let (Some((name, at)), Some(list)) = (name.take(), list.take()) {
                    say(&mut values, name, at, Said::List(list))?;
                }
            }
            Event::Scalar(text, ..) if depth == 1 => match (&mut list, name.take()) {
                (Some(list), kept) => {
                    list.push(text.into_owned());
                    name = kept;
                }
                (None, None) => name = Some((text.into_owned(), line)),
                (None, Some((name, at))) => {
                    say(&mut values, name, at, Said::Text(text.into_owned()))?
                }
            },
            Event::Scalar(..) => return Err((line, "expected names and values".to_owned())),
            _ => {}
        }
    }
    Ok(values)
}

fn say(
    values: &mut BTreeMap<String, (usize, Said)>,
    name: String,
    line: usize,
    said: Said,
) -> Result<(), Fault> {
    if let Some((first, _)) = values.get(&name) {
        let message = format!("`{name}` stands in line {first} already");
        return Err((line, message));
    }
    values.insert(name, (line, said));
    Ok(())
}

fn toml_values(text: &str) -> Result<BTreeMap<String, (usize, Said)>, Fault> {
    let line_at = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 2;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
        let at = e.span().map_or(0, |span| span.start);
        (line_at(at), e.message().to_owned())
    })?;
    let mut values = BTreeMap::new();
    for (name, value) in table {
        let line = line_of(text, &name);
        let said = match value {
            toml::Value::Array(items) => {
                let texts = items.into_iter().map(plain);
                Said::List(texts.collect::<Option<_>>().ok_or_else(|| flat(line))?)
            }
            one => Said::Text(plain(one).ok_or_else(|| flat(line))?),
        };
        values.insert(name, (line, said));
    }
    Ok(values)
}

fn flat(line: usize) -> Fault {
    (
        line,
        "only texts and lists of texts may stand here".to_owned(),
    )
}

fn plain(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(n) => Some(n.to_string()),
        toml::Value::Boolean(b) => Some(b.to_string()),
        toml::Value::Datetime(at) => Some(at.to_string()),
        toml::Value::Float(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

/// The line in which a name of TOML stands.
fn line_of(text: &str, name: &str) -> usize {
    let is_it = |line: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| {
            rest.trim_start_matches(['"', '\''])
                .trim_start()
                .starts_with('=')
        })
    };
    text.lines().position(is_it).map_or(1, |at| at + 2)
}

/// Writes a file that [`read`] reads back to the same.
#[must_use]
pub fn write(values: &[(String, Said)], body: &str) -> String {
    let mut out = String::from("---\n");
    for (name, said) in values {
        // JSON is YAML.
        let said = match said {
            Said::Text(text) => serde_json::to_string(text),
            Said::List(texts) => serde_json::to_string(texts),
        };
        out.push_str(&format!("{name}: {}\n", said.unwrap_or_default()));
    }
    out.push_str("---\n\n");
    out.push_str(body);
    out
}

#[cfg(test)]
mod tests {
    use super::{Said, read, write};

    #[test]
    fn yaml_and_toml_say_the_same() {
        let yaml = "---\ntitle: \"Сброс: принтер\"\ntags: [a, 'b c']\naccounts:\n  - alpha\nvalid_from: 2026-01-01T00:00:00Z\n---\n\n# Text\n";
        let toml = "+++\ntitle = 'Сброс: принтер'\ntags = [\"a\", \"b c\"]\naccounts = [\"alpha\"]\nvalid_from = 2026-01-01T00:00:00Z\n+++\n\n# Text\n";
        let (yaml, toml) = (read(yaml).unwrap(), read(toml).unwrap());
        assert_eq!(yaml.body, "# Text\n");
        let said = |front: &super::Front| -> Vec<(String, Said)> {
            let values = front.values.iter();
            values
                .map(|(name, (_, said))| (name.clone(), said.clone()))
                .collect()
        };
        assert_eq!(said(&yaml), said(&toml));
        let tags = Said::List(vec!["a".to_owned(), "b c".to_owned()]);
        assert_eq!(yaml.values["tags"], (3, tags));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let texts = [
            "",
            "\n",
            "\n\nafter",
            "a: b # c",
            "\"quoted\" \\ 🙂",
            "- x",
            "null",
            "---\nx",
            "line\r\nend",
        ];
        for text in texts {
            let said = [
                ("title".to_owned(), Said::Text(text.to_owned())),
                (
                    "tags".to_owned(),
                    Said::List(vec![text.to_owned(), "b".to_owned()]),
                ),
            ];
            let front = read(&write(&said, text)).unwrap();
            assert_eq!(front.body, text);
            for (name, said) in said {
                assert_eq!(front.values[&name].1, said, "{text:?}");
            }
        }
    }

    #[test]
    fn faults_name_their_lines() {
        let cases = [
            ("---\ntitle: x\n", 1, "does not end"),
            ("---\ntitle: x\ntags:\n  a: b\n---\n", 4, "only texts"),
            ("---\na: &x y\nb: *x\n---\n", 3, "only texts"),
            ("---\ntitle: a\ntitle: b\n---\n", 3, "line 2 already"),
            ("---\n- a\n---\n", 2, "only texts"),
            ("+++\ntitle = \n+++\n", 2, ""),
            ("+++\na = 'x'\nb = { c = 1 }\n+++\n", 3, "only texts"),
        ];
        for (text, line, says) in cases {
            let (at, message) = read(text).unwrap_err();
            assert!(
                at == line && message.contains(says),
                "{text:?}: {at}: {message}"
            );
        }
        assert_eq!(read("no front\n---\n").unwrap().body, "no front\n---\n");
    }
}
