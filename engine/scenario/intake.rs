//! The intake in scenarios: its commands, searches for parties, the inbox and boards.

use serde_json::{Map, Value as Json};

use super::command::{Names, id_or_code, needed};
use super::compare::{is_code, same, shown};
use super::driver::{Driver, Seen, ShownCard, ShownParty};
use super::file::{Step, Then};
use super::report::Difference;
use super::words;
use crate::desk::{
    Acceptance, AskedIn, Command, Interaction, PartyHit, PartyQuery, PartyVariant, RecordPage,
    Reply, Responsible,
};
use crate::domain::entry::Direction;
use crate::domain::party::PartyMode;
use crate::domain::{Id, Kind};

/// The command of a step of the intake; none when it is none.
pub(super) fn command(
    step: &Step,
    names: &Names,
    (verb, on): (&str, &str),
    fields: &Map<String, Json>,
) -> Result<Option<Command>, String> {
    let fields = fields.clone();
    let object = |table: &Option<toml::Table>| table.as_ref().map(|t| names.object(t)).transpose();
    let record = |name: &Option<String>| name.as_deref().map(|n| names.get(n)).transpose();
    Ok(Some(match verb {
        "receive" => Command::Receive {
            event: Box::new(Interaction {
                event: step.event.clone().unwrap_or_else(|| "message".to_owned()),
                direction: match step.direction.as_deref() {
                    Some("out") => Direction::Out,
                    _ => Direction::In,
                },
                external_id: step.external_id.clone(),
                in_reply_to: step.in_reply_to.clone(),
                from: step.from.clone(),
                subject: step.subject.clone().unwrap_or_default(),
                agent: step.agent.as_deref().map(|a| id_or_code(names, a)),
                record: record(&step.to)?,
                type_code: step.type_code.clone(),
                fields,
                ..Interaction::message(on, &step.text.clone().unwrap_or_default())
            }),
        },
        "intake" => Command::StartIntake {
            origin: (on != "new").then(|| names.get(on)).transpose()?,
            fields,
        },
        "accept" => {
            let is_new = on == "new";
            Command::Accept {
                inquiry: match is_new {
                    true => None,
                    false => Some(names.get(on)?.1),
                },
                ask: Box::new(Acceptance {
                    type_code: step.type_code.clone(),
                    record: record(&step.to)?,
                    new_account: object(&step.new_account)?,
                    new_contact: object(&step.new_contact)?,
                    appeal: match is_new {
                        true => names.object(&step.arguments)?,
                        false => Map::new(),
                    },
                    fields,
                    ..Acceptance::default()
                }),
            }
        }
        "decline" => Command::Accept {
            inquiry: Some(names.get(on)?.1),
            ask: Box::new(Acceptance {
                decline: Some(needed(step.text.as_ref(), "text")?),
                ..Acceptance::default()
            }),
        },
        "register" => Command::Register {
            inquiry: names.get(on)?.1,
            account: object(&step.new_account)?,
            contact: object(&step.new_contact)?,
        },
        "convert" => Command::Convert {
            lead: names.get(on)?.1,
            type_code: step.type_code.clone(),
            fields,
        },
        _ => return Ok(None),
    }))
}

/// Gives names to what a command of the intake made: the inquiry of an event, and what became of it.
pub(super) fn name(step: &Step, reply: &Reply, names: &mut Names) {
    let told = reply.result.as_deref().map(serde_json::from_str::<Json>);
    let told = told.and_then(Result::ok).unwrap_or(Json::Null);
    let inquiry = told.get("inquiry").and_then(Json::as_str);
    let inquiry = inquiry.and_then(|id| id.parse().ok());
    let of_intake = [&step.intake, &step.accept, &step.register, &step.convert];
    match (&step.name, reply.kind) {
        (Some(name), _) if step.receive.is_some() => {
            let place = inquiry.map(|id| (Kind::Inquiry, id));
            if let Some((kind, id)) = place.or_else(|| Some((reply.kind?, reply.id))) {
                names.give(name, kind, id);
            }
        }
        (Some(name), Some(kind)) if of_intake.iter().any(|v| v.is_some()) => {
            names.give(name, kind, reply.id);
        }
        _ => {}
    }
    if let (Some(name), Some(kind)) = (&step.became, reply.kind) {
        names.give(name, kind, reply.id);
    }
}

