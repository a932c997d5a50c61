//! `opora serve` and the subcommands beside it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use crate::program::{Server, opora, said};

const PACK: &str = "[pack]\nname = \"tiny\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n";
const DEFINITIONS: &str = r#"
[[type]]
code = "ask"
workflow = "ask"
[[workflow]]
code = "ask"
initial = "new"
statuses = [{ code = "new", category = "new" }, { code = "done", category = "done" }]
transitions = [{ from = "new", to = "done" }]
"#;

fn pack(folder: &Path) -> String {
    let pack = folder.join("tiny");
    std::fs::create_dir(&pack).unwrap();
    std::fs::write(pack.join("pack.toml"), PACK).unwrap();
    std::fs::write(pack.join("definitions.toml"), DEFINITIONS).unwrap();
    pack.to_str().unwrap().to_owned()
}

#[test]
fn an_empty_folder_becomes_a_desk_that_outlives_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let pack = pack(folder.path());
    let data = folder.path().join("desk");
    let server = Server::start(&data, &[]);
    let mode = |name: &str| data.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("admin-token"), mode("server.json")), (0o600, 0o600));
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(server.get("/readyz").status, 200);
    let answer = server
        .post("/v1/tickets", "", &json!({"type": "ask", "title": "x"}))
        .unwrap();
    assert_eq!(answer.body["code"], "no_ticket_types", "{}", answer.body);
    // Through the running server, found by its file.
    let place = data.to_str().unwrap();
    assert!(said(&["pack", "install", &pack, "--dry-run", "--data", place]).contains("tiny/ask"));
    said(&["pack", "install", &pack, "--data", place]);
    assert_eq!(said(&["pack", "list", "--data", place]), "tiny 1.0.0\n");
    let secret = said(&[
        "token", "create", "--role", "agent", "--note", "cli", "--data", place,
    ]);
    assert!(secret.starts_with("opora_"));
    let answer = server
        .post("/v1/tickets", "", &json!({"type": "ask", "title": "x"}))
        .unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    // Its time is real.
    let moved = server.post("/v1/clock", "", &json!({"advance": "PT1M"}));
    let moved = moved.unwrap();
    assert_eq!(
        (moved.status, &moved.body["code"]),
        (409, &json!("clock_is_real"))
    );
    assert_eq!(server.get("/v1/clock").body["can_be_moved"], false);
    // One process at a time.
    let second = opora(&["serve", "--listen", "127.0.0.1:0", "--data", place]);
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains("in use by another process"), "{told}");
    let token = server.token.clone();
    assert_eq!(server.stop(), 0);
    assert!(!data.join("server.json").exists());
    // Without a server, in the folder itself.
    assert_eq!(said(&["pack", "list", "--data", place]), "tiny 1.0.0\n");
    assert_eq!(said(&["token", "list", "--data", place]).lines().count(), 2);
    let server = Server::start(&data, &[]);
    assert_eq!(
        server.token, token,
        "the first administrator's token is made once"
    );
    let listed = server.get("/v1/tickets").body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let refused = opora(&[
        "pack",
        "remove",
        "tiny",
        "--url",
        &server.url,
        "--token",
        &token,
    ]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("in use"), "{told}");
    assert_eq!(server.stop(), 0);
}

#[test]
fn what_cannot_work_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let told = |args: &[&str]| {
        let output = opora(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(told(&["serve"]).contains("--data DIR"));
    assert!(told(&["pack", "list", "--data", place]).contains("holds no desk"));
    assert!(told(&["pack", "install", place, "--data", place]).contains("no pack.toml"));
    let pack = pack(folder.path());
    std::fs::write(
        folder.path().join("tiny/definitions.toml"),
        DEFINITIONS.replace("workflow = \"ask\"", "workflow = \"aks\""),
    )
    .unwrap();
    let data = folder.path().join("desk");
    let server = Server::start(&data, &[]);
    let text = told(&["pack", "install", &pack, "--data", data.to_str().unwrap()]);
    assert!(
        text.contains("definitions.toml:4") && text.contains("did you mean `ask`"),
        "{text}"
    );
    assert!(
        told(&["token", "list", "--url", &server.url, "--token", "nobody"]).contains("revoked")
    );
    let taken = server.url.trim_start_matches("http://");
    assert!(told(&["serve", "--data", place, "--listen", taken]).contains("--listen"));
    let output = opora(&["serve", "--data", place, "--listen", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn settings_come_from_flags_then_environment_then_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("opora.toml");
    let data = folder.path().join("from-file");
    std::fs::write(
        &file,
        format!(
            "data = {:?}\nlisten = \"127.0.0.1:1\"\n",
            data.display().to_string()
        ),
    )
    .unwrap();
    // The flag of `start` wins over the file for the folder and the address.
    let other = folder.path().join("from-flag");
    let server = Server::start(&other, &["--config", file.to_str().unwrap()]);
    assert_eq!(server.stop(), 0);
    assert!(other.join("opora.redb").exists() && !data.exists());
    std::fs::write(&file, "dta = \"x\"\n").unwrap();
    let output = opora(&["serve", "--config", file.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("unknown field `dta`"), "{told}");
}
