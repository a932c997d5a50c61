//! The Rhai engine all scripts share.

use std::sync::{Arc, OnceLock};

use rhai::debugger::{DebuggerCommand, DebuggerEvent};
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Engine, OptimizationLevel};

use super::fault::{ScriptFault, Source};
use super::limits::ScriptLimits;
use super::lint::Known;
use super::program::Script;
use super::{
    access, choices, clocks, effects, events, intake, members, meter, notices, packs, restrict,
    search, stages, strings, time, views,
};
use crate::hooks::Coverage;

/// Compiles scripts and runs them; one for a process. Copies share everything.
#[derive(Clone)]
pub struct ScriptHost(pub(super) Arc<Host>);

pub(super) struct Host {
    pub(super) engine: Engine,
    pub(super) limits: ScriptLimits,
    pub(super) coverage: Option<Arc<Coverage>>,
    tracer: OnceLock<Engine>,
    known: OnceLock<Known>,
}

impl ScriptHost {
    /// A host with these limits.
    #[must_use]
    pub fn new(limits: ScriptLimits) -> Self {
        Self::watched(limits, None)
    }

    /// A host that notes which lines run; its calls are slow.
    #[must_use]
    pub fn covering(limits: ScriptLimits, coverage: Arc<Coverage>) -> Self {
        Self::watched(limits, Some(coverage))
    }

    fn watched(limits: ScriptLimits, coverage: Option<Arc<Coverage>>) -> Self {
        Self(Arc::new(Host {
            engine: build(&limits),
            limits,
            coverage,
            tracer: OnceLock::new(),
            known: OnceLock::new(),
        }))
    }

    /// The limits scripts run under.
    #[must_use]
    pub fn limits(&self) -> &ScriptLimits {
        &self.0.limits
    }

    /// Compiles a file of a pack.
    ///
    /// # Errors
    /// When the text is no script, holds anything but functions, or is over a limit.
    pub fn compile(&self, pack: &str, file: &str, source: &str) -> Result<Script, ScriptFault> {
        let source = Source {
            pack: pack.into(),
            file: file.into(),
            text: source.into(),
        };
        Script::compile(self, source)
    }
}

impl Host {
    /// An engine that notes where it is at every step; slow, and only used to find the line at which a
    /// call went over a limit.
    pub(super) fn tracer(&self) -> &Engine {
        self.tracer.get_or_init(|| {
            let mut engine = build(&self.limits);
            trace(&mut engine);
            engine
        })
    }
}

impl Host {
    /// Every function that scripts may call.
    pub(super) fn known(&self) -> &Known {
        self.known.get_or_init(Known::new)
    }
}

impl std::fmt::Debug for ScriptHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ScriptHost").field(&self.0.limits).finish()
    }
}

fn build(limits: &ScriptLimits) -> Engine {
    // A raw engine has no `sleep`, no `timestamp`, no `exit` and reads no files.
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    bound(&mut engine, limits);
    restrict::apply(&mut engine, limits);
    time::register(&mut engine);
    views::register(&mut engine);
    members::register(&mut engine);
    strings::register(&mut engine);
    effects::register(&mut engine);
    clocks::register(&mut engine);
    events::register(&mut engine);
    notices::register(&mut engine);
    access::register(&mut engine);
    choices::register(&mut engine);
    packs::register(&mut engine);
    intake::register(&mut engine);
    stages::register(&mut engine);
    search::register(&mut engine);
    engine
}

fn bound(engine: &mut Engine, limits: &ScriptLimits) {
    engine
        // `Full` would run registered functions while compiling and keep what they answered.
        .set_optimization_level(OptimizationLevel::Simple)
        .set_strict_variables(true)
        .set_max_operations(limits.operations)
        .set_max_string_size(limits.text_bytes)
        .set_max_array_size(limits.list_items)
        .set_max_map_size(limits.map_entries)
        .set_max_call_levels(limits.call_depth)
        .set_max_variables(limits.variables)
        .set_max_functions(limits.functions)
        .set_max_expr_depths(limits.outer_expression_depth, limits.expression_depth)
        // A shared table of strings is a lock between commands that run at the same time.
        .set_max_strings_interned(0)
        .on_progress(|operations| meter::tick(operations).map(Into::into));
}

#[expect(
    deprecated,
    reason = "not deprecated but marked as volatile by its authors; the version is pinned by the lock file"
)]
fn trace(engine: &mut Engine) {
    engine.register_debugger(
        |_, debugger| debugger,
        |_, event, _, _, position| {
            if let (DebuggerEvent::Step, Some(line)) = (event, position.line()) {
                meter::at(line, super::fault::column(position));
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
}
