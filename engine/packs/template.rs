//! `templates/`: messages of a pack as its rules name them, filled in by minijinja.
//!
//! A template sees the values that the rule gives and the record as that rule may see it, and nothing
//! else: it is filled in inside the rule's call, so that grants, replays and explanations hold for it
//! as for the rule itself.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Object, Serde, Value};
use minijinja::{
    Environment, Error, ErrorKind, Output, State, UndefinedBehavior, escape_formatter,
};

use super::fault::{Faults, PackFault, nearest};
use super::files::PackFiles;
use super::source::short;
use crate::domain::code;
use crate::hooks::texts::Unfilled;
use crate::hooks::{
    Call, Detail, Failure, FailureKind, NoticeChoice, Outcome, Place, RecordView, Runner,
    TemplateChoice, Texts, Traced, Usage,
};

/// The folder of a pack's templates.
pub(super) const FOLDER: &str = "templates/";
/// Ends the text, the HTML and the subject of a message.
const PARTS: [&str; 3] = [".txt.jinja", ".html.jinja", ".subject.jinja"];
/// Longest part of a message in bytes.
const MAX_BYTES: usize = 60_000;
/// Work of one template: a unit for an instruction, and one for 64 bytes that it makes or looks at.
const FUEL: u64 = 50_000;
/// How far templates may include one another: each counts ten.
const DEPTH: usize = 80;
/// Names that values may not take.
const OWN: [&str; 3] = ["record", "locale", "t"];

/// The templates of a pack.
pub(super) struct Templates {
    pack: String,
    env: Environment<'static>,
    /// Names of messages.
    names: BTreeSet<String>,
}

impl Templates {
    /// Reads and compiles the templates of a pack.
    pub(super) fn read(pack: &str, files: &PackFiles, faults: &mut Faults) -> Self {
        let mut env = Environment::new();
        let mut syntax = SyntaxConfig::builder();
        // A tag on a line of its own leaves no line behind.
        if let Ok(syntax) = syntax.trim_blocks(true).lstrip_blocks(true).build() {
            env.set_syntax(syntax);
        }
        env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(DEPTH);
        // A field without a value is nothing to read.
        env.set_formatter(
            |out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value| match value.is_none() {
                true => Ok(()),
                false => escape_formatter(out, state, value),
            },
        );
        let mut names = BTreeSet::new();
        for (path, name, text) in of(files) {
            if let Some(fault) = misnamed(pack, path, name, files) {
                faults.push(fault);
            }
            match env.add_template_owned(name.to_owned(), text.to_owned()) {
                Ok(()) => names.extend(name.strip_suffix(PARTS[0]).map(str::to_owned)),
                Err(error) => faults.push(unreadable(pack, path, text, &error)),
            }
        }
        Self {
            pack: pack.to_owned(),
            env,
            names,
        }
    }

    /// Names of messages.
    pub(super) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The templates with the strings that they may use.
    pub(super) fn with_texts(mut self, texts: &Arc<Texts>) -> Self {
        let texts = Arc::clone(texts);
        let t = move |state: &State<'_, '_>, key: &str, values: Kwargs| {
            let locale = state.lookup("locale");
            let locale = locale.as_ref().and_then(Value::as_str).unwrap_or("en");
            string(&texts, locale, key, &values)
        };
        self.env.add_function("t", t);
        self
    }

    /// A runner whose messages are filled in.
    pub(super) fn around(self: &Arc<Self>, inner: Arc<dyn Runner>) -> Arc<dyn Runner> {
        Arc::new(Templated {
            inner,
            templates: Arc::clone(self),
        })
    }

    /// The parts of a message: subject, text and HTML.
    fn fill(&self, call: &Call, wanted: &TemplateChoice) -> Result<[Option<String>; 3], Fault> {
        let name = &wanted.name;
        if !self.names.contains(name) {
            let near = nearest(name, self.names.iter().map(String::as_str));
            let near = near.map(|n| format!("; did you mean `{n}`?"));
            let name = short(name);
            return Err(Fault::broken(format!(
                "pack {} has no `templates/{name}.txt.jinja`{}",
                self.pack,
                near.unwrap_or_default()
            )));
        }
        let context = context(call, wanted)?;
        let [text, html, subject] = PARTS.map(|part| self.part(&format!("{name}{part}"), &context));
        // A subject is one line.
        let line = |s: String| s.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok([subject?.map(line), text?, html?])
    }