/// Whose inquiries or cards are looked at: an agent by id, `nobody`, or everybody's.
pub(super) fn responsible(whose: Option<&str>) -> Seen<Responsible> {
    match whose {
        None => Ok(Responsible::Any),
        Some("nobody") => Ok(Responsible::Nobody),
        Some(id) => {
            let id = id.parse().map_err(|_| format!("`{id}` is no agent"))?;
            Ok(Responsible::Agent(id))
        }
    }
}

/// What of the inbox or of a board is not as it should be.
pub(super) fn columns(
    then: &Then,
    names: &Names,
    driver: &mut dyn Driver,
) -> Seen<Vec<Difference>> {
    let actor = names.actor(Some(then.by.as_deref().unwrap_or("system")), driver)?;
    let whose = |name: Option<&str>| -> Seen<Option<String>> {
        Ok(match name {
            None | Some("all") => None,
            Some("nobody") => Some("nobody".to_owned()),
            Some(name) => Some(names.get(name)?.1.to_string()),
        })
    };
    let mut differences = Vec::new();
    let mut expect = |what: String, wanted: &[String], got: &[Id]| -> Seen<()> {
        if ids(names, wanted)? != got {
            let got: Vec<String> = got.iter().map(|id| names.of(*id)).collect();
            differences.push(Difference::new(
                what,
                words::texts(wanted),
                words::texts(&got),
            ));
        }
        Ok(())
    };
    if let Some(of) = then.inbox.as_deref() {
        let got = driver.inbox(&actor, whose(Some(of))?.as_deref())?;
        expect(format!("the inbox of {of}"), &then.found, &got)?;
    }
    if let Some(type_code) = then.board.as_deref() {
        let whose = whose(then.whose.as_deref())?;
        let board = driver.board(&actor, type_code, whose.as_deref())?;
        for (name, wanted) in &then.columns {
            let is_it = |code: &String| match name.as_str() {
                "inbox" => code.is_empty(),
                name => is_code(code, name),
            };
            let found = board.iter().find(|(code, _)| is_it(code));
            let cards = found.map(|(_, cards)| cards.as_slice()).unwrap_or_default();
            let ids: Vec<Id> = cards.iter().map(|card| card.id).collect();
            expect(format!("column `{name}` of {type_code}"), wanted, &ids)?;
        }
        for (name, wanted) in &then.cards {
            let (_, id) = names.get(name)?;
            let mut all = board.iter().flat_map(|(_, cards)| cards);
            let card = all.find(|card| card.id == id);
            differences.extend(card_unlike(name, &names.object(wanted)?, card));
        }
    }
    Ok(differences)
}

/// What does not stand on a card as it should.
fn card_unlike(
    name: &str,
    wanted: &Map<String, Json>,
    card: Option<&ShownCard>,
) -> Vec<Difference> {
    let what = format!("the card of `{name}`");
    let Some(card) = card else {
        return vec![Difference::new(what, "on the board", "not there")];
    };
    let differs = |(key, value): (&String, &Json)| {
        let is = card.shows.get(key).filter(|is| !is.is_null());
        let fits = match is {
            Some(is) => same(key, value, is),
            None => value.as_str() == Some(""),
        };
        (!fits).then(|| {
            let what = format!("{what}, `{key}`");
            Difference::new(what, shown(Some(value)), shown(is))
        })
    };
    wanted.iter().filter_map(differs).collect()
}

