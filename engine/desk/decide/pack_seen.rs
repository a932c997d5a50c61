//! What an asker has seen of a pack: nobody changes a pack over a revision of somebody else's unseen.

use super::Deciding;
use crate::desk::active::DraftBase;
use crate::desk::{Error, ErrorKind, Result, catalogs};
use crate::store::Snapshot;

/// Most events of a pack that are looked through for its active revision.
const LOOKED_THROUGH: usize = 200;

impl Deciding<'_, '_> {
    /// Refuses to change a pack that is not active in the revision that the asker has seen.
    pub(super) fn refuse_other_revision(&self, name: &str) -> Result<()> {
        let active = self.ground.catalog.pack(name).map(|p| p.revision);
        let Some(expected) = self.request.if_revision else {
            return Ok(());
        };
        let short = |revision: &[u8; 32]| super::hex(revision).chars().take(12).collect::<String>();
        let why = match active {
            Some(active) if active == expected => return Ok(()),
            Some(_) => {
                let came = came(&*self.draft.snapshot, name)?;
                format!(
                    "{came}, revision {} is not the active one any more",
                    short(&expected)
                )
            }
            None => format!("pack `{name}` is not installed: no revision of it is active"),
        };
        Err(Error::new(ErrorKind::Stale, "stale_version", why))
    }

    /// Refuses a version where only a revision tells what the asker has seen.
    pub(super) fn refuse_version(&self) -> Result<()> {
        match self.request.if_match {
            None => Ok(()),
            Some(_) => Err(Error::field(
                "If-Match",
                "invalid_header",
                "name the revision of the pack that is active, as it was received: its 64 \
                 hexadecimal digits in quotes",
            )),
        }
    }
}

/// What became of a pack since a draft of it was begun; nothing while the draft stands on what is
/// active.
pub fn outdated(
    snapshot: &dyn Snapshot,
    name: &str,
    base: DraftBase,
    active: Option<[u8; 32]>,
) -> Result<Option<String>> {
    if base == DraftBase::Unknown || base == DraftBase::of(active) {
        return Ok(None);
    }
    let came = came(snapshot, name)?;
    Ok(Some(match active {
        Some(active) => format!(
            "{came}, after this draft was begun: compare the two, then activate or save it with \
             that revision as `If-Match`: \"{}\"",
            super::hex(&active)
        ),
        None => format!("{came}, after this draft was begun: drop it and save it anew"),
    }))
}

/// How the active revision of a pack came, in words: which, by whom and when.
fn came(snapshot: &dyn Snapshot, name: &str) -> Result<String> {
    let events = catalogs::events(snapshot, name, LOOKED_THROUGH)?;
    let changes = ["installed", "upgraded", "rolled_back", "removed"];
    let last = events
        .into_iter()
        .find(|(_, event)| changes.contains(&&*event.what));
    let Some((_, event)) = last else {
        return Ok(format!("pack `{name}` was changed"));
    };
    let revision: String = super::hex(&event.revision).chars().take(12).collect();
    let how = match &*event.what {
        "rolled_back" => "rolled back to",
        "removed" => "removed at",
        _ => "installed as",
    };
    Ok(format!(
        "pack `{name}` was {how} version {} (revision {revision}) by {} at {}",
        event.version,
        event.actor,
        event.at.to_rfc3339()
    ))
}
