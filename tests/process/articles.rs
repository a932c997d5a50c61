//! A folder of articles into the knowledge base and out again, in a folder and on a server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::program::{Server, opora, said};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Every file below a folder, by its path.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

const FILES: [(&str, &str); 6] = [
    (
        "printers/reset.md",
        "---\ntitle: Reset the printer\nlocale: en\ncategory: printers\ntags: [printer, \"reset: hard\"]\nstatus: published\nvalid_until: 2030-01-01T00:00:00+03:00\n---\n\nHold **the button**, see ![plan](img/plan%201.png) and [notes](notes.txt).\n",
    ),
    ("printers/img/plan 1.png", "png"),
    ("printers/notes.txt", "Spare keys are in the box."),
    (
        "printers/reset.ru.md",
        "+++\nid = \"reset-ru\"\ntitle = \"Сброс принтера\"\nlocale = \"ru\"\nvariant_of = \"printers/reset\"\naudience = \"internal\"\n+++\n\nДержите кнопку.\n",
    ),
    (
        "pumps/index.html",
        "<html><head><title>Pumps</title></head><body><p>Prime the pump.</p></body></html>",
    ),
    ("plain.md", "# Only a heading\n\nAnd text."),
];

#[test]
fn a_folder_comes_in_once_and_goes_out_as_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let (source, data) = (dir.path().join("source"), dir.path().join("data"));
    write(&source, &FILES);
    Server::start(&data, &[]).stop();
    let import = |from: &Path, data: &Path, more: &[&str]| {
        let mut args = vec!["articles", "--data", text(data), "import", text(from)];
        args.extend(more);
        said(&args)
    };
    let tried = import(&source, &data, &["--dry-run"]);
    assert!(tried.contains("create printers/reset"), "{tried}");
    assert!(
        tried.contains("4 would be created, 0 would be changed, 0 unchanged"),
        "{tried}"
    );
    let came = import(&source, &data, &[]);
    assert!(
        came.ends_with("4 created, 0 changed, 0 unchanged\n"),
        "{came}"
    );
    let again = import(&source, &data, &[]);
    assert_eq!(again, "0 created, 0 changed, 4 unchanged\n");

    let first = dir.path().join("first");
    said(&["articles", "--data", text(&data), "export", text(&first)]);
    let exported = tree(&first);
    assert_eq!(exported["printers/reset/img/plan 1.png"], b"png");
    assert_eq!(
        exported["printers/reset/notes.txt"],
        b"Spare keys are in the box."
    );
    // The same folder is left alone; what comes out of another desk is the same to the byte.
    assert_eq!(
        import(&first, &data, &[]),
        "0 created, 0 changed, 4 unchanged\n"
    );
    let (other, second) = (dir.path().join("other"), dir.path().join("second"));
    Server::start(&other, &[]).stop();
    import(&first, &other, &[]);
    said(&["articles", "--data", text(&other), "export", text(&second)]);
    assert_eq!(tree(&second), exported);
    let full = opora(&["articles", "--data", text(&other), "export", text(&second)]);
    assert!(String::from_utf8_lossy(&full.stderr).contains("is not empty"));

    // On a running server, with a change of the text and of a file.
    write(
        &source,
        &[
            ("plain.md", "# Only a heading\n\nAnd other text."),
            ("printers/notes.txt", "Spare keys are in the drawer."),
        ],
    );
    let server = Server::start(&data, &[]);
    let changed = import(&source, &data, &[]);
    assert!(changed.contains("change plain: body"), "{changed}");
    assert!(
        changed.contains("change printers/reset: file notes.txt"),
        "{changed}"
    );
    assert!(
        changed.ends_with("0 created, 2 changed, 2 unchanged\n"),
        "{changed}"
    );
    let articles = server.get("/v1/articles?locale=ru").body;
    let russian = &articles["items"][0];
    let fields = ["title", "external_id", "audience", "status"].map(|name| russian[name].clone());
    let expected = ["Сброс принтера", "reset-ru", "internal", "draft"].map(|text| json!(text));
    assert_eq!(fields, expected);
    let main = server
        .get(&format!(
            "/v1/articles/{}",
            russian["variant_of"].as_str().unwrap()
        ))
        .body;
    assert_eq!(
        (&main["title"], &main["valid_until"]),
        (&json!("Reset the printer"), &json!("2029-12-31T21:00:00Z"))
    );
    let there = dir.path().join("there");
    said(&["articles", "--data", text(&data), "export", text(&there)]);
    assert_eq!(
        tree(&there)["printers/reset/notes.txt"],
        b"Spare keys are in the drawer."
    );
    server.stop();
}

