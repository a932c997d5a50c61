//! Running a scenario through a driver.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value as Json;

use super::check::Check;
use super::command::{Names, command};
use super::compare::is_code;
use super::driver::{Driver, Refused};
use super::file::{Pieces, Refusal, RefusalDetail, Scenario, Step, StepLines, duration, instant};
use super::known::Known;
use super::report::{Difference, Problem};
use crate::desk::{Actor, Command, Reply};
use crate::domain::Kind;
use crate::domain::role::Role;
use crate::packs::PackFiles;

/// Before which steps the desk is stopped and started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restarts {
    /// Before none.
    Never,
    /// Before one, from 0.
    Before(usize),
    /// Before each.
    Always,
}

impl Restarts {
    /// One step drawn by the text of the scenario and `OPORA_SEED`, or every step when
    /// `OPORA_TEST_REOPEN` is `all`.
    #[must_use]
    pub fn drawn(text: &str, scenario: &Scenario) -> Self {
        if std::env::var("OPORA_TEST_REOPEN").is_ok_and(|v| v == "all") {
            return Self::Always;
        }
        let bytes = text.bytes().chain(seed().into_bytes());
        // FNV-1a: all that counts is that equal texts draw the same step everywhere.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let steps = u64::try_from(scenario.steps.len().max(1)).unwrap_or(1);
        Self::Before(usize::try_from(hash % steps).unwrap_or(0))
    }

    const fn includes(self, step: usize) -> bool {
        match self {
            Self::Never => false,
            Self::Before(at) => at == step,
            Self::Always => true,
        }
    }
}

/// How to have the desk stopped in the same places once more.
impl fmt::Display for Restarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never stopped"),
            Self::Before(step) => {
                let seed = seed();
                write!(f, "stopped before step {}, OPORA_SEED={seed}", step + 1)
            }
            Self::Always => f.write_str("stopped before every step, OPORA_TEST_REOPEN=all"),
        }
    }
}

/// The seed that steps are drawn by; the same one when nobody says another, so that a run that
/// failed fails again.
fn seed() -> String {
    std::env::var("OPORA_SEED").unwrap_or_else(|_| "0".to_owned())
}

/// Runs a scenario and tells what was not as it says.
///
/// # Errors
/// When a pack that it names is not among `packs`.
pub fn run(
    scenario: &Scenario,
    packs: &[PackFiles],
    driver: &mut dyn Driver,
    restarts: Restarts,
) -> Result<Vec<Problem>, String> {
    let mut running = Running::with(driver, Names::default());
    let packs = chosen(scenario, packs)?;
    running.names.known = Known::of(&packs);
    for files in packs {
        let install = Command::InstallPack { files };
        let admin = Actor::Admin { agent: None };
        if let Err(refused) = running.driver.run(&admin, &install) {
            return Err(format!("a pack cannot be installed: {}", refused.message));
        }
    }
    if !scenario.settings.is_empty() {
        let changes = Names::default().object(&scenario.settings)?;
        let change = Command::ChangeSettings { changes };
        let admin = Actor::Admin { agent: None };
        if let Err(refused) = running.driver.run(&admin, &change) {
            return Err(format!("the settings: {}", refused.message));
        }
    }
    for (code, role) in &scenario.roles {
        let save = Command::SaveRole {
            role: Box::new(role_of(code, role)?),
        };
        let admin = Actor::Admin { agent: None };
        if let Err(refused) = running.driver.run(&admin, &save) {
            return Err(format!("the role `{code}`: {}", refused.message));
        }
    }
    for (place, step) in scenario.given.iter().enumerate() {
        let mut step = step.clone();
        step.name = step.name.or_else(|| code_of(&step.fields));
        if !running.watched(0, &step, &scenario.outline.given(place), &scenario.failures) {
            return Ok(running.problems);
        }
    }
    for (place, step) in scenario.steps.iter().enumerate() {
        if restarts.includes(place)
            && let Err(why) = running.driver.restart()
        {
            let why = format!("the desk does not start again: {why}");
            running.problem(place + 1, scenario.outline.step(place).line, why);
            break;
        }
        let mut step = step.clone();
        step.name = step.name.or_else(|| code_of(&step.fields));
        let lines = scenario.outline.step(place);
        if !running.watched(place + 1, &step, &lines, &scenario.failures) {
            return Ok(running.problems);
        }
    }
    running.never_failed(&scenario.failures);
    Ok(running.problems)
}

