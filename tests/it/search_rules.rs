//! What packs have to say in searches: texts by which records are found, and how hits are ranked.

use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use opora::desk::{
    Actor, Command, Desk, DeskOptions, Explained, PackChange, Request, SearchHit, SearchQuery,
    VirtualClock,
};
use opora::domain::{Id, Kind};
use opora::packs::{Given, PackFiles};
use opora::store::{MemoryStore, Store};
use serde_json::{Value as Json, json};

use crate::support::{DEFINITIONS, MANIFEST, at, fields};

struct Searching {
    desk: Arc<Desk>,
    store: Arc<dyn Store>,
    clock: Arc<VirtualClock>,
}

const TEXTS: &str = "hook = \"search.document\"\nreads = [\"room\"]";
const RANK: &str = "hook = \"search.rank\"";

/// Rules of the pack `plain`: the lines of each in `pack.toml`, and the body of its function.
fn plain(rules: &[(&str, &str)]) -> PackFiles {
    let mut manifest = MANIFEST.to_owned();
    let mut script = String::new();
    for (n, (lines, body)) in rules.iter().enumerate() {
        manifest.push_str(&format!(
            "\n[[rule]]\nname = \"r{n}\"\nscript = \"rules.rhai\"\n{lines}\n"
        ));
        script.push_str(&format!("fn r{n}(c) {{\n{body}\n}}\n"));
    }
    let mut files = vec![
        ("pack.toml", manifest.as_str()),
        ("definitions.toml", DEFINITIONS),
    ];
    if !rules.is_empty() {
        files.push(("rules.rhai", script.as_str()));
    }
    PackFiles::from_texts(&files)
}

impl Searching {
    fn new(rules: &[(&str, &str)]) -> Self {
        Self::in_folder(rules, None)
    }

    fn in_folder(rules: &[(&str, &str)], folder: Option<&Path>) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock = Arc::new(VirtualClock::at(at("2026-03-02T09:00:00Z")));
        let desk = open(&store, &clock, folder);
        let searching = Self { desk, store, clock };
        searching.install(plain(rules));
        searching
    }

    fn install(&self, files: PackFiles) {
        self.run(&Command::InstallPack { files });
    }

    fn run(&self, command: &Command) -> Id {
        self.clock.advance(TimeDelta::milliseconds(1));
        let request = Request::by(Actor::Admin { agent: None });
        self.desk.run(&request, command).unwrap().id
    }

    fn create(&self, kind: Kind, json: Json) -> Id {
        self.run(&Command::Create {
            kind,
            fields: fields(json),
        })
    }

    fn ticket(&self, title: &str, room: &str, account: Option<Id>) -> Id {
        let mut asked = json!({"type": "fault", "title": title, "room": room});
        if let Some(account) = account {
            asked["account"] = json!(account.to_string());
        }
        self.create(Kind::Ticket, asked)
    }

    fn article(&self, title: &str, body: &str) -> Id {
        self.create(
            Kind::Article,
            json!({"title": title, "body": body, "status": "published", "audience": "public"}),
        )
    }

    fn agent(&self, code: &str) -> Actor {
        let agent = json!({"code": code, "title": code});
        Actor::Agent {
            agent: Some(self.create(Kind::Agent, agent)),
        }
    }

    fn customer(&self) -> (Id, Actor) {
        let account = self.create(Kind::Account, json!({"title": "Mill"}));
        let contact = json!({"title": "Carl", "account": account.to_string()});
        let contact = self.create(Kind::Contact, contact);
        (account, Actor::Contact { contact, account })
    }

    fn ask(&self, text: &str) -> SearchQuery {
        SearchQuery {
            text: text.to_owned(),
            limit: 20,
            at_least: Some(self.desk.pos()),
            explain: true,
            ..SearchQuery::default()
        }
    }

    fn hits(&self, actor: &Actor, text: &str) -> Vec<SearchHit> {
        self.desk.search(actor, &self.ask(text)).unwrap().hits
    }

    fn found(&self, actor: &Actor, text: &str) -> Vec<Id> {
        let hits = self.hits(actor, text);
        hits.iter().map(|hit| hit.record.id).collect()
    }

    /// The rule as the list of hooks shows it: calls, failures, and whether it is suspended.
    fn state(&self, rule: &str) -> (u64, u64, bool) {
        let steps = self.desk.hooks().unwrap();
        let step = steps.into_iter().find(|step| step.name == rule);
        let state = step.and_then(|step| step.rule).unwrap();
        (state.calls, state.failures, state.suspended)
    }
}

