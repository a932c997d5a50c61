//! What an administrator edits of a desk that works: the directory of types, fields and their lists.

use std::path::Path;

use opora::desk::{Command, ErrorKind, PackChange, Reply, Result};
use opora::domain::{Kind, StatusCategory};
use opora::packs::{Given, PackFiles};
use serde_json::json;

use super::change;
use crate::support::TestDesk;

/// A pack of `scripts/`.
fn pack(name: &str) -> PackFiles {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    PackFiles::read_dir(&scripts.join(name)).unwrap()
}

/// A pack with a text of one of its files replaced.
fn edited(name: &str, file: &str, from: &str, to: &str) -> PackFiles {
    let mut files = pack(name);
    let bytes = files.files.get_mut(file).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{file} has no `{from}`");
    *bytes = text.replace(from, to).into_bytes();
    files
}

fn install(desk: &TestDesk, files: PackFiles) -> Result<Reply> {
    let grants = Given::All;
    change(desk, "", PackChange::Install { files, grants })
}

fn types(desk: &TestDesk) -> Vec<(String, bool)> {
    let catalog = desk.desk.catalog().unwrap();
    let kinds = [Kind::Ticket, Kind::Lead];
    let all = kinds.into_iter().flat_map(|kind| catalog.types(kind));
    all.map(|t| (t.code.clone(), t.reserved)).collect()
}

/// The block of a type in a pack's definitions, to the next blank line.
fn block(files: &PackFiles, code: &str) -> String {
    let text = files.text(FILE).unwrap();
    let start = text.find(&format!("[[type]]\ncode = \"{code}\"")).unwrap();
    let end = text[start..].find("\n\n").unwrap();
    text[start..start + end].to_owned()
}

const FILE: &str = "definitions.toml";
const INTEREST: &str = "code = \"interest\"\n";

// rows: S1.9, S1.10, S1.11
#[test]
fn a_reserved_type_is_neither_removed_nor_renamed() {
    let desk = TestDesk::bare();
    install(&desk, pack("support-1c")).unwrap();
    let interest = ("support-1c/interest".to_owned(), true);
    assert!(types(&desk).contains(&interest), "{:?}", types(&desk));
    let renamed = edited("support-1c", FILE, INTEREST, "code = \"curiosity\"\n");
    let mut replaced = renamed.clone();
    let manifest = replaced.files.get_mut("pack.toml").unwrap();
    let more = "\n[replaced]\ntype = { interest = \"curiosity\" }\n";
    manifest.extend(more.as_bytes());
    let shown = "names = { ru = \"Интерес\", en = \"Interest\" }";
    let other = shown.replace("Интерес", "Любопытство");
    let called = edited("support-1c", FILE, shown, &other);
    let block = block(&pack("support-1c"), "interest");
    let gone = edited("support-1c", FILE, &block, "");
    // Whether it is left out, another code takes its place or none, or people are shown another name.
    for files in [gone, renamed, replaced, called] {
        let error = install(&desk, files).unwrap_err();
        assert_eq!((error.code, error.kind), ("reserved", ErrorKind::Conflict));
        assert_eq!(
            error.faults[0].field.as_deref(),
            Some("support-1c/interest")
        );
        assert!(types(&desk).contains(&interest));
        let catalog = desk.desk.catalog().unwrap();
        let def = catalog.type_def("support-1c/interest").unwrap();
        assert_eq!(def.names.get("ru"), Some("Интерес"));
    }
    // A name in another language takes nothing away.
    let more = shown.replace("en =", "de = \"Interesse\", en =");
    install(&desk, edited("support-1c", FILE, shown, &more)).unwrap();
}

// rows: S1.7, S1.8, S1.9
#[test]
fn the_types_of_support_are_those_that_were_asked_for() {
    let desk = TestDesk::bare();
    install(&desk, pack("support-1c")).unwrap();
    let catalog = desk.desk.catalog().unwrap();
    let name = |code: &str| {
        let def = catalog.type_def(&format!("support-1c/{code}"))?;
        def.names.get("ru").map(str::to_owned)
    };
    for (code, ru) in [
        ("error", "Ошибка"),
        ("critical_error", "Критическая ошибка"),
        ("wish", "Пожелание"),
        ("appeal", "Обращение"),
        ("complaint", "Жалоба"),
        ("interest", "Интерес"),
    ] {
        assert_eq!(name(code).as_deref(), Some(ru));
    }
    let reserved: Vec<String> = types(&desk)
        .into_iter()
        .filter_map(|(code, reserved)| reserved.then_some(code))
        .collect();
    assert_eq!(reserved, ["support-1c/interest"]);
}

