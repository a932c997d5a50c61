//! Packs, ticket types and fields over the API.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT, App, DEFINITIONS, PACK, PORTAL_A};

fn upload(pack: &str, definitions: &str) -> Json {
    json!({"files": {"pack.toml": {"text": pack}, "definitions.toml": {"text": definitions}}})
}

#[tokio::test]
async fn installed_tried_listed_and_removed() {
    let app = App::new();
    let pack = PACK.replace("repair", "garage");
    let definitions = DEFINITIONS
        .replace("repair", "garage")
        .replace("\"fault\"", "\"knock\"");
    let body = upload(&pack, &definitions);
    let dry = app
        .post("/v1/packs?dry_run=true", ADMIN, body.clone())
        .await
        .is(200)
        .json();
    let changes = dry["changes"].as_array().unwrap();
    assert!(
        changes
            .iter()
            .any(|c| c.as_str().unwrap().contains("garage/knock")),
        "{dry}"
    );
    app.get("/v1/packs/garage", ADMIN)
        .await
        .fails_with(404, "not_found");
    let installed = app.post("/v1/packs", ADMIN, body).await.is(201).json();
    assert_eq!(
        (&installed["name"], &installed["version"]),
        (&json!("garage"), &json!("1.0.0"))
    );
    assert_eq!(installed["types"], json!(["garage/knock"]));
    let read = app.get("/v1/packs/garage", AGENT).await.is(200).json();
    assert_eq!(read, installed);
    let listed = app.get("/v1/packs", AGENT).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    app.post(
        "/v1/tickets",
        AGENT,
        json!({"type": "knock", "title": "Noise"}),
    )
    .await
    .is(201);
    app.get("/v1/packs", PORTAL_A)
        .await
        .fails_with(403, "forbidden");
    app.call("DELETE", "/v1/packs/nobody", ADMIN, &[], json!(null))
        .await
        .is(404);
}

/// A pack whose rules stand in `rules.rhai`.
fn ruled(pack: &str, rules: &str) -> Json {
    json!({"files": {"pack.toml": {"text": pack}, "rules.rhai": {"text": rules}}})
}

