//! What people call fields, kinds and categories of status, languages and truth values in a search box,
//! in either language.

use crate::domain::{Kind, StatusCategory};

/// Words for fields beside their codes and names.
pub const FIELDS: [(&str, &[&str]); 18] = [
    ("title", &["subject", "заголовок", "название", "тема"]),
    ("kind", &["вид"]),
    ("type", &["тип"]),
    ("status", &["статус", "состояние"]),
    ("assignee", &["исполнитель", "ответственный", "agent"]),
    ("team", &["группа", "команда"]),
    ("account", &["клиент", "организация", "customer"]),
    ("contact", &["контакт"]),
    ("tags", &["tag", "тег", "теги", "метка", "метки"]),
    ("product", &["продукт", "товар", "products"]),
    ("category", &["категория", "рубрика", "раздел"]),
    ("locale", &["язык", "lang", "language"]),
    ("audience", &["аудитория"]),
    ("priority", &["приоритет"]),
    ("number", &["номер"]),
    ("created_at", &["created", "создано", "создан", "создана"]),
    (
        "updated_at",
        &["updated", "обновлено", "обновлена", "изменено", "изменена"],
    ),
    ("closed_at", &["closed", "закрыто", "закрыта"]),
];
/// Names of kinds beside their codes.
pub const KINDS: [(Kind, &[&str]); 12] = [
    (Kind::Ticket, &["tickets", "заявка", "заявки", "обращение"]),
    (Kind::Lead, &["leads", "лид", "лиды"]),
    (Kind::Inquiry, &["inquiries", "запрос", "запросы"]),
    (Kind::Activity, &["activities", "задача", "задачи"]),
    (Kind::Asset, &["assets", "оборудование"]),
    (Kind::Account, &["accounts", "клиент", "клиенты"]),
    (Kind::Contact, &["contacts", "контакт", "контакты"]),
    (Kind::Contract, &["contracts", "договор", "договоры"]),
    (Kind::Product, &["products", "продукт", "продукты"]),
    (Kind::Article, &["articles", "статья", "статьи"]),
    (Kind::Agent, &["agents", "сотрудник", "сотрудники"]),
    (Kind::Team, &["teams", "группа", "группы"]),
];
/// Russian names of what a status means.
pub const CATEGORIES: [(StatusCategory, &[&str]); 5] = [
    (StatusCategory::New, &["новая", "новые"]),
    (StatusCategory::Open, &["открыта", "открытые", "в работе"]),
    (StatusCategory::Waiting, &["ожидает", "ожидание"]),
    (
        StatusCategory::Done,
        &[
            "готово",
            "решена",
            "решенные",
            "closed",
            "закрыта",
            "закрытые",
        ],
    ),
    (StatusCategory::Cancelled, &["отменена", "отмененные"]),
];
/// Names of languages.
pub const LANGUAGES: [(&str, &[&str]); 8] = [
    ("ru", &["русский", "russian"]),
    ("en", &["английский", "english"]),
    ("de", &["немецкий", "german"]),
    ("fr", &["французский", "french"]),
    ("es", &["испанский", "spanish"]),
    ("uk", &["украинский", "ukrainian"]),
    ("be", &["белорусский", "belarusian"]),
    ("kk", &["казахский", "kazakh"]),
];
pub const NONE: [&str; 4] = ["none", "empty", "нет", "пусто"];
pub const YES: [&str; 3] = ["true", "yes", "да"];
pub const NO: [&str; 3] = ["false", "no", "нет"];
