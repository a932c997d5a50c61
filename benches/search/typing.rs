//! Help while somebody types: titles with each key, and articles and solved tickets for a text.

use opora::desk::{Actor, LikeQuery, ListQuery, SuggestQuery};
use opora::domain::Kind;
use opora_benches::kit::{Bed, Client, Fallible, Mode, Spread, encoded, millis};
use serde_json::json;

use super::library::{self, Library};
use super::rival::Rival;

/// Aim for the 95th percentile of a completion in milliseconds.
const AIM: u64 = 10;
/// Titles of a completion.
const TITLES: usize = 8;
/// Suggestions of a sort.
const SUGGESTED: usize = 5;
/// Letters between two looks at what was typed, and looks at a title.
const STEP: usize = 3;
const LOOKS: usize = 8;

/// What was typed of a title by a turn: three letters more in each.
fn typed(turn: usize, library: Library) -> String {
    let written = library.drawn((turn / LOOKS) as u64);
    let letters = STEP * (turn % LOOKS + 1);
    let text: String = written.title.chars().take(letters).collect();
    text.trim_end().to_owned()
}

pub fn completions(
    bed: &Bed,
    client: &mut Client,
    rival: &Rival,
    library: Library,
    mode: &Mode,
) -> Fallible<()> {
    let (mut engine, mut http, mut other) = <(Spread, Spread, Spread)>::default();
    let (mut found, turns) = (0, mode.pick(800, 16));
    for turn in 0..turns {
        let text = typed(turn, library);
        let query = SuggestQuery {
            text: text.clone(),
            kinds: Vec::new(),
            limit: TITLES,
            at_least: None,
        };
        let titles = engine.time(|| Ok(bed.desk.suggest(&Actor::System, &query)?.titles))?;
        found += usize::from(!titles.is_empty());
        let path = format!("/v1/search/suggest?limit={TITLES}&q={}", encoded(&text));
        http.time(|| client.exchange("GET", &path, "", 200).map(drop))?;
        other.time(|| rival.complete(&text, TITLES).map(drop))?;
    }
    let ratio = |share| millis(engine.at(share)) / millis(other.at(share)).max(1e-6);
    println!(
        "as you type                   {:.2} and {:.2} of FTS5's prefixes of titles at p50 and p95: \
         {:.2} and {:.2} ms, FTS5 {:.2} and {:.2} ms; CPU of the thread {:.2} and {:.2} ms",
        ratio(0.5),
        ratio(0.95),
        millis(engine.at(0.5)),
        millis(engine.at(0.95)),
        millis(other.at(0.5)),
        millis(other.at(0.95)),
        millis(engine.cpu_at(0.5)),
        millis(engine.cpu_at(0.95)),
    );
    println!(
        "  over HTTP                   p50 {:.2} ms, p95 {:.2} ms (aim: {AIM} ms), p99 {:.2} ms; \
         {found} of {turns} had titles",
        millis(http.at(0.5)),
        millis(http.at(0.95)),
        millis(http.at(0.99)),
    );
    Ok(())
}

/// For tickets that are there, and for texts that are being written.
pub fn suggestions(bed: &Bed, client: &mut Client, mode: &Mode) -> Fallible<()> {
    let newest = ListQuery::newest(Kind::Ticket, 200);
    let tickets = bed.desk.list(&Actor::System, &newest)?.items;
    let turns = mode.pick(200, 10);
    let (mut engine, mut http) = (Spread::default(), Spread::default());
    let (mut articles, mut solved) = (0, 0);
    for page in tickets.iter().cycle().take(turns) {
        let id = page.record.id;
        let found = engine.time(|| {
            let desk = &bed.desk;
            Ok(desk.suggestions_of(&Actor::System, id, SUGGESTED, None)?)
        })?;
        articles += found.articles.len();
        solved += found.tickets.len();
        let path = format!("/v1/tickets/{id}/suggestions?limit={SUGGESTED}");
        http.time(|| client.exchange("GET", &path, "", 200).map(drop))?;
    }
    if articles == 0 {
        return Err("no article was suggested for any ticket".into());
    }
    report("suggestions for a ticket", &engine, &http);
    println!(
        "  found                       {:.1} articles and {:.1} solved tickets each",
        articles as f64 / turns as f64,
        solved as f64 / turns as f64
    );
    let (mut engine, mut http) = (Spread::default(), Spread::default());
    for turn in 0..turns {
        let written = library::ticket(50_000_000 + turn as u64);
        let query = LikeQuery {
            title: written.title.clone(),
            text: written.text.clone(),
            limit: SUGGESTED,
            ..LikeQuery::default()
        };
        engine.time(|| Ok(bed.desk.suggestions(&Actor::System, &query)?))?;
        let body = json!({"title": written.title, "text": written.text, "limit": SUGGESTED});
        let body = body.to_string();
        http.time(|| client.exchange("POST", "/v1/suggest", &body, 200).map(drop))?;
    }
    report("suggestions for a text", &engine, &http);
    Ok(())
}

fn report(name: &str, engine: &Spread, http: &Spread) {
    println!(
        "{name:<29} p50 {:.2} ms, p95 {:.2} ms; CPU of the thread {:.2} and {:.2} ms; over HTTP \
         {:.2} and {:.2} ms",
        millis(engine.at(0.5)),
        millis(engine.at(0.95)),
        millis(engine.cpu_at(0.5)),
        millis(engine.cpu_at(0.95)),
        millis(http.at(0.5)),
        millis(http.at(0.95)),
    );
}