#[tokio::test]
async fn a_pack_refuses_itself_and_others() {
    let app = App::new();
    let pack = "[pack]\nname = \"watch\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n\
                [[rule]]\nname = \"guard\"\nhook = \"config.guard\"\nscript = \"rules.rhai\"\n\
                [[rule]]\nname = \"begin\"\nhook = \"pack.lifecycle\"\nscript = \"rules.rhai\"\n";
    let guard =
        "fn guard(c) { if c.config.what == \"field\" { c.deny(\"enough\", c.config.code); } }\n";
    let refusing = format!("{guard}fn begin(c) {{ c.deny(\"not_here\", \"not on this desk\"); }}");
    let dry = app
        .post("/v1/packs?dry_run=true", ADMIN, ruled(pack, &refusing))
        .await
        .is(200)
        .json();
    assert_eq!(
        dry["refusals"],
        json!(["not on this desk (watch/begin:2)"]),
        "{dry}"
    );
    let body = json!({"files": ruled(pack, &refusing)["files"], "grants": ["all"]});
    app.post("/v1/packs", ADMIN, body)
        .await
        .fails_with(409, "pack_refused");
    let quiet = format!("{guard}fn begin(c) {{ c.create(\"team\", (), #{{ title: \"New\" }}); }}");
    let body = json!({"files": ruled(pack, &quiet)["files"], "grants": ["all"]});
    app.post("/v1/packs", ADMIN, body).await.is(201);
    let teams = app.get("/v1/teams", ADMIN).await.json();
    assert!(
        teams["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|team| team["title"] == "New"),
        "{teams}"
    );
    let field = json!({"field": {"code": "size", "value": "enum", "options": [{"code": "s"}]}});
    app.post("/v1/fields", ADMIN, field)
        .await
        .fails_with(409, "config_refused");
    let steps = app.get("/v1/hooks", ADMIN).await.json();
    let found = steps["items"].as_array().unwrap().iter();
    let step = found.clone().find(|s| s["name"] == "watch/guard").unwrap();
    assert_eq!(
        (&step["phase"], &step["rule"]["kind"]),
        (&json!("configure"), &json!(null))
    );
}

#[tokio::test]
async fn an_option_in_use_is_replaced_or_stays() {
    let app = App::new();
    let size = |options: Json, replaced: Json| json!({"field": {"code": "size", "value": "enum", "options": options}, "replaced": replaced});
    let both = json!([{"code": "s"}, {"code": "l"}]);
    app.post("/v1/fields", ADMIN, size(both, json!({})))
        .await
        .is(201);
    let ticket = json!({"type": "fault", "title": "x", "fields": {"local/size": "s"}});
    let made = app.post("/v1/tickets", AGENT, ticket).await.is(201).json();
    let less = json!([{"code": "l"}]);
    app.post("/v1/fields", ADMIN, size(less.clone(), json!({})))
        .await
        .fails_with(409, "in_use");
    app.post("/v1/fields", ADMIN, size(less, json!({"s": "l"})))
        .await
        .is(201);
    let path = format!("/v1/tickets/{}", made["id"].as_str().unwrap());
    let read = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(read["fields"]["local/size"], "l", "{read}");
}

#[tokio::test]
async fn a_broken_pack_is_refused_with_file_and_line() {
    let app = App::new();
    let definitions = DEFINITIONS.replace("workflow = \"repair\"", "workflow = \"repiar\"");
    let answer = app
        .post("/v1/packs", ADMIN, upload(PACK, &definitions))
        .await
        .is(422);
    let text = answer.text();
    assert!(
        text.contains("definitions.toml:5") && text.contains("did you mean `repair`"),
        "{text}"
    );
    let wrong = json!({"files": {"pack.toml": {"base64": "###="}}});
    app.post("/v1/packs", ADMIN, wrong)
        .await
        .fails_with(422, "invalid");
    let hostile =
        json!({"files": {"pack.toml": {"text": PACK}, "../../etc/passwd": {"text": "x"}}});
    app.post("/v1/packs", ADMIN, hostile).await.is(422);
    app.post("/v1/packs", ADMIN, json!({"files": {}}))
        .await
        .is(422);
    // What runs is what ran before.
    app.ticket().await;
}

#[tokio::test]
async fn types_are_told_in_the_language_asked_for() {
    let app = App::new();
    let listed = app.get("/v1/ticket-types", PORTAL_A).await.is(200).json();
    let fault = &listed["items"][0];
    assert_eq!(
        (&fault["code"], &fault["name"]),
        (&json!("repair/fault"), &json!("Fault"))
    );
    assert_eq!(
        (&fault["initial"], &fault["active"]),
        (&json!("repair/todo"), &json!(true))
    );
    assert_eq!(fault["statuses"].as_array().unwrap().len(), 4);
    assert_eq!(fault["transitions"][3]["requires"], json!(["solution"]));
    let fields = fault["fields"].as_array().unwrap();
    assert!(
        fields.contains(&json!("repair/severity")) && !fields.contains(&json!("repair/margin"))
    );
    let russian = [("accept-language", "ru")];
    let one = app
        .call(
            "GET",
            "/v1/ticket-types/repair/fault",
            AGENT,
            &russian,
            json!(null),
        )
        .await
        .is(200);
    assert_eq!(one.json()["name"], "Неисправность");
    assert!(
        one.json()["fields"]
            .as_array()
            .unwrap()
            .contains(&json!("repair/margin"))
    );
    app.get("/v1/ticket-types/repair/nothing", AGENT)
        .await
        .fails_with(404, "not_found");
}

// rows: S1.21, S1.24, S4.20
#[tokio::test]
async fn a_field_is_added_while_running() {
    let app = App::new();
    let field = json!({"type": "fault", "field": {"code": "room", "value": "text", "names": {"en": "Room"}}});
    app.post("/v1/fields", AGENT, field.clone())
        .await
        .fails_with(403, "forbidden");
    let made = app.post("/v1/fields", ADMIN, field).await.is(201).json();
    assert_eq!(
        (&made["code"], &made["types"]),
        (&json!("local/room"), &json!(["repair/fault"]))
    );
    let body = json!({"type": "fault", "title": "x", "fields": {"local/room": "214"}});
    let ticket = app.post("/v1/tickets", AGENT, body).await.is(201).json();
    assert_eq!(ticket["fields"]["local/room"], "214");
    let listed = app
        .get("/v1/fields?kind=ticket&type=fault", AGENT)
        .await
        .is(200)
        .json();
    let codes: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect();
    for code in ["title", "status", "repair/severity", "local/room"] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    app.get("/v1/fields?kind=tikcet", AGENT)
        .await
        .fails_with(422, "invalid");
    app.get("/v1/fields?type=nothing", AGENT)
        .await
        .fails_with(422, "invalid");
    let broken = json!({"field": {"code": "x", "value": "colour"}});
    app.post("/v1/fields", ADMIN, broken)
        .await
        .fails_with(422, "invalid");
}

/// A manifest that asks to call webhooks, and the rule that does.
fn hooking(version: &str) -> Json {
    let pack = format!(
        "[pack]\nname = \"hook\"\nversion = \"{version}\"\nengine = \"0.1\"\n\
         [capabilities]\neffects = [\"set\", \"webhook\"]\n\
         [[rule]]\nname = \"tell\"\nhook = \"transition.effect\"\nscript = \"r.rhai\"\napplies_to = [\"*\"]\n"
    );
    json!({"files": {"pack.toml": {"text": pack}, "r.rhai": {"text": "fn tell(c) { c.webhook(\"x\", #{}); }"}}})
}

#[tokio::test]
async fn what_a_pack_asks_for_is_granted_by_name() {
    let app = App::new();
    let mut body = hooking("1.0.0");
    let refused = app
        .post("/v1/packs", ADMIN, body.clone())
        .await
        .fails_with(409, "grants_needed")
        .json();
    assert_eq!(refused["errors"][0]["field"], "effect:webhook", "{refused}");
    let dry = app.post("/v1/packs?dry_run=true", ADMIN, body.clone());
    assert_eq!(dry.await.is(200).json()["asks"], json!(["effect:webhook"]));
    body["grants"] = json!(["all"]);
    let made = app.post("/v1/packs", ADMIN, body).await.is(201).json();
    assert_eq!(made["grants"], json!(["effect:set", "effect:webhook"]));
    // An upgrade that asks for no more needs no word.
    app.post("/v1/packs", ADMIN, hooking("1.1.0")).await.is(201);
    let less = app
        .post("/v1/packs/hook/grants", ADMIN, json!({"grants": []}))
        .await
        .is(200)
        .json();
    assert_eq!(less["grants"], json!(["effect:set"]));
    let wrong = json!({"grants": ["effect:webhok"]});
    let wrong = app
        .post("/v1/packs/hook/grants", ADMIN, wrong)
        .await
        .is(422);
    assert!(wrong.text().contains("did you mean `effect:webhook`?"));
}

#[tokio::test]
async fn revisions_are_listed_compared_and_gone_back_to() {
    let app = App::new();
    let other = DEFINITIONS.replace("code = \"major\"", "code = \"grave\"");
    let pack = PACK.replace("1.0.0", "1.1.0");
    app.post("/v1/packs", ADMIN, upload(&pack, &other))
        .await
        .is(201);
    let listed = app
        .get("/v1/packs/repair/revisions", ADMIN)
        .await
        .is(200)
        .json();
    let items = listed["items"].as_array().unwrap();
    let told: Vec<(&Json, &Json)> = items.iter().map(|i| (&i["version"], &i["what"])).collect();
    assert_eq!(
        told,
        [
            (&json!("1.1.0"), &json!("upgraded")),
            (&json!("1.0.0"), &json!("installed"))
        ]
    );
    assert!(items[0]["actor"].as_str().unwrap().starts_with("admin"));
    let diff = app
        .get("/v1/packs/repair/diff?from=1.0.0&to=1.1.0", ADMIN)
        .await
        .is(200)
        .json();
    assert!(
        diff["changes"]
            .as_array()
            .unwrap()
            .contains(&json!("added option repair/severity:grave")),
        "{diff}"
    );
    assert_eq!(diff["files"][0]["path"], "definitions.toml");
    let old = app
        .get("/v1/packs/repair/files?revision=1.0.0", ADMIN)
        .await
        .is(200)
        .json();
    assert_eq!(old["files"]["definitions.toml"]["text"], DEFINITIONS);
    let back = app
        .post("/v1/packs/repair/rollback", ADMIN, json!({}))
        .await
        .is(200);
    assert_eq!(back.json()["version"], "1.0.0");
    app.post("/v1/packs/repair/rollback", ADMIN, json!({"to": "9.9.9"}))
        .await
        .fails_with(404, "no_such_revision");
    let resting = app
        .post("/v1/packs/repair/disable", ADMIN, json!({}))
        .await
        .is(200);
    assert_eq!(resting.json()["disabled"], true);
    app.post("/v1/tickets", AGENT, json!({"type": "fault", "title": "x"}))
        .await
        .fails_with(409, "pack_disabled");
    app.post("/v1/packs/repair/enable", ADMIN, json!({}))
        .await
        .is(200);
    app.ticket().await;
    app.get("/v1/packs/repair/files", AGENT)
        .await
        .fails_with(403, "forbidden");
}

#[tokio::test]
async fn an_upgrade_moves_the_tickets_or_says_how_many_it_cannot() {
    let app = App::new();
    let ticket = app.ticket().await;
    let other = DEFINITIONS.replace("\"fault\"", "\"defect\"");
    let refused = app
        .post("/v1/packs", ADMIN, upload(PACK, &other))
        .await
        .fails_with(409, "in_use")
        .json();
    assert_eq!(refused["errors"][0]["field"], "repair/fault", "{refused}");
    assert!(
        refused["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("1 record"),
        "{refused}"
    );
    let pack = format!("{PACK}\n[replaced]\ntype = {{ fault = \"defect\" }}\n");
    let dry = app.post("/v1/packs?dry_run=true", ADMIN, upload(&pack, &other));
    let dry = dry.await.is(200).json();
    assert_eq!(
        dry["moves"],
        json!(["1 record from type repair/fault to repair/defect"])
    );
    app.post("/v1/packs", ADMIN, upload(&pack, &other))
        .await
        .is(201);
    let moved = app
        .get(&format!("/v1/tickets/{ticket}"), AGENT)
        .await
        .is(200);
    assert_eq!(moved.json()["type"], "repair/defect");
}

const SCENARIO: &str = r#"
about = "a fault is begun"
start = "2026-03-02T09:00:00Z"

[[step]]
create = "ticket"
name = "one"
fields = { type = "fault", title = "Noise" }

[[step]]
transition = "one"
to = "bench"
[[step.then]]
record = "one"
fields = { status = "bench" }
"#;

#[tokio::test]
async fn a_draft_is_saved_checked_tested_and_activated() {
    let app = App::new();
    let place = "/v1/packs/repair/draft";
    let activate = format!("{place}/activate");
    app.get(place, ADMIN).await.fails_with(404, "not_found");
    let pack = PACK.replace("1.0.0", "1.1.0");
    let broken = DEFINITIONS.replace("workflow = \"repair\"", "wokflow = \"repair\"");
    let saved = app.post(place, ADMIN, upload(&pack, &broken)).await.is(204);
    let first = saved.header("etag").to_owned();
    let checked = app
        .post(&format!("{place}/check"), ADMIN, json!({}))
        .await
        .is(200)
        .json();
    assert_eq!(checked["ok"], false);
    let fault = &checked["faults"][0];
    assert_eq!(
        (
            &fault["file"],
            &fault["line"],
            &fault["column"],
            &fault["suggestion"],
            &fault["source"]
        ),
        (
            &json!("definitions.toml"),
            &json!(5),
            &json!(1),
            &json!("workflow"),
            &json!("wokflow = \"repair\"")
        ),
        "{checked}"
    );
    app.post(&activate, ADMIN, json!({}))
        .await
        .fails_with(422, "pack_invalid");
    // Two administrators: the second one is told of the first.
    let mut whole = upload(&pack, DEFINITIONS);
    whole["files"]["tests/begun.toml"] = json!({"text": SCENARIO});
    let matching = [("if-match", first.as_str())];
    let saved = app
        .call("POST", place, ADMIN, &matching, whole.clone())
        .await
        .is(204);
    let second = saved.header("etag").to_owned();
    app.call("POST", place, ADMIN, &matching, whole.clone())
        .await
        .fails_with(412, "stale_version");
    let read = app.get(place, ADMIN).await.is(200);
    assert_eq!(read.header("etag"), second);
    assert_eq!(read.json()["files"]["tests/begun.toml"]["text"], SCENARIO);
    let checked = app
        .post(&format!("{place}/check"), ADMIN, json!({}))
        .await
        .is(200)
        .json();
    assert_eq!(
        (&checked["ok"], &checked["plan"]["refusals"]),
        (&json!(true), &json!([]))
    );
    let tested = app
        .post(&format!("{place}/test"), ADMIN, json!({}))
        .await
        .is(200)
        .json();
    assert_eq!(tested["ok"], true, "{tested}");
    let stale = app.call("POST", &activate, ADMIN, &matching, json!({}));
    stale.await.fails_with(412, "stale_version");
    let matching = [("if-match", second.as_str())];
    let done = app.call("POST", &activate, ADMIN, &matching, json!({}));
    assert_eq!(done.await.is(200).json()["version"], "1.1.0");
    let none = app.get(place, ADMIN).await;
    none.fails_with(404, "not_found");
    // What does not do as it says is told with the step.
    whole["files"]["tests/begun.toml"]["text"] =
        json!(SCENARIO.replace("status = \"bench\"", "status = \"parts\""));
    app.post(place, ADMIN, whole).await.is(204);
    let tested = app
        .post(&format!("{place}/test"), ADMIN, json!({}))
        .await
        .is(200)
        .json();
    assert_eq!(tested["ok"], false);
    let problem = &tested["scenarios"][0]["problems"][0];
    assert_eq!(problem["step"], 2, "{tested}");
    assert!(problem["seen_in"].as_array().unwrap().len() > 1, "{tested}");
    assert_eq!(tested["pack"], "repair", "{tested}");
    app.call("DELETE", place, ADMIN, &[], json!(null))
        .await
        .is(204);
    for verb in ["GET", "DELETE"] {
        app.call(verb, place, AGENT, &[], json!(null))
            .await
            .fails_with(403, "forbidden");
    }
    let hostile = json!({"files": {"../x.rhai": {"text": "x"}}});
    app.post(place, ADMIN, hostile)
        .await
        .fails_with(422, "pack_invalid");
}

#[tokio::test]
async fn a_draft_is_told_of_what_came_meanwhile_and_simulated_as_it_is_saved() {
    let app = App::new();
    let place = "/v1/packs/repair/draft";
    let of = |version: &str| upload(&PACK.replace("1.0.0", version), DEFINITIONS);
    let saved = app.post(place, ADMIN, of("1.1.0")).await.is(204);
    let draft = saved.header("etag").to_owned();
    app.post(place, ADMIN, of("1.1.1"))
        .await
        .fails_with(409, "draft_exists");
    let seen = app.get("/v1/packs/repair", ADMIN).await.is(200);
    let old = seen.header("etag").to_owned();
    assert_eq!(seen.json()["revision"], old.trim_matches('"'));
    let files = app.get("/v1/packs/repair/files", ADMIN).await.is(200);
    assert_eq!(files.header("etag"), old);
    let with = |tag: &str| [("if-match", tag.to_owned())];
    let call = async |path: &str, tag: &str, body: Json| {
        let headers = with(tag);
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        app.call("POST", path, ADMIN, &headers, body).await
    };
    let installed = call("/v1/packs", &old, of("2.0.0")).await.is(201);
    let new = installed.header("etag").to_owned();
    let refused = call("/v1/packs", &old, of("2.1.0")).await;
    let refused = refused.fails_with(412, "stale_version").json();
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("version 2.0.0"),
        "{refused}"
    );
    call("/v1/packs", &draft, of("2.1.0"))
        .await
        .fails_with(422, "invalid");
    // Whoever looks at the draft is told before it is activated.
    let check = format!("{place}/check");
    let checked = app.post(&check, ADMIN, json!({}));
    let checked = checked.await.is(200).json();
    assert_eq!(checked["ok"], false);
    let read = app.get(place, ADMIN).await.is(200).json();
    assert_eq!(read["base"], old.trim_matches('"'));
    assert_eq!(read["outdated"], checked["outdated"]);
    assert!(
        read["outdated"]
            .as_str()
            .unwrap()
            .contains(new.trim_matches('"')),
        "{read}"
    );
    let activate = format!("{place}/activate");
    call(&activate, &draft, json!({}))
        .await
        .fails_with(409, "draft_outdated");
    // What is saved is tried; nothing need be sent again.
    let simulate = format!("{place}/simulate?since=30d");
    let tried = app.post(&simulate, ADMIN, json!({})).await.is(200).json();
    assert_eq!(
        (&tried["pack"], &tried["version"]),
        (&json!("repair"), &json!("1.1.0"))
    );
    app.post(&simulate, AGENT, json!({}))
        .await
        .fails_with(403, "forbidden");
    let both = format!("{draft}, {new}");
    let done = call(&activate, &both, json!({})).await.is(200);
    assert_eq!(done.json()["version"], "1.1.0");
    app.post(&simulate, ADMIN, json!({}))
        .await
        .fails_with(404, "not_found");
    // The revision of a pack is no version of a record.
    let ticket = app.ticket().await;
    let headers = [("if-match", new.as_str())];
    let path = format!("/v1/tickets/{ticket}");
    app.call("PATCH", &path, AGENT, &headers, json!({"title": "x"}))
        .await
        .fails_with(422, "invalid");
}

#[tokio::test]
async fn a_draft_of_another_pack_is_refused() {
    let app = App::new();
    let place = "/v1/packs/zzz/draft";
    app.post(place, ADMIN, upload(PACK, DEFINITIONS))
        .await
        .is(204);
    let check = format!("{place}/check");
    let checked = app.post(&check, ADMIN, json!({}));
    let checked = checked.await.is(200).json();
    assert_eq!(
        (&checked["ok"], &checked["plan"]),
        (&json!(false), &json!(null))
    );
    let fault = &checked["faults"][0];
    assert_eq!(
        (&fault["file"], &fault["source"]),
        (&json!("pack.toml"), &json!("name = \"repair\""))
    );
    for what in ["activate", "test", "simulate"] {
        let refused = app.post(&format!("{place}/{what}"), ADMIN, json!({})).await;
        refused.fails_with(422, "invalid");
    }
}

#[tokio::test]
async fn a_pack_with_a_reserved_type_is_disabled_and_not_removed() {
    let app = App::new();
    let definitions =
        DEFINITIONS.replacen("code = \"fault\"", "code = \"fault\"\nreserved = true", 1);
    app.post("/v1/packs", ADMIN, upload(PACK, &definitions))
        .await
        .is(201);
    let remove = || app.call("DELETE", "/v1/packs/repair", ADMIN, &[], json!(null));
    let refused = remove().await.fails_with(409, "reserved").json();
    assert_eq!(refused["errors"][0]["field"], "repair/fault", "{refused}");
    app.post("/v1/packs/repair/disable", ADMIN, json!({}))
        .await
        .is(200);
    remove().await.fails_with(409, "reserved");
    // Who owns the pack takes the mark away first.
    app.post("/v1/packs", ADMIN, upload(PACK, DEFINITIONS))
        .await
        .is(201);
    remove().await.is(204);
}
