//! SQLite FTS5 on the same texts: any of the words, best first by BM25, with a snippet.
//!
//! It knows neither forms of words nor mistakes nor layouts, and it reads no record and checks no
//! rights.

use std::path::Path;
use std::time::Instant;

use cpu_time::ProcessTime;
use opora_benches::kit::{Fallible, Rate};
use rusqlite::{Connection, params};

use super::library::Library;

const TABLE: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE VIRTUAL TABLE docs USING fts5(title, body, tokenize = 'unicode61');
    INSERT INTO docs(docs, rank) VALUES('rank', 'bm25(3.0, 1.0)');
";
const SEARCH: &str = "
    SELECT title, snippet(docs, 1, '<mark>', '</mark>', '…', 24)
    FROM docs WHERE docs MATCH ?1 ORDER BY rank LIMIT ?2
";
const COMPLETE: &str = "SELECT title FROM docs WHERE docs MATCH ?1 ORDER BY rank LIMIT ?2";

/// A database with one table.
pub struct Rival {
    db: Connection,
    /// How fast it was filled.
    pub filled: Rate,
}

impl Rival {
    /// Makes it in a folder and fills it in one transaction.
    pub fn fill(folder: &Path, library: Library) -> Fallible<Self> {
        let mut db = Connection::open(folder.join("rival.sqlite"))?;
        db.execute_batch(TABLE)?;
        let (started, cpu) = (Instant::now(), ProcessTime::now());
        let changes = db.transaction()?;
        {
            let mut insert = changes.prepare("INSERT INTO docs(title, body) VALUES(?1, ?2)")?;
            for written in library.all() {
                insert.execute(params![written.title, written.text])?;
            }
        }
        changes.commit()?;
        let filled = Rate {
            done: library.tickets + library.articles,
            took: started.elapsed(),
            cpu: cpu.elapsed(),
        };
        db.execute_batch("INSERT INTO docs(docs) VALUES('optimize')")?;
        Ok(Self { db, filled })
    }

    /// Titles of what has any of the words, the last one perhaps unfinished.
    pub fn search(&self, text: &str, unfinished: bool, limit: usize) -> Fallible<Vec<String>> {
        self.titles(SEARCH, &matching(text, unfinished, " OR "), limit)
    }

    /// Titles that have all words, the last one perhaps unfinished.
    pub fn complete(&self, text: &str, limit: usize) -> Fallible<Vec<String>> {
        let words = matching(text, true, " AND ");
        self.titles(COMPLETE, &format!("title : ({words})"), limit)
    }

    fn titles(&self, sql: &str, matching: &str, limit: usize) -> Fallible<Vec<String>> {
        let mut query = self.db.prepare_cached(sql)?;
        let rows = query.query_map(params![matching, i64::try_from(limit)?], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Bytes of the database, and of the index in it.
    pub fn bytes(&self) -> Fallible<(u64, u64)> {
        let number = |sql: &str| -> Fallible<u64> {
            let number: i64 = self.db.query_row(sql, [], |row| row.get(0))?;
            Ok(u64::try_from(number)?)
        };
        let all =
            number("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")?;
        let index = number("SELECT sum(length(block)) FROM docs_data")?;
        Ok((all, index))
    }
}

/// The words in the language of its queries.
fn matching(text: &str, unfinished: bool, joined: &str) -> String {
    let words = text.split_whitespace();
    let quoted: Vec<String> = words
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    let all = quoted.join(joined);
    if unfinished { all + "*" } else { all }
}