/// What a search does not find as it should.
pub(super) fn search(
    then: &Then,
    query: &toml::Table,
    names: &Names,
    driver: &mut dyn Driver,
) -> Seen<Vec<Difference>> {
    let actor = names.actor(Some(then.by.as_deref().unwrap_or("system")), driver)?;
    let query = names.object(query)?;
    let found = driver.parties(&actor, &query)?;
    let mut differences = Vec::new();
    let mut expect = |what: &str, wanted: &[String], got: &[Id]| -> Seen<()> {
        let wanted_ids = ids(names, wanted)?;
        if wanted_ids != got {
            let got: Vec<String> = got.iter().map(|id| names.of(*id)).collect();
            let what = format!("{what} of {}", Json::Object(query.clone()));
            differences.push(Difference::new(
                what,
                words::texts(wanted),
                words::texts(&got),
            ));
        }
        Ok(())
    };
    let all: Vec<Id> = found.iter().filter_map(|p| p.id).collect();
    expect("the parties", &then.found, &all)?;
    let (Some(like), Some(first)) = (&then.first, found.first()) else {
        return Ok(differences);
    };
    let account: Vec<String> = like.account.iter().cloned().collect();
    if like.account.is_some() {
        let got: Vec<Id> = first.account.into_iter().collect();
        expect("the account of the first", &account, &got)?;
    }
    let lists = [
        ("the contacts of the first", &like.contacts, &first.contacts),
        ("the leads of the first", &like.leads, &first.leads),
        ("the tickets of the first", &like.tickets, &first.tickets),
        (
            "the duplicates of the first",
            &like.duplicates,
            &first.duplicates,
        ),
    ];
    for (what, wanted, got) in lists {
        if let Some(wanted) = wanted {
            expect(what, wanted, got)?;
        }
    }
    let fits = |reasons: &Vec<String>| {
        let mut pairs = reasons.iter().zip(&first.reasons);
        reasons.len() == first.reasons.len() && pairs.all(|(name, code)| is_code(code, name))
    };
    if let Some(reasons) = &like.reasons
        && !fits(reasons)
    {
        differences.push(Difference::new(
            "the reasons of the first".to_owned(),
            words::texts(reasons),
            words::texts(&first.reasons),
        ));
    }
    Ok(differences)
}

fn ids(names: &Names, wanted: &[String]) -> Seen<Vec<Id>> {
    wanted.iter().map(|name| Ok(names.get(name)?.1)).collect()
}

/// The query as the desk takes it.
pub(super) fn query(given: &Map<String, Json>) -> Seen<PartyQuery> {
    let mut query = PartyQuery {
        asked: Vec::new(),
        mode: PartyMode::Prefix,
        all: false,
        variant: PartyVariant::Open,
        type_code: None,
        inquiry: None,
        limit: 20,
        at_least: None,
    };
    for (name, value) in given {
        let text = value.as_str().unwrap_or_default();
        let wrong = || format!("`{name}` of a search may not be `{text}`");
        match name.as_str() {
            "mode" => query.mode = PartyMode::named(text).ok_or_else(wrong)?,
            "match" => query.all = text == "all",
            "variant" => query.variant = PartyVariant::named(text).ok_or_else(wrong)?,
            "type" => query.type_code = Some(text.to_owned()),
            "inquiry" => query.inquiry = Some(text.parse().map_err(|_| wrong())?),
            other => {
                let asked = AskedIn::named(other).ok_or_else(wrong)?;
                query.asked.push((asked, text.to_owned()));
            }
        }
    }
    Ok(query)
}

/// A party as scenarios look at it.
pub(super) fn party(hit: PartyHit) -> ShownParty {
    let all = |pages: &[RecordPage]| pages.iter().map(|p| p.record.id).collect();
    ShownParty {
        id: Some(hit.page.record.id),
        reasons: hit.reasons.into_iter().map(|r| r.field).collect(),
        account: hit.account.map(|page| page.record.id),
        contacts: all(&hit.contacts),
        leads: all(&hit.leads),
        tickets: all(&hit.tickets),
        duplicates: hit.duplicates,
    }
}
