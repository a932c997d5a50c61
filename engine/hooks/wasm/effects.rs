//! Effects that plugins return.

use super::bindings::types::{Effect as Wit, Visibility as WitVisibility};
use super::fault::Fault;
use super::values::{from_wit, id, instant, list, list_up_to, short, some_text, text};
use crate::domain::Kind;
use crate::domain::entry::Visibility;
use crate::hooks::{Effect, Spot};

/// Most effects of one decision.
const MAX_EFFECTS: usize = 64;

/// The effects of a decision, in order.
pub(super) fn effects(items: Vec<Wit>) -> Result<Vec<(Effect, Spot)>, Fault> {
    list_up_to(MAX_EFFECTS, "effects", items, |e| {
        effect(e).map(|e| (e, Spot::default()))
    })
}

fn effect(effect: Wit) -> Result<Effect, Fault> {
    Ok(match effect {
        Wit::Set(change) => Effect::Set {
            field: text(change.field)?,
            value: change.value.map(from_wit).transpose()?,
        },
        Wit::Transition(to) => Effect::Transition { to: text(to)? },
        Wit::Assign(to) => Effect::Assign {
            agent: some_text(to.agent)?,
            team: some_text(to.team)?,
        },
        Wit::Comment(comment) => Effect::Comment {
            visibility: match comment.visibility {
                WitVisibility::Public => Visibility::Public,
                WitVisibility::Internal => Visibility::Internal,
            },
            text: text(comment.text)?,
        },
        Wit::Create(new) => Effect::Create {
            kind: kind(&new.kind)?,
            type_code: some_text(new.type_code)?,
            fields: list(new.fields, |(name, value)| {
                Ok((text(name)?, from_wit(value)?))
            })?,
            relation: text(new.relation)?,
        },
        Wit::Link(link) => Effect::Link {
            relation: text(link.relation)?,
            kind: kind(&link.kind)?,
            to: id(&link.to)?,
        },
        Wit::Tag(label) => Effect::Tag(text(label)?),
        Wit::Untag(label) => Effect::Untag(text(label)?),
        Wit::Schedule(timer) => Effect::Schedule {
            name: text(timer.name)?,
            at: instant(timer.at)?,
            data: text(timer.data)?,
        },
        Wit::Unschedule(name) => Effect::Unschedule { name: text(name)? },
        Wit::Notify(notice) => Effect::Notify {
            to: text(notice.to)?,
            channel: text(notice.channel)?,
            subject: text(notice.subject)?,
            text: text(notice.text)?,
        },
        Wit::Webhook(call) => Effect::Webhook {
            name: text(call.name)?,
            body: text(call.body)?,
        },
        Wit::Custom((kind, data)) => Effect::Custom {
            kind: text(kind)?,
            data: text(data)?,
        },
    })
}

/// A kind of record.
pub(super) fn kind(name: &str) -> Result<Kind, Fault> {
    Kind::named(name).ok_or_else(|| {
        Fault::broken(format!(
            "`{}` is not a kind of record; the kinds are {}",
            short(name),
            Kind::ALL.map(Kind::name).join(", ")
        ))
    })
}
