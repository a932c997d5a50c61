//! Drafts: files that an administrator works on before they run.

use opora::desk::{Actor, Command, ErrorKind, PackChange, Reply, Request, Result};
use opora::packs::Given;
use opora::store::Pos;

use super::{FIRST, change, files, first, install, manifest};
use crate::support::TestDesk;

#[test]
fn two_administrators_are_told_of_each_other() {
    let desk = first();
    let save = |text: &str, if_match: Option<Pos>| {
        let request = Request {
            if_match,
            ..Request::by(Actor::Admin { agent: None })
        };
        let files = files(&manifest("1.1.0", ""), text);
        let change = PackChange::SaveDraft { files };
        let command = Command::ChangePack {
            name: "shop".to_owned(),
            change,
        };
        desk.desk.run(&request, &command)
    };
    let one = save("# one\n", None).unwrap().pos;
    let draft = desk.desk.pack_draft("shop").unwrap();
    assert_eq!((draft.version, draft.actor.as_str()), (one, "admin"));
    let two = save("# two\n", Some(one)).unwrap().pos;
    assert_eq!(
        save("# three\n", Some(one)).unwrap_err().code,
        "stale_version"
    );
    let three = save("# one\n", Some(two)).unwrap().pos;
    let unseen = save("# four\n", None).unwrap_err();
    assert_eq!(
        (unseen.code, unseen.kind),
        ("draft_exists", ErrorKind::Conflict)
    );
    assert!(
        unseen.message.contains("saved by admin at 2026-"),
        "{unseen:?}"
    );
    assert_eq!(
        desk.desk
            .pack_draft("shop")
            .unwrap()
            .files
            .text("definitions.toml"),
        Some("# one\n")
    );
    // The same files once more are kept once more.
    save("# one\n", Some(three)).unwrap();
    assert_eq!(
        desk.desk
            .pack_draft("shop")
            .unwrap()
            .files
            .text("definitions.toml"),
        Some("# one\n")
    );
    change(&desk, "shop", PackChange::DropDraft).unwrap();
    assert_eq!(desk.desk.pack_draft("shop").unwrap_err().code, "not_found");
    assert_eq!(
        save("# late\n", Some(two)).unwrap_err().code,
        "stale_version"
    );
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.0.0");
}

#[test]
fn a_draft_becomes_the_active_revision_or_stays_a_draft() {
    let desk = first();
    let save = |text: &str| {
        let request = Request {
            if_match: desk.desk.pack_draft("shop").ok().map(|d| d.version),
            ..Request::by(Actor::Admin { agent: None })
        };
        let files = files(&manifest("1.1.0", ""), text);
        let change = PackChange::SaveDraft { files };
        let name = "shop".to_owned();
        desk.desk
            .run(&request, &Command::ChangePack { name, change })
            .unwrap()
    };
    let activate = || PackChange::ActivateDraft {
        grants: Given::Nothing,
    };
    save("[[type]]\ncode = \"defect\"\nwrokflow = \"work\"\n");
    let error = change(&desk, "shop", activate()).unwrap_err();
    assert!(
        error.message.contains("definitions.toml:3:1") && error.message.contains("`workflow`"),
        "{error:?}"
    );
    assert!(desk.desk.pack_draft("shop").is_ok());
    save(&FIRST.replace("code = \"low\"", "code = \"mild\""));
    change(&desk, "shop", activate()).unwrap();
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.1.0");
    assert!(desk.desk.pack_draft("shop").is_err());
    // What is active is kept when a draft of the same files goes.
    save(&FIRST.replace("code = \"low\"", "code = \"mild\""));
    change(&desk, "shop", PackChange::DropDraft).unwrap();
    assert!(desk.desk.pack_files("shop", None).is_ok());
    let hostile = opora::packs::PackFiles::from_texts(&[("../x", "y")]);
    let error = change(&desk, "shop", PackChange::SaveDraft { files: hostile }).unwrap_err();
    assert_eq!(error.code, "pack_invalid");
}

/// Changes the pack with what `If-Match` tells: the version of its draft, its active revision.
fn matching(
    desk: &TestDesk,
    (if_match, if_revision): (Option<Pos>, Option<[u8; 32]>),
    change: PackChange,
) -> Result<Reply> {
    let request = Request {
        if_match,
        if_revision,
        ..Request::by(Actor::Admin { agent: None })
    };
    let name = "shop".to_owned();
    desk.desk
        .run(&request, &Command::ChangePack { name, change })
}

fn active(desk: &TestDesk) -> [u8; 32] {
    desk.desk.pack_files("shop", None).unwrap().hash()
}

