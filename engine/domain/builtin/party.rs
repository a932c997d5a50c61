//! Fields of the parties: accounts, contacts and agents.

use super::intake::other_contacts;
use super::{Field, Kind, ValueType, f};

pub(super) fn account() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("code", "Code", "Код", V::Text).unique(),
        f("account_kind", "Kind", "Вид", V::Text),
        f("inn", "Tax number", "ИНН", V::Text).indexed(),
        f("phones", "Phones", "Телефоны", V::TextList).personal(),
        f("mails", "Mail addresses", "Адреса почты", V::TextList).personal(),
        other_contacts(),
        f("city", "City", "Город", V::Text),
        f("locale", "Language", "Язык", V::Text),
        f(
            "support_level",
            "Support level",
            "Уровень поддержки",
            V::Ref,
        )
        .to(Kind::SupportLevel),
        f("tags", "Tags", "Метки", V::TextList).indexed(),
    ]
}

pub(super) fn contact() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("code", "Code", "Код", V::Text).unique(),
        f("account", "Account", "Клиент", V::Ref)
            .to(Kind::Account)
            .indexed(),
        f("position", "Position", "Должность", V::Text),
        f("phones", "Phones", "Телефоны", V::TextList).personal(),
        f("mails", "Mail addresses", "Адреса почты", V::TextList).personal(),
        other_contacts(),
        f("locale", "Language", "Язык", V::Text),
        f("portal", "Portal access", "Доступ к порталу", V::Bool),
        f(
            "portal_from",
            "Portal access from",
            "Доступ к порталу с",
            V::Date,
        ),
        f(
            "portal_to",
            "Portal access until",
            "Доступ к порталу по",
            V::Date,
        ),
        f("erased_at", "Erased at", "Данные удалены", V::Instant).readonly(),
        f("tags", "Tags", "Метки", V::TextList).indexed(),
    ]
}

pub(super) fn agent() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("code", "Code", "Код", V::Text).unique(),
        f("mail", "Mail address", "Адрес почты", V::Text).personal(),
        f("locale", "Language", "Язык", V::Text),
        f("team", "Team", "Группа", V::Ref).to(Kind::Team).indexed(),
        f("skills", "Skills", "Навыки", V::TextList),
        f("roles", "Roles", "Роли", V::TextList),
        f("active", "Active", "Работает", V::Bool).default("true"),
        f("absent", "Absent", "Отсутствует", V::Bool).default("false"),
        f(
            "intake_on_call",
            "Open the intake when a call is answered",
            "Открывать приём обращения при ответе на звонок",
            V::Bool,
        ),
    ]
}
