//! A scenario's driver over HTTP: each command and each look is a request through the router, with
//! the token of who asks. Only the clock is moved behind the router.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use opora::api::{Api, ApiOptions, PackUpload, hash_of};
use opora::desk::{Actor, Command, ProcessStep, Reply, Request};
use opora::domain::entry::{Direction, Visibility};
use opora::domain::{Id, Instant, Kind};
use opora::scenario::{
    DeskDriver, Driver, ListAsk, Place, Refused, RefusedFault, Report, Scenario, Seen, ShownAction,
    ShownCard, ShownChange, ShownClock, ShownEntry, ShownEvent, ShownField, ShownFieldChange,
    ShownForm, ShownMessage, ShownParty, ShownProcess, ShownReport, ShownRun, consumed,
    survey_token,
};
use opora::store::Pos;
use serde_json::{Map, Value as Json, json};
use tokio::runtime::Runtime;

use crate::app::{ADMIN, Answer, exchange, request};
use crate::events::Stream;

/// Most pages of a list that are read.
const MAX_PAGES: usize = 50;

/// A desk behind its router.
pub struct HttpDriver {
    inner: DeskDriver,
    api: Api,
    runtime: Runtime,
    /// Secrets by the name of who has them.
    secrets: BTreeMap<String, String>,
    /// Position of the last answer.
    last: u64,
}

/// What a command becomes.
struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Json,
}

