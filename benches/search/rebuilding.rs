//! The index built anew from the store: documents a second, and its size against the text.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use opora_benches::kit::{Bed, BedOptions, Fallible, Mode, human_bytes, median};

/// Aim for documents a second.
const RATE_AIM: f64 = 20_000.0;
/// Aim for the size against the text.
const SIZE_AIM: f64 = 1.1;
/// The folder of the index beside the store.
const INDEX: &str = "search";

pub fn times(from: &Path, tickets: u64, mode: &Mode) -> Fallible<()> {
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
            std::thread::park_timeout(Duration::from_millis(2));
        }
        rates.push(tickets as f64 / started.elapsed().as_secs_f64());
        cpu.push(used.elapsed().as_secs_f64() * 1e6 / tickets as f64);
        bed.desk.close()?;
        bytes = size(&from.join(INDEX))?;
    }
    let text: usize = (0..tickets).map(Bed::ticket_text).sum();
    println!(
        "building the index anew       {:.0} documents/s (aim: {RATE_AIM:.0}), {:.0} us CPU each; \
         {} are {:.2} of the text (aim: {SIZE_AIM})",
        median(rates),
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
