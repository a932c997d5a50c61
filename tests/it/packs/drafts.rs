//! Drafts: files that an administrator works on before they run.

use opora::desk::{Actor, Command, PackChange, Request};
use opora::packs::Given;
use opora::store::Pos;

use super::{FIRST, change, files, first, manifest};

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
    save("# one\n", Some(two)).unwrap();
    assert_eq!(
        desk.desk
            .pack_draft("shop")
            .unwrap()
            .files
            .text("definitions.toml"),
        Some("# one\n")
    );
    // The same files once more are kept once more.
    save("# one\n", None).unwrap();
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
        let files = files(&manifest("1.1.0", ""), text);
        change(&desk, "shop", PackChange::SaveDraft { files }).unwrap()
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