fn open(store: &Arc<dyn Store>, clock: &Arc<VirtualClock>, folder: Option<&Path>) -> Arc<Desk> {
    let options = DeskOptions {
        clock: clock.clone(),
        search_dir: folder.map(Path::to_path_buf),
        ..DeskOptions::default()
    };
    Desk::open(Arc::clone(store), options).unwrap()
}

/// What is explained adds up to the score.
#[track_caller]
fn adds_up(hit: &SearchHit) -> &Explained {
    let of = hit.explained.as_ref().unwrap();
    let near = |a: f32, b: f32| (a - b).abs() <= b.abs() * 0.002;
    let words: f32 = of.words.iter().map(|word| word.gave).sum();
    assert!(near(of.base * of.factor, hit.score), "{of:?} {}", hit.score);
    assert!(near(words + of.codes + of.other, of.base), "{of:?}");
    for word in &of.words {
        let sections: f32 = word.sections.iter().map(|(_, gave)| gave).sum();
        assert!(near(sections, word.gave), "{word:?}");
    }
    of
}

const WING: &str = "c.index_text(`${c.record.room} wing`);";

#[test]
fn a_record_is_found_by_what_a_rule_says_of_it() {
    let desk = Searching::new(&[(TEXTS, WING)]);
    let (account, customer) = desk.customer();
    let own = desk.ticket("No sound", "east", Some(account));
    let foreign = desk.ticket("No sound", "east", None);
    let admin = Actor::Admin { agent: None };
    let mut all = desk.found(&admin, "wing");
    all.sort_unstable();
    assert_eq!(all, [own, foreign]);
    assert_eq!(desk.found(&customer, "wing"), [own]);
    let hits = desk.hits(&admin, "sound wings");
    let hit = hits.first().unwrap();
    let told: Vec<_> = hit
        .matches
        .iter()
        .map(|m| (&*m.word, m.how, m.added))
        .collect();
    assert_eq!(told, [("sound", "exact", false), ("wings", "form", true)]);
    assert!(hit.snippet.contains("<mark>wing</mark>"), "{}", hit.snippet);
    let sections: Vec<_> = adds_up(hit)
        .words
        .iter()
        .flat_map(|w| w.sections.iter().map(|(name, _)| *name))
        .collect();
    assert_eq!(sections, ["title", "extra"]);
    // What is said of a record follows it.
    let change = Command::Update {
        kind: Kind::Ticket,
        id: own,
        fields: fields(json!({"room": "west"})),
    };
    desk.run(&change);
    assert_eq!(desk.found(&customer, "east"), []);
    assert_eq!(desk.found(&customer, "\"west wing\""), [own]);
}

#[test]
fn what_is_made_of_undeclared_fields_or_said_to_be_internal_is_for_the_staff() {
    let own = "hook = \"search.document\"";
    let all = "c.index_text(\"walnut\");";
    let told = "c.index_internal(\"chestnut\");";
    let beside = "hook = \"search.document\"\nreads = [\"room\", \"account\"]";
    let related = "c.index_text(`client ${c.related.account?.title}`);";
    let desk = Searching::new(&[(own, all), (TEXTS, told), (beside, related)]);
    let (account, customer) = desk.customer();
    let id = desk.ticket("No sound", "east", Some(account));
    let agent = desk.agent("anna");
    for word in ["walnut", "chestnut", "\"client mill\""] {
        assert_eq!(desk.found(&agent, word), [id], "{word}");
        assert_eq!(desk.found(&customer, word), [], "{word}");
    }
}

