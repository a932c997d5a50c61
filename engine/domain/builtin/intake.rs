//! Fields and statuses of inquiries and leads: who asks, through what, and what became of it.

use super::work::worked;
use super::{Field, f, status, way};
use crate::domain::{Kind, StatusCategory, ValueType, Workflow};

/// Status of an inquiry that somebody began to take down.
pub const DRAFT: &str = "draft";

/// What is known of whoever asks, before a party is registered.
fn hints() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("person", "Person", "Имя", V::Text).personal(),
        f("company", "Company", "Организация", V::Text),
        f("inn", "Tax number", "ИНН", V::Text).indexed(),
        f("phones", "Phones", "Телефоны", V::TextList).personal(),
        f("mails", "Mail addresses", "Адреса почты", V::TextList).personal(),
        other_contacts(),
    ]
}

/// Messengers, accounts of networks and the like.
pub(super) fn other_contacts() -> Field {
    f(
        "other_contacts",
        "Other contact details",
        "Прочие контакты",
        ValueType::TextList,
    )
    .personal()
}

/// The inquiry that a record was made from.
pub(super) fn source_inquiry() -> Field {
    f("inquiry", "Inquiry", "Обращение-источник", ValueType::Ref)
        .to(Kind::Inquiry)
        .indexed()
        .readonly()
        .internal()
}

pub(super) fn lead() -> Vec<Field> {
    use ValueType as V;
    let mut all = worked();
    all.extend(hints());
    all.extend([
        f("source", "Source of the lead", "Источник лида", V::Text).indexed(),
        source_inquiry(),
        f("converted_at", "Converted at", "Преобразован", V::Instant).readonly(),
        f(
            "converted_kind",
            "Converted into",
            "Преобразован в",
            V::Text,
        )
        .readonly(),
        f(
            "converted_to",
            "Result of the conversion",
            "Результат преобразования",
            V::Ref,
        )
        .readonly(),
    ]);
    all
}

pub(super) fn inquiry() -> Vec<Field> {
    use ValueType as V;
    let mut all = worked();
    all.extend(hints());
    all.extend([
        f("channel", "Channel", "Канал", V::Text).indexed(),
        f(
            "sent_to",
            "Address it was sent to",
            "Адрес получателя",
            V::Text,
        )
        .indexed(),
        f("received_at", "Received at", "Поступило", V::Instant),
        f("answered_at", "Answered at", "Отвечено", V::Instant).readonly(),
        f(
            "source_ref",
            "Id in the channel",
            "Идентификатор в канале",
            V::Text,
        ),
        f("arose_kind", "Kind it arose from", "Вид основания", V::Text).readonly(),
        f("arose_from", "Arose from", "Возникло из", V::Ref).readonly(),
        f("accepted_at", "Accepted at", "Принято", V::Instant).readonly(),
        f("intake_time", "Time to accept", "Время приёма", V::Duration).readonly(),
        f(
            "result_kind",
            "Kind of the result",
            "Вид результата",
            V::Text,
        )
        .readonly(),
        f("result", "Result", "Результат", V::Ref).readonly(),
        f(
            "decline_reason",
            "Why declined",
            "Причина отклонения",
            V::Text,
        )
        .readonly(),
    ]);
    all
}

/// Inquiries are accepted or declined by the intake, not by a change of status.
pub(super) fn inquiry_workflow() -> Workflow {
    use StatusCategory as C;
    Workflow {
        code: "inquiry".to_owned(),
        initial: "new".to_owned(),
        merged: String::new(),
        statuses: vec![
            status(DRAFT, "Being taken down", "Принимается", C::New),
            status("new", "Not registered", "Не зарегистрировано", C::New),
            status("accepted", "Accepted", "Принято", C::Done),
            status("declined", "Declined", "Отклонено", C::Cancelled),
        ],
        transitions: vec![way("new", DRAFT), way(DRAFT, "new")],
    }
}

/// Leads without a type of a pack. What is converted stays so.
pub(super) fn lead_workflow() -> Workflow {
    use StatusCategory as C;
    Workflow {
        code: "lead".to_owned(),
        initial: "open".to_owned(),
        merged: String::new(),
        statuses: vec![
            status("open", "Open", "Открыт", C::Open),
            status("converted", "Converted", "Преобразован", C::Done),
            status("lost", "Lead lost", "Лид потерян", C::Cancelled),
        ],
        transitions: vec![way("open", "lost"), way("lost", "open")],
    }
}
