//! A compiled file of rules, and running its functions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FnAccess, Position, Scope};

use super::context::Context;
use super::convert::kind_of;
use super::engine::ScriptHost;
use super::fault::{self, ScriptFault, Source, closest, number};
use super::{lines, lint, meter, names};
use crate::hooks::{
    Call, Coverage, Failure, FailureKind, Named, Outcome, Place, Runner, Step, Texts, Traced,
    Usage, watch,
};

/// How long a call that took all its time may take again to see where it is: about is enough there.
const AGAIN_AT_LEAST: Duration = Duration::from_millis(15);

/// A compiled file of rules.
#[derive(Clone)]
pub struct Script {
    host: ScriptHost,
    source: Source,
    ast: Arc<AST>,
    texts: Arc<Texts>,
}

impl Script {
    pub(super) fn compile(host: &ScriptHost, source: Source) -> Result<Self, ScriptFault> {
        let most = host.0.limits.source_bytes;
        if source.text.len() > most {
            return Err(source.fault(
                Position::NONE,
                format!(
                    "the file has {} bytes, {most} are the limit; split it",
                    source.text.len()
                ),
            ));
        }
        let compiled = catch_unwind(AssertUnwindSafe(|| host.0.engine.compile(&*source.text)));
        let ast = match compiled {
            Ok(Ok(ast)) => ast,
            Ok(Err(error)) => return Err(source.parse_fault(&error)),
            Err(_) => {
                return Err(source.fault(Position::NONE, "the compiler could not read the file"));
            }
        };
        if let Some(statement) = ast.statements().first() {
            let message = "a rule file holds functions only, and this would never run; put it into a function";
            return Err(source.fault(statement.position(), message));
        }
        let script = Self {
            host: host.clone(),
            source,
            ast: Arc::new(ast),
            texts: Arc::default(),
        };
        if let Some(fault) = script.hidden_method() {
            return Err(fault);
        }
        if let Some(coverage) = &host.0.coverage {
            let Source { pack, file, .. } = &script.source;
            coverage.add_file(pack, file, lines::of(&script.ast));
        }
        Ok(script)
    }

    /// The file with the strings and templates that its pack has.
    #[must_use]
    pub fn with_texts(self, texts: Arc<Texts>) -> Self {
        Self { texts, ..self }
    }

    /// What the file calls and does not exist. `rules` are the functions that rules call: of them it is
    /// known that their parameter is the hook.
    #[must_use]
    pub fn unknown_calls(&self, rules: &[&str]) -> Vec<ScriptFault> {
        lint::faults(
            &self.ast,
            &self.source,
            (self.host.0.known(), &self.texts),
            rules,
        )
    }

    /// The names that the file gives as they stand and that `rules`, functions which rules call, come
    /// to.
    #[must_use]
    pub fn names(&self, rules: &[&str]) -> Vec<Named> {
        names::of(&self.ast, &self.source, rules)
    }

    /// `c.ask(x)` would call a function `ask` of the file with `x` for its parameter.
    fn hidden_method(&self) -> Option<ScriptFault> {
        let mut names = self.ast.iter_functions().map(|f| f.name);
        let name = names.find(|name| super::methods().iter().any(|m| m.name == *name))?;
        let message = format!(
            "a function `{name}` would be called in place of `c.{name}`; give it another name"
        );
        Some(self.source.fault(self.position_of(name), message))
    }

    /// Pack of the file.
    #[must_use]
    pub fn pack(&self) -> &str {
        &self.source.pack
    }