/// A role, written as for `POST /v1/roles` without its code.
fn role_of(code: &str, table: &toml::Table) -> Result<Role, String> {
    let mut json = Names::default().object(table)?;
    json.insert("code".to_owned(), Json::from(code));
    serde_json::from_value(Json::Object(json)).map_err(|e| format!("the role `{code}`: {e}"))
}

/// The packs that a scenario installs, with their options as it sets them.
fn chosen(scenario: &Scenario, packs: &[PackFiles]) -> Result<Vec<PackFiles>, String> {
    let find = |name: &String| {
        let found = packs.iter().find(|p| super::pack::head(p).0 == *name);
        found.ok_or_else(|| format!("there is no pack `{name}` at hand"))
    };
    let mut chosen: Vec<PackFiles> = match &scenario.packs {
        Some(wanted) => wanted
            .iter()
            .map(|name| find(name).cloned())
            .collect::<Result<_, _>>()?,
        None => packs.to_vec(),
    };
    for (name, values) in &scenario.options {
        let files = chosen
            .iter_mut()
            .find(|p| super::pack::head(p).0 == *name)
            .ok_or_else(|| format!("`options` names `{name}`, which is not installed"))?;
        super::pack::set_options(files, values)?;
    }
    Ok(chosen)
}

fn code_of(fields: &toml::Table) -> Option<String> {
    fields
        .get("code")
        .and_then(toml::Value::as_str)
        .map(str::to_owned)
}

pub(super) struct Running<'d> {
    driver: &'d mut dyn Driver,
    names: Names,
    problems: Vec<Problem>,
    /// Rules that failed; none where the driver cannot tell.
    failed: Option<BTreeSet<String>>,
}

impl<'d> Running<'d> {
    /// Goes on with names that were given before.
    pub fn with(driver: &'d mut dyn Driver, names: Names) -> Self {
        Self {
            driver,
            names,
            problems: Vec::new(),
            failed: None,
        }
    }

    /// The names, and what was not as it should be.
    pub fn end(self) -> (Names, Vec<Problem>) {
        (self.names, self.problems)
    }
}