    fn part(&self, file: &str, context: &Value) -> Result<Option<String>, Fault> {
        let Ok(template) = self.env.get_template(file) else {
            return Ok(None);
        };
        let mut out = Bounded(Vec::new());
        let rendered = catch_unwind(AssertUnwindSafe(|| {
            let done = template.render_captured_to(context.clone(), &mut out);
            done.map(|_| ())
        }));
        match rendered {
            Ok(Ok(())) => Ok(String::from_utf8(out.0).ok()),
            Ok(Err(error)) => Err(self.fault(file, &error)),
            Err(_) => Err(Fault::broken(format!(
                "pack {}, {FOLDER}{file}: the template could not be filled in",
                self.pack
            ))),
        }
    }

    /// Where a template failed, and on what.
    fn fault(&self, file: &str, error: &Error) -> Fault {
        let error = innermost(error);
        let file = error.name().unwrap_or(file);
        let line = error.line().unwrap_or(0);
        let source = self.env.get_template(file).ok();
        let source = source.as_ref().and_then(|t| {
            let line = t.source().lines().nth(line.checked_sub(1)?)?;
            let line: String = line.trim().chars().take(200).collect();
            (!line.is_empty()).then(|| format!("\n  | {line}"))
        });
        let is_deep = error.detail().is_some_and(|d| d.contains("recursion"));
        let (kind, said) = match error.kind() {
            ErrorKind::OutOfFuel => (
                FailureKind::OverBudget,
                format!("used up its {FUEL} units of work; is there a loop that does not end?"),
            ),
            ErrorKind::WriteFailure => (
                FailureKind::OverBudget,
                format!("made more than {MAX_BYTES} bytes"),
            ),
            _ if is_deep => (FailureKind::OverBudget, words(error)),
            _ => (FailureKind::Broken, words(error)),
        };
        let place = match line {
            0 => format!("{FOLDER}{file}"),
            line => format!("{FOLDER}{file}:{line}"),
        };
        Fault {
            kind,
            message: format!(
                "pack {}, {place}: {said}{}",
                self.pack,
                source.unwrap_or_default()
            ),
        }
    }
}

/// The templates of a pack: path, name and text.
pub(super) fn of(files: &PackFiles) -> impl Iterator<Item = (&str, &str, &str)> {
    files.files.keys().filter_map(|path| {
        let name = path.strip_prefix(FOLDER)?;
        Some((path.as_str(), name, files.text(path)?))
    })
}

/// What is wrong with the name of a file in `templates/`. Those that begin with `_` are parts of others.
/// Whether an expression names only filters and tests that there are.
pub(super) fn knows(expression: &str) -> bool {
    let env = Environment::new();
    let Ok(expression) = env.compile_expression(expression) else {
        // What cannot be read is told where it stands.
        return true;
    };
    let unknown = [ErrorKind::UnknownFilter, ErrorKind::UnknownTest];
    let done = expression.eval(());
    done.err()
        .is_none_or(|error| !unknown.contains(&error.kind()))
}

fn misnamed(pack: &str, path: &str, name: &str, files: &PackFiles) -> Option<PackFault> {
    let part = PARTS.iter().find_map(|part| name.strip_suffix(part));
    let message = match part {
        _ if name.starts_with('_') && name.ends_with(".jinja") => return None,
        None => "is read by nothing; templates are NAME.txt.jinja, NAME.html.jinja and \
                 NAME.subject.jinja, and parts of them begin with `_`"
            .to_owned(),
        Some(bare) => match code::fault(bare) {
            Some(why) => format!("name of template `{}` {why}", short(bare)),
            None if files
                .files
                .contains_key(&format!("{FOLDER}{bare}{}", PARTS[0])) =>
            {
                return None;
            }
            None => format!(
                "a message needs its text beside it: write {FOLDER}{bare}{}",
                PARTS[0]
            ),
        },
    };
    Some(PackFault::of_file(pack, path, message))
}

fn unreadable(pack: &str, path: &str, text: &str, error: &Error) -> PackFault {
    let fault = PackFault::of_file(pack, path, words(error));
    let Some(line) = error.line().and_then(|line| line.checked_sub(1)) else {
        return fault;
    };
    let before = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut fault = fault.at(text, before);
    // The reader of templates knows lines only.
    fault.column = 0;
    fault
}

/// The error that caused the others.
fn innermost(error: &Error) -> &Error {
    let mut inner = error;
    while let Some(source) = std::error::Error::source(inner)
        && let Some(next) = source.downcast_ref::<Error>()
    {
        inner = next;
    }
    inner
}