    /// The file, as the pack names it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.source.file
    }

    /// Names and numbers of parameters of the functions that are not private, by name.
    #[must_use]
    pub fn functions(&self) -> Vec<(String, usize)> {
        let mut all: Vec<(String, usize)> = self
            .ast
            .iter_functions()
            .filter(|f| f.access == FnAccess::Public && !f.name.starts_with("anon$"))
            .map(|f| (f.name.to_owned(), f.params.len()))
            .collect();
        all.sort();
        all
    }

    /// What runs a function of the file as a rule.
    ///
    /// # Errors
    /// When there is no such function with one parameter.
    pub fn runner(&self, function: &str) -> Result<Arc<dyn Runner>, ScriptFault> {
        let all = self.functions();
        if all
            .iter()
            .any(|(name, arity)| name == function && *arity == 1)
        {
            return Ok(Arc::new(FunctionRunner {
                script: self.clone(),
                function: function.into(),
            }));
        }
        let short: String = function.chars().take(64).collect();
        if let Some((_, arity)) = all.iter().find(|(name, _)| name == function) {
            let message =
                format!("the hook `{short}` takes {arity} parameters; write `fn {short}(c)`");
            return Err(self.source.fault(self.position_of(function), message));
        }
        let message = format!("there is no function `{short}`; write `fn {short}(c) {{ … }}`");
        let mut fault = self.source.fault(Position::NONE, message);
        let near = closest(function, all.iter().map(|(name, _)| name.as_str()));
        fault.suggestion = near.map(str::to_owned);
        Err(fault)
    }

    /// Where a function begins.
    fn position_of(&self, function: &str) -> Position {
        let begins = |line: &str| {
            let line = line.trim_start();
            let line = line.strip_prefix("private ").unwrap_or(line).trim_start();
            let name = line.strip_prefix("fn ").map(str::trim_start);
            let rest = name.and_then(|name| name.strip_prefix(function));
            // A name may begin with another one.
            rest.is_some_and(|rest| rest.trim_start().starts_with('('))
        };
        let found = self.source.text.lines().position(begins);
        found
            .and_then(|n| u16::try_from(n + 1).ok())
            .map_or(Position::NONE, |line| Position::new(line, 1))
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Script({}, {})", self.source.pack, self.source.file)
    }
}

struct FunctionRunner {
    script: Script,
    function: Arc<str>,
}

impl Runner for FunctionRunner {
    fn nature(&self) -> &'static str {
        "script"
    }

    fn call(&self, call: &Call) -> Result<Outcome, Failure> {
        match &self.script.host.0.coverage {
            None => self.call_on(&self.script.host.0.engine, call),
            Some(coverage) => self.call_watched(coverage, call),
        }
    }

    fn trace(&self, call: &Call) -> Traced {
        meter::keep_lines();
        let result = self.call_on(self.script.host.0.tracer(), call);
        let lines = meter::take_lines();
        let step = |line: usize| Step {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            text: self.script.source.line(line),
        };
        Traced {
            result,
            steps: lines.into_iter().map(step).collect(),
        }
    }

    fn place(&self) -> Option<Place> {
        let line = self.script.position_of(&self.function).line();
        Some(Place {
            file: self.script.source.file.to_string(),
            line: line.and_then(|l| u32::try_from(l).ok()).unwrap_or(0),
        })
    }
}

impl FunctionRunner {
    fn call_watched(&self, coverage: &Coverage, call: &Call) -> Result<Outcome, Failure> {
        meter::keep_ran();
        let result = self.call_on(self.script.host.0.tracer(), call);
        let Source { pack, file, .. } = &self.script.source;
        coverage.add_lines(pack, file, meter::take_ran().into_iter().map(number));
        result
    }

    fn time_limit(&self) -> Duration {
        Duration::from_millis(self.script.host.0.limits.millis)
    }

    fn call_on(&self, engine: &Engine, call: &Call) -> Result<Outcome, Failure> {
        let limits = self.script.host.0.limits;
        meter::begin(self.time_limit());
        let context = Context::new(call, limits, &self.script.texts);
        let result = self.run(engine, &context);
        let usage = Usage {
            used: meter::operations().min(limits.operations),
            budget: limits.operations,
        };
        match result {
            Ok(Ok(answer)) if answer.is_unit() => Ok(Outcome {
                decision: context.finish(),
                usage,
            }),
            Ok(Ok(answer)) => Err(self.strange_answer(&answer, usage)),
            Ok(Err(error)) => Err(self.failure(call, &error, usage)),
            Err(_) => Err(Failure {
                kind: FailureKind::Broken,
                message: self.message((0, 0), "the script made the interpreter fail"),
                usage,
            }),
        }
    }
}

type Ran = std::thread::Result<Result<Dynamic, Box<EvalAltResult>>>;

impl FunctionRunner {
    fn run(&self, engine: &Engine, context: &Context) -> Ran {
        catch_unwind(AssertUnwindSafe(|| {
            engine.call_fn_with_options::<Dynamic>(
                CallFnOptions::new().eval_ast(false),
                &mut Scope::new(),
                &self.script.ast,
                &self.function,
                (context.clone(),),
            )
        }))
    }

