//! Runs the corpus. One test in a process of its own, so that it can count the memory.

use opora::hooks::script::{ScriptHost, ScriptLimits};
use opora::hooks::{Call, Failure, FailureKind, Outcome, Rule};
use opora::packs::{self, BuiltIn, Hosts, PackFault, PluginFile, PluginUnit, ScriptUnit};
use peak_alloc::PeakAlloc;

use super::corpus::{self, Case, PACK};
use super::desk;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Most memory that a case may add, in bytes.
const MAX_ADDED: usize = 64 << 20;
/// Linear memory of a plugin, which lies beside the heap: its limit, as if all of it was used.
const LINEAR: usize = 16 << 20;
/// Stack of a thread of the server.
const STACK_BYTES: usize = 2 << 20;
/// Fewest cases.
const MIN_CASES: usize = 90;

/// The engine's hosts, with a clock that a slow machine does not reach: what a script may do is told
/// by counting. Cases that only the clock stops have the usual one.
struct Patient {
    scripts: ScriptHost,
    usual: BuiltIn,
}

impl Hosts for Patient {
    fn compile_script(
        &self,
        pack: &str,
        file: &str,
        source: &str,
    ) -> Result<Box<dyn ScriptUnit>, PackFault> {
        match self.scripts.compile(pack, file, source) {
            Ok(script) => Ok(Box::new(script)),
            Err(fault) => Err(fault.into()),
        }
    }

    fn load_plugin(&self, plugin: &PluginFile<'_>) -> Result<Box<dyn PluginUnit>, PackFault> {
        self.usual.load_plugin(plugin)
    }
}

/// How a case ended.
struct End {
    ends: &'static str,
    text: String,
    added: usize,
}

#[test]
fn nothing_hostile_gets_through() {
    let patient = Patient {
        scripts: ScriptHost::new(ScriptLimits {
            millis: 120_000,
            ..ScriptLimits::default()
        }),
        usual: BuiltIn::new(None).expect("the hosts"),
    };
    let all = corpus::all();
    assert!(all.len() >= MIN_CASES, "only {} cases", all.len());
    let mut wrong = Vec::new();
    for name in corpus::files() {
        if all.iter().all(|case| case.file != name) {
            wrong.push(format!("{name}: corpus.toml does not say how it ends"));
        }
    }
    let mut most = (0, String::new());
    for case in &all {
        let end = run(
            case,
            if case.by_clock {
                &patient.usual
            } else {
                &patient
            },
        );
        if most.0 < end.added {
            most = (end.added, case.name());
        }
        let checked = check(case, &end).and_then(|()| desk::check(case, end.ends, &end.text));
        if let Err(why) = checked {
            wrong.push(format!("{}: {why}", case.name()));
        }
    }
    eprintln!(
        "{} cases; {} KiB added at most, by {}",
        all.len(),
        most.0 >> 10,
        most.1
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Loads the pack and calls its rule twice.
fn run(case: &Case, hosts: &dyn Hosts) -> End {
    let files = case.pack();
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let added = || MEMORY.peak_usage().saturating_sub(before);
    let pack = match packs::load(&files, hosts) {
        Ok(pack) => pack,
        Err(faults) => {
            let told = faults.iter().map(|f| format!("{} {f}", f.pack));
            return End {
                ends: "refused",
                text: told.collect::<Vec<_>>().join("\n"),
                added: added(),
            };
        }
    };
    let rule = pack.rules.first().expect("the rule");
    let call = case.call();
    let [first, second] = [(); 2].map(|()| attack(rule, &call));
    if !case.by_clock {
        assert_eq!(first, second, "{}", case.name());
    }
    let linear = if case.is_script() { 0 } else { LINEAR };
    let (ends, text) = match first {
        Ok(outcome) => ("answers", format!("{:?}", outcome.decision)),
        Err(failure) => {
            assert!(failure.usage.used <= failure.usage.budget, "{failure:?}");
            let ends = match failure.kind {
                FailureKind::OverBudget => "over_budget",
                FailureKind::Broken => "broken",
                FailureKind::NotReady => "not_ready",
            };
            (ends, failure.message)
        }
    };
    End {
        ends,
        text,
        added: added() + linear,
    }
}

/// Calls the rule on a thread with the stack of a server's thread.
fn attack(rule: &Rule, call: &Call) -> Result<Outcome, Failure> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let spawned = thread.spawn_scoped(scope, || rule.runner.call(call));
        let joined = spawned.expect("a thread").join();
        joined.expect("nothing may unwind out of a call")
    })
}

fn check(case: &Case, end: &End) -> Result<(), String> {
    let text = &end.text;
    if end.ends != case.ends {
        return Err(format!("ends as {}, not {}: {text}", end.ends, case.ends));
    }
    if end.added > MAX_ADDED {
        return Err(format!("adds {} MiB", end.added >> 20));
    }
    if case.says.is_empty() {
        return Err(format!("corpus.toml expects no words: {text}"));
    }
    // Whose it was, and where.
    let whose = match (end.ends, case.is_script()) {
        ("answers", _) => String::new(),
        ("refused", true) => format!("{PACK} {}", case.file),
        ("refused", false) => format!("{PACK} guest.wasm: plugin `{PACK} 1.0.0`"),
        (_, true) => format!("pack {PACK}, {}:", case.file),
        (_, false) => format!("plugin {PACK} 1.0.0, hook {}: ", case.hook),
    };
    if !text.starts_with(&whose) {
        return Err(format!("does not begin with `{whose}`: {text}"));
    }
    let missing = case.says.iter().find(|said| !text.contains(said.as_str()));
    missing.map_or(Ok(()), |said| Err(format!("does not say `{said}`: {text}")))
}