fn words(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Why a message could not be filled in.
struct Fault {
    kind: FailureKind,
    message: String,
}

impl Fault {
    const fn broken(message: String) -> Self {
        Self {
            kind: FailureKind::Broken,
            message,
        }
    }
}

/// What a template sees.
fn context(call: &Call, wanted: &TemplateChoice) -> Result<Value, Fault> {
    let about = |why: String| Fault::broken(format!("template `{}`: {why}", wanted.name));
    let values: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&wanted.values)
            .map_err(|e| about(format!("its values are no JSON object: {e}")))?;
    if let Some(name) = OWN.iter().find(|name| values.contains_key(**name)) {
        return Err(about(format!(
            "`{name}` is the engine's own; name the value otherwise"
        )));
    }
    let locale = match &call.detail {
        Detail::Notice { notice } => notice.locale.clone(),
        _ => call.actor.locale.clone(),
    };
    let record = Fields {
        pack: Arc::clone(&call.pack),
        view: Arc::clone(&call.record),
    };
    let given = values
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(Serde(value))));
    let own = [
        ("record".to_owned(), Value::from_object(record)),
        ("locale".to_owned(), Value::from(locale)),
    ];
    Ok(Value::from_pairs(given.chain(own)))
}

/// The record as the rule sees it; what it looks at is noted as for the rule itself.
struct Fields {
    pack: Arc<str>,
    view: Arc<RecordView>,
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("record")
    }
}

impl Object for Fields {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let view = &self.view;
        Some(match name {
            "id" => Value::from(view.id.to_string()),
            "kind" => Value::from(view.kind.name()),
            "status_category" => view.category.map_or(Value::from(()), Value::from),
            name => {
                let value = view.field(&self.pack, name);
                value.map_or(Value::from(()), |v| Value::from(Serde(v.to_json())))
            }
        })
    }
}

/// `t("key", name=value)`.
fn string(texts: &Texts, locale: &str, key: &str, values: &Kwargs) -> Result<String, Error> {
    let value = |name: &str| {
        let value: Value = values.get(name).ok()?;
        (!value.is_undefined() && !value.is_none()).then(|| value.to_string())
    };
    let why = match texts.text(locale, key, value) {
        Ok(text) => return Ok(text),
        Err(Unfilled::Unknown) => {
            let near = nearest(key, texts.keys());
            let near = near.map(|n| format!("; did you mean `{n}`?"));
            let key = short(key);
            format!(
                "the pack's `locales` have no string `{key}`{}",
                near.unwrap_or_default()
            )
        }
        Err(Unfilled::Lacks(name)) => format!("the string `{key}` needs a value for `{name}`"),
        Err(Unfilled::TooLong) => return Err(Error::from(ErrorKind::WriteFailure)),
    };
    Err(Error::new(ErrorKind::InvalidOperation, why))
}

/// Takes [`MAX_BYTES`] and no more.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a rule and fills in the message that it composes.
struct Templated {
    inner: Arc<dyn Runner>,
    templates: Arc<Templates>,
}

impl Runner for Templated {
    fn call(&self, call: &Call) -> Result<Outcome, Failure> {
        self.filled(call, self.inner.call(call)?)
    }

    fn nature(&self) -> &'static str {
        self.inner.nature()
    }

    fn trace(&self, call: &Call) -> Traced {
        let traced = self.inner.trace(call);
        Traced {
            result: traced.result.and_then(|outcome| self.filled(call, outcome)),
            steps: traced.steps,
        }
    }

    fn place(&self) -> Option<Place> {
        self.inner.place()
    }
}

impl Templated {
    fn filled(&self, call: &Call, mut outcome: Outcome) -> Result<Outcome, Failure> {
        let usage: Usage = outcome.usage;
        if let Some(NoticeChoice::Compose {
            subject,
            text,
            html,
            template,
            ..
        }) = &mut outcome.decision.notice
            && let Some(wanted) = template.take()
        {
            let parts = self
                .templates
                .fill(call, &wanted)
                .map_err(|fault| Failure {
                    kind: fault.kind,
                    message: fault.message,
                    usage,
                })?;
            // What the rule says itself stands.
            for (part, filled) in [subject, text, html].into_iter().zip(parts) {
                if part.is_none() {
                    *part = filled;
                }
            }
        }
        Ok(outcome)
    }
}