impl Running<'_> {
    fn problem(&mut self, step: usize, line: usize, difference: impl Into<Difference>) {
        self.problems.push(Problem {
            step,
            line,
            difference: difference.into(),
        });
    }

    /// Takes a step, in which no rule may fail but those that shall. `false`: what follows would make
    /// no sense.
    fn watched(
        &mut self,
        number: usize,
        step: &Step,
        lines: &StepLines,
        expected: &[String],
    ) -> bool {
        let before = self.driver.pos();
        let goes_on = self.step(number, step, lines);
        let failures = before.and_then(|pos| self.driver.failures(pos));
        let failures = match failures {
            Ok(Some(failures)) => failures,
            Ok(None) => return goes_on,
            Err(what) => {
                self.problem(number, lines.line, what);
                return false;
            }
        };
        // A step that says that a rule fails, or is refused because one did, expects it.
        let said = |rule: &str| {
            let mut ran = step.then.iter().flat_map(|then| &then.ran);
            ran.any(|(name, verdict)| name == rule && verdict == "failed")
        };
        let refused = step.refused.as_ref().is_some_and(is_of_a_failure);
        let failed = self.failed.get_or_insert_default();
        failed.extend(failures.iter().map(|f| f.rule.clone()));
        for failure in failures {
            let rule = &failure.rule;
            let expected = expected.iter().any(|name| is_code(rule, name));
            if expected || refused || said(rule) {
                continue;
            }
            let times = match failure.times {
                1 => String::new(),
                n => format!(" {n} times"),
            };
            let why = failure.messages.join("\n");
            self.problem(
                number,
                lines.line,
                format!("rule `{rule}` failed{times}: {why}"),
            );
        }
        goes_on
    }

    /// Rules that should have failed and did not.
    fn never_failed(&mut self, expected: &[String]) {
        let Some(failed) = &self.failed else {
            return;
        };
        let fine = |name: &&String| failed.iter().any(|rule| is_code(rule, name));
        let never: Vec<String> = expected.iter().filter(|n| !fine(n)).cloned().collect();
        for name in never {
            let hint = self.names.known.rule(&name);
            let what = format!("rule `{name}` did not fail, as `failures` says it does{hint}");
            self.problem(0, 0, what);
        }
    }

    /// Takes a step. `false`: what follows would make no sense.
    pub fn step(&mut self, number: usize, step: &Step, lines: &StepLines) -> bool {
        let check = match Check::begin(self.driver) {
            Ok(check) => check,
            Err(what) => {
                self.problem(number, lines.line, what);
                return false;
            }
        };
        match self.act(step) {
            Ok(None) => {}
            Ok(Some(what)) => self.problem(number, lines.line, what),
            Err(what) => {
                self.problem(number, lines.line, what);
                return false;
            }
        }
        for (place, then) in step.then.iter().enumerate() {
            let line = lines.then.get(place).copied().unwrap_or(lines.line);
            for difference in check.then(then, &mut self.names, self.driver) {
                self.problem(number, line, difference);
            }
        }
        true
    }

    /// Moves the clock and runs the command. `Err`: the scenario cannot go on.
    fn act(&mut self, step: &Step) -> Result<Option<Difference>, Difference> {
        let to = match (&step.at, &step.after) {
            (Some(_), Some(_)) => {
                return Err("a step has `at` or `after`, not both".to_owned().into());
            }
            (Some(at), None) => Some(instant(at)?),
            (None, Some(after)) => Some(self.driver.now() + duration(after)?),
            (None, None) => None,
        };
        if let Some(to) = to {
            if to < self.driver.now() {
                let why = format!("`at` lies in the past: it is {}", self.driver.now());
                return Err(why.into());
            }
            self.driver.advance_to(to, step.late)?;
        }
        let Some(command) = command(step, &self.names, self.driver)? else {
            let none = step.refused.is_none() || to.is_some();
            return none
                .then_some(None)
                .ok_or_else(|| "`refused` needs a command".to_owned().into());
        };
        let actor = self.names.actor(step.by.as_deref(), self.driver)?;
        match (self.driver.run(&actor, &command), &step.refused) {
            (Ok(reply), None) => {
                let kind = reply.kind.unwrap_or(Kind::Ticket);
                if let Some(name) = step.name.as_ref().filter(|_| step.makes()) {
                    self.names.give(name, kind, reply.id);
                }
                super::intake::name(step, &reply, &mut self.names);
                self.unlike_result(step, &reply)
            }
            (Ok(_), Some(refusal)) => Err(Difference::new(
                format!("`{}`", command.name()),
                format!("a refusal by {}", expected(refusal)),
                "it went through",
            )),
            (Err(refused), None) => Err(Difference::new(
                format!("`{}`", command.name()),
                "that it goes through",
                format!(
                    "refused: {}: {}{}",
                    refused.code,
                    refused.message,
                    self.hint(step)
                ),
            )),
            (Err(refused), Some(refusal)) => Ok(unlike(&refused, refusal)),
        }
    }
}