    /// A hook decides by calling `c`; an answer would be lost without a word.
    fn strange_answer(&self, answer: &Dynamic, usage: Usage) -> Failure {
        let text = format!(
            "the hook `{}` answers {}, which means nothing: decide by calling `c`, and end the last line with `;`",
            self.function,
            kind_of(answer)
        );
        let at = self.script.position_of(&self.function);
        Failure {
            kind: FailureKind::Broken,
            message: self.message((at.line().unwrap_or(0), 1), &text),
            usage,
        }
    }

    fn failure(&self, call: &Call, error: &EvalAltResult, usage: Usage) -> Failure {
        let inner = error.unwrap_inner();
        let kind = if is_overrun(inner) {
            FailureKind::OverBudget
        } else {
            FailureKind::Broken
        };
        let position = inner.position();
        let place = match position.line() {
            Some(line) => (line, fault::column(position)),
            // Rhai loses the place of errors that no script may catch.
            None if fault::text(inner) == watch::HELD => (0, 0),
            None => self.find_place(call, usage.used),
        };
        Failure {
            kind,
            message: self.message(place, &self.explain(call, inner)),
            usage,
        }
    }

    fn explain(&self, call: &Call, error: &EvalAltResult) -> String {
        let limits = &self.script.host.0.limits;
        let hook = format!("{}, `{}`,", call.hook, self.function);
        match error {
            EvalAltResult::ErrorTooManyOperations(_) => format!(
                "{hook} used up its {} operations; is there a loop that does not end?",
                limits.operations
            ),
            EvalAltResult::ErrorStackOverflow(_) => format!(
                "{hook} calls more than {} functions inside one another",
                limits.call_depth
            ),
            EvalAltResult::ErrorTooManyVariables(_) => {
                format!("{hook} has more than {} variables", limits.variables)
            }
            EvalAltResult::ErrorDataTooLarge(what, _) => {
                let (what, most) = match what.to_lowercase() {
                    w if w.contains("string") || w.contains("text") => {
                        ("text with more bytes than", limits.text_bytes)
                    }
                    w if w.contains("array") => ("list with more items than", limits.list_items),
                    _ => ("map with more entries than", limits.map_entries),
                };
                format!("{hook} made a {what} {most}")
            }
            EvalAltResult::ErrorTerminated(..) => format!("{hook} {}", fault::text(error)),
            _ => fault::text(error),
        }
    }

    /// Runs the call again, slowly, to see where it is cut off. A call is a pure function, so it comes
    /// to the same place, or close to it: both together take no longer than one may.
    fn find_place(&self, call: &Call, operations: u64) -> (usize, usize) {
        let host = &self.script.host.0;
        meter::begin_again(operations, meter::left().max(AGAIN_AT_LEAST));
        // What it decides this time is thrown away.
        let context = Context::new(call, host.limits, &self.script.texts);
        let _ = self.run(host.tracer(), &context);
        match meter::place() {
            (0, _) => (
                self.script.position_of(&self.function).line().unwrap_or(0),
                1,
            ),
            place => place,
        }
    }

    /// `pack PACK, FILE:LINE:COLUMN: text` and the line of the file.
    fn message(&self, (line, column): (usize, usize), text: &str) -> String {
        let source = &self.script.source;
        let mut said = format!("pack {}, {}", source.pack, source.file);
        if line > 0 {
            said.push_str(&format!(":{line}:{column}"));
        }
        said.push_str(": ");
        said.push_str(text);
        let shown = source.line(line);
        if !shown.is_empty() {
            said.push_str("\n  | ");
            said.push_str(&shown);
        }
        said
    }
}

/// Whether the error is a limit that was reached.
fn is_overrun(error: &EvalAltResult) -> bool {
    matches!(
        error,
        EvalAltResult::ErrorTooManyOperations(_)
            | EvalAltResult::ErrorTooManyVariables(_)
            | EvalAltResult::ErrorStackOverflow(_)
            | EvalAltResult::ErrorDataTooLarge(..)
            | EvalAltResult::ErrorTerminated(..)
    )
}
