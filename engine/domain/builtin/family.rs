//! The engine's fields by which tickets belong together.

use super::{Field, Kind, ValueType as V, f};

pub(super) fn family() -> Vec<Field> {
    vec![
        f("parent", "Part of", "Часть заявки", V::Ref)
            .to(Kind::Ticket)
            .indexed()
            .internal(),
        f("children", "Parts", "Частей", V::Int)
            .readonly()
            .internal(),
        f("children_open", "Open parts", "Открытых частей", V::Int)
            .readonly()
            .internal(),
        f("merged_into", "Merged into", "Объединена с", V::Ref)
            .to(Kind::Ticket)
            .readonly()
            .indexed(),
        f("merged_at", "Merged at", "Объединена", V::Instant).readonly(),
        f(
            "merged_from",
            "Merged tickets",
            "Объединённые заявки",
            V::RefList,
        )
        .to(Kind::Ticket)
        .readonly()
        .internal(),
        f(
            "merge",
            "Changes of the merge",
            "Изменения при объединении",
            V::Json,
        )
        .readonly()
        .internal(),
    ]
}