#[test]
fn who_may_not_see_a_field_does_not_find_by_what_was_made_of_it() {
    let mask = "if c.record.code == \"blind\" { c.mask(\"room\"); }";
    let sight = ("hook = \"access.filter\"", mask);
    let desk = Searching::new(&[(TEXTS, WING), sight]);
    let id = desk.ticket("No sound", "east", None);
    let (blind, seeing) = (desk.agent("blind"), desk.agent("seeing"));
    assert_eq!(desk.found(&seeing, "wing"), [id]);
    assert_eq!(desk.found(&blind, "wing"), []);
    assert_eq!(desk.found(&blind, "sound"), [id]);
    let hits = desk.hits(&blind, "sound wing");
    let of = adds_up(hits.first().unwrap());
    assert_eq!(of.words.len(), 1, "{of:?}");
}

#[test]
fn the_index_follows_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Searching::in_folder(&[(TEXTS, WING)], Some(folder.path()));
    let admin = Actor::Admin { agent: None };
    let id = desk.ticket("No sound", "east", None);
    assert_eq!(desk.found(&admin, "wing"), [id]);
    desk.install(plain(&[(TEXTS, "c.index_text(\"tower\");")]));
    assert_eq!(desk.found(&admin, "wing"), []);
    assert_eq!(desk.found(&admin, "tower"), [id]);
    let change = |change| Command::ChangePack {
        name: "plain".to_owned(),
        change,
    };
    desk.run(&change(PackChange::Disable));
    assert_eq!(desk.found(&admin, "tower"), []);
    assert_eq!(desk.found(&admin, "sound"), [id]);
    desk.run(&change(PackChange::Enable));
    assert_eq!(desk.found(&admin, "tower"), [id]);
    desk.run(&change(PackChange::RollBack {
        to: None,
        grants: Given::All,
    }));
    assert_eq!(desk.found(&admin, "wing"), [id]);
    // Opened again, it is known by which rules the index was made.
    let calls = desk.state("plain/r0").0;
    assert!(calls > 0);
    let Searching {
        desk: old,
        store,
        clock,
    } = desk;
    drop(old);
    let again = open(&store, &clock, Some(folder.path()));
    let again = Searching {
        desk: again,
        store,
        clock,
    };
    assert_eq!(again.found(&admin, "wing"), [id]);
    assert_eq!(again.state("plain/r0").0, 0, "nothing was indexed anew");
}

#[test]
fn a_rule_that_breaks_adds_nothing_and_is_told() {
    let broken = "if c.record.room == \"east\" { throw \"no east here\"; } c.index_text(\"wing\");";
    let desk = Searching::new(&[(TEXTS, broken)]);
    let admin = Actor::Admin { agent: None };
    let west = desk.ticket("No sound", "west", None);
    let east = desk.ticket("No light", "east", None);
    assert_eq!(desk.found(&admin, "light"), [east]);
    assert_eq!(desk.found(&admin, "wing"), [west]);
    let (_, failures, suspended) = desk.state("plain/r0");
    assert!(failures > 0 && !suspended);
    let others = ["one", "two"].map(|title| desk.ticket(title, "east", None));
    assert_eq!(desk.found(&admin, "two").len(), 1);
    assert!(desk.state("plain/r0").2, "it is suspended");
    assert_eq!(desk.found(&admin, "sound"), [west]);
    for id in [east].into_iter().chain(others) {
        desk.run(&Command::Update {
            kind: Kind::Ticket,
            id,
            fields: fields(json!({"room": "north"})),
        });
    }
    assert_eq!(desk.found(&admin, "wing"), [], "nobody's text is left");
    desk.run(&Command::ResetRule {
        rule: "plain/r0".to_owned(),
    });
    desk.ticket("three", "west", None);
    assert_eq!(desk.found(&admin, "wing").len(), 5);
}

