//! Packs beside each other: one that looks at tickets of every type, and one whose tickets they are.

use std::path::Path;

use opora::desk::PackChange;
use opora::domain::Kind;
use opora::packs::{Given, PackFiles};
use serde_json::json;

use super::change;
use crate::support::TestDesk;

fn install(desk: &TestDesk, folder: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = PackFiles::read_dir(&root.join(folder)).unwrap();
    let grants = Given::All;
    change(desk, "", PackChange::Install { files, grants }).unwrap();
}

/// What the text says of urgency counts where the ticket's own pack has nothing to say of it.
#[test]
fn triage_says_nothing_against_the_pack_of_a_ticket() {
    let desk = TestDesk::bare();
    install(&desk, "scripts/support-1c");
    install(&desk, "plugins/triage");
    let priority = |of: &str, text: &str| {
        let ticket =
            json!({"type": format!("support-1c/{of}"), "title": text, "description": text});
        let id = desk.create(Kind::Ticket, ticket).unwrap().id;
        let record = desk.get(Kind::Ticket, id);
        record.text("priority").unwrap().to_owned()
    };
    let (calm, alarm) = (
        "Не к спеху, когда будет время",
        "Авария, ничего не работает",
    );
    assert_eq!(priority("critical_error", calm), "urgent");
    assert_eq!(priority("wish", alarm), "low");
    assert_eq!(priority("error", calm), "low");
    assert_eq!(priority("error", alarm), "urgent");
}