fn saving(version: &str) -> PackChange {
    PackChange::SaveDraft {
        files: files(&manifest(version, ""), FIRST),
    }
}

const ACTIVATE: PackChange = PackChange::ActivateDraft {
    grants: Given::Nothing,
};

#[test]
fn a_draft_replaces_only_the_revision_that_it_was_begun_from() {
    let desk = first();
    let old = active(&desk);
    let draft = matching(&desk, (None, None), saving("1.1.0")).unwrap().pos;
    assert_eq!(desk.desk.pack_draft("shop").unwrap().outdated, None);
    install(&desk, &manifest("2.0.0", ""), FIRST).unwrap();
    let new = active(&desk);
    // Saving it again does not hide that somebody else installed something.
    let draft = matching(&desk, (Some(draft), None), saving("1.2.0"));
    let draft = draft.unwrap().pos;
    let refused = matching(&desk, (Some(draft), None), ACTIVATE).unwrap_err();
    assert_eq!(
        (refused.code, refused.kind),
        ("draft_outdated", ErrorKind::Conflict)
    );
    for part in [
        "version 2.0.0",
        "by admin at 2026-03-02T09:00:00",
        "If-Match",
    ] {
        assert!(refused.message.contains(part), "{part}: {refused:?}");
    }
    let kept = desk.desk.pack_draft("shop").unwrap();
    assert_eq!(kept.outdated, Some(refused.message));
    assert_eq!(desk.desk.packs().unwrap()[0].version, "2.0.0");
    // One who names what was active before has not seen it, either.
    let stale = matching(&desk, (Some(draft), Some(old)), ACTIVATE).unwrap_err();
    assert_eq!(
        (stale.code, stale.kind),
        ("stale_version", ErrorKind::Stale)
    );
    assert!(stale.message.contains("version 2.0.0"), "{stale:?}");
    matching(&desk, (Some(draft), Some(new)), ACTIVATE).unwrap();
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.2.0");
}

#[test]
fn a_draft_is_put_on_top_of_the_active_revision_by_name() {
    let desk = first();
    let old = active(&desk);
    let draft = matching(&desk, (None, Some(old)), saving("1.1.0"))
        .unwrap()
        .pos;
    install(&desk, &manifest("2.0.0", ""), FIRST).unwrap();
    let new = active(&desk);
    let stale = matching(&desk, (Some(draft), Some(old)), saving("1.2.0")).unwrap_err();
    assert_eq!(stale.code, "stale_version");
    // The revision alone says nothing about the draft that is written over.
    let unseen = matching(&desk, (None, Some(new)), saving("1.2.0")).unwrap_err();
    assert_eq!(unseen.code, "draft_exists");
    let draft = matching(&desk, (Some(draft), Some(new)), saving("2.1.0"));
    let draft = draft.unwrap().pos;
    assert_eq!(desk.desk.pack_draft("shop").unwrap().outdated, None);
    matching(&desk, (Some(draft), None), ACTIVATE).unwrap();
    assert_eq!(desk.desk.packs().unwrap()[0].version, "2.1.0");
}

#[test]
fn a_revision_is_installed_over_the_one_that_was_seen() {
    let desk = first();
    let old = active(&desk);
    let installing = |version: &str| PackChange::Install {
        files: files(&manifest(version, ""), FIRST),
        grants: Given::Nothing,
    };
    matching(&desk, (None, Some(old)), installing("1.1.0")).unwrap();
    let now = Some(active(&desk));
    let to = Some("1.0.0".to_owned());
    let grants = Given::Nothing;
    for change in [
        installing("1.2.0"),
        PackChange::Disable,
        PackChange::RollBack { to, grants },
    ] {
        let stale = matching(&desk, (None, Some(old)), change.clone()).unwrap_err();
        assert_eq!(
            (stale.code, stale.kind),
            ("stale_version", ErrorKind::Stale)
        );
        assert!(stale.message.contains("version 1.1.0"), "{stale:?}");
        // The version of a record is no revision.
        let wrong = matching(&desk, (Some(Pos(1)), None), change).unwrap_err();
        assert_eq!(wrong.faults[0].code, "invalid_header");
    }
    matching(&desk, (None, now), installing("1.2.0")).unwrap();
}

#[test]
fn a_draft_of_another_packs_files_is_not_activated() {
    let desk = first();
    let name = "market".to_owned();
    change(&desk, &name, saving("1.1.0")).unwrap();
    let refused = change(&desk, &name, ACTIVATE).unwrap_err();
    assert_eq!(refused.faults[0].code, "other_pack");
    assert!(desk.desk.pack_draft("market").is_ok());
    assert_eq!(desk.desk.packs().unwrap()[0].version, "1.0.0");
}