#[test]
fn faults_are_told_together_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let (source, data) = (dir.path().join("source"), dir.path().join("data"));
    write(
        &source,
        &[
            ("a.md", "---\ntitle: A\nlocal: ru\ntags: {a: b}\n---\nx"),
            ("b.md", "---\ntitle: B\nid: same\nsource: x\n---\nx"),
            ("c.md", "---\ntitle: C\nid: same\n---\nx"),
            ("d.html", "no title"),
            (
                "e.md",
                "---\ntitle: E\nid: same\nfiles: [missing.pdf, ../outside.txt]\n---\nx",
            ),
        ],
    );
    fs::write(dir.path().join("outside.txt"), "secret").unwrap();
    fs::write(source.join("f.md"), b"# F\n\xff").unwrap();
    Server::start(&data, &[]).stop();
    let output = opora(&["articles", "--data", text(&data), "import", text(&source)]);
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    for piece in [
        "a.md:4: only texts and lists",
        "b.md:4: there is no `source`",
        "d.html:1: has no `title`",
        "e.md:4: there is no file `missing.pdf`",
        "e.md:4: there is no file `../outside.txt`",
        "f.md:2: is not UTF-8",
    ] {
        assert!(told.contains(piece), "{piece}: {told}");
    }
    write(
        &source,
        &[
            ("a.md", "# A"),
            ("b.md", "---\nid: same\n---\n# B"),
            ("d.html", "<h1>D</h1>"),
            ("e.md", "# E"),
            ("f.md", "# F"),
        ],
    );
    let output = opora(&["articles", "--data", text(&data), "import", text(&source)]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("c.md:1: is called `same`, as `b.md` is"),
        "{told}"
    );
    // What the desk itself refuses is told so, too, tried or in earnest, and nothing comes in.
    let long = format!("---\ntitle: G\n---\n{}", "x".repeat(20_001));
    let wrong =
        "---\ntitle: E\naudience: pubic\nproduct: zzz\naccounts: [zz]\nvalid_from: soon\n---\nx";
    write(
        &source,
        &[
            (
                "c.md",
                "---\ntitle: C\nlocale: Russian\n---\n[x](missing.pdf)",
            ),
            ("e.md", wrong),
            ("g.md", long.as_str()),
        ],
    );
    std::os::unix::fs::symlink(source.join("b.md"), source.join("z.md")).unwrap();
    let import = |more: &[&str]| {
        let mut args = vec!["articles", "--data", text(&data), "import", text(&source)];
        args.extend(more);
        opora(&args)
    };
    let refused = |more: &[&str]| {
        let output = import(more);
        assert!(!output.status.success(), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        for piece in [
            "c.md:3: locale: ",
            "e.md:3: audience: ",
            "e.md:4: product: there is no product `zzz`",
            "e.md:5: accounts: there is no account `zz`",
            "e.md:6: valid_from: ",
            "g.md:4: body: ",
        ] {
            assert!(told.contains(piece), "{piece}: {told}");
        }
        let notes = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(notes.contains("z.md is a symbolic link"), "{notes}");
        assert!(
            notes.contains("c.md: there is no file `missing.pdf`"),
            "{notes}"
        );
        assert!(!notes.contains("created"), "{notes}");
    };
    refused(&["--dry-run"]);
    refused(&[]);
    let server = Server::start(&data, &[]);
    refused(&["--dry-run"]);
    refused(&[]);
    server.stop();
    for name in ["c.md", "e.md", "g.md"] {
        fs::remove_file(source.join(name)).unwrap();
    }
    let output = import(&[]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("4 created"), "{output:?}");
}

#[test]
fn files_come_back_with_their_readers_and_whatever_their_ending() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (source, data, other) = (path("source"), path("data"), path("other"));
    write(
        &source,
        &[
            (
                "a/index.md",
                "---\ntitle: A\nfiles: [page.html]\ninternal_files: [secret.txt]\n---\n[s](secret.txt)",
            ),
            ("a/page.html", "no title"),
            ("a/secret.txt", "the password"),
        ],
    );
    let import =
        |from: &Path, data: &Path| said(&["articles", "--data", text(data), "import", text(from)]);
    let readers = |data: &Path| {
        let server = Server::start(data, &[]);
        let article = server.get("/v1/articles").body["items"][0].clone();
        let id = article["id"].as_str().unwrap().to_owned();
        let files = server.get(&format!("/v1/articles/{id}/attachments")).body;
        let files = files["items"].as_array().unwrap().iter();
        let mut files: Vec<(String, String)> = files
            .map(|f| {
                let text = |name: &str| f[name].as_str().unwrap().to_owned();
                (text("name"), text("visibility"))
            })
            .collect();
        files.sort_unstable();
        server.stop();
        files
    };
    let expected = [("page.html", "public"), ("secret.txt", "internal")]
        .map(|(name, who)| (name.to_owned(), who.to_owned()));
    Server::start(&data, &[]).stop();
    let came = import(&source, &data);
    assert!(
        came.ends_with("1 created, 0 changed, 0 unchanged\n"),
        "{came}"
    );
    assert_eq!(readers(&data), expected);
    let out = path("out");
    said(&["articles", "--data", text(&data), "export", text(&out)]);
    Server::start(&other, &[]).stop();
    import(&out, &other);
    assert_eq!(readers(&other), expected);
}