#[test]
fn rules_say_what_comes_first_and_which_it_was_is_told() {
    let body = "c.rank_value(\"category\", \"archive\", 0.25);\nc.rank_section(\"title\", 2);";
    let desk = Searching::new(&[(RANK, body)]);
    let admin = Actor::Admin { agent: None };
    let old = desk.article("Paper jam", "Paper jam: take the paper out of the printer.");
    let new = desk.article("Printers", "A paper jam is no fault of paper.");
    let put = |category: &str| Command::Update {
        kind: Kind::Article,
        id: old,
        fields: fields(json!({"category": category})),
    };
    desk.create(
        Kind::Category,
        json!({"code": "archive", "title": "Archive"}),
    );
    assert_eq!(desk.found(&admin, "paper jam"), [old, new]);
    desk.run(&put("archive"));
    assert_eq!(desk.found(&admin, "paper jam"), [new, old]);
    let hits = desk.hits(&admin, "paper jam");
    let of = adds_up(&hits[1]);
    let told: Vec<_> = of
        .factors
        .iter()
        .map(|f| (&*f.what, f.value.as_deref(), f.factor, f.rules.len()))
        .collect();
    assert_eq!(
        told,
        [
            ("category", Some("archive"), 0.25, 1),
            ("section", Some("title"), 2.0, 1)
        ]
    );
    let by = &of.factors[0].rules[0];
    assert_eq!(
        (&*by.rule, &*by.version, by.line),
        ("plain/r0", "0.1.0", Some(2))
    );
    assert!((of.factor - 0.25).abs() < f32::EPSILON);
    // Customers are not told rules.
    let (_, customer) = desk.customer();
    let hits = desk.hits(&customer, "paper jam");
    let factors = &adds_up(&hits[1]).factors;
    assert!(factors.iter().all(|part| part.rules.is_empty()));
}

#[test]
fn age_and_votes_count_as_much_as_rules_say() {
    let fresh = "c.rank_freshness(days(10), 0.8);";
    let desk = Searching::new(&[(RANK, fresh)]);
    let admin = Actor::Admin { agent: None };
    let old = desk.article("Paper jam", "Paper jam.");
    desk.clock.advance(TimeDelta::days(10));
    let new = desk.article(
        "Jam",
        "A paper jam, told at length, of one printer or another.",
    );
    let hits = desk.hits(&admin, "paper jam");
    let factor = |hits: &[SearchHit], id: Id| {
        let hit = hits.iter().find(|hit| hit.record.id == id).unwrap();
        adds_up(hit).factor
    };
    assert!(
        (factor(&hits, old) - 0.6).abs() < 0.03,
        "{}",
        factor(&hits, old)
    );
    assert!((factor(&hits, new) - 1.0).abs() < 0.03);
    desk.install(plain(&[(RANK, "c.rank_votes(0.5);")]));
    let voter = desk.agent("anna");
    let vote = Command::Vote {
        id: old,
        helpful: Some(false),
        comment: String::new(),
    };
    assert_eq!(desk.found(&admin, "paper jam"), [old, new]);
    desk.desk.run(&Request::by(voter), &vote).unwrap();
    let hits = desk.hits(&admin, "paper jam");
    // One of three is against it: a third of the way to the least.
    assert!(
        (factor(&hits, old) - 0.833).abs() < 0.001,
        "{}",
        factor(&hits, old)
    );
    assert!((factor(&hits, new) - 1.0).abs() < f32::EPSILON);
}

