//! What a pack asks to be allowed, and what an administrator granted it.
//!
//! A capability has a name: `effect:notify`, `read:contact`, `personal:contact.mails`,
//! `plugin_bytes:20000000`. `*` stands for every effect, read and personal field.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::DeValue;

use super::fault::{Faults, nearest};
use super::plugin_limits::PluginLimits;
use super::rule_spec::{READS, RuleSpec};
use super::source::{Source, short};
use crate::domain::{Kind, builtin, code};

/// Every effect, read and personal field.
const EVERYTHING: &str = "*";
/// Effects that a pack can ask for; `ask` is a survey sent to a customer.
pub const EFFECTS: [&str; 15] = [
    "set",
    "transition",
    "assign",
    "comment",
    "create",
    "link",
    "tag",
    "untag",
    "schedule",
    "unschedule",
    "process",
    "plan",
    "notify",
    "webhook",
    "ask",
];
/// The effect that a method of scripts asks for.
pub(super) fn effect_of(method: &str) -> Option<&'static str> {
    let name = match method {
        "unset" => "set",
        "assign_team" => "assign",
        "comment_internal" => "comment",
        "start_process" | "complete_stage" | "go_to_stage" | "decide_stage" => "process",
        "end_task" => "plan",
        name => name,
    };
    EFFECTS.into_iter().find(|effect| *effect == name)
}

/// Effects that stay on the record the rule runs on: granted without a question.
const HARMLESS_EFFECTS: [&str; 11] = [
    "set",
    "transition",
    "assign",
    "comment",
    "link",
    "tag",
    "untag",
    "schedule",
    "unschedule",
    "process",
    "plan",
];
/// References that lead to no person.
const HARMLESS_READS: [&str; 6] = [
    "account",
    "product",
    "asset",
    "contract",
    "assignee",
    "support_level",
];
/// Names what people wrote to each other: the subjects and texts of comments and messages.
pub const ENTRY_TEXT: &str = "entry.text";
/// Greatest plugin of a pack that asks for no more, in bytes.
pub const PLUGIN_BYTES: u64 = 1024 * 1024;

/// Capabilities by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants(BTreeSet<String>);

/// What an administrator grants while installing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Given {
    /// Nothing beyond what is harmless and what was granted before.
    #[default]
    Nothing,
    /// Everything that the pack asks for.
    All,
    /// The capabilities of these names; what else the pack asks for is denied.
    Some(Vec<String>),
}

impl Given {
    /// From names; the single word `all` means everything.
    #[must_use]
    pub fn of(names: &[String]) -> Self {
        match names {
            [] => Self::Nothing,
            [all] if all == "all" => Self::All,
            names => Self::Some(names.to_vec()),
        }
    }
}

impl Grants {
    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is nothing that it may not.
    #[must_use]
    pub fn everything(&self) -> bool {
        self.0.contains(EVERYTHING)
    }

    /// Whether an effect may be asked of the engine.
    #[must_use]
    pub fn effect(&self, name: &str) -> bool {
        self.has(&format!("effect:{name}"))
    }

    /// Whether a reference may be read.
    #[must_use]
    pub fn read(&self, name: &str) -> bool {
        self.has(&format!("read:{name}"))
    }

    /// Whether every personal field may be seen.
    #[must_use]
    pub fn all_personal(&self) -> bool {
        self.has("personal:*")
    }

    /// Whether a personal field may be seen.
    #[must_use]
    pub fn personal(&self, kind: Kind, field: &str) -> bool {
        self.all_personal() || self.has(&format!("personal:{}.{field}", kind.name()))
    }

    /// Whether the subjects and texts of comments and messages may be seen.
    #[must_use]
    pub fn entry_text(&self) -> bool {
        self.all_personal() || self.has(&format!("personal:{ENTRY_TEXT}"))
    }

    /// Asks for something more.
    pub(super) fn ask(&mut self, name: &str) {
        if !self.has(name) {
            self.0.insert(name.to_owned());
        }
    }

