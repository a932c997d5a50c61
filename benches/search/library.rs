//! What is searched: tickets and articles of natural length, three fifths of them in Russian.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opora::domain::Kind;
use opora_benches::kit::{Bed, Fallible, Mode, Rate, Tongue, drive, scatter};
use serde_json::json;

/// Numbers of texts of articles begin here, those of tickets at zero.
const ARTICLES: u64 = 1 << 40;
/// Every so many tickets is solved.
const SOLVED: u64 = 10;

/// How much there is of what.
#[derive(Debug, Clone, Copy)]
pub struct Library {
    pub tickets: u64,
    pub articles: u64,
}

/// Title and text of a document.
pub struct Written {
    pub tongue: Tongue,
    pub title: String,
    pub text: String,
}

impl Library {
    pub fn of(mode: &Mode) -> Self {
        Self {
            tickets: mode.pick(100_000, 2_000),
            articles: mode.pick(100_000, 300),
        }
    }

    /// Bytes of the texts of all tickets, and of all articles.
    pub fn bytes(self) -> (usize, usize) {
        let sum = |count, written: fn(u64) -> Written| -> usize {
            let all = (0..count).map(written);
            all.map(|w| w.title.len() + w.text.len()).sum()
        };
        (sum(self.tickets, ticket), sum(self.articles, article))
    }

    /// All documents.
    pub fn all(self) -> impl Iterator<Item = Written> {
        let tickets = (0..self.tickets).map(ticket);
        tickets.chain((0..self.articles).map(article))
    }

    /// One document, drawn: a ticket in each other turn.
    pub fn drawn(self, turn: u64) -> Written {
        let draw = scatter(turn);
        match turn.is_multiple_of(2) && self.articles > 0 {
            true => article(draw % self.articles),
            false => ticket(draw % self.tickets.max(1)),
        }
    }
}

/// The ticket of a number: some 400 bytes.
pub fn ticket(number: u64) -> Written {
    written(number, 5, 30 + scatter(number) % 30)
}

/// The article of a number: 80 to 320 words.
pub fn article(number: u64) -> Written {
    written(number + ARTICLES, 6, 80 + scatter(number) % 240)
}

fn written(number: u64, title: u64, text: u64) -> Written {
    let tongue = match number % 5 {
        0..3 => Tongue::Russian,
        _ => Tongue::English,
    };
    Written {
        tongue,
        title: tongue.line(number, title),
        text: tongue.text(number ^ 0x5555, text),
    }
}

/// Creates the tickets through the desk.
pub fn fill_tickets(bed: &Bed, count: u64) -> Fallible<Rate> {
    each(count, |number| {
        let written = ticket(number);
        let mut fields = bed.ticket_fields(number);
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("title".to_owned(), json!(written.title));
            fields.insert("description".to_owned(), json!(written.text));
        }
        // A complaint is not done before it was answered.
        let is_short = fields.get("type") != Some(&json!("support-1c/complaint"));
        let id = bed.create(Kind::Ticket, fields)?.id;
        if is_short && number.is_multiple_of(SOLVED) {
            bed.begin(id, number)?;
            bed.finish(id, number)?;
        }
        Ok(())
    })
}

/// Creates the articles through the desk.
pub fn fill_articles(bed: &Bed, count: u64) -> Fallible<Rate> {
    each(count, |number| {
        let written = article(number);
        let locale = match written.tongue {
            Tongue::Russian => "ru",
            Tongue::English => "en",
        };
        let fields = json!({"title": written.title, "body": written.text, "locale": locale,
            "status": "published"});
        bed.create(Kind::Article, fields)?;
        Ok(())
    })
}

fn each(count: u64, create: impl Fn(u64) -> Fallible<()> + Sync) -> Fallible<Rate> {
    let next = AtomicU64::new(0);
    drive(256, Duration::from_secs(3_600), |_, _| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(false);
        }
        create(number)?;
        Ok(true)
    })
}