#[test]
fn pages_of_a_ranked_list_go_on_where_the_last_one_ended() {
    let body = "c.rank_freshness(days(3), 0.9);\nc.rank_value(\"type\", \"fault\", 3);";
    let desk = Searching::new(&[(RANK, body)]);
    let admin = Actor::Admin { agent: None };
    for n in 0..37_usize {
        desk.clock.advance(TimeDelta::hours(7));
        desk.ticket(&format!("lamp {}", "dark ".repeat(n % 5)), "east", None);
    }
    let whole = desk.found_all(&admin, "lamp", 200);
    assert_eq!(whole.len(), 37);
    let mut ids = Vec::new();
    let mut query = SearchQuery {
        limit: 4,
        explain: false,
        ..desk.ask("lamp")
    };
    loop {
        let page = desk.desk.search(&admin, &query).unwrap();
        ids.extend(page.hits.iter().map(|hit| hit.record.id));
        // Another day begins between the pages.
        desk.clock.advance(TimeDelta::hours(20));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(ids, whole);
    // A cursor is of the ranking that it was made by.
    query.limit = 4;
    let next = desk.desk.search(&admin, &query).unwrap().next;
    desk.install(plain(&[(RANK, "c.rank_freshness(days(4), 0.9);")]));
    query.cursor = next;
    let refused = desk.desk.search(&admin, &query).unwrap_err();
    assert_eq!(refused.code, "bad_cursor");
}

impl Searching {
    fn found_all(&self, actor: &Actor, text: &str, limit: usize) -> Vec<Id> {
        let query = SearchQuery {
            limit,
            explain: false,
            ..self.ask(text)
        };
        let hits = self.desk.search(actor, &query).unwrap().hits;
        hits.iter().map(|hit| hit.record.id).collect()
    }
}

#[test]
fn what_is_out_of_bounds_is_as_if_it_were_not_there() {
    let desk = Searching::new(&[]);
    let admin = Actor::Admin { agent: None };
    for n in 0..9 {
        let text = "paper jam ".repeat(1 + n % 4);
        desk.article(&format!("Paper {n}"), &text);
    }
    let scores = |desk: &Searching| -> Vec<(Id, u32)> {
        let hits = desk.hits(&admin, "paper jams");
        let score = |hit: &SearchHit| (hit.record.id, hit.score.to_bits());
        hits.iter().map(score).collect()
    };
    let before = scores(&desk);
    assert_eq!(before.len(), 9);
    let wrong = "c.rank_section(\"title\", 4);\nc.rank_section(\"text\", 5);";
    desk.install(plain(&[(RANK, wrong)]));
    assert_eq!(scores(&desk), before, "bit by bit");
    let steps = desk.desk.hooks().unwrap();
    let step = steps.into_iter().find(|step| step.name == "plain/r0");
    let error = step
        .and_then(|step| step.rule)
        .and_then(|r| r.last_error)
        .unwrap();
    assert!(error.contains("section `text` has the factor 5"), "{error}");
    assert!(error.contains("rules.rhai:3"), "{error}");
}

#[test]
fn a_value_of_a_field_that_is_not_seen_ranks_nothing() {
    let rank = (RANK, "c.rank_value(\"priority\", \"urgent\", 4);");
    let mask = "if c.record.code == \"blind\" { c.mask(\"priority\"); }";
    let desk = Searching::new(&[rank, ("hook = \"access.filter\"", mask)]);
    let of = |title: &str, priority: &str| {
        let asked = json!({"type": "fault", "title": title, "priority": priority});
        desk.create(Kind::Ticket, asked)
    };
    let plain = of("lamp", "low");
    let urgent = of("lamp and other things", "urgent");
    assert_eq!(desk.found(&desk.agent("seeing"), "lamp"), [urgent, plain]);
    assert_eq!(desk.found(&desk.agent("blind"), "lamp"), [plain, urgent]);
}

#[test]
fn factors_of_several_rules_are_multiplied_within_bounds() {
    let one = (RANK, "c.rank_value(\"kind\", \"article\", 3);");
    let desk = Searching::new(&[one, one]);
    let admin = Actor::Admin { agent: None };
    desk.article("Paper jam", "Paper jam.");
    let hits = desk.hits(&admin, "paper");
    let of = adds_up(&hits[0]);
    assert!((of.factor - 4.0).abs() < f32::EPSILON, "{of:?}");
    assert_eq!(of.factors[0].rules.len(), 2);
}

#[test]
fn tickets_of_the_support_pack_are_found_by_what_their_codes_mean() {
    let desk = Searching::new(&[]);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let files = PackFiles::read_dir(&scripts.join("support-1c")).unwrap();
    desk.run(&Command::ChangePack {
        name: String::new(),
        change: PackChange::Install {
            files,
            grants: Given::All,
        },
    });
    let (account, customer) = desk.customer();
    let contact = match customer {
        Actor::Contact { contact, .. } => contact,
        _ => Id::MIN,
    };
    let id = desk.create(
        Kind::Ticket,
        json!({
            "type": "support-1c/error", "title": "Не проводится документ",
            "description": "Проведение прервано", "service_type": "training",
            "error_code": "DOC-7781", "cause": "defect",
            "account": account.to_string(), "contact": contact.to_string(),
        }),
    );
    for words in ["обучение", "training", "DOC-7781", "ошибки"] {
        assert_eq!(desk.found(&customer, words), [id], "{words}");
    }
    let agent = desk.agent("anna");
    assert_eq!(desk.found(&agent, "дефект программы"), [id]);
    assert_eq!(desk.found(&customer, "дефект программы"), []);
}
