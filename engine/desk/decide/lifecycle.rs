//! `pack.lifecycle`: what a pack says when it comes, changes, rests and goes, and the records that it
//! brings. A pack that comes speaks by the rules that it comes with, in the catalog that it makes.

use std::sync::Arc;

use super::guard::NOWHERE;
use super::rules::Ruled;
use super::{Deciding, Ground, Input};
use crate::desk::allot::Allotment;
use crate::desk::draft::Draft;
use crate::desk::sight::Sight;
use crate::desk::{Error, Fault, Request, Result};
use crate::hooks::{Detail, Effect, Hook, LifecycleView, Phase};
use crate::packs::{Catalog, Loaded};

/// Something that happens to a pack, to be decided by the rules that will be in force.
pub struct Happening {
    /// The rules.
    pub catalog: Arc<Catalog>,
    /// The pack before.
    pub old: Option<Arc<Loaded>>,
    /// The pack after.
    pub new: Arc<Loaded>,
    /// What happens.
    pub phase: Phase,
}

impl<'g, 'a> Deciding<'g, 'a> {
    /// Goes on deciding by other rules.
    pub(super) fn by_rules_of<'h>(self, ground: &'h Ground<'a>) -> Deciding<'h, 'a>
    where
        'g: 'h,
    {
        Deciding {
            ground,
            sight: Sight::new(ground, &self.request.actor),
            actor: self.actor,
            request: self.request,
            allot: self.allot,
            draft: self.draft,
            input: self.input,
            cause: self.cause,
            chain: self.chain,
            follow: self.follow,
            result: self.result,
            created: self.created,
            went_too_deep: self.went_too_deep,
            counted: self.counted,
            next: None,
            happening: None,
            by_next: true,
            unanswered: None,
        }
    }

    /// What follows from a pack that comes or wakes: other packs' guards, its own word, its records.
    pub(super) fn happens(&mut self, happening: &Happening, dry_run: bool) -> Result<()> {
        let old = happening.old.as_deref();
        self.guard_pack(old, Some(&happening.new))?;
        let version = |pack: &Loaded| pack.manifest.version.clone();
        let (from, to) = (old.map(version), Some(version(&happening.new)));
        self.lifecycle(
            happening.new.name(),
            LifecycleView {
                pack: happening.new.name().to_owned(),
                phase: happening.phase,
                from,
                to,
                dry_run,
            },
            old,
        )?;
        if self.created == 0 {
            return Ok(());
        }
        self.settle(&[])
    }

    /// Asks the rules of a pack about what happens to it. They refuse together, or all their records
    /// are made.
    pub(super) fn lifecycle(
        &mut self,
        pack: &str,
        view: LifecycleView,
        old: Option<&Loaded>,
    ) -> Result<()> {
        let (kind, id) = NOWHERE;
        let is_going = matches!(view.phase, Phase::Disable | Phase::Remove);
        let detail = Detail::Lifecycle(Arc::new(view));
        self.scene(Hook::PackLifecycle, kind, id, &detail);
        let mut faults: Vec<Fault> = Vec::new();
        let mut rules = self.due_rules(Hook::PackLifecycle, kind, id);
        rules.retain(|rule| *rule.pack == *pack);
        for rule in rules {
            match self.call_rule(&rule, kind, id, &detail)? {
                Ok(Some(mut ruled)) => {
                    Self::only_new_seeds(&mut ruled, old);
                    let refusals = ruled.decision.refusals.iter();
                    faults.extend(refusals.map(|r| self.refusal(&rule, kind, None, r)));
                    if is_going && !ruled.decision.effects.is_empty() {
                        faults.push(Fault {
                            field: None,
                            code: "effect_not_allowed".to_owned(),
                            message: "a pack that rests or goes brings no records".to_owned(),
                            rule: Some(rule.id()),
                        });
                    }
                    if faults.is_empty() {
                        self.apply_effects(&ruled, kind, id)?;
                        faults.extend(self.undone(&ruled));
                    }
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(Error::refused("pack_refused", faults))
    }

    /// The effect of a rule that is about no record: a record without a link.
    pub(super) fn only_create(ruled: &Ruled, effect: &Effect) -> Result<()> {
        match effect {
            Effect::Create { relation, .. } if relation.is_empty() => Ok(()),
            other => Err(Error::field(
                "effect",
                "effect_not_allowed",
                format!(
                    "`{}` may create records without a relation only, not `{}`: there is no record \
                     to act on",
                    ruled.rule.hook,
                    other.name()
                ),
            )),
        }
    }
}

/// What would be refused if a pack came now; nothing is changed.
///
/// # Errors
/// When the store fails.
pub fn try_happening<'a>(
    ground: &Ground<'a>,
    request: &Request,
    allot: &mut Allotment<'a>,
    happening: &Happening,
) -> Result<Vec<Fault>> {
    let ground = ground.by_rules(Arc::clone(&happening.catalog));
    let mut deciding = Deciding {
        ground: &ground,
        actor: request.actor.clone(),
        sight: Sight::new(&ground, &request.actor),
        request,
        allot,
        draft: Draft::new(
            Arc::clone(&ground.snapshot),
            Arc::clone(&ground.service),
            ground.now,
        ),
        input: Input {
            command: "plan_pack".to_owned(),
            target: None,
            arguments: Vec::new(),
            asked: Vec::new(),
        },
        cause: None,
        chain: Vec::new(),
        follow: None,
        result: None,
        created: 0,
        went_too_deep: false,
        counted: false,
        next: None,
        happening: None,
        by_next: true,
        unanswered: None,
    };
    match deciding.happens(happening, true) {
        Ok(()) => Ok(Vec::new()),
        Err(error) if error.faults.is_empty() => Err(error),
        Err(error) => Ok(error.faults),
    }
}
