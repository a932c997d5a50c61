//! Opening a store of 100,000 tickets after a clean stop and after a kill, and its memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use opora::desk::{Actor, ListQuery};
use opora::domain::Kind;
use opora_benches::kit::{
    Bed, BedOptions, Fallible, Mode, folder, human_bytes, median, resident_bytes,
};

/// Aim for the time over redb's own repair.
const OVER_REPAIR: Duration = Duration::from_millis(300);

pub fn times(from: &Path, mode: &Mode) -> Fallible<()> {
    let rounds = mode.pick(5, 1);
    let file = fs::metadata(from.join("opora.redb"))?.len();
    let (mut clean, mut resident) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let answer = ask("open", from)?;
        clean.push(answer.millis);
        resident.push(answer.resident);
    }
    println!(
        "open after a clean stop       {:.0} ms until a list and a search answer; {} to {} in memory \
         then; the file has {}",
        median(clean),
        human_bytes(resident.iter().copied().min().unwrap_or(0)),
        human_bytes(resident.iter().copied().max().unwrap_or(0)),
        human_bytes(file)
    );
    let (mut repair, mut desk, mut over) = (Vec::new(), Vec::new(), Vec::new());
    let mut resident = Vec::new();
    for _ in 0..rounds {
        kill_while_writing(from)?;
        let copy = folder(env!("CARGO_TARGET_TMPDIR"))?;
        copy_all(from, copy.path())?;
        let bare = ask("repair", copy.path())?.millis;
        let whole = ask("open", from)?;
        over.push(whole.millis - bare);
        repair.push(bare);
        desk.push(whole.millis);
        resident.push(whole.resident);
    }
    println!(
        "open after a kill             {:.0} ms, redb's own repair of the same file {:.0} ms: \
         {:.0} ms over it (aim: {} ms at most); {} in memory then",
        median(desk),
        median(repair),
        median(over),
        OVER_REPAIR.as_millis(),
        human_bytes(resident.iter().copied().max().unwrap_or(0))
    );
    Ok(())
}

struct Answer {
    millis: f64,
    resident: u64,
}

fn start(what: &str, path: &Path) -> Fallible<(Child, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--child", what])
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let output = child.stdout.take().ok_or("no output of the child")?;
    BufReader::new(output).read_line(&mut line)?;
    Ok((child, line))
}

fn ask(what: &str, path: &Path) -> Fallible<Answer> {
    let (mut child, line) = start(what, path)?;
    let status = child.wait()?;
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), status.success()) {
        (Some(millis), Some(resident), true) => Ok(Answer {
            millis: millis.parse()?,
            resident: resident.parse()?,
        }),
        _ => Err(format!("the child `{what}` answered `{}`", line.trim()).into()),
    }
}

fn kill_while_writing(path: &Path) -> Fallible<()> {
    let (mut child, line) = start("write", path)?;
    if line.trim() != "writing" {
        return Err("the child that writes did not begin".into());
    }
    std::thread::park_timeout(Duration::from_millis(300));
    child.kill()?;
    child.wait()?;
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> Fallible<()> {
    fs::copy(from.join("opora.redb"), to.join("opora.redb"))?;
    Ok(())
}

/// What the bench does when it was started by itself.
pub fn child(what: &str, path: &Path) -> Fallible<()> {
    let started = Instant::now();
    match what {
        "open" => {
            let bed = Bed::open(
                path,
                &BedOptions {
                    search: true,
                    hooks: true,
                },
            )?;
            let page = bed
                .desk
                .list(&Actor::System, &ListQuery::newest(Kind::Ticket, 50))?;
            let query = opora::desk::SearchQuery {
                text: "принтер".to_owned(),
                limit: 20,
                ..Default::default()
            };
            let hits = bed.desk.search(&Actor::System, &query)?.hits;
            let took = started.elapsed();
            if page.items.is_empty() || hits.is_empty() {
                return Err("the opened desk found nothing".into());
            }
            println!("{} {}", took.as_secs_f64() * 1e3, resident_bytes());
            bed.desk.close()?;
        }
        "repair" => {
            let db = redb::Database::open(path.join("opora.redb"))?;
            println!(
                "{} {}",
                started.elapsed().as_secs_f64() * 1e3,
                resident_bytes()
            );
            drop(db);
        }
        "write" => {
            let bed = Bed::open(
                path,
                &BedOptions {
                    search: true,
                    hooks: true,
                },
            )?;
            bed.ticket(20_000_000)?;
            println!("writing");
            for number in 20_000_001.. {
                bed.ticket(number)?;
            }
        }
        other => return Err(format!("there is no part `{other}`").into()),
    }
    Ok(())
}
