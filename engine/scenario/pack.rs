//! The scenarios of a pack's folder.

use std::path::Path;

use std::sync::Arc;

use super::{PackCoverage, Report, RuleUse, run_watched};
use crate::hooks::Coverage;
use crate::packs::PackFiles;

/// What came of a pack's scenarios.
#[derive(Debug, Clone, Default)]
pub struct PackReport {
    /// Name of the pack.
    pub pack: String,
    /// File of each scenario, and what came of it or why it could not be run.
    pub scenarios: Vec<(String, Result<Report, String>)>,
    /// What they went through.
    pub coverage: PackCoverage,
}

impl PackReport {
    /// What the rules used in all scenarios together.
    #[must_use]
    pub fn used(&self) -> Vec<RuleUse> {
        let mut total: Vec<RuleUse> = Vec::new();
        let reports = self.scenarios.iter().filter_map(|(_, r)| r.as_ref().ok());
        for one in reports.flat_map(|report| &report.used) {
            match total.iter_mut().find(|sum| sum.rule == one.rule) {
                Some(sum) => {
                    sum.calls += one.calls;
                    sum.failures += one.failures;
                    sum.most_used = sum.most_used.max(one.most_used);
                }
                None => total.push(one.clone()),
            }
        }
        total
    }

    /// Whether there is a scenario, and all are as they say.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        let fine = |(_, result): &(String, Result<Report, String>)| {
            result.as_ref().is_ok_and(Report::is_ok)
        };
        !self.scenarios.is_empty() && self.scenarios.iter().all(fine)
    }
}

/// The scenarios of a pack's folder, and the packs they run on.
#[derive(Debug, Clone, Default)]
pub struct PackScenarios {
    /// Name of the pack.
    pub pack: String,
    /// The pack after all that it requires.
    pub packs: Vec<PackFiles>,
    /// File and text of each `tests/*.toml`, by name.
    pub files: Vec<(String, String)>,
}

impl PackScenarios {
    /// Reads a pack's folder. Packs that it requires are looked for beside it.
    ///
    /// # Errors
    /// When the folder, or that of a required pack, cannot be read.
    pub fn read(dir: &Path) -> Result<Self, String> {
        let files = read(dir)?;
        let mut packs = Vec::new();
        let beside = dir.canonicalize().ok();
        let beside = beside.as_deref().and_then(Path::parent);
        with_required(&files, beside, &mut packs, 0)?;
        let scenario = |path: &String| {
            let name = path.strip_prefix("tests/")?;
            let is_one = name.ends_with(".toml") && !name.contains('/');
            Some((
                name.to_owned(),
                files.text(path).filter(|_| is_one)?.to_owned(),
            ))
        };
        Ok(Self {
            pack: head(&files).0,
            packs,
            files: files.files.keys().filter_map(scenario).collect(),
        })
    }
}

/// Runs every scenario of a pack's folder.
///
/// # Errors
/// When the folder, or that of a required pack, cannot be read.
pub fn run_pack(dir: &Path) -> Result<PackReport, String> {
    let read = PackScenarios::read(dir)?;
    let coverage = Arc::new(Coverage::default());
    let run = |(name, text): (String, String)| {
        let result = run_watched(&text, &read.packs, Some(&coverage));
        (name, result)
    };
    let scenarios: Vec<_> = read.files.into_iter().map(run).collect();
    let mut rules = read.packs.last().map(rules).unwrap_or_default();
    let reports = scenarios.iter().filter_map(|(_, r)| r.as_ref().ok());
    for used in reports.flat_map(|report| &report.used) {
        for rule in rules.iter_mut().filter(|(name, ..)| *name == used.rule) {
            rule.2 += used.calls;
        }
    }
    Ok(PackReport {
        coverage: PackCoverage {
            rules,
            files: coverage.of_pack(&read.pack),
        },
        pack: read.pack,
        scenarios,
    })
}

/// The rules of a pack, none of them called yet.
fn rules(files: &PackFiles) -> Vec<(String, String, u64)> {
    let tree: toml::Table =
        toml::from_str(files.text("pack.toml").unwrap_or_default()).unwrap_or_default();
    let pack = head(files).0;
    let all = tree.get("rule").and_then(toml::Value::as_array);
    let rule = |rule: &toml::Value| {
        let text = |name: &str| Some(rule.get(name)?.as_str()?.to_owned());
        Some((format!("{pack}/{}", text("name")?), text("hook")?, 0))
    };
    all.into_iter().flatten().filter_map(rule).collect()
}

fn read(dir: &Path) -> Result<PackFiles, String> {
    PackFiles::read_dir(dir).map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        format!("{}: {}", dir.display(), all.join("; "))
    })
}

/// A pack after all that it requires, each once.
fn with_required(
    files: &PackFiles,
    beside: Option<&Path>,
    packs: &mut Vec<PackFiles>,
    depth: usize,
) -> Result<(), String> {
    let (name, requires) = head(files);
    if packs.iter().any(|p| head(p).0 == name) {
        return Ok(());
    }
    if depth > 20 {
        return Err(format!("the packs that `{name}` requires nest too deep"));
    }
    for required in requires {
        let beside = beside.ok_or_else(|| format!("pack `{required}` is not at hand"))?;
        let needed = read(&beside.join(&required))?;
        with_required(&needed, Some(beside), packs, depth + 1)?;
    }
    packs.push(files.clone());
    Ok(())
}

/// Sets options of a pack, as an administrator does: their values in `pack.toml`.
pub(super) fn set_options(files: &mut PackFiles, values: &toml::Table) -> Result<(), String> {
    let text = files.text("pack.toml").unwrap_or_default();
    let mut tree: toml::Table = toml::from_str(text).map_err(|e| e.to_string())?;
    for (name, value) in values {
        let known = tree.get_mut("options").and_then(|o| o.get_mut(name));
        let option = known.and_then(toml::Value::as_table_mut);
        let option = option.ok_or_else(|| format!("the pack has no option `{name}`"))?;
        option.insert("value".to_owned(), value.clone());
    }
    let text = toml::to_string(&tree).map_err(|e| e.to_string())?;
    files
        .files
        .insert("pack.toml".to_owned(), text.into_bytes());
    Ok(())
}

/// The name of a pack and the names of those it requires, however wrong the rest is.
pub(super) fn head(files: &PackFiles) -> (String, Vec<String>) {
    let text = files.text("pack.toml").unwrap_or_default();
    let tree: toml::Table = toml::from_str(text).unwrap_or_default();
    let pack = tree.get("pack").and_then(toml::Value::as_table);
    let name = pack.and_then(|p| p.get("name")).and_then(|n| n.as_str());
    let requires = pack.and_then(|p| p.get("requires"));
    let requires = requires.and_then(toml::Value::as_array);
    let names = requires.into_iter().flatten().filter_map(|r| r.as_str());
    (
        name.unwrap_or_default().to_owned(),
        names.map(str::to_owned).collect(),
    )
}