// rows: S1.37, S1.38, S1.39, S2.33, S4.39, S4.52, S5.43
#[test]
fn lists_are_those_that_were_asked_for_and_in_their_order() {
    let desk = TestDesk::bare();
    for name in [
        "support-1c",
        "complaints",
        "aftersales-vtiger",
        "requests-b24",
    ] {
        install(&desk, pack(name)).unwrap();
    }
    let catalog = desk.desk.catalog().unwrap();
    let statuses = |kind, type_code: &str| -> Vec<String> {
        let workflow = catalog.workflow(kind, Some(type_code)).unwrap();
        let names = workflow.statuses.iter().map(|s| s.names.get("ru"));
        names.map(|name| name.unwrap().to_owned()).collect()
    };
    for code in ["error", "critical_error", "wish", "appeal", "complaint"] {
        assert_eq!(
            statuses(Kind::Ticket, &format!("support-1c/{code}")),
            ["К выполнению", "В работе", "В ожидании", "Выполнено"]
        );
    }
    // What the third and the fourth mean: the time for the solution stands still; all is over.
    let support = catalog.workflow(Kind::Ticket, Some("support-1c/error"));
    let meant: Vec<_> = support
        .unwrap()
        .statuses
        .iter()
        .map(|s| (s.category, s.category.is_closed(), s.pauses.as_slice()))
        .collect();
    let resolution = ["resolution".to_owned()];
    assert_eq!(
        meant,
        [
            (StatusCategory::New, false, &[] as &[String]),
            (StatusCategory::Open, false, &[]),
            (StatusCategory::Waiting, false, &resolution),
            (StatusCategory::Done, true, &[]),
        ]
    );
    assert_eq!(
        statuses(Kind::Ticket, "requests-b24/service_request"),
        [
            "Новая",
            "Ожидание",
            "В работе",
            "Подтверждение клиента",
            "Завершена успешно",
            "Закрыта без решения, с уведомлением",
            "Закрыта без решения, без уведомления"
        ]
    );
    assert_eq!(
        statuses(Kind::Ticket, "complaints/claim"),
        [
            "Зарегистрирована",
            "Обрабатывается",
            "Удовлетворена",
            "Не удовлетворена"
        ]
    );
    assert_eq!(
        statuses(Kind::Asset, "aftersales-vtiger/equipment"),
        ["Эксплуатируется", "Не эксплуатируется"]
    );
    let unit = catalog.field(Kind::Contract, None, "unit").unwrap();
    let units: Vec<&str> = unit.options.iter().map(|o| o.code.as_str()).collect();
    assert_eq!(units, ["hours", "days", "events"]);
}

// rows: S2.17, S2.19, S2.22, S2.23, S2.25, S2.26, S2.27, S2.28, S2.29, S2.31
#[test]
fn fields_of_requests_are_called_as_was_asked_for() {
    let desk = TestDesk::bare();
    install(&desk, pack("requests-b24")).unwrap();
    let catalog = desk.desk.catalog().unwrap();
    let request = Some("requests-b24/service_request");
    let field = |code: &str| catalog.field(Kind::Ticket, request, &format!("requests-b24/{code}"));
    for (code, ru) in [
        ("topic", "Тема заявки"),
        ("urgency", "Приоритет"),
        ("request_type", "Тип заявки"),
        ("plan_until", "Планируется решить до"),
        ("notify_client", "Отправлять уведомление клиенту?"),
        ("take_at", "Принять в работу (дата, время)"),
        ("waiting_reason", "Причина ожидания"),
        ("client_confirmed", "Клиент подтвердил решение?"),
        ("closing_reason", "Причина закрытия"),
        ("control_date", "Контрольная дата решения (автоматически)"),
    ] {
        let def = field(code).unwrap();
        assert_eq!((def.names.get("ru"), def.required), (Some(ru), false));
    }
    let control = field("control_date").unwrap();
    assert!(control.readonly && control.internal);
    let options = |code: &str| -> Vec<String> {
        let def = field(code).unwrap();
        let names = def.options.iter().map(|o| o.names.get("ru"));
        names.map(|name| name.unwrap().to_owned()).collect()
    };
    assert_eq!(options("urgency"), ["Высокий", "Средний", "Низкий"]);
    assert_eq!(
        options("request_type"),
        [
            "Помощь и поддержка",
            "Платные услуги",
            "Гарантийное обслуживание"
        ]
    );
}

