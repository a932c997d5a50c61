//! In which manner a rule of the manifest is attached: named actions, fields that wake it, how often
//! it acts.

use serde::Deserialize;

use super::attach::Attacher;
use super::check::{MAX_NAME_CHARS, bare};
use super::fault::Faults;
use super::rule_spec::RuleSpec;
use super::source::{Source, short};
use crate::domain::{Names, builtin, code};
use crate::hooks::{Action, Hook, Manner, Once};

/// Hooks whose rules may be held to act once.
const COUNTED: [Hook; 5] = [
    Hook::TransitionEffect,
    Hook::InteractionEvent,
    Hook::SlaEvent,
    Hook::RecordChanged,
    Hook::ScheduleFire,
];
/// Most fields that wake a rule.
pub(super) const MAX_WAKING: usize = 200;
/// How often a rule acts, in a word.
pub(super) const ONCE: [&str; 2] = ["record", "change"];
/// Longest time between two acts: ten years.
const MAX_PER_SECS: i64 = 3_660 * 86_400;

/// The keys of a rule that only some hooks know.
pub(super) struct RawManner {
    pub(super) action: Option<String>,
    pub(super) names: Option<Names>,
    pub(super) portal: Option<bool>,
    pub(super) fields: Option<Vec<String>>,
    pub(super) once: Option<RawOnce>,
}

/// `"record"`, `"change"`, or `{ per = "24h" }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum RawOnce {
    Word(String),
    Every(RawEvery),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvery {
    per: String,
}

/// Reads the manner of the rule at a place.
pub(super) fn read(
    source: &Source,
    i: usize,
    raw: RawManner,
    hook: Hook,
    faults: &mut Faults,
) -> Manner {
    let mut strange = |key: &str, given: bool, of: &str| {
        if given {
            let message = format!("`{key}` belongs to {of}, not to `{hook}`; take it out");
            faults.push(source.fault(&format!("rule/{i}/#{key}"), message));
        }
    };
    if hook != Hook::ActionRun {
        strange("action", raw.action.is_some(), "`action.run`");
        strange("names", raw.names.is_some(), "`action.run`");
        strange("portal", raw.portal.is_some(), "`action.run`");
    }
    if hook != Hook::RecordChanged {
        strange("fields", raw.fields.is_some(), "`record.changed`");
    }
    if !COUNTED.contains(&hook) {
        let names: Vec<String> = COUNTED.iter().map(|h| format!("`{h}`")).collect();
        strange("once", raw.once.is_some(), &names.join(", "));
    }
    let fields = raw.fields.unwrap_or_default();
    if fields.len() > MAX_WAKING {
        let message = format!("a rule names at most {MAX_WAKING} fields that wake it");
        faults.push(source.fault(&format!("rule/{i}/fields"), message));
    }
    let action = match (hook, raw.action) {
        (Hook::ActionRun, name) => action(source, i, (name, raw.names, raw.portal), faults),
        _ => None,
    };
    Manner {
        action,
        fields,
        once: raw
            .once
            .and_then(|once| read_once(source, i, &once, faults)),
    }
}

fn action(
    source: &Source,
    i: usize,
    (name, names, portal): (Option<String>, Option<Names>, Option<bool>),
    faults: &mut Faults,
) -> Option<Action> {
    let Some(name) = name else {
        let message = "a rule of `action.run` needs `action = \"NAME\"`: what it is asked for by";
        faults.push(source.fault(&format!("rule/{i}"), message));
        return None;
    };
    if let Some(why) = code::fault(&name) {
        let message = format!("action `{}` {why}", short(&name));
        faults.push(source.fault(&format!("rule/{i}/action"), message));
    }
    let names = names.unwrap_or_default();
    let long = names
        .0
        .values()
        .find(|n| n.chars().count() > MAX_NAME_CHARS);
    if let Some(long) = long {
        let message = format!(
            "name `{}…` is longer than {MAX_NAME_CHARS} characters",
            short(long)
        );
        faults.push(source.fault(&format!("rule/{i}/names"), message));
    }
    Some(Action {
        name,
        names,
        portal: portal.unwrap_or(false),
    })
}

fn read_once(source: &Source, i: usize, once: &RawOnce, faults: &mut Faults) -> Option<Once> {
    let path = format!("rule/{i}/once");
    match once {
        RawOnce::Word(word) if word == "record" => Some(Once::Record),
        RawOnce::Word(word) if word == "change" => Some(Once::Change),
        RawOnce::Word(word) => {
            let message = format!(
                "`once` is \"record\", \"change\" or {{ per = \"24h\" }}, not \"{}\"",
                short(word)
            );
            let fault = source.fault(&path, message);
            faults.push(fault.near(word, ONCE));
            None
        }
        RawOnce::Every(RawEvery { per }) => {
            let secs = seconds(per).filter(|secs| (1..=MAX_PER_SECS).contains(secs));
            if secs.is_none() {
                let message = format!(
                    "`{}` is not a length of time; write a number and one of s, m, h, d, such as \
                     \"24h\", up to ten years",
                    short(per)
                );
                faults.push(source.fault(&path, message));
            }
            secs.map(Once::Per)
        }
    }
}

/// `90s`, `30m`, `24h`, `7d` in seconds.
fn seconds(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number = text.get(..text.len() - 1)?;
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number.parse::<i64>().ok()?.checked_mul(unit)
}

impl Attacher<'_> {
    /// Checks that the fields that wake a rule are there. Those of other packs are theirs.
    pub(super) fn check_manner(&self, spec: &RuleSpec, faults: &mut Faults) {
        let sets = &self.definitions.field_sets;
        let own = || sets.iter().flat_map(|s| &s.fields);
        for (k, name) in spec.manner.fields.iter().enumerate() {
            if faults.is_full() {
                return;
            }
            let foreign = name
                .split_once('/')
                .is_some_and(|(pack, _)| pack != self.origin.pack);
            let known = builtin::field(spec.kind, name).is_some()
                || own().any(|f| f.code == *name || bare(&f.code) == name);
            if foreign || known {
                continue;
            }
            let message = format!("a {} has no field `{}`", spec.kind.name(), short(name));
            let path = format!("rule/{}/fields/{k}", spec.place);
            let fault = self.origin.manifest.fault(&path, message);
            let builtins = builtin::fields(spec.kind).iter().map(|f| f.code.as_str());
            faults.push(fault.near(name, builtins.chain(own().map(|f| bare(&f.code)))));
        }
    }
}
