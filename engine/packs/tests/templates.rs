//! Messages out of templates: what they see, and what ends those that would not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use crate::domain::{Id, Instant, Kind, Value};
use crate::hooks::{
    ActorView, Call, Decision, Detail, Failure, FailureKind, Hook, NoticeChoice, NoticeView,
    Outcome, RecordView, Runner, Spot, TemplateChoice, Texts, Usage,
};
use crate::packs::PackFiles;
use crate::packs::fault::Faults;
use crate::packs::template::Templates;

/// A rule that names a template.
struct Names {
    template: TemplateChoice,
    text: Option<String>,
}

impl Runner for Names {
    fn call(&self, _call: &Call) -> Result<Outcome, Failure> {
        let notice = NoticeChoice::Compose {
            to: None,
            channel: None,
            subject: None,
            text: self.text.clone(),
            html: None,
            template: Some(self.template.clone()),
            spot: Spot::default(),
        };
        Ok(Outcome {
            decision: Decision {
                notice: Some(notice),
                ..Decision::default()
            },
            usage: Usage::default(),
        })
    }
}

fn call(locale: &str) -> Call {
    let fields = [
        ("title", Value::from("<Printer>")),
        ("demo/visits", Value::Int(2)),
        ("tags", Value::List(vec!["a".into(), "b".into()])),
    ];
    let notice = NoticeView {
        source: "demo/tell".to_owned(),
        to: "contact".to_owned(),
        address: None,
        channel: "mail".to_owned(),
        locale: locale.to_owned(),
        subject: "s".to_owned(),
        text: "t".to_owned(),
    };
    Call {
        hook: Hook::NotifyCompose,
        pack: "demo".into(),
        now: Instant::UNIX_EPOCH,
        actor: ActorView {
            role: "agent".to_owned(),
            id: None,
            locale: "en".to_owned(),
        },
        record: Arc::new(RecordView {
            id: Id([1; 16]),
            kind: Kind::Ticket,
            fields: fields.map(|(n, v)| (n.to_owned(), v)).into(),
            category: Some("open"),
        }),
        before: None,
        asked: Arc::default(),
        related: Arc::default(),
        options: Arc::default(),
        detail: Detail::Notice {
            notice: Arc::new(notice),
        },
    }
}

/// What comes of a template `mail` in some files: subject, text and HTML.
fn filled(
    files: &[(&str, &str)],
    values: &str,
    locale: &str,
) -> Result<[Option<String>; 3], Failure> {
    let mut faults = Faults::default();
    let files = PackFiles::from_texts(files);
    let templates = Templates::read("demo", &files, &mut faults);
    assert!(faults.is_empty(), "{:?}", faults.into_vec());
    let hello = |text: &str| BTreeMap::from([("hello".to_owned(), text.to_owned())]);
    let texts = Texts {
        strings: BTreeMap::from([
            ("en".to_owned(), hello("Hello {name}")),
            ("ru".to_owned(), hello("Привет, {name}")),
        ]),
        templates: templates.names().clone(),
    };
    let templates = Arc::new(templates.with_texts(&Arc::new(texts)));
    let rule = templates.around(Arc::new(Names {
        template: TemplateChoice {
            name: "mail".to_owned(),
            values: values.to_owned(),
        },
        text: None,
    }));
    let outcome = rule.call(&call(locale))?;
    match outcome.decision.notice {
        Some(NoticeChoice::Compose {
            subject,
            text,
            html,
            template: None,
            ..
        }) => Ok([subject, text, html]),
        other => panic!("{other:?}"),
    }
}

fn text(template: &str, values: &str) -> Result<String, Failure> {
    let [_, text, _] = filled(&[("templates/mail.txt.jinja", template)], values, "en")?;
    Ok(text.unwrap())
}

fn failure(template: &str) -> Failure {
    text(template, "{\"text\": \"0123456789\"}").unwrap_err()
}

#[test]
fn a_message_is_filled_in_in_the_language_of_its_recipient() {
    let files = [
        (
            "templates/mail.txt.jinja",
            "{{ t(\"hello\", name=name) }}!\n{% for tag in record.tags %}\n- {{ tag }}\n{% endfor %}\n\
             {{ record.title }}, {{ record.visits }}, {{ record[\"demo/visits\"] }}{{ record.solution }}\n",
        ),
        (
            "templates/mail.html.jinja",
            "<p>{{ t(\"hello\", name=name) }}</p>{% include \"_foot.html.jinja\" %}",
        ),
        ("templates/_foot.html.jinja", "<i>{{ record.title }}</i>"),
        (
            "templates/mail.subject.jinja",
            "No\n  {{ record.visits }}\n",
        ),
    ];
    let values = "{\"name\": \"<Ann>\"}";
    let [subject, text, html] = filled(&files, values, "ru").unwrap();
    assert_eq!(subject.as_deref(), Some("No 2"));
    assert_eq!(
        text.as_deref(),
        Some("Привет, <Ann>!\n- a\n- b\n<Printer>, 2, 2")
    );
    assert_eq!(
        html.as_deref(),
        Some("<p>Привет, &lt;Ann&gt;</p><i>&lt;Printer&gt;</i>")
    );
    let [subject, text, html] = filled(&files[..1], values, "de").unwrap();
    assert!(text.unwrap().starts_with("Hello <Ann>!"));
    assert_eq!((subject, html), (None, None));
}