// rows: S1.32
#[test]
fn numbers_given_at_once_differ_and_are_never_given_again() {
    let desk = TestDesk::bare();
    install(&desk, pack("support-1c")).unwrap();
    let create = || {
        let fields = json!({"type": "support-1c/appeal", "title": "Звонок", "description": "x"});
        let id = desk.create(Kind::Ticket, fields).unwrap().id;
        (id, desk.get(Kind::Ticket, id).number().unwrap())
    };
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (0..10).map(|_| create()).collect::<Vec<_>>()))
            .collect();
        callers
            .into_iter()
            .flat_map(|c| c.join().unwrap())
            .collect()
    });
    all.sort_by_key(|(_, number)| *number);
    let (last, highest) = *all.last().unwrap();
    all.dedup_by_key(|(_, number)| *number);
    assert_eq!(all.len(), 20);
    desk.run(Command::Delete {
        kind: Kind::Ticket,
        id: last,
    })
    .unwrap();
    assert!(highest < create().1);
}

// rows: S1.5
#[test]
fn types_are_added_renamed_and_removed_while_nobody_uses_them() {
    let desk = TestDesk::bare();
    install(&desk, pack("support-1c")).unwrap();
    let wish = "[[type]]\ncode = \"wish\"\nnames = { ru = \"Пожелание\", en = \"Wish\" }\n";
    let added = format!(
        "{wish}icon = \"star\"\nworkflow = \"support\"\n\n{}",
        wish.replace("wish", "idea")
    );
    install(&desk, edited("support-1c", FILE, wish, &added)).unwrap();
    assert!(
        types(&desk)
            .iter()
            .any(|(code, _)| code == "support-1c/idea")
    );
    let renamed = wish.replace("Пожелание", "Предложение");
    install(&desk, edited("support-1c", FILE, wish, &renamed)).unwrap();
    let catalog = desk.desk.catalog().unwrap();
    let def = catalog.type_def("support-1c/wish").unwrap();
    assert_eq!(def.names.get("ru"), Some("Предложение"));
    assert!(
        !types(&desk)
            .iter()
            .any(|(code, _)| code == "support-1c/idea")
    );
    // One that somebody uses stays.
    let ticket =
        json!({"type": "support-1c/wish", "title": "Больше света", "description": "В цехе темно"});
    desk.create(Kind::Ticket, ticket).unwrap();
    let code = "code = \"wish\"\nnames = { ru = \"Пожелание\", en = \"Wish\" }\nicon";
    let mut other = edited("support-1c", FILE, code, &code.replacen("wish", "hope", 1));
    let text = other.text(FILE).unwrap();
    let text = text.replace(
        "\"critical_error\", \"wish\"",
        "\"critical_error\", \"hope\"",
    );
    other.files.insert(FILE.to_owned(), text.into_bytes());
    let error = install(&desk, other).unwrap_err();
    assert_eq!(error.code, "in_use");
    let events = desk.desk.pack_events("support-1c").unwrap();
    let told: Vec<(&str, &str)> = events
        .iter()
        .map(|e| (e.what.as_str(), e.actor.as_deref().unwrap_or_default()))
        .collect();
    let by = told[0].1;
    assert!(!by.is_empty());
    assert_eq!(
        told,
        [("upgraded", by), ("upgraded", by), ("installed", by)]
    );
    let revisions: std::collections::BTreeSet<&str> =
        events.iter().map(|e| e.revision.as_str()).collect();
    assert_eq!(revisions.len(), 3);
}

