//! The engine's fields of recurrences, and those of what they make.

use super::{Field, Kind, ValueType as V, f};

/// Fields of a recurrence: when, what, and what came of it.
pub(super) fn recurrence() -> Vec<Field> {
    vec![
        f("active", "Active", "Действует", V::Bool)
            .default("true")
            .indexed(),
        f("rule", "Rule", "Правило повторения", V::Text).required(),
        f("starts_on", "First date", "Первая дата", V::Date).required(),
        f("time", "Time of day", "Время суток", V::Text).default("\"09:00\""),
        f("ends_on", "Last date", "Последняя дата", V::Date),
        f("calendar", "Calendar", "Календарь", V::Ref)
            .to(Kind::Calendar)
            .required()
            .indexed(),
        f("days", "Days off", "Нерабочие дни", V::Enum)
            .options(&[
                ("any", "Count as any day", "Как обычные дни"),
                ("skip", "Skip", "Пропускать"),
                ("next_working", "Next working day", "Следующий рабочий день"),
            ])
            .default("\"any\""),
        f("missed", "What was missed", "Пропущенные", V::Enum)
            .options(&[
                ("last", "Only the last", "Только последнее"),
                ("each", "Each", "Каждое"),
            ])
            .default("\"last\""),
        f("template", "Ticket", "Тикет", V::Json)
            .required()
            .personal(),
        f("next_at", "Next at", "Следующее", V::Instant)
            .readonly()
            .indexed(),
        f("last_at", "Last at", "Последнее", V::Instant).readonly(),
        f("made", "Tickets made", "Создано заявок", V::Int).readonly(),
        f("last_ticket", "Last ticket", "Последняя заявка", V::Ref)
            .to(Kind::Ticket)
            .readonly(),
        f("last_error", "Last error", "Последняя ошибка", V::LongText).readonly(),
    ]
}

/// What a ticket knows of the recurrence that made it.
pub(super) fn made_by() -> [Field; 2] {
    [
        f("recurrence", "Recurrence", "Повторение", V::Ref)
            .to(Kind::Recurrence)
            .readonly()
            .indexed()
            .internal(),
        f("occurrence_at", "Made for", "Создано на", V::Instant)
            .readonly()
            .internal(),
    ]
}
