//! Bench of the HTTP API: creates, reads and transitions per second over keep-alive connections to
//! a server in the same process, on the durable store, with the packs
//! and plugins that come with the engine.
//!
//! `--quick` runs everything for a moment; `--bare` runs without hooks; `OPORA_BENCH_DIR` names the folder on the disk to
//! measure.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opora_benches::kit::{
    Bed, BedOptions, Client, Fallible, Mode, Rate, Server, drive, folder, load, median,
    status_of_work,
};
use parking_lot::Mutex;

fn main() -> Fallible<()> {
    let mode = Mode::from_args();
    let folder = folder(env!("CARGO_TARGET_TMPDIR"))?;
    let bed = Bed::open(
        folder.path(),
        &BedOptions {
            search: true,
            hooks: !mode.bare,
        },
    )?;
    load(&bed, 0, mode.pick(5_000, 100))?;
    let server = Server::of(&bed)?;
    let time = mode.pick(Duration::from_secs(2), Duration::from_millis(200));
    for connections in [1, 8, 64] {
        let mut all: [Vec<Rate>; 4] = Default::default();
        for _ in 0..mode.pick(5, 1) {
            let [direct, creates, reads, transitions] = &mut all;
            let (made, rate) = creates_over_http(&bed, &server, connections, time)?;
            creates.push(rate);
            direct.push(creates_direct(&bed, connections, time)?);
            reads.push(reads_over_http(&server, connections, time, &made)?);
            transitions.push(transitions_over_http(&server, connections, time, made)?);
        }
        report(connections, &all);
    }
    drop(server);
    bed.desk.close()?;
    Ok(())
}

fn clients(server: &Server, connections: usize) -> Fallible<Vec<Mutex<Client>>> {
    (0..connections)
        .map(|_| Ok(Mutex::new(server.connect()?)))
        .collect()
}

/// Id and number of a ticket.
type Made = (String, u64);

static NUMBER: AtomicU64 = AtomicU64::new(1_000_000);

fn creates_over_http(
    bed: &Bed,
    server: &Server,
    connections: usize,
    time: Duration,
) -> Fallible<(Vec<Made>, Rate)> {
    let clients = clients(server, connections)?;
    let made = Mutex::new(Vec::new());
    let rate = drive(connections, time, |caller, _| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let client = clients.get(caller).ok_or("no client")?;
        let fields = bed.ticket_fields(number).to_string();
        let answer = client.lock().send("POST", "/v1/tickets", &fields, 201)?;
        let id = answer.get("id").and_then(serde_json::Value::as_str);
        let id = id.ok_or("a create without an id")?.to_owned();
        made.lock().push((id, number));
        Ok(true)
    })?;
    Ok((made.into_inner(), rate))
}

fn creates_direct(bed: &Bed, callers: usize, time: Duration) -> Fallible<Rate> {
    drive(callers, time, |_, _| {
        bed.ticket(NUMBER.fetch_add(1, Ordering::Relaxed))?;
        Ok(true)
    })
}

fn reads_over_http(
    server: &Server,
    connections: usize,
    time: Duration,
    made: &[Made],
) -> Fallible<Rate> {
    let clients = clients(server, connections)?;
    drive(connections, time, |caller, turn| {
        let client = clients.get(caller).ok_or("no client")?;
        let place = usize::try_from(turn)? % made.len().max(1);
        let (id, _) = made.get(place).ok_or("no ticket was made")?;
        client
            .lock()
            .send("GET", &format!("/v1/tickets/{id}"), "", 200)?;
        Ok(true)
    })
}

fn transitions_over_http(
    server: &Server,
    connections: usize,
    time: Duration,
    made: Vec<Made>,
) -> Fallible<Rate> {
    let clients = clients(server, connections)?;
    let left = Mutex::new(made);
    drive(connections, time, |caller, _| {
        let Some((id, number)) = left.lock().pop() else {
            return Ok(false);
        };
        let client = clients.get(caller).ok_or("no client")?;
        let path = format!("/v1/tickets/{id}/transition");
        let body = format!(r#"{{"to":"{}"}}"#, status_of_work(number));
        client.lock().send("POST", &path, &body, 200)?;
        Ok(true)
    })
}

fn report(connections: usize, all: &[Vec<Rate>; 4]) {
    let rate = |all: &[Rate]| median(all.iter().map(Rate::per_second).collect());
    let [direct, creates, reads, transitions] = all;
    let ratio = creates
        .iter()
        .zip(direct)
        .map(|(http, direct)| http.per_second() / direct.per_second());
    println!(
        "{connections:>2} connections                creates {:.0} /s, {:.2} of as many callers \
         without HTTP; reads {:.0} /s; transitions {:.0} /s",
        rate(creates),
        median(ratio.collect()),
        rate(reads),
        rate(transitions)
    );
}