// rows: S2.59
#[test]
fn installing_a_pack_leaves_what_is_there() {
    let desk = TestDesk::bare();
    install(&desk, pack("support-1c")).unwrap();
    let tickets: Vec<_> = (0..10)
        .map(|n| {
            let ticket =
                json!({"type": "support-1c/appeal", "title": format!("{n}"), "description": "x"});
            desk.create(Kind::Ticket, ticket).unwrap().id
        })
        .collect();
    let read = |desk: &TestDesk| -> Vec<_> {
        tickets
            .iter()
            .map(|id| desk.get(Kind::Ticket, *id))
            .collect()
    };
    let before = read(&desk);
    let types_before = types(&desk);
    // As the application of the row would be: the dry run lists what comes and changes nothing.
    for name in ["requests-b24", "complaints"] {
        let plan = desk.desk.plan_pack(&pack(name)).unwrap();
        assert!(
            plan.changes.iter().all(|c| c.starts_with("added ")),
            "{plan:?}"
        );
        assert!(plan.moves.is_empty() && plan.refusals.is_empty());
        let listed = |what: &str| plan.changes.iter().any(|c| c.contains(what));
        let own = match name {
            "complaints" => ["complaints/claim", "complaints/claim_type"],
            _ => ["requests-b24/service_request", "requests-b24/plan_until"],
        };
        assert!(own.iter().all(|what| listed(what)), "{plan:?}");
    }
    assert_eq!(types(&desk), types_before);
    for name in ["requests-b24", "complaints"] {
        install(&desk, pack(name)).unwrap();
    }
    assert_eq!(before.len(), 10);
    assert_eq!(read(&desk), before);
}

// rows: S1.2
#[test]
fn a_pack_that_is_off_takes_no_records() {
    let desk = TestDesk::bare();
    let ticket = || {
        let fields = json!({"type": "support-1c/appeal", "title": "Звонок", "description": "Просили перезвонить"});
        desk.create(Kind::Ticket, fields)
    };
    // Before it is there, nothing of it is.
    assert_eq!(ticket().unwrap_err().code, "no_ticket_types");
    install(&desk, pack("support-1c")).unwrap();
    change(&desk, "support-1c", PackChange::Disable).unwrap();
    let error = ticket().unwrap_err();
    assert_eq!(
        (error.code, error.kind),
        ("pack_disabled", ErrorKind::Conflict)
    );
    assert!(error.message.contains("support-1c"), "{}", error.message);
    change(&desk, "support-1c", PackChange::Enable).unwrap();
    let id = ticket().unwrap().id;
    desk.run(Command::Delete {
        kind: Kind::Ticket,
        id,
    })
    .unwrap();
}

// rows: S5.15, S5.16, S5.18, S5.30, S5.37, S5.53, S5.55
#[test]
fn the_lists_of_a_complaint_are_those_that_were_asked_for() {
    let desk = TestDesk::bare();
    install(&desk, pack("complaints")).unwrap();
    let catalog = desk.desk.catalog().unwrap();
    let named = |names: &opora::domain::Names| names.get("ru").unwrap_or_default().to_owned();
    let options = |field: &str| -> Vec<String> {
        let field = format!("complaints/{field}");
        let def = catalog.field(Kind::Ticket, Some("complaints/claim"), &field);
        let options = def.unwrap().options.iter();
        options.map(|o| named(&o.names)).collect()
    };
    assert_eq!(
        options("claim_type"),
        [
            "Претензия по качеству",
            "Претензия по доставке",
            "Вопрос",
            "Благодарность"
        ]
    );
    assert_eq!(options("claim_kind"), ["От клиента", "Наша"]);
    assert!(options("cause").len() > 1);
    assert_eq!(
        options("origin"),
        [
            "Вручную",
            "По розничным покупателям",
            "По возвратам товаров от клиентов",
            "По заказам клиентов",
            "По документам реализации"
        ]
    );
    let eleven = [
        "Заказ клиента",
        "Встреча",
        "Телефонный звонок",
        "Электронное письмо входящее",
        "Акт выполненных работ",
        "Возврат товаров от покупателя",
        "Отчет комиссионера",
        "Реализация товаров и услуг",
        "Реализация услуг и прочих активов",
        "Отчет комиссионера о списании",
        "Корректировка реализации",
    ];
    assert_eq!(options("document_kind"), eleven);
    let mut documents: Vec<String> = catalog.documents().map(|d| named(&d.names)).collect();
    documents.sort();
    let mut wanted = eleven.map(str::to_owned);
    wanted.sort();
    assert_eq!(documents, wanted);
    let process = catalog.process("complaints/complaint_handling").unwrap();
    let stages: Vec<String> = process.stages.iter().map(|s| named(&s.names)).collect();
    assert_eq!(
        stages,
        [
            "Регистрация жалобы",
            "Разбор жалобы",
            "Жалоба обоснована?",
            "Корректирующее действие",
            "Оценка удовлетворенности",
            "Результат оценки удовлетворенности",
            "Закрытие жалобы"
        ]
    );
    // What a row of a plan holds.
    for field in ["planned_at", "title", "result", "effort_points"] {
        assert!(
            catalog.field(Kind::Activity, None, field).is_some(),
            "{field}"
        );
    }
}
