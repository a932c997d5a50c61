//! Fields of whatever is worked on: tickets and activities.

use super::family::family;
use super::intake::source_inquiry;
use super::recurrence::made_by;
use super::{Field, Kind, ValueType, f};

/// Fields of whatever has a type and a status and is worked on.
pub(super) fn worked() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("type", "Type", "Тип", V::Text).indexed(),
        f("status", "Status", "Статус", V::Text).indexed(),
        f("description", "Description", "Описание", V::LongText).personal(),
        f("account", "Account", "Клиент", V::Ref)
            .to(Kind::Account)
            .indexed(),
        f("contact", "Contact", "Контактное лицо", V::Ref)
            .to(Kind::Contact)
            .indexed(),
        f("assignee", "Assignee", "Ответственный", V::Ref)
            .to(Kind::Agent)
            .indexed(),
        f("team", "Team", "Группа", V::Ref).to(Kind::Team).indexed(),
        f("tags", "Tags", "Метки", V::TextList).indexed(),
        f("closed_at", "Closed at", "Закрыто", V::Instant).readonly(),
        f(
            "source_document",
            "Made from",
            "Создано на основании",
            V::Json,
        )
        .readonly(),
        f(
            "source_document_id",
            "Source document",
            "Документ-источник",
            V::Text,
        )
        .readonly()
        .indexed(),
        f("process", "Process", "Процесс", V::Text)
            .readonly()
            .indexed(),
        f("stage", "Stage", "Этап", V::Text).readonly().indexed(),
        f(
            "stage_entered_at",
            "Stage entered at",
            "На этапе с",
            V::Instant,
        )
        .readonly(),
        f("stage_pass", "Pass of the stage", "Проход этапа", V::Int).readonly(),
        f(
            "process_ended_at",
            "Process ended at",
            "Процесс завершён",
            V::Instant,
        )
        .readonly(),
        f("process_log", "Stages so far", "Пройденные этапы", V::Json)
            .readonly()
            .internal(),
    ]
}

pub(super) fn ticket() -> Vec<Field> {
    use ValueType as V;
    let mut all = worked();
    all.extend([
        f("priority", "Priority", "Приоритет", V::Enum)
            .options(&[
                ("low", "Low", "Низкий"),
                ("normal", "Normal", "Обычный"),
                ("high", "High", "Высокий"),
                ("urgent", "Urgent", "Срочный"),
            ])
            .default("\"normal\"")
            .indexed(),
        f("category", "Category", "Категория", V::Text).indexed(),
        f("channel", "Channel", "Канал", V::Text),
        source_inquiry(),
        f("products", "Products", "Продукты", V::RefList).to(Kind::Product),
        f("assets", "Assets", "Оборудование", V::RefList).to(Kind::Asset),
        f("contract", "Contract", "Договор", V::Ref)
            .to(Kind::Contract)
            .indexed(),
        f("watchers", "Watchers", "Наблюдатели", V::RefList)
            .to(Kind::Agent)
            .internal(),
        f(
            "effort_hours",
            "Effort, hours",
            "Трудозатраты, ч",
            V::Decimal,
        ),
        f("solution", "Solution", "Решение", V::LongText),
        f(
            "support_level",
            "Support level",
            "Уровень поддержки",
            V::Ref,
        )
        .to(Kind::SupportLevel),
        f(
            "level_by_hand",
            "Level chosen by hand",
            "Уровень выбран вручную",
            V::Bool,
        )
        .readonly()
        .internal(),
        f(
            "reaction_due_at",
            "Reaction due",
            "Срок реакции",
            V::Instant,
        )
        .readonly(),
        f("reacted_at", "Reacted at", "Дата реакции", V::Instant).readonly(),
        f(
            "reaction_breached_at",
            "Reaction breached",
            "Реакция просрочена",
            V::Instant,
        )
        .readonly(),
        f(
            "resolution_due_at",
            "Resolution due",
            "Срок решения",
            V::Instant,
        )
        .readonly(),
        f(
            "resolution_breached_at",
            "Resolution breached",
            "Решение просрочено",
            V::Instant,
        )
        .readonly(),
        f("satisfaction", "Satisfaction", "Удовлетворённость", V::Text).readonly(),
        f("satisfaction_score", "Score", "Оценка", V::Int).readonly(),
        f(
            "satisfaction_comment",
            "Score comment",
            "Комментарий к оценке",
            V::LongText,
        )
        .readonly()
        .personal(),
        f("satisfaction_at", "Rated at", "Дата оценки", V::Instant).readonly(),
        f("satisfaction_by", "Rated by", "Кто оценил", V::Ref)
            .to(Kind::Contact)
            .readonly(),
    ]);
    all.extend(made_by());
    all.extend(family());
    all
}

/// Fields of an activity; those of a plan's row come first.
pub(super) fn activity() -> Vec<Field> {
    use ValueType as V;
    let mut all = vec![
        f("ticket", "Ticket", "Тикет", V::Ref)
            .to(Kind::Ticket)
            .indexed(),
        f("lead", "Lead", "Лид", V::Ref).to(Kind::Lead).indexed(),
        f("state", "State", "Состояние", V::Enum)
            .options(&[
                ("open", "Open", "Открыта"),
                ("done", "Completed", "Выполнена"),
                ("cancelled", "Cancelled", "Отменена"),
                ("superseded", "Superseded", "Заменена другой"),
            ])
            .default("\"open\"")
            .indexed(),
        f("planned_at", "Planned at", "Запланировано на", V::Instant).indexed(),
        f("due_at", "Due at", "Срок", V::Instant).indexed(),
        f("result", "Result", "Результат", V::LongText),
        f(
            "effort_points",
            "Effort, points",
            "Трудоёмкость, баллы",
            V::Decimal,
        ),
        f("checklist", "Check-list", "Чек-лист", V::Json),
        f(
            "auto_key",
            "Automatic task",
            "Автоматическая задача",
            V::Text,
        )
        .readonly()
        .internal(),
    ];
    all.extend(worked());
    all
}