#[test]
fn a_template_sees_its_values_and_the_record_and_nothing_else() {
    assert_eq!(text("{{ n + 1 }}", "{\"n\": 4}").unwrap(), "5");
    for (template, values, says) in [
        (
            "a\n{{ nme }}",
            "{}",
            "templates/mail.txt.jinja:2: undefined value",
        ),
        ("{{ record.title.x.y }}", "{}", "undefined"),
        ("{{ t(\"helo\") }}", "{}", "did you mean `hello`"),
        ("{{ t(\"hello\") }}", "{}", "needs a value for `name`"),
        ("{% include \"/etc/passwd\" %}", "{}", "template not found"),
        ("{{ record.title|shell }}", "{}", "unknown filter"),
        ("x", "{\"record\": 1}", "`record` is the engine's own"),
        ("x", "[]", "no JSON object"),
    ] {
        let failure = text(template, values).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Broken, "{template}");
        assert!(
            failure.message.contains(says),
            "{template}: {}",
            failure.message
        );
    }
    let message = failure("one\n  {{ nme }}").message;
    assert!(message.ends_with("\n  | {{ nme }}"), "{message}");
}

#[test]
fn hostile_templates_end_soon_and_are_told_by_line() {
    let grown = |first: &str, step: &str| format!("{first}\n{}{{{{ x }}}}", step.repeat(40));
    let cases: [(&str, String); 12] = [
        ("loop in a loop", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}".into()),
        ("output", "{% for a in range(9000) %}0123456789{{ text }}{% endfor %}".into()),
        ("doubling", grown("{% set x = text %}", "{% set x = x ~ x %}\n")),
        ("nested lists", grown("{% set x = [text] %}", "{% set x = [x, x] %}\n")),
        ("repetition", "{{ (text * 99999999)|length }}".into()),
        ("list repetition", "{{ ([1] * 99999999)|join }}".into()),
        ("replacement", "{% set x = text|replace(\"\", text * 999) %}{% set x = x|replace(\"\", x) %}{{ x|length }}".into()),
        ("padding", "{{ \"%999999999d\"|format(1) }}".into()),
        ("indent", "{{ (\"\\n\" * 9999)|indent(99999) }}".into()),
        ("itself", "{% include \"mail.txt.jinja\" %}".into()),
        ("capture", grown("{% set x = text %}", "{% set x %}{{ x }}{{ x }}{% endset %}")),
        ("recursive loop", "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}".into()),
    ];
    for (name, template) in cases {
        let began = Clock::now();
        let failure = failure(&template);
        let took = began.elapsed();
        assert!(took < Duration::from_millis(500), "{name}: {took:?}");
        let place = "pack demo, templates/mail.txt.jinja:";
        assert!(
            failure.message.starts_with(place),
            "{name}: {}",
            failure.message
        );
    }
}

#[test]
fn what_a_rule_says_itself_stands() {
    let files = PackFiles::from_texts(&[
        ("templates/mail.txt.jinja", "of the template"),
        ("templates/mail.subject.jinja", "of the template"),
    ]);
    let mut faults = Faults::default();
    let templates = Arc::new(Templates::read("demo", &files, &mut faults));
    let said = |name: &str| {
        let rule = templates.around(Arc::new(Names {
            template: TemplateChoice {
                name: name.to_owned(),
                values: "{}".to_owned(),
            },
            text: Some("of the rule".to_owned()),
        }));
        rule.call(&call("en"))
    };
    let Some(NoticeChoice::Compose { subject, text, .. }) = said("mail").unwrap().decision.notice
    else {
        panic!("no message");
    };
    assert_eq!(subject.as_deref(), Some("of the template"));
    assert_eq!(text.as_deref(), Some("of the rule"));
    let message = said("mial").unwrap_err().message;
    assert!(message.contains("did you mean `mail`"), "{message}");
}

#[cfg(feature = "script")]
#[test]
fn a_template_sees_nothing_that_its_pack_was_not_granted() {
    use crate::packs::{BuiltIn, Catalog, Grants, load};

    let manifest = "[pack]\nname = \"demo\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
                    [capabilities]\npersonal = [\"ticket.description\"]\n\
                    [[rule]]\nname = \"letter\"\nhook = \"notify.compose\"\nscript = \"rules.rhai\"\n\
                    applies_to = [\"*\"]\n";
    let files = PackFiles::from_texts(&[
        ("pack.toml", manifest),
        ("rules.rhai", "fn letter(c) { c.template(\"mail\"); }"),
        (
            "templates/mail.txt.jinja",
            "{{ record.title }}|{{ record.description }}",
        ),
    ]);
    let mut call = call("en");
    let mut view = (*call.record).clone();
    let words = Value::from("My words");
    view.fields.insert("description".to_owned(), words);
    call.record = Arc::new(view);
    let text = |granted: Option<Grants>| {
        let mut loaded = load(&files, &BuiltIn::new(None).unwrap()).unwrap();
        if let Some(granted) = granted {
            loaded.grants = Arc::new(granted);
        }
        let catalog = Catalog::build(&[Arc::new(loaded)], &[]).unwrap();
        let rule = &catalog.rules(Hook::NotifyCompose)[0];
        match rule.runner.call(&call).unwrap().decision.notice {
            Some(NoticeChoice::Compose { text, .. }) => text.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(text(None), "<Printer>|My words");
    assert_eq!(text(Some(Grants::default())), "<Printer>|");
}
