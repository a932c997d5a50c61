//! Revisions of a pack: what happened, going back, resting, leaving.

use opora::desk::{Actor, Command, PackChange};
use opora::domain::Kind;
use opora::packs::Given;
use serde_json::json;

use super::{FIRST, REPLACED, change, files, first, install, manifest, second, unreserved};

fn told(desk: &crate::support::TestDesk) -> Vec<(String, String, String)> {
    let events = desk.desk.pack_events("shop").unwrap();
    let each = events.into_iter();
    each.map(|e| (e.version, e.what, e.actor.unwrap()))
        .collect()
}

fn said(list: &[(&str, &str)]) -> Vec<(String, String, String)> {
    let each = list.iter();
    each.map(|(v, w)| ((*v).to_owned(), (*w).to_owned(), "admin".to_owned()))
        .collect()
}

#[test]
fn everything_that_happens_to_a_pack_is_kept() {
    let desk = first();
    desk.clock.advance(chrono::TimeDelta::hours(1));
    let more = FIRST.replace(
        "{ code = \"low\" }",
        "{ code = \"low\" }, { code = \"mid\" }",
    );
    install(&desk, &manifest("1.1.0", ""), &more).unwrap();
    let back = |to: Option<&str>| PackChange::RollBack {
        to: to.map(str::to_owned),
        grants: Given::Nothing,
    };
    change(&desk, "shop", back(None)).unwrap();
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.0.0");
    change(&desk, "shop", back(Some("1.1.0"))).unwrap();
    let events = desk.desk.pack_events("shop").unwrap();
    let oldest = events.last().unwrap();
    assert_eq!(oldest.at, Some(crate::support::at("2026-03-02T09:00:00Z")));
    change(&desk, "shop", back(Some(&oldest.revision[..8]))).unwrap();
    let error = change(&desk, "shop", back(Some("7.0.0"))).unwrap_err();
    assert_eq!(error.code, "no_such_revision");
    assert_eq!(
        told(&desk),
        said(&[
            ("1.0.0", "rolled_back"),
            ("1.1.0", "rolled_back"),
            ("1.0.0", "rolled_back"),
            ("1.1.0", "upgraded"),
            ("1.0.0", "installed"),
        ])
    );
    let old = desk.desk.pack_files("shop", None).unwrap();
    let new = desk.desk.pack_files("shop", Some("1.1.0")).unwrap();
    let diff = desk.desk.diff_packs(&old, &new);
    assert_eq!(diff.changes, ["added option shop/severity:mid"]);
    let lines = &diff.files[0].lines;
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with('+') && l.contains("mid")),
        "{lines:?}"
    );
    assert_eq!(
        desk.desk.pack_events("nobody").unwrap_err().code,
        "not_found"
    );
}

#[test]
fn going_back_again_leads_further_back() {
    let desk = first();
    for version in ["1.1.0", "1.2.0"] {
        install(&desk, &manifest(version, ""), FIRST).unwrap();
    }
    let version = || desk.desk.packs().unwrap()[0].version.clone();
    let back = |to: Option<&str>| {
        let (to, grants) = (to.map(str::to_owned), Given::Nothing);
        change(&desk, "shop", PackChange::RollBack { to, grants })
    };
    back(None).unwrap();
    assert_eq!(version(), "1.1.0");
    back(None).unwrap();
    assert_eq!(version(), "1.0.0");
    assert_eq!(back(None).unwrap_err().code, "no_such_revision");
    // Forward again by name, and what came before that is the one it was begun from.
    back(Some("1.2.0")).unwrap();
    back(None).unwrap();
    assert_eq!(version(), "1.0.0");
    // Nothing happens to a pack that is as it shall be.
    let events = desk.desk.pack_events("shop").unwrap().len();
    install(&desk, &manifest("1.0.0", ""), FIRST).unwrap();
    change(&desk, "shop", PackChange::Enable).unwrap();
    assert_eq!(desk.desk.pack_events("shop").unwrap().len(), events);
}

