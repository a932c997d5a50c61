//! What a call centre does with complaints, as a client of the API meets it.

use serde_json::{Value as Json, json};

use crate::app::{ADMIN, AGENT};
use crate::scripts::{each, with};

// rows: S5.5, S5.6
#[tokio::test]
async fn a_workspace_names_its_lists_and_a_card_shows_them_of_one_client() {
    let app = with("complaints");
    let all = app.get("/v1/workspaces", AGENT).await.is(200).json();
    let place = &all["items"][0];
    assert_eq!(place["code"], "complaints/call_centre", "{all}");
    let wanted = [
        "clients",
        "letters",
        "planned",
        "figures",
        "complaints",
        "phone_calls",
        "orders",
    ];
    assert_eq!(each(place, "entries", "code"), wanted);
    let russian = [("accept-language", "ru")];
    let named = app.call("GET", "/v1/workspaces", AGENT, &russian, Json::Null);
    let named = named.await.is(200).json();
    let names = each(&named["items"][0], "entries", "name");
    let wanted = [
        "Клиенты",
        "Почта",
        "Календарь",
        "Отчеты",
        "Претензии",
        "Телефонные звонки",
        "Заказы",
    ];
    assert_eq!(names, wanted);

    let call = json!({"channel": "call", "text": "Late", "external_id": "1",
        "fields": {"contact": app.contact_a, "account": app.account_a}});
    let call = app
        .post("/v1/interactions", AGENT, call)
        .await
        .is(201)
        .json();
    let claim = json!({"type": "claim", "title": "Broken", "contact": app.contact_a,
        "account": app.account_a, "plan": [{"title": "Call back", "due_at": "2026-03-04T09:00:00Z"}]});
    let claim = app.post("/v1/tickets", AGENT, claim).await.is(201).id();
    let order = json!({"type": "buyer_order", "title": "Flour", "contact": app.contact_a,
        "account": app.account_a});
    let order = app.post("/v1/leads", AGENT, order).await.is(201).id();
    // Of somebody else, and of no kind that the workspace lists.
    app.ticket_of(app.account_b, app.contact_b).await;
    app.ticket().await;
    let mail = json!({"channel": "mail", "from": "new@mill.example", "text": "When?"});
    let mail = app.post("/v1/interactions", AGENT, mail).await.is(201);
    let mail = mail.json()["inquiry"].clone();
    // Each entry lists what it is for, and nothing else.
    let (clients, letters, planned, figures) = (0, 1, 2, 3);
    let (complaints, calls, orders) = (4, 5, 6);
    let mut ids: Vec<Vec<String>> = Vec::new();
    for (at, path) in each(place, "entries", "path").into_iter().enumerate() {
        let listed = app.get(path, AGENT).await.is(200).json();
        let member = if at == figures { "code" } else { "id" };
        let of = each(&listed, "items", member);
        ids.push(of.into_iter().map(str::to_owned).collect());
    }
    let has = |at: usize, id: &str| ids[at].iter().any(|other| other == id);
    for client in [app.account_a, app.account_b] {
        assert!(has(clients, &client.to_string()), "{ids:?}");
    }
    assert!(has(figures, "complaints/claims_analysis"), "{ids:?}");
    assert_eq!(ids[letters], [mail.as_str().unwrap()]);
    assert_eq!(ids[planned].len(), 1);
    assert_eq!(ids[complaints], [claim.as_str()]);
    assert_eq!(ids[calls], [call["inquiry"].as_str().unwrap()]);
    assert_eq!(ids[orders], [order.as_str()]);

    for (kind, id) in [("accounts", app.account_a), ("contacts", app.contact_a)] {
        let path = format!("/v1/{kind}/{id}/overview?workspace=call_centre");
        let card = app.get(&path, AGENT).await.is(200).json();
        assert_eq!(card["client"]["id"], json!(id));
        let lists = each(&card, "lists", "code");
        let wanted_of_client = ["letters", "planned", "complaints", "phone_calls", "orders"];
        assert_eq!(lists, wanted_of_client);
        let first = |at: usize| card["lists"][at]["items"].as_array().unwrap().clone();
        assert_eq!(first(0), [] as [Json; 0]);
        assert_eq!(first(1)[0]["title"], "Call back");
        let only = |at: usize| {
            let items = first(at);
            assert_eq!(items.len(), 1, "{card}");
            items[0]["id"].as_str().unwrap().to_owned()
        };
        assert_eq!(only(1), ids[planned][0]);
        assert_eq!((only(2), only(4)), (claim.clone(), order.clone()));
        assert_eq!(json!(only(3)), call["inquiry"]);
    }
    // Without a workspace every kind is shown.
    let path = format!("/v1/accounts/{}/overview?limit=1", app.account_a);
    let card = app.get(&path, AGENT).await.is(200).json();
    let kinds = each(&card, "lists", "kind");
    assert!(
        kinds.contains(&"contact") && kinds.contains(&"ticket"),
        "{card}"
    );
    let tickets = card["lists"].as_array().unwrap().iter();
    let tickets = tickets.clone().find(|l| l["kind"] == "ticket").unwrap();
    assert_eq!(tickets["items"].as_array().unwrap().len(), 1);
    assert_eq!(tickets["more"], true);
    let path = format!("/v1/accounts/{}/overview", app.account_a);
    app.get(&format!("{path}?workspace=nothing"), AGENT)
        .await
        .fails_with(422, "invalid");
    app.get(&format!("{path}?limit=51"), AGENT)
        .await
        .fails_with(422, "invalid");
}

