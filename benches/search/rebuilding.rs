//! The index built anew from the store: documents a second, and its size against the text.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, human_bytes, median};

use super::rival::Rival;

/// An index that was built.
pub struct Built {
    /// Documents a second.
    rate: f64,
    /// Bytes of its files.
    bytes: u64,
}

/// Aim for documents a second.
const RATE_AIM: f64 = 20_000.0;
/// Aim for the size against the text.
const SIZE_AIM: f64 = 1.1;
/// When merging has begun after a build.
const MERGES_BEGIN: Duration = Duration::from_millis(1_500);
/// The folder of the index beside the store.
const INDEX: &str = "search";

/// Builds the index of a desk's folder anew: of so many documents with so many bytes of text.
pub fn times(from: &Path, what: &str, documents: u64, text: usize, mode: &Mode) -> Fallible<Built> {
    let (mut rates, mut cpu, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..mode.pick(3, 1) {
        fs::remove_dir_all(from.join(INDEX))?;
        let (started, used) = (Instant::now(), ProcessTime::now());
        let bed = Bed::open_unread(
            from,
            &BedOptions {
                search: true,
                ..BedOptions::default()
            },
        )?;
        let last = bed.desk.pos();
        loop {
            let health = bed.desk.health()?;
            if !health.rebuilding && health.indexed >= Some(last) {
                break;
            }
            if started.elapsed() > Duration::from_secs(600) {
                return Err("the index was not built in ten minutes".into());
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        rates.push(documents as f64 / started.elapsed().as_secs_f64());
        cpu.push(used.elapsed().as_secs_f64() * 1e6 / documents as f64);
        // What was built is merged when nothing else is to do, and closing waits for it.
        std::thread::park_timeout(MERGES_BEGIN);
        bed.desk.close()?;
        bytes = size(&from.join(INDEX))?;
    }
    let built = Built {
        rate: median(rates),
        bytes,
    };
    println!(
        "index of {what:<20} built at {:.0} documents/s (aim for tickets: {RATE_AIM:.0}), {:.1} MB of \
         text/s, {:.0} us CPU each; {} are {:.2} of the text (aim: {SIZE_AIM})",
        built.rate,
        built.rate * text as f64 / documents as f64 / 1e6,
        median(cpu),
        human_bytes(bytes),
        bytes as f64 / text as f64,
    );
    for (extension, bytes) in by_extension(&from.join(INDEX))? {
        println!(
            "  {extension:<27} {:.2} of the text",
            bytes as f64 / text as f64
        );
    }
    Ok(built)
}

/// What SQLite FTS5 did with the same documents.
pub fn compare(built: &Built, rival: &Rival) -> Fallible<()> {
    let (whole, index) = rival.bytes()?;
    let rate = rival.filled.per_second();
    println!(
        "  against FTS5                {:.2} of its rate of {rate:.0} documents/s; {:.2} of its file \
         of {}, {:.2} of the index in it",
        built.rate / rate,
        built.bytes as f64 / whole as f64,
        human_bytes(whole),
        built.bytes as f64 / index.max(1) as f64,
    );
    Ok(())
}

fn size(folder: &Path) -> Fallible<u64> {
    Ok(by_extension(folder)?.iter().map(|(_, bytes)| bytes).sum())
}

/// Bytes by the extension of the files, in all folders below.
fn by_extension(folder: &Path) -> Fallible<Vec<(String, u64)>> {
    let mut found: Vec<(String, u64)> = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            let bytes = fs::metadata(&path)?.len();
            match found.iter_mut().find(|(known, _)| *known == extension) {
                Some((_, sum)) => *sum += bytes,
                None => found.push((extension.into_owned(), bytes)),
            }
        }
    }
    found.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(found)
}
