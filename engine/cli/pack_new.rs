//! `opora pack new`: a small pack that works, to begin with.

use std::fs;
use std::path::Path;

use super::failure::{Failure, Outcome};
use super::out;
use crate::packs::{authoring, name_fault};

const MANIFEST: &str = r##"#:schema .opora/pack.schema.json
# What the pack is called, what it may do, its options and its rules.

[pack]
name = "NAME"
version = "0.1.0"
engine = "0.1"
names = { en = "NAME", ru = "NAME" }

# What its rules ask for. Without this table they would ask for everything.
[capabilities]
effects = ["schedule", "comment"]

[options.remind_hours]
value = 24
names = { en = "Remind after, hours", ru = "Напомнить через, часов" }

[[rule]]
name = "result-before-done"
hook = "transition.guard"
script = "rules.rhai"

[[rule]]
name = "remind-later"
hook = "transition.effect"
script = "rules.rhai"

[[rule]]
name = "remind"
hook = "schedule.fire"
script = "rules.rhai"

[[rule]]
name = "letter"
hook = "notify.compose"
script = "rules.rhai"
"##;

const DEFINITIONS: &str = r#"# What the desk works on: types, statuses and the ways between them, fields.

[[type]]
code = "case"
names = { en = "Case", ru = "Обращение" }
workflow = "work"
field_sets = ["case"]

[[workflow]]
code = "work"
initial = "new"
statuses = [
  { code = "new", category = "new", names = { en = "New", ru = "Новое" } },
  { code = "open", category = "open", names = { en = "In work", ru = "В работе" } },
  { code = "waiting", category = "waiting", pauses = ["resolution"], names = { en = "Waiting", ru = "Ожидание" } },
  { code = "done", category = "done", names = { en = "Done", ru = "Выполнено" } },
  { code = "void", category = "cancelled", names = { en = "Void", ru = "Отменено" } },
]
transitions = [
  { from = "new", to = "open", names = { en = "Begin", ru = "Взять в работу" } },
  { from = "open", to = "waiting", names = { en = "Wait", ru = "Ждать ответа" } },
  { from = "waiting", to = "open", names = { en = "Go on", ru = "Продолжить" } },
  { from = "open", to = "done", names = { en = "Finish", ru = "Завершить" } },
  { from = "*", to = "void", names = { en = "Cancel", ru = "Отменить" } },
]

[[field_set]]
code = "case"

[[field_set.fields]]
code = "severity"
names = { en = "Severity", ru = "Серьёзность" }
value = "enum"
options = [
  { code = "low", names = { en = "Low", ru = "Низкая" } },
  { code = "high", names = { en = "High", ru = "Высокая" } },
]
default = "low"
indexed = true
"#;

const RULES: &str = r#"// Rules of the pack: functions of `c`, which holds what the hook may know and decide.

fn result_before_done(c) {
    if c.to_is("done") && c.record.severity == "high" && !c.record.has("solution") {
        c.deny_field("solution", "solution_missing", c.text("solution_missing"));
    }
}

fn remind_later(c) {
    if c.to_is("waiting") {
        c.schedule("remind", hours(c.options.remind_hours));
    }
}

fn remind(c) {
    if c.status_is("waiting") {
        c.comment_internal(c.text("still_waiting"));
    }
}

// How messages read. No rule of this pack sends one yet: `c.notify` does, once `effects` in
// pack.toml names `notify` and an administrator grants it.
fn letter(c) {
    c.template("letter", #{ text: c.notice.text });
}
"#;

const ENGLISH: &str = r#"# What rules and templates say in English: c.text("still_waiting"), {{ t("letter.about") }}.

solution_missing = "write down how it was solved"
still_waiting = "Still waiting: is there an answer?"

[letter]
about = "Case {number}: {title}"
regards = "Your service desk"
"#;

const RUSSIAN: &str = r#"# Что правила и шаблоны говорят по-русски: c.text("still_waiting"), {{ t("letter.about") }}.

solution_missing = "запишите, как решён вопрос"
still_waiting = "Всё ещё ждём: есть ли ответ?"

[letter]
about = "Обращение {number}: {title}"
regards = "Ваша служба поддержки"
"#;

const LETTER: &str = r#"{# What is sent about a case, in the language of its reader. #}
{{ t("letter.about", number=record.number, title=record.title) }}

{{ text }}

{{ t("letter.regards") }}
"#;

const SCENARIO: &str = r#"about = "A high case needs a result, and a waiting one is looked at the next day"
start = "2026-03-02T09:00:00+03:00"

[[given]]
create = "ticket"
name = "t"
fields = { type = "case", title = "The lift stands still", severity = "high" }

[[step]]
transition = "t"
to = "open"

[[step]]
transition = "t"
to = "done"
refused = "solution_missing"

[[step]]
transition = "t"
to = "waiting"

[[step]]
after = "24h"
[[step.then]]
record = "t"
fields = { status = "waiting" }
entries = [{ kind = "comment", visibility = "internal", says = "Still waiting" }]

[[step]]
transition = "t"
to = "open"

[[step]]
transition = "t"
to = "done"
fields = { solution = "A fuse was changed" }
[[step.then]]
record = "t"
fields = { status = "done" }
"#;

const README: &str = r#"# NAME

A pack for [Opora](https://docs.rs/opora): types, statuses and rules of a service desk.

- `pack.toml`: name, version, what it may do, options, rules
- `definitions.toml`: types, statuses, fields
- `rules.rhai`: what the rules do
- `locales/`: what they say, in each language
- `templates/`: messages
- `tests/`: scenarios on a virtual clock
- `.opora/`: what editors complete from; it is no part of the pack

```
opora pack check .
opora pack test .
opora pack install --dry-run .
opora pack install .
```

Пакет для Opora: типы, статусы и правила сервисного стола. `opora pack check .` проверяет папку, `opora pack install .` устанавливает пакет.
"#;

/// Makes the folder.
pub fn new(name: &str, dir: Option<&Path>) -> Outcome<()> {
    if let Some(why) = name_fault(name) {
        return Err(Failure::new(why));
    }
    let dir = dir.unwrap_or(Path::new(name));
    if dir.exists() {
        return Err(Failure::new(format!(
            "`{}` is there already; take another name, or --dir",
            dir.display()
        )));
    }
    let files = [
        ("pack.toml", MANIFEST.replace("NAME", name)),
        ("definitions.toml", DEFINITIONS.to_owned()),
        ("rules.rhai", RULES.to_owned()),
        ("locales/en.toml", ENGLISH.to_owned()),
        ("locales/ru.toml", RUSSIAN.to_owned()),
        ("templates/letter.txt.jinja", LETTER.to_owned()),
        ("tests/first.toml", SCENARIO.to_owned()),
        ("README.md", README.replace("NAME", name)),
        (".opora/pack.schema.json", authoring::schema()),
        (".opora/opora.d.rhai", authoring::definitions()),
    ];
    for (path, text) in files {
        let place = dir.join(path);
        let folder = place.parent().unwrap_or(dir);
        fs::create_dir_all(folder).map_err(|e| Failure::file(folder, &e))?;
        fs::write(&place, text).map_err(|e| Failure::file(&place, &e))?;
    }
    let dir = dir.display();
    out::say(&format!(
        "{dir} is a pack that works; `opora pack check {dir}` checks it, `opora pack install {dir}` installs it"
    ))
}