impl HttpDriver {
    pub fn open(scenario: &Scenario) -> Seen<Self> {
        let inner = DeskDriver::of(scenario, Place::File)?;
        // The first administrator comes from the command line, as with `opora token`.
        let command = Command::CreateToken {
            actor: Actor::Admin { agent: None },
            note: "scenario".to_owned(),
            hash: hash_of(ADMIN),
        };
        let made = inner
            .desk()
            .run(&Request::by(Actor::System), &command)
            .map_err(|e| e.to_string())?;
        Ok(Self {
            api: Api::new(inner.desk().clone(), ApiOptions::default()),
            inner,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| e.to_string())?,
            secrets: BTreeMap::from([("admin".to_owned(), ADMIN.to_owned())]),
            last: made.pos.0,
        })
    }

    pub fn finish(&mut self, report: &mut Report) {
        self.inner.finish(report);
    }

    fn send(&mut self, secret: &str, call: &Call) -> Answer {
        let request = request(
            call.method,
            &call.path,
            secret,
            &call.headers,
            call.body.clone(),
        );
        let answer = self.runtime.block_on(exchange(&self.api.router(), request));
        if let Ok(pos) = answer.header("opora-position").parse() {
            self.last = self.last.max(pos);
        }
        answer
    }

    /// The token of who asks, made when it is needed first. The engine itself has none; an
    /// administrator, who may everything, asks in its place.
    fn secret(&mut self, actor: &Actor) -> Result<String, Refused> {
        let body = match actor {
            Actor::Visitor => return Ok(String::new()),
            Actor::System | Actor::Admin { agent: None } | Actor::Rule { .. } => {
                return Ok(ADMIN.to_owned());
            }
            Actor::Admin { agent } => json!({"role": "admin", "agent": agent}),
            Actor::Agent { agent } => json!({"role": "agent", "agent": agent}),
            Actor::Contact { contact, .. } => json!({"role": "contact", "contact": contact}),
        };
        if let Some(secret) = self.secrets.get(&actor.name()) {
            return Ok(secret.clone());
        }
        let made = self.send(ADMIN, &post("/v1/tokens", body));
        if made.status != StatusCode::CREATED {
            return Err(refused(&made));
        }
        let secret = text(&made.json(), "token");
        self.secrets.insert(actor.name(), secret.clone());
        Ok(secret)
    }

    /// Reads with the token of `actor`; from the last position on, as a client does that wants to
    /// see what it wrote.
    fn read(&mut self, actor: &Actor, path: &str) -> Result<Answer, Refused> {
        let secret = self.secret(actor)?;
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}at_least={}", self.last);
        let answer = self.send(&secret, &get(path));
        match answer.status {
            StatusCode::OK => Ok(answer),
            _ => Err(refused(&answer)),
        }
    }

    fn pages(&mut self, actor: &Actor, path: &str) -> Seen<Vec<Json>> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        for _ in 0..MAX_PAGES {
            let path = format!("{path}?limit=200{cursor}");
            let page = self.read(actor, &path).map_err(told)?.json();
            all.extend(list(&page, "items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        Ok(all)
    }
}

impl Driver for HttpDriver {
    fn run(&mut self, actor: &Actor, command: &Command) -> Result<Reply, Refused> {
        let call = call(command);
        let secret = self.secret(actor)?;
        let answer = self.send(&secret, &call);
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        if makes(command) && answer.status != StatusCode::CREATED {
            return Err(Refused {
                code: "unexpected".to_owned(),
                message: format!("{} in place of 201: {}", answer.status, answer.text()),
                ..Refused::default()
            });
        }
        let body = match answer.bytes.is_empty() {
            true => Json::Null,
            false => answer.json(),
        };
        let (kind, id) = match command {
            Command::Create { kind, .. } | Command::Duplicate { kind, .. } => {
                (Some(*kind), id(&body, "id"))
            }
            Command::MakeArticle { .. } => (Some(Kind::Article), id(&body, "id")),
            Command::Split { .. } => (Some(Kind::Ticket), id(&body, "id")),
            Command::Receive { .. }
            | Command::StartIntake { .. }
            | Command::Accept { .. }
            | Command::Register { .. }
            | Command::Convert { .. } => (Kind::named(&text(&body, "kind")), id(&body, "id")),
            other => (other.target().map(|t| t.0), other.target().map(|t| t.1)),
        };
        Ok(Reply {
            id: id.unwrap_or(Id::MIN),
            kind,
            entry: id_of_entry(command, &body),
            result: result_of(command, &body),
            pos: Pos(self.last),
            replayed: false,
        })
    }

    fn record(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Option<Map<String, Json>>> {
        match self.read(actor, &path(kind, id, "")) {
            Ok(answer) => Ok(Some(fields(&answer.json()))),
            Err(refused) if refused.code == "not_found" => Ok(None),
            Err(refused) => Err(told(refused)),
        }
    }

    fn records(&mut self, kind: Kind) -> Seen<Vec<(Id, Map<String, Json>)>> {
        let path = format!("/v1/{}?limit=200", plural(kind));
        let page = self.read(&Actor::System, &path).map_err(told)?.json();
        let items = list(&page, "items").iter();
        Ok(items
            .filter_map(|item| Some((id(item, "id")?, fields(item))))
            .collect())
    }

    fn list(&mut self, actor: &Actor, kind: Kind, ask: &ListAsk) -> Result<Vec<Id>, Refused> {
        let mut pairs: Vec<(&str, String)> = vec![("limit", "200".to_owned())];
        let filters = ask.filters.iter();
        pairs.extend(filters.map(|(field, values)| (field.as_str(), values.join(","))));
        pairs.extend(ask.sort.iter().map(|sort| ("sort", sort.clone())));
        let mut path = format!("/v1/{}", plural(kind));
        let mut items = "items";
        if let Some(text) = &ask.text {
            items = "hits";
            "/v1/search".clone_into(&mut path);
            pairs.push(("kind", kind.name().to_owned()));
            pairs.push(("q", text.clone()));
        }
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let path = format!("{path}?{}", form_urlencoded(&pairs));
        let page = self.read(actor, &path)?.json();
        let found = list(&page, items).iter();
        Ok(found.filter_map(|item| id(item, "id")).collect())
    }

    fn events(&mut self, after: u64) -> Seen<Vec<ShownEvent>> {
        let (last, mut found) = (self.pos()?, Vec::new());
        if last == after {
            return Ok(found);
        }
        let path = format!("/v1/events?after={after}");
        let asked = request("GET", &path, ADMIN, &[], Json::Null);
        let router = self.api.router();
        self.runtime.block_on(async {
            let mut stream = Stream::of(router, asked).await;
            // The stream goes on; what it tells up to now is all.
            while let Some((pos, event)) = stream.next().await {
                let records = list(&event, "records").iter();
                let event = ShownEvent {
                    command: text(&event, "command"),
                    actor: text(&event, "actor"),
                    records: records.filter_map(|r| id(r, "id")).collect(),
                };
                // Tokens are this driver's own.
                found.extend((event.command != "create_token").then_some(event));
                if pos >= last {
                    break;
                }
            }
        });
        Ok(found)
    }

    fn content(&mut self, actor: &Actor, (kind, id): (Kind, Id), entry: Id) -> Seen<Vec<u8>> {
        let path = path(kind, id, &format!("/attachments/{entry}"));
        Ok(self.read(actor, &path).map_err(told)?.bytes)
    }

    fn entries(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Vec<ShownEntry>> {
        let all = self.pages(actor, &path(kind, id, "/entries"))?;
        Ok(all.iter().map(entry).collect())
    }

    fn history(&mut self, kind: Kind, id: Id) -> Seen<Vec<ShownChange>> {
        let all = self.pages(&Actor::System, &path(kind, id, "/history"))?;
        Ok(all.iter().map(change).collect())
    }

    fn form(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<ShownForm> {
        let form = self.read(actor, &path(kind, id, "/form")).map_err(told)?;
        let form = form.json();
        let field = |f: &Json| ShownField {
            code: text(f, "code"),
            visible: flag(f, "visible"),
            required: flag(f, "required"),
            readonly: flag(f, "readonly"),
            options: list(f, "options").iter().map(|o| text(o, "code")).collect(),
            advice: texts(f, "advice"),
        };
        let action = |a: &Json| ShownAction {
            to: text(&a["to"], "code"),
            open: flag(a, "open"),
            why_not: list(a, "why_not").iter().map(|f| text(f, "code")).collect(),
        };
        Ok(ShownForm {
            fields: list(&form, "fields").iter().map(field).collect(),
            actions: list(&form, "actions").iter().map(action).collect(),
            named_actions: list(&form, "named_actions")
                .iter()
                .map(|a| text(a, "name"))
                .collect(),
        })
    }

    fn process(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<ShownProcess> {
        let at = self
            .read(actor, &path(kind, id, "/process"))
            .map_err(told)?;
        let at = at.json();
        let all = self.read(&Actor::System, "/v1/processes").map_err(told)?;
        let all = all.json();
        let mut defs = list(&all, "items").iter();
        let def = defs.find(|p| p["code"] == at["process"]);
        let step = |s: &Json| {
            let name = s["answer"]
                .as_str()
                .or(s["to"].as_str())
                .unwrap_or_default();
            let why = list(s, "why_not").iter().map(|f| text(f, "code"));
            (name.to_owned(), why.collect())
        };
        Ok(ShownProcess {
            stages: def.map_or(Vec::new(), |def| {
                list(def, "stages")
                    .iter()
                    .map(|s| text(s, "code"))
                    .collect()
            }),
            steps: list(&at, "steps").iter().map(step).collect(),
        })
    }

    fn plan(&mut self, actor: &Actor, kind: Kind, id: Id) -> Seen<Vec<Map<String, Json>>> {
        let with = self
            .read(actor, &path(kind, id, "?plan=true"))
            .map_err(told)?;
        let alone = self.read(actor, &path(kind, id, "/plan")).map_err(told)?;
        assert_eq!(with.json()["plan"], alone.json()["items"]);
        Ok(list(&alone.json(), "items").iter().map(fields).collect())
    }

    fn clocks(&mut self, id: Id) -> Seen<Vec<ShownClock>> {
        let path = path(Kind::Ticket, id, "/clocks");
        let all = self.read(&Actor::System, &path).map_err(told)?.json();
        let clock = |c: &Json| {
            Ok(ShownClock {
                clock: text(c, "clock"),
                level: text(c, "level"),
                state: text(c, "state"),
                due_at: instant(&text(c, "due_at"))?,
                breached_at: c["breached_at"].as_str().map(instant).transpose()?,
            })
        };
        list(&all, "items").iter().map(clock).collect()
    }

    fn outbox(&mut self) -> Seen<Vec<ShownMessage>> {
        let page = self.read(&Actor::System, "/v1/outbox?limit=200");
        let page = page.map_err(told)?.json();
        let message = |m: &Json| ShownMessage {
            id: id(m, "id"),
            record: id(m, "record"),
            channel: text(m, "channel"),
            to: text(m, "to"),
            subject: text(m, "subject"),
            survey_token: survey_token(&text(m, "text")),
            text: text(m, "text"),
        };
        Ok(list(&page, "items").iter().rev().map(message).collect())
    }

    fn report(&mut self, actor: &Actor, code: &str, ask: &Json) -> Result<ShownReport, Refused> {
        let secret = self.secret(actor)?;
        let path = format!("/v1/reports/{}/run", code.replace('/', "%2F"));
        let answer = self.send(&secret, &post(&path, ask.clone()));
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let body = answer.json();
        Ok(ShownReport {
            rows: list(&body, "rows").to_vec(),
            totals: body["totals"].clone(),
            open: list(&body, "open")
                .iter()
                .filter_map(|r| id(r, "id"))
                .collect(),
            ages: list(&body, "open")
                .iter()
                .filter_map(|r| r["age_seconds"].as_i64())
                .collect(),
        })
    }

    fn parties(&mut self, actor: &Actor, query: &Map<String, Json>) -> Seen<Vec<ShownParty>> {
        let secret = self.secret(actor).map_err(told)?;
        let path = format!("/v1/intake/search?at_least={}", self.last);
        let answer = self.send(&secret, &post(&path, json!(query)));
        if answer.status != StatusCode::OK {
            return Err(told(refused(&answer)));
        }
        let ids =
            |of: &Json, name: &str| list(of, name).iter().filter_map(|r| id(r, "id")).collect();
        let party = |hit: &Json| ShownParty {
            id: id(hit, "id"),
            reasons: list(hit, "reasons")
                .iter()
                .map(|r| text(r, "field"))
                .collect(),
            account: id(&hit["account"], "id"),
            contacts: ids(hit, "contacts"),
            leads: ids(hit, "leads"),
            tickets: ids(hit, "tickets"),
            duplicates: texts(hit, "duplicates")
                .iter()
                .filter_map(|d| d.parse().ok())
                .collect(),
        };
        Ok(list(&answer.json(), "hits").iter().map(party).collect())
    }

    fn inbox(&mut self, actor: &Actor, whose: Option<&str>) -> Seen<Vec<Id>> {
        let whose = whose.map(|who| format!("&assignee={who}"));
        let path = format!("/v1/inbox?limit=200{}", whose.unwrap_or_default());
        let page = self.read(actor, &path).map_err(told)?.json();
        let items = list(&page, "items").iter();
        Ok(items.filter_map(|i| id(&i["inquiry"], "id")).collect())
    }

    fn board(
        &mut self,
        actor: &Actor,
        type_code: &str,
        whose: Option<&str>,
    ) -> Seen<Vec<(String, Vec<ShownCard>)>> {
        let whose = whose.map(|who| format!("&assignee={who}"));
        let type_code = type_code.replace('/', "%2F");
        let path = format!("/v1/board?type={type_code}{}", whose.unwrap_or_default());
        let board = self.read(actor, &path).map_err(told)?.json();
        let column = |c: &Json| {
            let card = |card: &Json| {
                Some(ShownCard {
                    id: id(card, "id")?,
                    shows: card.as_object()?.clone(),
                })
            };
            let cards = list(c, "cards").iter().filter_map(card);
            (text(&c["status"], "code"), cards.collect())
        };
        Ok(list(&board, "columns").iter().map(column).collect())
    }

    fn pos(&mut self) -> Seen<u64> {
        let ready = self.send(ADMIN, &get("/readyz".to_owned()));
        ready.json()["position"]
            .as_u64()
            .ok_or_else(|| ready.text())
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn advance_to(&mut self, at: Instant, jump: bool) -> Seen<()> {
        self.inner.advance_to(at, jump)
    }

    fn restart(&mut self) -> Seen<()> {
        self.inner.restart()?;
        self.api = Api::new(self.inner.desk().clone(), ApiOptions::default());
        Ok(())
    }
}

/// Whether a command makes something, which is answered with 201.
const fn makes(command: &Command) -> bool {
    matches!(
        command,
        Command::Create { .. }
            | Command::Duplicate { .. }
            | Command::Comment { .. }
            | Command::Message { .. }
            | Command::Attach { .. }
            | Command::Link { .. }
    )
}

fn get(path: String) -> Call {
    Call {
        method: "GET",
        path,
        headers: Vec::new(),
        body: Json::Null,
    }
}

fn post(path: &str, body: Json) -> Call {
    Call {
        method: "POST",
        body,
        ..get(path.to_owned())
    }
}

/// The request that a command is.
fn call(command: &Command) -> Call {
    match command {
        Command::Create { kind, fields } => post(&format!("/v1/{}", plural(*kind)), json!(fields)),
        Command::Update { kind, id, fields } => Call {
            method: "PATCH",
            ..post(&path(*kind, *id, ""), json!(fields))
        },
        Command::Delete { kind, id } => Call {
            method: "DELETE",
            ..get(path(*kind, *id, ""))
        },
        Command::Transition {
            kind,
            id,
            to,
            fields,
        } => post(
            &path(*kind, *id, "/transition"),
            json!({"to": to, "fields": fields}),
        ),
        Command::Assign {
            kind,
            id,
            agent,
            team,
        } => post(
            &path(*kind, *id, "/assign"),
            json!({"agent": agent, "team": team}),
        ),
        Command::Process {
            kind,
            id,
            step,
            fields,
        } => post(&path(*kind, *id, "/process"), step_body(step, fields)),
        Command::Plan { kind, id, rows } => {
            let row = |row: &opora::desk::PlanRow| {
                let mut fields = row.fields.clone();
                fields.extend(row.id.map(|id| ("id".to_owned(), json!(id))));
                fields.extend(row.remove.then(|| ("remove".to_owned(), json!(true))));
                json!(fields)
            };
            let rows: Vec<Json> = rows.iter().map(row).collect();
            post(&path(*kind, *id, "/plan"), json!({ "rows": rows }))
        }
        Command::SaveRole { role } => post("/v1/roles", json!(role)),
        Command::ChangeSettings { changes } => Call {
            method: "PATCH",
            ..post("/v1/settings", json!(changes))
        },
        Command::InstallPack { files } => {
            let upload = PackUpload::of(files.clone()).granting(vec!["all".to_owned()]);
            post("/v1/packs", json!(upload))
        }
        Command::RunAction {
            kind,
            id,
            action,
            arguments,
        } => post(
            &path(
                *kind,
                *id,
                &format!("/actions/{}", action.replace('/', "%2F")),
            ),
            json!({ "arguments": arguments }),
        ),
        Command::AnswerSurvey {
            token,
            score,
            comment,
            answers,
        } => post(
            &format!("/v1/surveys/{token}"),
            json!({"score": score, "comment": comment, "answers": answers}),
        ),
        Command::Receive { .. }
        | Command::StartIntake { .. }
        | Command::Accept { .. }
        | Command::Register { .. }
        | Command::Convert { .. } => intake_call(command),
        other => entry_call(other),
    }
}

fn step_body(step: &ProcessStep, fields: &Map<String, Json>) -> Json {
    let mut body = match step {
        ProcessStep::Start { process } => json!({"process": process}),
        ProcessStep::Complete { to, result, .. } => json!({"to": to, "result": result}),
        ProcessStep::Decide { answer, result, .. } => json!({"answer": answer, "result": result}),
        ProcessStep::Redirect {
            agent,
            team,
            reason,
            ..
        } => json!({"agent": agent, "team": team, "result": reason}),
    };
    body["step"] = json!(step.name());
    body["stage"] = json!(step.stage());
    body["fields"] = json!(fields);
    body
}

fn intake_call(command: &Command) -> Call {
    let place = |of: &Option<(Kind, Id)>| of.map(|(k, id)| json!({"kind": k.name(), "id": id}));
    match command {
        Command::Receive { event } => {
            let way = match event.direction {
                Direction::In => "in",
                Direction::Out => "out",
            };
            let body = json!({
                "channel": event.channel, "event": event.event, "direction": way,
                "external_id": event.external_id, "in_reply_to": event.in_reply_to,
                "from": event.from, "subject": event.subject, "text": event.text,
                "agent": event.agent, "record": place(&event.record),
                "arose_from": place(&event.origin), "type": event.type_code,
                "received_at": event.received_at, "fields": event.fields,
            });
            post("/v1/interactions", body)
        }
        Command::StartIntake { origin, fields } => post(
            "/v1/intake/start",
            json!({"arose_from": place(origin), "fields": fields}),
        ),
        Command::Accept { inquiry, ask } => {
            if let (Some(id), Some(reason)) = (inquiry, &ask.decline) {
                let path = path(Kind::Inquiry, *id, "/decline");
                return post(&path, json!({ "reason": reason }));
            }
            let body = json!({
                "type": ask.type_code, "kind": ask.kind.map(Kind::name),
                "record": place(&ask.record), "fields": ask.fields,
                "new_account": ask.new_account, "new_contact": ask.new_contact,
                "appeal": ask.appeal,
            });
            match inquiry {
                Some(id) => post(&path(Kind::Inquiry, *id, "/accept"), body),
                None => post("/v1/intake/accept", body),
            }
        }
        Command::Register {
            inquiry,
            account,
            contact,
        } => post(
            &path(Kind::Inquiry, *inquiry, "/register"),
            json!({"account": account, "contact": contact}),
        ),
        Command::Convert {
            lead,
            type_code,
            fields,
        } => post(
            &path(Kind::Lead, *lead, "/convert"),
            json!({"type": type_code, "fields": fields}),
        ),
        other => panic!("`{}` is none of the intake", other.name()),
    }
}

fn entry_call(command: &Command) -> Call {
    match command {
        Command::Comment {
            kind,
            id,
            visibility,
            text,
        } => post(
            &path(*kind, *id, "/comments"),
            json!({"text": text, "visibility": sight(*visibility)}),
        ),
        Command::Message {
            kind,
            id,
            channel,
            direction,
            subject,
            text,
            external_id,
        } => {
            let way = match direction {
                Direction::In => "in",
                Direction::Out => "out",
            };
            let body = json!({"channel": channel, "direction": way, "subject": subject,
                "text": text, "external_id": external_id});
            post(&path(*kind, *id, "/messages"), body)
        }
        Command::Attach {
            kind,
            id,
            name,
            content,
            visibility,
            ..
        } => {
            let query = form_urlencoded(&[("name", name), ("visibility", sight(*visibility))]);
            let body = Json::String(String::from_utf8(content.clone()).unwrap());
            Call {
                headers: vec![("content-type", "text/plain")],
                ..post(&path(*kind, *id, &format!("/attachments?{query}")), body)
            }
        }
        Command::Link {
            kind,
            id,
            relation,
            to_kind,
            to,
        } => post(
            &path(*kind, *id, "/links"),
            json!({"relation": relation, "to_kind": to_kind.name(), "to": to}),
        ),
        Command::Merge {
            id,
            into,
            across_parties,
            reason,
        } => post(
            &path(Kind::Ticket, *id, "/merge"),
            json!({"into": into, "across_parties": across_parties, "reason": reason}),
        ),
        Command::MakeArticle { ticket, fields } => post(
            &path(Kind::Ticket, *ticket, "/article"),
            json!({"fields": fields}),
        ),
        Command::Watch { kind, id, who, on } => {
            let who: Map<String, Json> = who
                .iter()
                .map(|(kind, name)| (kind.name().to_owned(), json!(name)))
                .collect();
            let what = if *on { "/watch" } else { "/unwatch" };
            post(&path(*kind, *id, what), Json::Object(who))
        }
        Command::Unmerge { id, reason } => post(
            &path(Kind::Ticket, *id, "/unmerge"),
            json!({"reason": reason}),
        ),
        Command::Split { id, how, fields } => post(
            &path(Kind::Ticket, *id, "/split"),
            json!({"entries": how.entries, "move": how.moves, "into": how.into, "fields": fields}),
        ),
        Command::Duplicate { kind, id, fields } => {
            post(&path(*kind, *id, "/duplicate"), json!({ "fields": fields }))
        }
        Command::CorrectLedger {
            contract,
            amount,
            used,
            reason,
        } => post(
            &path(Kind::Contract, *contract, "/ledger"),
            json!({"amount": amount, "used": used, "reason": reason}),
        ),
        other => panic!("a scenario has no `{}`", other.name()),
    }
}

fn form_urlencoded(pairs: &[(&str, &str)]) -> String {
    let part = |text: &str| -> String {
        let escape = |b: u8| match b.is_ascii_alphanumeric() {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        };
        text.bytes().map(escape).collect()
    };
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(k, v)| format!("{k}={}", part(v)))
        .collect();
    pairs.join("&")
}

const fn sight(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Internal => "internal",
    }
}

pub fn plural(kind: Kind) -> String {
    match kind {
        Kind::Inquiry => "inquiries".to_owned(),
        Kind::Activity => "activities".to_owned(),
        Kind::Category => "categories".to_owned(),
        other => format!("{}s", other.name().replace('_', "-")),
    }
}

fn path(kind: Kind, id: Id, what: &str) -> String {
    format!("/v1/{}/{id}{what}", plural(kind))
}

fn refused(answer: &Answer) -> Refused {
    let body = answer.json();
    let fault = |f: &Json| RefusedFault {
        field: f["field"].as_str().map(str::to_owned),
        code: text(f, "code"),
        message: text(f, "detail"),
        rule: f["rule"].as_str().map(str::to_owned),
    };
    Refused {
        code: text(&body, "code"),
        status: Some(answer.status.as_u16()),
        message: text(&body, "detail"),
        faults: list(&body, "errors").iter().map(fault).collect(),
    }
}

fn told(refused: Refused) -> String {
    format!("{}: {}", refused.code, refused.message)
}

/// The fields of a record: those at the top and those of packs, without what has no value.
fn fields(record: &Json) -> Map<String, Json> {
    let mut all = Map::new();
    for (name, value) in record.as_object().into_iter().flatten() {
        match name.as_str() {
            "id" | "kind" | "version" | "status_info" => {}
            "fields" => all.extend(value.as_object().cloned().unwrap_or_default()),
            _ if value.is_null() => {}
            _ => {
                all.insert(name.clone(), value.clone());
            }
        }
    }
    all
}

fn entry(e: &Json) -> ShownEntry {
    let some = |name: &str| e[name].as_str().map(str::to_owned);
    let kind = text(e, "entry");
    ShownEntry {
        id: id(e, "id"),
        author: text(e, "author"),
        author_name: some("author_name"),
        visibility: some("visibility"),
        channel: some("channel"),
        direction: some("direction"),
        relation: some("relation"),
        to: id(e, "to"),
        text: match kind.as_str() {
            "message" => format!("{}\n{}", text(e, "subject"), text(e, "text")),
            "attachment" => text(e, "name"),
            "consumption" => consumed(&text(e, "amount"), &text(e, "text")),
            _ => text(e, "text"),
        },
        kind,
    }
}

fn change(c: &Json) -> ShownChange {
    let run = |r: &Json| ShownRun {
        rule: text(r, "rule"),
        verdict: text(r, "verdict"),
        reasons: texts(r, "reasons"),
    };
    let changed = |f: &Json| ShownFieldChange {
        field: text(f, "field"),
        old: f["old"].clone(),
        new: f["new"].clone(),
        by: text(f, "by"),
    };
    let added = texts(c, "entries");
    ShownChange {
        pos: c["position"].as_u64().unwrap_or_default(),
        at: text(c, "at").parse().unwrap(),
        actor: text(c, "actor"),
        command: text(c, "command"),
        fields: list(c, "changes").iter().map(changed).collect(),
        entries: added.iter().filter_map(|e| e.parse().ok()).collect(),
        runs: list(c, "rules").iter().map(run).collect(),
        notes: texts(c, "notes"),
    }
}

fn id_of_entry(command: &Command, body: &Json) -> Option<Id> {
    matches!(
        command,
        Command::Comment { .. }
            | Command::Message { .. }
            | Command::Attach { .. }
            | Command::Link { .. }
    )
    .then(|| id(body, "id"))
    .flatten()
}

fn result_of(command: &Command, body: &Json) -> Option<String> {
    if matches!(command, Command::Receive { .. } | Command::Accept { .. }) {
        return Some(body.to_string());
    }
    let asked = matches!(command, Command::RunAction { .. });
    (asked && !body["result"].is_null()).then(|| body["result"].to_string())
}

fn instant(text: &str) -> Seen<Instant> {
    text.parse().map_err(|e| format!("`{text}`: {e}"))
}

fn list<'j>(of: &'j Json, name: &str) -> &'j [Json] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

fn text(of: &Json, name: &str) -> String {
    of[name].as_str().unwrap_or_default().to_owned()
}

fn texts(of: &Json, name: &str) -> Vec<String> {
    let all = list(of, name).iter();
    all.filter_map(|t| t.as_str().map(str::to_owned)).collect()
}

fn flag(of: &Json, name: &str) -> bool {
    of[name].as_bool().unwrap_or_default()
}

fn id(of: &Json, name: &str) -> Option<Id> {
    of[name].as_str()?.parse().ok()
}
