//! Fields and statuses of articles of the knowledge base.

use super::{Field, f, status, way};
use crate::domain::{Kind, StatusCategory, ValueType, Workflow};

/// Fields of an article.
pub(super) fn fields() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("body", "Text", "Текст", V::LongText),
        f("format", "Format", "Разметка", V::Enum)
            .options(&[
                ("markdown", "Markdown", "Markdown"),
                ("html", "HTML", "HTML"),
            ])
            .default("\"markdown\""),
        f("status", "Status", "Статус", V::Text).indexed(),
        f("locale", "Language", "Язык", V::Text)
            .default("\"en\"")
            .indexed(),
        f("variant_of", "Variant of", "Вариант статьи", V::Ref)
            .to(Kind::Article)
            .indexed(),
        f("revised_at", "Text changed at", "Текст изменён", V::Instant).readonly(),
        f(
            "follows_revision_at",
            "Follows the text of",
            "Соответствует тексту от",
            V::Instant,
        ),
        f("category", "Category", "Рубрика", V::Text).indexed(),
        f("product", "Product", "Продукт", V::Ref)
            .to(Kind::Product)
            .indexed(),
        f("audience", "Audience", "Для кого", V::Enum)
            .options(&[
                ("public", "Everybody", "Для всех"),
                ("internal", "Agents only", "Только для сотрудников"),
                ("accounts", "Some customers", "Для отдельных клиентов"),
            ])
            .default("\"public\"")
            .indexed(),
        f(
            "accounts",
            "Customers who read it",
            "Кто из клиентов читает",
            V::RefList,
        )
        .to(Kind::Account)
        .indexed()
        .internal(),
        f("valid_from", "Valid from", "Действует с", V::Instant),
        f("valid_until", "Valid until", "Действует до", V::Instant),
        f("review_due_on", "Review due", "Проверить до", V::Date)
            .indexed()
            .internal(),
        f("reviewed_by", "Reviewed by", "Проверил", V::Ref)
            .to(Kind::Agent)
            .indexed()
            .internal(),
        f("reviewed_at", "Reviewed at", "Проверено", V::Instant)
            .readonly()
            .internal(),
        f("tags", "Tags", "Метки", V::TextList).indexed(),
        f("source_ticket", "Source ticket", "Исходная заявка", V::Ref)
            .to(Kind::Ticket)
            .internal(),
        f("helpful_count", "Helped", "Помогла", V::Int).readonly(),
        f("not_helpful_count", "Did not help", "Не помогла", V::Int).readonly(),
        f(
            "closed_at",
            "Published or archived at",
            "Опубликована или в архиве с",
            V::Instant,
        )
        .readonly(),
    ]
}

/// Fields of a category.
pub(super) fn category_fields() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("code", "Code", "Код", V::Text).required().unique(),
        f("parent", "Within", "Входит в", V::Ref)
            .to(Kind::Category)
            .indexed(),
        f("position", "Place among its siblings", "Порядок", V::Int),
        f(
            "name_en",
            "Name in English",
            "Название по-английски",
            V::Text,
        ),
        f("name_ru", "Name in Russian", "Название по-русски", V::Text),
    ]
}

/// From a draft over a review to what readers see.
pub(super) fn workflow() -> Workflow {
    Workflow {
        code: "article".to_owned(),
        initial: "draft".to_owned(),
        merged: String::new(),
        statuses: vec![
            status("draft", "Draft", "Черновик", StatusCategory::New),
            status("review", "In review", "На проверке", StatusCategory::Open),
            status(
                "published",
                "Published",
                "Опубликована",
                StatusCategory::Done,
            ),
            status(
                "archived",
                "Archived",
                "В архиве",
                StatusCategory::Cancelled,
            ),
        ],
        transitions: vec![
            way("draft", "review"),
            way("draft", "published"),
            way("review", "draft"),
            way("review", "published"),
            way("published", "draft"),
            way("published", "archived"),
            way("draft", "archived"),
            way("archived", "draft"),
        ],
    }
}