    /// Whether what `name` allows is allowed already.
    pub(super) fn covers(&self, name: &str) -> bool {
        match name.split_once(':') {
            Some((limit, amount)) if limit.starts_with("plugin_") => {
                let amount: u64 = amount.parse().unwrap_or(u64::MAX);
                let had = self
                    .names()
                    .filter_map(|n| n.strip_prefix(limit)?.strip_prefix(':'));
                had.filter_map(|n| n.parse().ok()).any(|n: u64| amount <= n)
            }
            Some(("personal", _)) => self.all_personal() || self.0.contains(name),
            _ => self.has(name),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains(EVERYTHING) || self.0.contains(name)
    }

    /// What of these an administrator has to be asked about.
    #[must_use]
    pub fn beyond_harmless(&self) -> Vec<&str> {
        self.names().filter(|name| !is_harmless(name)).collect()
    }

    /// What a pack that asks for `self` gets, given what it had and what is granted now.
    ///
    /// # Errors
    /// What is asked for and neither harmless nor granted, when nothing was said about it; or names
    /// that the pack does not ask for.
    pub fn granted(&self, before: Option<&Self>, given: &Given) -> Result<Self, GrantFault> {
        let had = |name: &str| before.is_some_and(|b| b.covers(name));
        let keep = |test: &dyn Fn(&str) -> bool| {
            let kept = self.0.iter().filter(|name| test(name)).cloned();
            Self(kept.collect())
        };
        match given {
            Given::All => Ok(self.clone()),
            Given::Nothing => {
                let granted = keep(&|name| is_harmless(name) || had(name));
                let missing: Vec<String> = self.0.difference(&granted.0).cloned().collect();
                if missing.is_empty() {
                    return Ok(granted);
                }
                Err(GrantFault::Missing(missing))
            }
            Given::Some(names) if self.everything() => {
                self.with_room(self.some_of_all(names)?, before)
            }
            Given::Some(names) => {
                let unknown = names.iter().find(|name| !self.0.contains(*name));
                if let Some(name) = unknown {
                    let near = nearest(name, self.names());
                    return Err(GrantFault::Unknown(short(name), near));
                }
                let granted = keep(&|name| is_harmless(name) || names.iter().any(|n| n == name));
                self.with_room(granted, before)
            }
        }
    }

    /// What is granted, unless a plugin is not given its room: it cannot run at all then.
    fn with_room(&self, granted: Self, before: Option<&Self>) -> Result<Self, GrantFault> {
        let had = |name: &str| before.is_some_and(|b| b.covers(name));
        let room = |name: &&String| name.starts_with("plugin_") && !had(name);
        let missing = self.0.difference(&granted.0).filter(room);
        let missing: Vec<String> = missing.cloned().collect();
        if missing.is_empty() {
            return Ok(granted);
        }
        Err(GrantFault::Missing(missing))
    }
}

impl Grants {
    /// What a pack that asks for everything gets of it: what is harmless, and what is named.
    fn some_of_all(&self, names: &[String]) -> Result<Self, GrantFault> {
        let prefixed = |prefix: &str, all: &[&str]| -> Vec<String> {
            all.iter().map(|name| format!("{prefix}:{name}")).collect()
        };
        let mut known = prefixed("effect", &EFFECTS);
        known.extend(prefixed("read", &READS));
        known.extend(self.0.iter().cloned());
        for name in names.iter().filter(|name| !known.contains(name)) {
            let fits = match name.split_once(':') {
                Some(("personal", field)) => personal_fault(field).is_none(),
                // A reference of the pack itself.
                Some(("read", reference)) => code::fault(reference).is_none(),
                _ => false,
            };
            if !fits {
                let near = nearest(name, known.iter().map(String::as_str));
                return Err(GrantFault::Unknown(short(name), near));
            }
        }
        let mut granted = prefixed("effect", &HARMLESS_EFFECTS);
        granted.extend(prefixed("read", &HARMLESS_READS));
        granted.extend(names.iter().cloned());
        Ok(Self(granted.into_iter().collect()))
    }
}

/// How a pack asks for a capability: the key under `[capabilities]`, and what stands there.
pub(super) fn asked_by(name: &str) -> Option<(&'static str, &str)> {
    let (what, name) = name.split_once(':')?;
    let key = match what {
        "effect" => "effects",
        "read" => "reads",
        "personal" => "personal",
        _ => return None,
    };
    Some((key, name))
}

/// Why grants do not fit what a pack asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantFault {
    /// Asked for and not granted.
    Missing(Vec<String>),
    /// Granted and not asked for, with the name that was probably meant.
    Unknown(String, Option<String>),
}

