//! Strings, templates and what a pack brings: what is told when a pack is loaded.

use super::kit::{DEFINITIONS, MANIFEST, good, lines, pack};

const NOTICE: &str =
    "\n[[rule]]\nname = \"told\"\nhook = \"notify.compose\"\nscript = \"r.rhai\"\n";

fn faults(more: &[(&str, &str)]) -> String {
    let manifest = format!("{MANIFEST}{NOTICE}");
    let mut files = vec![
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", DEFINITIONS),
        ("r.rhai", "fn told(c) {}"),
    ];
    files.extend(more);
    match pack(&files) {
        Ok(_) => String::new(),
        Err(faults) => lines(&faults),
    }
}

#[test]
fn languages_have_the_same_strings_and_placeholders() {
    let en = "hello = \"Hello {name}\"\n[mail]\ndone = \"Done\"\n";
    let ru = "hello = \"Привет, {name}\"\n[mail]\ndone = \"Готово\"\n";
    assert_eq!(
        faults(&[("locales/en.toml", en), ("locales/ru.toml", ru)]),
        ""
    );
    let ru = "hello = \"Привет, {nam}\"\n[mail]\ndome = \"Готово\"\n";
    assert_eq!(
        faults(&[("locales/en.toml", en), ("locales/ru.toml", ru)]),
        "locales/en.toml: lacks the string `mail.dome`, which locales/ru.toml has; did you mean \
         `mail.done`?\n\
         locales/ru.toml: lacks the string `mail.done`, which locales/en.toml has; did you mean \
         `mail.dome`?\n\
         locales/ru.toml:1:1: string `hello` has `{nam}` in one of locales/en.toml and \
         locales/ru.toml, and not in the other; did you mean `name`?"
    );
}

#[test]
fn strings_that_cannot_be_read_are_told_with_their_place() {
    let told = faults(&[
        ("locales/en.toml", "a = 1\nB = \"x\"\n[c.d.e]\nf = \"\"\n"),
        ("locales/ru.toml", "a = \n"),
        ("locales/de.json", "{}"),
    ]);
    let told: Vec<&str> = told.lines().collect();
    assert!(told.len() >= 5, "{told:#?}");
    assert!(told[0].starts_with("locales/de.json: is read by nothing"));
    assert_eq!(
        told[1],
        "locales/en.toml:1:1: string `a` must be text, not integer"
    );
    assert!(told[2].starts_with("locales/en.toml:2:1: key `B` must begin"));
    assert!(told[3].starts_with("locales/en.toml:3:6: tables nest deeper"));
    assert!(told[4].starts_with("locales/ru.toml:1:"));
}

#[test]
fn templates_that_cannot_be_read_or_name_nothing_are_told() {
    let told = faults(&[
        ("locales/en.toml", "hello = \"Hello\"\n"),
        (
            "templates/done.txt.jinja",
            "{{ t(\"helo\") }}\n{{ record.sevrity }} {{ record.title }}\n\
             {% include \"_fot.jinja\" %}\n",
        ),
        ("templates/_foot.jinja", "bye\n{% if %}\n"),
        ("templates/lone.html.jinja", "<p>"),
        ("templates/mail.html", "<p>"),
        ("templates/Done.txt.jinja", ""),
    ]);
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told.len(), 7, "{told:#?}");
    assert!(told[0].starts_with("templates/Done.txt.jinja: name of template `Done` must begin"));
    assert!(
        told[1].starts_with("templates/_foot.jinja:2: syntax error"),
        "{}",
        told[1]
    );
    assert!(told[2].starts_with("templates/done.txt.jinja:1:"));
    assert!(told[2].ends_with("have no string `helo`; did you mean `hello`?"));
    assert!(told[3].starts_with("templates/done.txt.jinja:2:"));
    assert!(told[3].ends_with("has a field `sevrity`; did you mean `severity`?"));
    assert!(told[4].starts_with("templates/done.txt.jinja:3:"));
    assert!(told[4].ends_with("did you mean `_foot.jinja`?"));
    assert!(told[5].ends_with("write templates/lone.txt.jinja"));
    assert!(told[6].starts_with("templates/mail.html: is read by nothing"));
}

