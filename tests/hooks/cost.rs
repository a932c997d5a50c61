//! What a call costs. Fuel is exact and compared always; times are measured with
//! `OPORA_COST=1 cargo test --release --test hooks cost -- --nocapture`.

use std::sync::Arc;
use std::time::Instant;

use opora::hooks::wasm::Plugin;

use super::fixtures::{self, Fixture};
use super::support::{bytes, guest, host};

/// The guest as it was built for the first version of the contract, with eleven interfaces.
fn first() -> Arc<Plugin> {
    let component = bytes("tests/hooks/published/0.1.0.wasm");
    host()
        .load("conformance", "0.1.0", &component)
        .expect("it loads")
}

fn fuel(plugin: &Arc<Plugin>, fixture: &Fixture) -> Option<u64> {
    let outcome = plugin.runner(fixture.hook)?.call(&fixture.call);
    outcome.ok().map(|o| o.usage.used)
}

/// A hook costs what it costs alone, however many others its plugin and the contract have.
#[test]
fn more_hooks_make_no_call_dearer() {
    let (first, guest) = (first(), guest());
    let mut compared = 0;
    for fixture in fixtures::all().iter().filter(|f| f.only.is_none()) {
        if let (Some(before), Some(now)) = (fuel(&first, fixture), fuel(&guest, fixture)) {
            compared += 1;
            // The rules themselves read an option more here and there.
            assert!(
                now <= before + before / 10,
                "{}: {now} units of fuel, {before} before",
                fixture.name
            );
        }
    }
    assert!(compared > 20, "only {compared} fixtures were compared");
}

#[test]
fn cost_of_a_call() {
    if std::env::var_os("OPORA_COST").is_none() {
        return;
    }
    let (first, guest) = (first(), guest());
    for name in [
        "record.defaults/several",
        "transition.guard/refuses",
        "transition.effect/several",
        "assign.select/decides",
        "survey.logic/reply-weighted",
        "field.compute/several",
        "interaction.event/several",
        "sla.clock/level",
        "sla.event/decides",
        "record.changed/several",
        "action.run/several",
        "notify.compose/decides",
        "access.filter/nested",
    ] {
        let all = fixtures::all();
        let fixture = all.iter().find(|f| f.name == name).expect("the fixture");
        let mut times: [Vec<f64>; 2] = Default::default();
        // In turns, so that a busy machine slows both.
        for _ in 0..2_000 {
            for (plugin, micros) in [&guest, &first].into_iter().zip(&mut times) {
                if let Some(runner) = plugin.runner(fixture.hook) {
                    let start = Instant::now();
                    let _ = std::hint::black_box(runner.call(&fixture.call));
                    micros.push(start.elapsed().as_secs_f64() * 1e6);
                }
            }
        }
        let [now, before] = times.map(|mut micros| {
            micros.sort_by(f64::total_cmp);
            let at = |percent: usize| micros.get(micros.len() * percent / 100);
            at(50).zip(at(99)).map_or_else(
                || "not there".to_owned(),
                |(median, p99)| format!("median {median:.1} us, p99 {p99:.1} us"),
            )
        });
        eprintln!(
            "{name}: {now}, fuel {:?}; built for 0.1.0: {before}, fuel {:?}",
            fuel(&guest, fixture),
            fuel(&first, fixture)
        );
    }
}
