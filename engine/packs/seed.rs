//! `seed/`: records that a pack brings, known by their `external_id`.
//!
//! Each file is a rule on `pack.lifecycle` that the engine adds: its records are made as those of any
//! such rule are, with the pack in the journal, all of them or none.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::attach::Attacher;
use super::fault::{Faults, PackFault};
use super::files::PackFiles;
use super::setting;
use super::source::{Source, short};
use crate::domain::{Code, Id, Kind, Value, builtin, code, record::fields};
use crate::hooks::{
    Call, Decision, Detail, Effect, Failure, Hook, Manner, Outcome, Phase, Place, Reads, Rule,
    Runner, Spot, Tally, Usage,
};

/// What a rule is that brings records.
pub const SEED: &str = "seed";
/// The folder of what a pack brings.
const FOLDER: &str = "seed/";
/// Most records that a pack brings: as many as the rules of one command may make.
pub const MAX_SEEDS: usize = 50;
/// By what a record is known.
pub const KEY: &str = "external_id";

/// A record that a pack brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Seed {
    /// Kind.
    pub kind: Kind,
    /// By what it is known: one that is there already is left as it is.
    pub external_id: String,
    /// Full code of its type.
    pub type_code: Option<String>,
    /// Values by field; references by code or external id.
    pub fields: Vec<(String, Value)>,
    /// Line in its file.
    pub line: u32,
}

/// A file of `seed/`.
#[derive(Debug)]
pub(super) struct SeedFile {
    source: Source,
    /// Name of the rule that brings its records.
    rule: String,
    pub(super) seeds: Vec<Seed>,
}

/// Whether a pack brings records.
pub(super) fn any(files: &PackFiles) -> bool {
    files.files.keys().any(|path| path.starts_with(FOLDER))
}

/// Reads what a pack brings.
pub(super) fn read(pack: &str, files: &PackFiles, faults: &mut Faults) -> Vec<SeedFile> {
    let mut found: Vec<SeedFile> = Vec::new();
    for path in files.files.keys().filter(|p| p.starts_with(FOLDER)) {
        let name = path
            .strip_prefix(FOLDER)
            .and_then(|p| p.strip_suffix(".toml"));
        let name = name.filter(|name| code::fault(name).is_none());
        let (Some(name), Some(text)) = (name, files.text(path)) else {
            let message = "is read by nothing; records stand in seed/NAME.toml";
            faults.push(PackFault::of_file(pack, path, message));
            continue;
        };
        let source = Source::new(pack, path, text);
        let mut file = SeedFile {
            source: source.clone(),
            rule: format!("{SEED}-{name}"),
            seeds: Vec::new(),
        };
        for (kind, item) in items(&source, faults) {
            let start = item.span().start;
            if let Some(seed) = record(pack, &source, kind, item, faults) {
                let twin = |s: &Seed| s.kind == seed.kind && s.external_id == seed.external_id;
                let all = found.iter().flat_map(|f| &f.seeds).chain(&file.seeds);
                if all.into_iter().any(twin) {
                    let message = format!(
                        "the {} `{}` stands twice",
                        kind.name(),
                        short(&seed.external_id)
                    );
                    faults.push(source.at(start, message));
                }
                file.seeds.push(seed);
            }
        }
        found.push(file);
    }
    let count: usize = found.iter().map(|f| f.seeds.len()).sum();
    if let Some(last) = found.last().filter(|_| count > MAX_SEEDS) {
        let message = format!("{count} records are over the limit of {MAX_SEEDS}");
        faults.push(PackFault::of_file(pack, &last.source.file, message));
    }
    found
}

/// The records of a file in its order, each with its kind.
fn items<'i>(source: &'i Source, faults: &mut Faults) -> Vec<(Kind, Spanned<DeValue<'i>>)> {
    let mut found = Vec::new();
    let Some(mut tree) = source.tree(faults) else {
        return found;
    };
    let keys: Vec<(String, usize)> = tree
        .keys()
        .map(|key| (key.get_ref().to_string(), key.span().start))
        .collect();
    for (key, start) in keys.into_iter().take(Kind::ALL.len() * 2) {
        let Some(kind) = Kind::named(&key) else {
            let message = format!("there is no kind of record `{}`", short(&key));
            let known = Kind::ALL.into_iter().map(Kind::name);
            faults.push(source.at(start, message).near(&key, known));
            continue;
        };
        let items = source.elements(&mut tree, &key, faults);
        found.extend(items.into_iter().map(|item| (kind, item)));
    }
    found.sort_by_key(|(_, item)| item.span().start);
    found
}

fn record(
    pack: &str,
    source: &Source,
    kind: Kind,
    item: Spanned<DeValue<'_>>,
    faults: &mut Faults,
) -> Option<Seed> {
    let start = item.span().start;
    let line = source.at(start, "").line;
    let raw: toml::Table = source.read(item, faults)?;
    let mut seed = Seed {
        kind,
        external_id: String::new(),
        type_code: None,
        fields: Vec::new(),
        line,
    };
    for (name, value) in &raw {
        let value = match setting::value(value) {
            Ok(value) => value,
            Err(message) => {
                faults.push(source.at(start, format!("`{}`: {message}", short(name))));
                continue;
            }
        };
        match (name.as_str(), &value) {
            (KEY, Value::Text(text)) => text.clone_into(&mut seed.external_id),
            (fields::TYPE, Value::Text(text)) => {
                seed.type_code = Some(Code::qualify(pack, text).0);
                continue;
            }
            (fields::STATUS, _) => {
                let message = "a record begins in its first status; take `status` out";
                faults.push(source.at(start, message));
                continue;
            }
            _ => {}
        }
        seed.fields.push((name.clone(), value));
    }
    if seed.external_id.trim().is_empty() {
        let message = format!("a record needs `{KEY}`, a text by which it is known");
        faults.push(source.at(start, message));
        return None;
    }
    Some(seed)
}