fn is_harmless(name: &str) -> bool {
    match name.split_once(':') {
        Some(("effect", effect)) => HARMLESS_EFFECTS.contains(&effect),
        Some(("read", read)) => HARMLESS_READS.contains(&read),
        _ => false,
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawCapabilities {
    effects: Vec<String>,
    reads: Vec<String>,
    personal: Vec<String>,
}

/// What `[capabilities]` and `[limits]` ask for. A pack with rules that has no `[capabilities]` asks
/// for everything.
pub(super) fn read(
    source: &Source,
    capabilities: Option<Spanned<DeValue<'_>>>,
    limits: PluginLimits,
    rules: &[RuleSpec],
    faults: &mut Faults,
) -> Grants {
    let mut names = BTreeSet::new();
    match capabilities {
        Some(value) => {
            let raw: RawCapabilities = source.read(value, faults).unwrap_or_default();
            check(source, &raw, rules, faults);
            let name = |prefix: &str, all: &[String]| -> Vec<String> {
                all.iter().map(|n| format!("{prefix}:{n}")).collect()
            };
            names.extend(name("effect", &raw.effects));
            names.extend(name("read", &raw.reads));
            names.extend(name("personal", &raw.personal));
        }
        None if rules.is_empty() => {}
        None => {
            names.insert(EVERYTHING.to_owned());
        }
    }
    let asked = [
        ("plugin_bytes", limits.bytes.filter(|n| *n > PLUGIN_BYTES)),
        ("plugin_memory", limits.memory),
        ("plugin_fuel", limits.fuel),
    ];
    for (name, amount) in asked {
        names.extend(amount.map(|n| format!("{name}:{n}")));
    }
    Grants(names)
}

fn check(source: &Source, raw: &RawCapabilities, rules: &[RuleSpec], faults: &mut Faults) {
    let lists: [(&str, &[String], &[&str]); 2] = [
        ("effects", &raw.effects, &EFFECTS),
        ("reads", &raw.reads, &READS),
    ];
    // References of the pack itself are those that its rules look into.
    let own = |name: &String| rules.iter().any(|rule| rule.reads.contains(name));
    for (key, asked, known) in lists {
        for (i, name) in asked.iter().enumerate() {
            let is_own = key == "reads" && own(name);
            if known.contains(&name.as_str()) || is_own || faults.is_full() {
                continue;
            }
            let message = format!(
                "`{}` is none of the {key}; they are {}",
                short(name),
                known.join(", ")
            );
            let fault = source.fault(&format!("capabilities/{key}/{i}"), message);
            faults.push(fault.near(name, known.iter().copied()));
        }
    }
    for (i, name) in raw.personal.iter().enumerate() {
        if faults.is_full() {
            return;
        }
        if let Some(message) = personal_fault(name) {
            let fault = source.fault(&format!("capabilities/personal/{i}"), message);
            let known = personal_names();
            faults.push(fault.near(name, known.iter().map(String::as_str)));
        }
    }
    for rule in rules {
        for (k, name) in rule.reads.iter().enumerate() {
            if !raw.reads.contains(name) && !faults.is_full() {
                let message = format!(
                    "rule `{}` reads `{}`, which `[capabilities]` does not ask for; add it to \
                     `reads` there",
                    rule.name,
                    short(name)
                );
                let path = format!("rule/{}/reads/{k}", rule.place);
                faults.push(source.fault(&path, message));
            }
        }
    }
}

/// What is wrong with `KIND.FIELD`. Fields of packs are not known here and taken as they are.
fn personal_fault(name: &str) -> Option<String> {
    if name == EVERYTHING || name == ENTRY_TEXT {
        return None;
    }
    let known = name.split_once('.').and_then(|(kind, field)| {
        let kind = Kind::named(kind)?;
        Some((kind, field))
    });
    let Some((kind, field)) = known else {
        return Some(format!(
            "`{}` names no personal field; write KIND.FIELD, such as contact.mails, or \"*\"",
            short(name)
        ));
    };
    let plain = field.contains('/');
    let personal = builtin::field(kind, field).is_some_and(|def| def.personal_data);
    (!plain && !personal).then(|| format!("`{}` is no personal field of the engine", short(name)))
}

fn personal_names() -> Vec<String> {
    let of = |kind: Kind| {
        let all = builtin::fields(kind).iter().filter(|f| f.personal_data);
        all.map(move |f| format!("{}.{}", kind.name(), f.code))
    };
    let fields = Kind::ALL.into_iter().flat_map(of);
    fields.chain([ENTRY_TEXT.to_owned()]).collect()
}
