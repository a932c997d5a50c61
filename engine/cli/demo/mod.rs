//! `opora demo`: a desk full of demonstration data, whose history was lived through on a virtual
//! clock.

mod chance;
mod clock;
mod content;
mod course;
mod embedded;
mod mark;
mod moves;
mod parties;
mod plan;
mod replay;
mod stories;
mod talk;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Args;

use super::failure::{Failure, Outcome};
use super::folder::{Around, Folder, Opening, write_private};
use super::serve::Server;
use super::settings::{ServeArgs, Settings, Shared};
use super::{logging, out, pack, token};
use crate::desk::{Actor, Command, Desk, ListQuery, Request, SystemClock, VirtualClock};
use crate::domain::record::fields;
use crate::domain::{Instant, Kind, Record};
use crate::packs::PackFiles;
use crate::store::Pos;
use clock::DemoClock;
use content::Content;
use mark::{DemoFile, State};
use plan::Plan;
use replay::{Stage, Told};
use stories::Stories;

/// Flags of `opora demo`.
#[derive(Debug, Clone, Default, Args)]
pub struct DemoArgs {
    #[command(flatten)]
    serve: ServeArgs,
    /// Make the data and stop.
    #[arg(long)]
    load_only: bool,
}

/// Runs `opora demo`.
///
/// # Errors
/// When the folder holds another desk, or the data cannot be made.
pub fn demo(args: &DemoArgs, shared: &Shared) -> Outcome<()> {
    let mut settings = Settings::of(&args.serve, shared)?;
    settings.log.get_or_insert_with(|| "warn".to_owned());
    logging::start(&settings)?;
    let data = settings
        .data
        .clone()
        .unwrap_or_else(|| PathBuf::from("opora-data"));
    let folder = Folder::at(&data)?;
    let server = Server::bind(&settings)?;
    let link = server.survey_link(&settings);
    let place = folder.file("demo.json");
    let known = mark::read(&place)?;
    let offset = match known {
        Some(DemoFile {
            state: State::Ready,
            offset_seconds,
        }) => TimeDelta::seconds(offset_seconds),
        other => {
            if other.is_some() {
                clear(&folder)?;
            } else if folder.file("opora.redb").exists() {
                return Err(Failure::new(format!(
                    "`{}` holds a desk that is no demo; take another folder with --data, or \
                     `opora serve --data {0}`",
                    data.display()
                )));
            }
            load(&folder, &link)?
        }
    };
    if args.load_only {
        return Ok(());
    }
    let opening = out::spinner("opening the desk");
    let clock = Arc::new(DemoClock::with_offset(offset, place.clone()));
    let around = Around::new(clock.clone(), link).with_model_of(&settings);
    let desk = folder.open(Opening::Whole(around))?;
    // The machine's clock may have been set back: the desk's time goes on from where it was.
    let offset = clock.reach(last_instant(&desk)?);
    mark::write(&place, State::Ready, offset)?;
    install(&desk, true)?;
    opening.finish_and_clear();
    let shown = desk.clone();
    server.run(&folder, desk, &settings, |url| greet(&folder, &shown, url))
}

/// Removes what an interrupted loading left.
fn clear(folder: &Folder) -> Outcome<()> {
    let store = folder.file("opora.redb");
    if store.exists() {
        fs::remove_file(&store).map_err(|e| Failure::file(&store, &e))?;
    }
    let search = folder.file("search");
    if search.exists() {
        fs::remove_dir_all(&search).map_err(|e| Failure::file(&search, &e))?;
    }
    Ok(())
}