impl Attacher<'_> {
    /// Checks what a pack brings and makes the rules that bring it.
    pub(super) fn seed_rules(
        &self,
        found: &[SeedFile],
        revision: [u8; 32],
        faults: &mut Faults,
    ) -> Vec<Arc<Rule>> {
        let rule = |file: &SeedFile| {
            Arc::new(Rule {
                pack: Arc::from(self.manifest.name.as_str()),
                version: Arc::from(self.manifest.version.as_str()),
                name: Arc::from(file.rule.as_str()),
                revision,
                hook: Hook::PackLifecycle,
                // What the pack's own rules do may build on it.
                priority: i32::MIN,
                kind: Hook::PackLifecycle.usual_kind(),
                applies_to: Vec::new(),
                reads: Vec::new(),
                overrides: false,
                when: Vec::new(),
                view: Reads::default(),
                writes: None,
                line: 0,
                manner: Manner::default(),
                runner: Arc::new(Bringer {
                    file: file.source.file.clone(),
                    seeds: file.seeds.clone(),
                }),
                tally: Arc::new(Tally::default()),
            })
        };
        for file in found {
            self.check_seeds(file, faults);
        }
        found.iter().map(rule).collect()
    }

    fn check_seeds(&self, file: &SeedFile, faults: &mut Faults) {
        if self.manifest.rules.iter().any(|r| r.name == file.rule) {
            let message = format!(
                "the pack has a rule `{}`, which is the name of what brings these records; rename \
                 one of them",
                file.rule
            );
            faults.push(PackFault::of_file(
                &self.origin.pack,
                &file.source.file,
                message,
            ));
        }
        for seed in &file.seeds {
            if faults.is_full() {
                return;
            }
            let at = |message: String| {
                let before = file.source.text.split_inclusive('\n');
                let line = usize::try_from(seed.line.saturating_sub(1)).unwrap_or(0);
                file.source
                    .at(before.take(line).map(str::len).sum(), message)
            };
            if let Some(message) = self.type_fault(seed) {
                faults.push(at(message));
            }
            for (name, value) in &seed.fields {
                let foreign = name
                    .split_once('/')
                    .is_some_and(|(pack, _)| pack != self.origin.pack);
                let Some(def) = self.known(seed.kind, name) else {
                    if !foreign {
                        let message =
                            format!("a {} has no field `{}`", seed.kind.name(), short(name));
                        let own = builtin::fields(seed.kind).iter().map(|f| f.code.as_str());
                        faults.push(at(message).near(name, own.chain(self.own_fields())));
                    }
                    continue;
                };
                // Codes of references are looked up when the record is made.
                let by_code = def.target.is_some() && !is_id(value);
                if !by_code && let Err(why) = def.read(&value.to_json()) {
                    faults.push(at(format!("`{}`: {why}", short(name))));
                }
            }
        }
    }

    fn type_fault(&self, seed: &Seed) -> Option<String> {
        let Some(code) = &seed.type_code else {
            let kind = seed.kind.name();
            let needs = seed.kind.needs_type();
            return needs.then(|| format!("a {kind} needs its `type`"));
        };
        let own = Code::from(code.as_str()).pack() == Some(self.origin.pack.as_str());
        let mut types = self.definitions.types.iter();
        let known = types.any(|t| t.code == *code && t.kind == seed.kind);
        (own && !known).then(|| {
            let kind = seed.kind.name();
            format!("this pack has no type `{}` of kind {kind}", short(code))
        })
    }
}

fn is_id(value: &Value) -> bool {
    let id = |v: &Value| v.as_text().is_some_and(|text| text.parse::<Id>().is_ok());
    match value {
        Value::List(items) => items.iter().all(id),
        one => id(one),
    }
}

/// Brings the records of one file.
struct Bringer {
    file: String,
    seeds: Vec<Seed>,
}

impl Runner for Bringer {
    fn call(&self, call: &Call) -> Result<Outcome, Failure> {
        let Detail::Lifecycle(view) = &call.detail else {
            return Ok(Outcome::default());
        };
        if !matches!(view.phase, Phase::Install | Phase::Upgrade) {
            return Ok(Outcome::default());
        }
        let effects = self.seeds.iter().map(|seed| {
            let effect = Effect::Create {
                kind: seed.kind,
                type_code: seed.type_code.clone(),
                fields: seed.fields.clone(),
                relation: String::new(),
            };
            let spot = Spot {
                line: seed.line,
                column: 1,
            };
            (effect, spot)
        });
        Ok(Outcome {
            decision: Decision {
                effects: effects.collect(),
                ..Decision::default()
            },
            usage: Usage::default(),
        })
    }

    fn nature(&self) -> &'static str {
        SEED
    }

    fn place(&self) -> Option<Place> {
        Some(Place {
            file: self.file.clone(),
            line: 1,
        })
    }
}