impl Running<'_> {
    /// What was probably meant by words of a step that nobody knows.
    fn hint(&self, step: &Step) -> String {
        let known = &self.names.known;
        let status = step.to.as_ref().filter(|_| step.transition.is_some());
        let mut hints = vec![status.map(|to| known.status(to))];
        for name in [&step.agent, &step.team] {
            hints.push(name.as_ref().map(|name| self.names.hint(name)));
        }
        let type_code = step.fields.get("type").and_then(toml::Value::as_str);
        hints.push(
            type_code
                .or(step.type_code.as_deref())
                .map(|t| known.type_code(t)),
        );
        hints.extend(step.fields.keys().map(|name| Some(known.field(name))));
        let found = hints.into_iter().flatten().find(|hint| !hint.is_empty());
        found.unwrap_or_default()
    }
}

/// Whether a refusal says that a rule could not be run.
fn is_of_a_failure(refusal: &Refusal) -> bool {
    let broken = |code: &str| ["rule_broken", "rule_suspended"].contains(&code);
    match refusal {
        Refusal::Code(code) => broken(code),
        Refusal::Detail(detail) => {
            let faults = detail.faults.iter().flatten();
            detail.code.iter().chain(faults).any(|code| broken(code))
        }
    }
}

/// A refusal as a scenario expects it, in words.
fn expected(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Code(code) => format!("`{code}`"),
        Refusal::Detail(detail) => {
            let code = detail.code.iter().map(|code| format!("`{code}`"));
            let faults = detail
                .faults
                .iter()
                .map(|all| format!("the faults {all:?}"));
            let says = detail.says.all().iter().map(|p| format!("the words `{p}`"));
            let status = detail.status.iter().map(|s| format!("the status {s}"));
            let parts: Vec<String> = code.chain(status).chain(faults).chain(says).collect();
            parts.join(" with ")
        }
    }
}

impl Running<'_> {
    /// How the result of a named action differs from the expected one.
    fn unlike_result(&self, step: &Step, reply: &Reply) -> Result<Option<Difference>, Difference> {
        let Some(wanted) = &step.result else {
            return Ok(None);
        };
        let wanted = Json::Object(self.names.object(wanted)?);
        let got = reply.result.as_deref().map(serde_json::from_str);
        let got: Json = got.and_then(Result::ok).unwrap_or(Json::Null);
        let differs = got != wanted;
        Ok(differs.then(|| Difference::new("the result", wanted.to_string(), got.to_string())))
    }
}

/// How a refusal differs from the expected one.
fn unlike(refused: &Refused, wanted: &Refusal) -> Option<Difference> {
    let detail = match wanted {
        Refusal::Code(code) => RefusalDetail {
            code: Some(code.clone()),
            status: None,
            faults: None,
            says: Pieces::default(),
        },
        Refusal::Detail(detail) => detail.clone(),
    };
    let mut got: Vec<String> = refused.faults.iter().map(|f| f.code.clone()).collect();
    got.sort();
    let has_code = |code: &String| *code == refused.code || got.contains(code);
    let has_faults = |faults: &Vec<String>| {
        let mut faults = faults.clone();
        faults.sort();
        faults == got
    };
    // The desk itself answers without one.
    let has_status = |status| refused.status.is_none_or(|got| got == status);
    let says = |piece: &String| refused.message.contains(piece);
    let alike = detail.code.as_ref().is_none_or(has_code)
        && detail.faults.as_ref().is_none_or(has_faults)
        && detail.status.is_none_or(has_status)
        && detail.says.all().iter().all(says);
    let message = &refused.message;
    let status = refused.status.map(|s| format!("{s} ")).unwrap_or_default();
    let seen = || match got.is_empty() {
        true => format!("{status}`{}`: {message}", refused.code),
        false => format!(
            "{status}`{}` with the faults {got:?}: {message}",
            refused.code
        ),
    };
    (!alike).then(|| Difference::new("the refusal", expected(wanted), seen()))
}
