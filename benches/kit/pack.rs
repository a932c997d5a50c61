//! A pack with a rule on every hook that the life of a ticket passes.

use opora::packs::PackFiles;

const MANIFEST: &str = r#"
[pack]
name = "bench"
version = "1.0.0"
engine = "0.1"
names = { en = "Bench", ru = "Замер" }

[options.late_minutes]
value = 30
names = { en = "Minutes until a reminder", ru = "Минут до напоминания" }

[[rule]]
name = "usual-severity"
hook = "record.defaults"
script = "rules.rhai"

[[rule]]
name = "urgent-needs-words"
hook = "record.validate"
script = "rules.rhai"

[[rule]]
name = "room-for-major"
hook = "form.rules"
script = "rules.rhai"

[[rule]]
name = "least-busy"
hook = "assign.select"
script = "rules.rhai"

[[rule]]
name = "level-of-account"
hook = "sla.select"
script = "rules.rhai"
reads = ["account"]

[[rule]]
name = "contract-in-force"
hook = "transition.guard"
script = "rules.rhai"
reads = ["contract"]

[[rule]]
name = "remind"
hook = "transition.effect"
script = "rules.rhai"
"#;

const DEFINITIONS: &str = r#"
[[type]]
code = "fault"
names = { en = "Fault", ru = "Неисправность" }
workflow = "work"
field_sets = ["fault"]

[[workflow]]
code = "work"
initial = "todo"
statuses = [
  { code = "todo", category = "new" },
  { code = "doing", category = "open" },
  { code = "waiting", category = "waiting", pauses = ["resolution"] },
  { code = "done", category = "done" },
]
transitions = [
  { from = "todo", to = "doing" },
  { from = "doing", to = "waiting" },
  { from = "waiting", to = "doing" },
  { from = "doing", to = "done", requires = ["solution"] },
  { from = "done", to = "doing" },
]

[[field_set]]
code = "fault"
[[field_set.fields]]
code = "room"
value = "text"
indexed = true
[[field_set.fields]]
code = "weight"
value = "int"
[[field_set.fields]]
code = "severity"
value = "enum"
options = [{ code = "minor" }, { code = "major" }]
"#;

const RULES: &str = r#"
fn usual_severity(c) {
    if c.record.severity == () {
        c.set("severity", if c.record.priority == "urgent" { "major" } else { "minor" });
    }
}

fn urgent_needs_words(c) {
    if c.record.priority == "urgent" && c.record.description == () {
        c.deny_field("description", "words_needed", "say what happened");
    }
}

fn room_for_major(c) {
    if c.record.severity == "major" {
        c.require("room");
    }
}

fn least_busy(c) {
    let skilled = c.agents_with("printers");
    let chosen = c.least_loaded(skilled);
    c.choose_agent(chosen, "least busy of those who know printers");
}

fn level_of_account(c) {
    if c.record.severity == "major" && c.has_level("gold") {
        c.choose_level("gold", "major faults");
    } else {
        c.choose_level("basic", "all others");
    }
}

fn contract_in_force(c) {
    if c.to_is("done") && c.related.contract != () && c.related.contract.title == "void" {
        c.deny("contract_void", "the contract is void");
    }
}

fn remind(c) {
    if c.to_is("doing") {
        c.schedule("remind", minutes(c.options.late_minutes), #{});
    } else {
        c.unschedule("remind");
    }
}
"#;

/// The pack that the benches install.
#[must_use]
pub fn bench_pack() -> PackFiles {
    PackFiles::from_texts(&[
        ("pack.toml", MANIFEST),
        ("definitions.toml", DEFINITIONS),
        ("rules.rhai", RULES),
    ])
}