#[test]
fn a_pack_that_rests_keeps_its_records_and_takes_no_new_ones() {
    let desk = first();
    let made = desk.create(
        Kind::Ticket,
        json!({"type": "defect", "title": "x", "room": "1"}),
    );
    let id = made.unwrap().id;
    change(&desk, "shop", PackChange::Disable).unwrap();
    assert!(desk.desk.packs().unwrap()[0].disabled);
    let refused = desk.create(Kind::Ticket, json!({"type": "defect", "title": "x"}));
    assert!(
        refused
            .unwrap_err()
            .message
            .contains("takes no new records")
    );
    desk.transition(id, "bench").unwrap();
    // A new revision does not wake it.
    install(&desk, &manifest("2.0.0", REPLACED), &second()).unwrap();
    assert!(desk.desk.packs().unwrap()[0].disabled);
    assert_eq!(desk.get(Kind::Ticket, id).text("shop/place"), Some("1"));
    change(&desk, "shop", PackChange::Enable).unwrap();
    desk.create(Kind::Ticket, json!({"type": "fault", "title": "x"}))
        .unwrap();
}

#[test]
fn a_pack_that_leaves_takes_no_values_along() {
    let desk = crate::support::TestDesk::bare();
    install(&desk, &manifest("1.0.0", ""), &unreserved()).unwrap();
    let remove = || Command::RemovePack {
        name: "shop".to_owned(),
    };
    let made = desk.create(Kind::Ticket, json!({"type": "defect", "title": "x"}));
    let id = made.unwrap().id;
    assert_eq!(desk.run(remove()).unwrap_err().code, "in_use");
    desk.run(Command::Delete {
        kind: Kind::Ticket,
        id,
    })
    .unwrap();
    // A pack of fields alone leaves its values, and no index row of them.
    let fields = "[[field_set]]\ncode = \"more\"\nkind = \"account\"\nfields = [\
                  { code = \"region\", value = \"text\", indexed = true, unique = true }]\n";
    let head = "[pack]\nname = \"geo\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n";
    install(&desk, head, fields).unwrap();
    let account = json!({"title": "Alpha", "geo/region": "north"});
    let account = desk.create(Kind::Account, account).unwrap().id;
    desk.run(Command::RemovePack {
        name: "geo".to_owned(),
    })
    .unwrap();
    assert!(desk.desk.verify().unwrap().faults.is_empty());
    install(&desk, head, fields).unwrap();
    let kept = desk.get(Kind::Account, account);
    assert_eq!(kept.text("geo/region"), Some("north"));
    desk.run(remove()).unwrap();
    assert_eq!(desk.desk.packs().unwrap().len(), 1);
    assert_eq!(told(&desk)[0].1, "removed");
    change(
        &desk,
        "shop",
        PackChange::RollBack {
            to: Some("1.0.0".to_owned()),
            grants: Given::Nothing,
        },
    )
    .unwrap();
    assert_eq!(desk.desk.packs().unwrap().len(), 2);
}

#[test]
fn what_installing_would_do_is_told_first() {
    let desk = first();
    for n in 0..2 {
        let made = json!({"type": "defect", "title": "x", "room": format!("{n}")});
        desk.create(Kind::Ticket, made).unwrap();
    }
    let plan = desk
        .desk
        .plan_pack(&files(&manifest("2.0.0", REPLACED), &second()))
        .unwrap();
    assert_eq!(
        plan.moves,
        [
            "2 records from type shop/defect to shop/fault",
            "2 records from field shop/room to shop/place"
        ]
    );
    assert!(plan.refusals.is_empty() && plan.asks.is_empty(), "{plan:?}");
    assert!(
        plan.changes
            .contains(&"removed type shop/defect, replaced by shop/fault".to_owned()),
        "{plan:?}"
    );
    assert!(plan.left.contains(&"3 status".to_owned()), "{plan:?}");
    let plan = desk
        .desk
        .plan_pack(&files(&manifest("2.0.0", ""), &second()))
        .unwrap();
    assert_eq!(plan.refusals.len(), 2, "{plan:?}");
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.0.0");
}

#[test]
fn only_administrators_change_packs() {
    let desk = first();
    let command = Command::ChangePack {
        name: "shop".to_owned(),
        change: PackChange::Disable,
    };
    let agent = Actor::Agent {
        agent: Some(opora::domain::Id::MIN),
    };
    let error = desk
        .desk
        .run(&opora::desk::Request::by(agent), &command)
        .unwrap_err();
    assert_eq!(error.code, "forbidden");
}