/// Makes the data; returns what the demo's clock is ahead of real time.
fn load(folder: &Folder, survey_link: &str) -> Outcome<TimeDelta> {
    let place = folder.file("demo.json");
    let content = Content::read()?;
    let now = SystemClock::machine_time();
    let end = now.max(first_end());
    mark::write(&place, State::Loading, TimeDelta::zero())?;
    let clock = Arc::new(VirtualClock::at(end - TimeDelta::days(plan::DAYS)));
    let around = Around::new(clock.clone(), survey_link.to_owned());
    let desk = folder.open(Opening::Whole(around))?;
    install(&desk, false)?;
    name_service(&desk)?;
    let bar = out::progress(parties::count(&content) as u64, "people and articles");
    let parties = parties::load(&desk, &content, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let plan = Plan::of(&content, end);
    let mut stories = Stories::of(&desk, &clock, &parties, survey_link, end)?;
    let steps = plan.steps.len() + stories.steps();
    let bar = out::progress(steps as u64, "90 days of tickets");
    let stage = Stage {
        desk: &desk,
        clock: &clock,
        parties: &parties,
        survey_link,
        end,
    };
    let told = replay::replay(stage, &plan, &mut stories, &|| bar.inc(1))?;
    drop(stories);
    bar.finish_and_clear();
    clock.advance_to(end);
    tokens(folder, &desk, &content, &parties)?;
    desk.close()?;
    let Told {
        tickets,
        refused,
        rated,
        broken,
    } = told;
    for why in broken {
        out::complain(&format!("a story of the demo ends early: {why}"));
    }
    if tickets == 0 {
        out::say("no pack with ticket types was found: the demo has no tickets")?;
    } else {
        out::say(&format!(
            "made {tickets} tickets over {} days: {rated} rated, {refused} steps refused by rules",
            plan::DAYS
        ))?;
    }
    // The history ends a little after it was begun to be made.
    let offset = (end - now).max(TimeDelta::zero());
    mark::write(&place, State::Ready, offset)?;
    Ok(offset)
}

/// Gives the desk the name and address that its mails leave under.
fn name_service(desk: &Desk) -> Outcome<()> {
    let text = |text: &str| serde_json::Value::from(text);
    let changes = [
        ("service_name", text("Служба поддержки")),
        ("sender", text("help@desk.example")),
    ];
    let changes = changes.map(|(name, value)| (name.to_owned(), value));
    let command = Command::ChangeSettings {
        changes: changes.into_iter().collect(),
    };
    desk.run(&Request::by(Actor::System), &command)?;
    Ok(())
}

/// The calendars know the holidays of 2026 and 2027: a machine whose clock stands earlier is shown
/// a later time.
fn first_end() -> Instant {
    "2026-06-01T12:00:00Z".parse().unwrap_or_default()
}

/// Tokens to try the API with: an administrator's, an agent's and a customer's.
fn tokens(
    folder: &Folder,
    desk: &Desk,
    content: &Content,
    parties: &parties::Parties,
) -> Outcome<()> {
    let admin = token::make(desk, Actor::Admin { agent: None }, "demo administrator")?;
    write_private(&folder.file("admin-token"), admin.as_bytes())?;
    if let Some(agent) = content.agents.first() {
        let agent = Some(parties.id(Kind::Agent, &agent.code)?);
        let secret = token::make(desk, Actor::Agent { agent }, "demo agent")?;
        write_private(&folder.file("agent-token"), secret.as_bytes())?;
    }
    if let Some(person) = content.contacts.iter().find(|c| c.portal) {
        let contact = parties.id(Kind::Contact, &person.code)?;
        let account = parties.id(Kind::Account, &person.account)?;
        let secret = token::make(desk, Actor::Contact { contact, account }, "demo customer")?;
        write_private(&folder.file("portal-token"), secret.as_bytes())?;
    }
    Ok(())
}

/// Installs the packs and plugins, each after those it requires. At a later start only those that
/// are new or another version.
fn install(desk: &Desk, only_new: bool) -> Outcome<()> {
    let active: BTreeMap<String, String> = desk
        .packs()?
        .into_iter()
        .map(|p| (p.name, p.revision))
        .collect();
    let mut waiting: Vec<(String, PackFiles)> = found_packs()?.into_iter().collect();
    waiting.retain(|(_, files)| {
        let revision = crate::api::hex(&files.hash());
        !(only_new && active.values().any(|known| *known == revision))
    });
    while !waiting.is_empty() {
        let mut left = Vec::new();
        let mut refused = Vec::new();
        let before = waiting.len();
        for (name, files) in waiting {
            let command = Command::InstallPack {
                files: files.clone(),
            };
            if let Err(e) = desk.run(&Request::by(Actor::System), &command) {
                refused.push(format!("pack `{name}` was left out: {}", e.message));
                left.push((name, files));
            }
        }
        if left.len() == before {
            // The demo shows what can be shown; a broken pack is told and left out.
            refused.iter().for_each(|text| out::complain(text));
            return Ok(());
        }
        waiting = left;
    }
    Ok(())
}

/// The packs of `scripts/` and `plugins/` where the program stands, else those it was built with.
fn found_packs() -> Outcome<BTreeMap<String, PackFiles>> {
    let mut packs = BTreeMap::new();
    for root in ["scripts", "plugins"] {
        let Ok(entries) = fs::read_dir(root) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.join("pack.toml").is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                packs.insert(name, pack::files(&path)?);
            }
        }
    }
    if packs.is_empty() {
        packs = embedded::packs();
    }
    Ok(packs)
}

/// When the last change was made.
fn last_instant(desk: &Desk) -> Outcome<Instant> {
    let before = Pos(desk.pos().0.saturating_sub(1));
    let events = desk.events(&Actor::System, before, 1)?;
    Ok(events
        .first()
        .map_or_else(SystemClock::machine_time, |e| e.at))
}

/// The body of a request for one more ticket like this one: what packs ask for at registration is who
/// writes, and what about.
fn another(ticket: &Record) -> String {
    let mut body = serde_json::json!({
        "type": ticket.text(fields::TYPE),
        "title": "Hello",
        "description": "Is anybody there?",
    });
    if let (Some(contact), Some(body)) = (ticket.reference(fields::CONTACT), body.as_object_mut()) {
        body.insert("contact".to_owned(), contact.to_string().into());
    }
    body.to_string()
}

/// Says where everything is, and what to try.
fn greet(folder: &Folder, desk: &Desk, url: &str) -> Outcome<()> {
    let token = folder.admin_token().unwrap_or_default();
    let newest = desk.list(&Actor::System, &ListQuery::newest(Kind::Ticket, 1))?;
    let newest = newest.items.first().map(|p| &p.record);
    let ticket = newest.map(|t| t.id.to_string()).unwrap_or_default();
    let another = newest.map_or_else(String::new, another);
    let auth = format!("-H 'Authorization: Bearer {token}'");
    let folder = folder.path().display();
    out::say(&format!(
        "
API            {url}
Documentation  {url}/docs
Token          {token}
               (administrator; also in {folder}/admin-token, an agent's in {folder}/agent-token,
               a customer's in {folder}/portal-token)
Mails          {folder}/mails, a file each

Try:
  curl -s {auth} '{url}/v1/tickets?status_category=open&limit=3'
  curl -s {auth} -G {url}/v1/articles/search --data-urlencode 'q=не печатает принтер'
  curl -s {auth} -H 'Content-Type: application/json' -d '{another}' {url}/v1/tickets
  curl -s {auth} {url}/v1/tickets/{ticket}/history
  curl -s {auth} {url}/v1/tickets/{ticket}/form

Stop with Ctrl+C; started again, it goes on with the data it has."
    ))
}
