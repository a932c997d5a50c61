//! What a call costs. Run with `OPORA_COST=1 cargo test --release --test hooks cost -- --nocapture`.

use std::time::Instant;

use super::fixtures;
use super::support::guest;

#[test]
fn cost_of_a_call() {
    if std::env::var_os("OPORA_COST").is_none() {
        return;
    }
    let guest = guest();
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
        let runner = guest.runner(fixture.hook).expect("the hook");
        let mut micros: Vec<f64> = (0..2_000)
            .map(|_| {
                let start = Instant::now();
                let _ = std::hint::black_box(runner.call(&fixture.call));
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        micros.sort_by(f64::total_cmp);
        let used = runner.call(&fixture.call).map(|o| o.usage.used);
        eprintln!(
            "{name}: median {:.1} us, p99 {:.1} us, fuel {used:?}",
            micros[micros.len() / 2],
            micros[micros.len() * 99 / 100]
        );
    }
}