// rows: S5.61, S5.62, S5.63
#[tokio::test]
async fn the_table_of_complaints_is_saved_and_run_again() {
    let app = with("complaints");
    let mut last = Json::Null;
    for (title, kind) in [("a", "question"), ("b", "question"), ("c", "thanks")] {
        app.tick();
        let of = if title == "a" {
            app.account_b
        } else {
            app.account_a
        };
        let claim = json!({"type": "claim", "title": title, "claim_type": kind, "account": of});
        last = app.post("/v1/tickets", AGENT, claim).await.is(201).json();
    }
    let spec = json!({"dimensions": ["claim_type"], "measures": ["count"]});
    let table = json!({"name": "Таблица", "spec": spec});
    let path = "/v1/reports/complaints%2Fclaims_analysis/variants";
    let saved = app.post(path, AGENT, table).await.is(201).id();
    let variants = app.get(path, AGENT).await.is(200).json();
    assert_eq!(each(&variants, "items", "name"), ["Таблица"]);
    assert_eq!(each(&variants, "items", "id"), [saved.as_str()]);
    let run = format!(
        "/v1/reports/claims_analysis/run?at_least={}",
        last["version"]
    );
    let by_hand = app.post(&run, AGENT, spec).await.is(200).json();
    let saved = json!({"variant": saved});
    let first = app.post(&run, AGENT, saved.clone()).await.is(200).json();
    assert_eq!(first["totals"]["count"], 3, "{first}");
    let counts = first["rows"].as_array().unwrap().iter();
    let counts: Vec<i64> = counts.map(|r| r["count"].as_i64().unwrap()).collect();
    assert_eq!(counts, [2, 1]);
    assert_eq!(first["rows"], by_hand["rows"]);
    let again = app.post(&run, AGENT, saved.clone()).await;
    let again = again.is(200).json();
    assert_eq!(again["rows"], first["rows"]);
    assert_eq!(again["totals"], first["totals"]);
    // The table filters by partner and by the type of complaints.
    for (filters, wanted) in [
        (json!({"claim_type": "question"}), vec![2]),
        (json!({"account": app.account_b}), vec![1]),
        (json!({"account": app.account_a}), vec![1, 1]),
        (
            json!({"account": app.account_b, "claim_type": "thanks"}),
            vec![],
        ),
    ] {
        let narrowed = json!({"variant": saved["variant"], "filters": filters});
        let run = app.post(&run, AGENT, narrowed).await.is(200).json();
        let counts = run["rows"].as_array().unwrap().iter();
        let counts: Vec<i64> = counts.map(|r| r["count"].as_i64().unwrap()).collect();
        assert_eq!(counts, wanted, "{filters}: {run}");
    }
}

// rows: S5.20, S5.35, S5.51
#[tokio::test]
async fn a_complaint_needs_its_client_alone_and_is_refused_with_reasons() {
    let app = with("complaints");
    let claim = json!({"type": "claim", "title": "Broken", "contact": app.contact_a});
    let claim = app.post("/v1/tickets", AGENT, claim).await.is(201).id();
    let path = format!("/v1/tickets/{claim}");

    // The status follows from the stage, whoever asks and however.
    for secret in [AGENT, ADMIN] {
        app.patch(&path, secret, json!({"status": "processing"}))
            .await
            .fails_with(409, "status_is_derived");
        let to = json!({"to": "satisfied", "fields": {"solution": "Done"}});
        app.post(&format!("{path}/transition"), secret, to)
            .await
            .fails_with(409, "status_is_derived");
    }
    let same = app.get(&path, AGENT).await.is(200).json();
    assert_eq!(
        same["status_info"]["code"], "complaints/registered",
        "{same}"
    );

    let other = json!({"title": "Others", "code": "others"});
    let other = app.post("/v1/teams", ADMIN, other).await.is(201).id();
    let guilt = json!({"guilty_worker": app.agent, "guilty_department": other});
    let refused = app.patch(&path, AGENT, guilt).await;
    refused.fails_with(422, "invalid");
    let same = app.get(&path, AGENT).await.is(200).json();
    assert!(
        same["fields"]["complaints/guilty_worker"].is_null(),
        "{same}"
    );
}

// rows: S5.69
#[tokio::test]
async fn only_the_sales_department_completes_the_assessment() {
    let app = with("complaints");
    let mut secrets = Vec::new();
    for team in ["desk", "sales"] {
        let body = json!({"title": team, "code": team});
        let id = app.post("/v1/teams", ADMIN, body).await.is(201).id();
        let body = json!({"title": team, "code": format!("of-{team}"), "team": id});
        let agent = app.post("/v1/agents", ADMIN, body).await.is(201).id();
        let token = json!({"role": "agent", "agent": agent});
        let token = app.post("/v1/tokens", ADMIN, token).await.is(201).json();
        secrets.push(token["token"].as_str().unwrap().to_owned());
    }
    let (desk, sales) = (&secrets[0], &secrets[1]);
    let claim = json!({"type": "claim", "title": "Broken", "claim_type": "delivery_claim"});
    let claim = app.post("/v1/tickets", AGENT, claim).await.is(201).id();
    let path = format!("/v1/tickets/{claim}/process");
    let complete = json!({"step": "complete"});
    for _ in 0..2 {
        app.post(&path, desk, complete.clone()).await.is(200);
    }
    let yes = json!({"step": "decide", "answer": "founded"});
    app.post(&path, desk, yes).await.is(200);
    app.post(&path, desk, complete.clone()).await.is(200);
    let at = app.get(&path, desk).await.is(200).json();
    assert_eq!(at["stage"]["code"], "complaints/assessing", "{at}");
    app.post(&path, desk, complete.clone())
        .await
        .fails_with(403, "not_performer");
    app.post(&path, sales, complete).await.is(200);
    let content = json!({"step": "decide", "answer": "content"});
    app.post(&path, desk, content)
        .await
        .fails_with(403, "not_performer");
}