#[test]
fn what_a_pack_brings_is_checked_and_asked_for() {
    let seed = "[[team]]\nexternal_id = \"night\"\ntitle = \"Night\"\n\n\
                [[agent]]\nexternal_id = \"ann\"\ntitle = \"Ann\"\nteam = \"night\"\n\n\
                [[ticket]]\nexternal_id = \"first\"\ntype = \"fault\"\ntitle = \"x\"\nvisits = 2\n";
    let loaded = good(&[
        ("pack.toml", &format!("{MANIFEST}[capabilities]\n")),
        ("definitions.toml", DEFINITIONS),
        ("seed/people.toml", seed),
    ]);
    let brought: Vec<(&str, u32)> = loaded
        .seeds
        .iter()
        .map(|s| (s.external_id.as_str(), s.line))
        .collect();
    assert_eq!(brought, [("night", 1), ("ann", 5), ("first", 10)]);
    assert_eq!(loaded.rules[0].id(), "demo/seed-people");
    assert_eq!(loaded.grants.beyond_harmless(), ["effect:create"]);
    let told = faults(&[(
        "seed/people.toml",
        "[[team]]\ntitle = \"Night\"\n[[taem]]\n[[team]]\nexternal_id = \"a\"\ntitel = \"x\"\n\
         [[team]]\nexternal_id = \"a\"\ntitle = 1\n\
         [[ticket]]\nexternal_id = \"t\"\ntype = \"falt\"\nstatus = \"done\"\nvisits = \"many\"\n",
    )]);
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told.len(), 8, "{told:#?}");
    assert!(told[0].starts_with("seed/people.toml:1:1: a record needs `external_id`"));
    assert!(told[1].ends_with("no kind of record `taem`; did you mean `team`?"));
    assert!(told[2].ends_with("a team has no field `titel`; did you mean `title`?"));
    assert!(told[3].ends_with("the team `a` stands twice"));
    assert!(
        told[4].starts_with("seed/people.toml:7:1: `title`: "),
        "{}",
        told[4]
    );
    assert!(
        told.iter()
            .all(|line| line.starts_with("seed/people.toml:"))
    );
}

/// Rules that name strings and templates by literals, in the language that has them.
#[cfg(feature = "script")]
#[test]
fn scripts_name_strings_and_templates_that_are_there() {
    use crate::packs::{BuiltIn, PackFiles, load};

    let told = |rule: &str| {
        let manifest = format!("{MANIFEST}{NOTICE}");
        let files = PackFiles::from_texts(&[
            ("pack.toml", &manifest),
            ("definitions.toml", DEFINITIONS),
            ("locales/en.toml", "hello = \"Hello {name}\"\n"),
            (
                "templates/done.txt.jinja",
                "{{ t(\"hello\", name=\"you\") }}\n",
            ),
            ("r.rhai", &format!("fn told(c) {{ {rule} }}")),
        ]);
        let loaded = load(&files, &BuiltIn::new(None).unwrap());
        loaded
            .err()
            .map(|faults| lines(&faults))
            .unwrap_or_default()
    };
    assert_eq!(
        told("c.text(\"hello\", #{name: 1}); c.template(\"done\");"),
        ""
    );
    assert_eq!(
        told("c.text_in(\"xx\", \"hello\"); c.text(#{en: \"x\"});"),
        ""
    );
    assert_eq!(
        told("c.text(\"helo\");"),
        "r.rhai:1:21: the pack's `locales` have no string `helo`; did you mean `hello`?"
    );
    assert_eq!(
        told("c.text_in(c.notice.locale, \"helo\", #{});"),
        "r.rhai:1:41: the pack's `locales` have no string `helo`; did you mean `hello`?"
    );
    assert_eq!(
        told("c.template(\"don\");"),
        "r.rhai:1:25: the pack's `templates` have no `don.txt.jinja`; did you mean `done`?"
    );
}
