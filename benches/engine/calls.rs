//! Time and allocations of a hook call, and of a whole command.

use std::time::Instant;

use opora::domain::{Kind, Value};
use opora::hooks::{ActorView, Call, Detail, Hook, RecordView, Rule};
use opora::packs::Catalog;
use opora_benches::kit::{Bed, Fallible, Mode, median, micros};
use stats_alloc::Region;

use super::ALLOCATOR;

pub fn cost(bed: &Bed, mode: &Mode) -> Fallible<()> {
    let catalog = bed.desk.catalog()?;
    let rules = Hook::ALL.into_iter().flat_map(|hook| catalog.rules(hook));
    for rule in rules {
        // The two that need no candidates, so that the call itself is what is measured.
        if matches!(rule.hook, Hook::RecordDefaults | Hook::RecordValidate) {
            hook_call(rule, &call_of(bed, &catalog, rule, Detail::None)?, mode)?;
        }
    }
    #[cfg(feature = "wasm")]
    plugin_call(bed, mode)?;
    let rounds = mode.pick(200, 5);
    bed.ticket(1)?;
    let region = Region::new(ALLOCATOR);
    for number in 0..rounds {
        bed.ticket(number)?;
    }
    let change = region.change();
    println!(
        "a create in all               {} allocations, {} B, the commit included",
        change.allocations as u64 / rounds,
        change.bytes_allocated as u64 / rounds
    );
    Ok(())
}

/// A call of the plugin that comes with the engine; each gets a fresh instance.
#[cfg(feature = "wasm")]
fn plugin_call(bed: &Bed, mode: &Mode) -> Fallible<()> {
    use opora::packs::{BuiltIn, PackFiles, load};

    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/satisfaction");
    let told = |faults: Vec<opora::packs::PackFault>| -> Box<dyn std::error::Error + Send + Sync> {
        faults
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
            .into()
    };
    let files = PackFiles::read_dir(&folder).map_err(told)?;
    let pack = load(
        &files,
        &BuiltIn::new(None).map_err(|fault| fault.to_string())?,
    )
    .map_err(told)?;
    let catalog = Catalog::build(&[pack.into()], &[]).map_err(told)?;
    for rule in catalog.rules(Hook::SurveyLogic) {
        let detail = Detail::SurveyReply {
            template: "rating".to_owned(),
            score: Some(4),
            scale: 5,
            comment: "quick and polite".to_owned(),
            answers: Vec::new(),
        };
        hook_call(rule, &call_of(bed, &catalog, rule, detail)?, mode)?;
    }
    Ok(())
}

fn hook_call(rule: &Rule, call: &Call, mode: &Mode) -> Fallible<()> {
    let turns: u32 = mode.pick(20_000, 100);
    let run = || -> Fallible<()> {
        rule.runner
            .call(call)
            .map(drop)
            .map_err(|failure| failure.message.into())
    };
    run()?;
    let region = Region::new(ALLOCATOR);
    run()?;
    let change = region.change();
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        for _ in 0..turns {
            run()?;
        }
        times.push(micros(started.elapsed()) / f64::from(turns));
    }
    println!(
        "hook call, {:<18} {:.1} us, {} allocations, {} B ({})",
        rule.hook.name(),
        median(times),
        change.allocations,
        change.bytes_allocated,
        rule.id()
    );
    Ok(())
}

/// A call on a new ticket.
fn call_of(bed: &Bed, catalog: &Catalog, rule: &Rule, detail: Detail) -> Fallible<Call> {
    let made = bed.ticket(7)?;
    let actor = opora::desk::Actor::System;
    let page = bed.desk.record(&actor, Kind::Ticket, made.id, None)?;
    let mut fields = page.record.fields;
    fields.insert("priority".to_owned(), Value::from("urgent"));
    Ok(Call {
        hook: rule.hook,
        pack: rule.pack.clone(),
        now: bed.desk.now(),
        actor: ActorView {
            role: "agent".to_owned(),
            id: None,
            locale: "ru".to_owned(),
        },
        record: std::sync::Arc::new(RecordView {
            id: made.id,
            kind: Kind::Ticket,
            fields,
            category: Some("new"),
        }),
        before: None,
        asked: std::sync::Arc::default(),
        related: std::sync::Arc::default(),
        options: catalog.options(&rule.pack).cloned().unwrap_or_default(),
        detail,
    })
}
