//! The engine's own fields of each kind.

mod article;
mod family;
mod intake;
mod party;
mod recurrence;
mod section;
mod work;

use std::sync::LazyLock;

pub use intake::DRAFT;
use intake::{inquiry, lead};
use party::{account, agent, contact};
use recurrence::recurrence;
use work::{activity, ticket};

use super::{FieldDef, Kind, Names, StatusCategory, StatusDef, TransitionDef, ValueType, Workflow};

/// The engine's own fields of a kind, in the order a form shows them.
#[must_use]
pub fn fields(kind: Kind) -> &'static [FieldDef] {
    static ALL: LazyLock<Vec<Vec<FieldDef>>> =
        LazyLock::new(|| Kind::ALL.into_iter().map(define).collect());
    let place = Kind::ALL.into_iter().position(|k| k == kind);
    place.and_then(|i| ALL.get(i)).map_or(&[], Vec::as_slice)
}

/// The engine's own field of a kind by name.
#[must_use]
pub fn field(kind: Kind, name: &str) -> Option<&'static FieldDef> {
    fields(kind).iter().find(|f| f.code == name)
}

/// The workflow of a kind whose records need no type from a pack.
#[must_use]
pub fn workflow(kind: Kind) -> Option<&'static Workflow> {
    static ARTICLE: LazyLock<Workflow> = LazyLock::new(article::workflow);
    static INQUIRY: LazyLock<Workflow> = LazyLock::new(intake::inquiry_workflow);
    static LEAD: LazyLock<Workflow> = LazyLock::new(intake::lead_workflow);
    match kind {
        Kind::Article => Some(&ARTICLE),
        Kind::Inquiry => Some(&INQUIRY),
        Kind::Lead => Some(&LEAD),
        _ => None,
    }
}

struct Field(FieldDef);

fn f(code: &str, en: &str, ru: &str, value: ValueType) -> Field {
    let mut def = FieldDef::new(code, value);
    def.names = Names::of(en, ru);
    Field(def)
}

impl Field {
    fn required(mut self) -> Self {
        self.0.required = true;
        self
    }
    fn readonly(mut self) -> Self {
        self.0.readonly = true;
        self
    }
    fn indexed(mut self) -> Self {
        self.0.indexed = true;
        self
    }
    fn unique(mut self) -> Self {
        self.0.unique = true;
        self
    }
    fn personal(mut self) -> Self {
        self.0.personal_data = true;
        self
    }
    fn internal(mut self) -> Self {
        self.0.internal = true;
        self
    }
    fn to(mut self, kind: Kind) -> Self {
        self.0.target = Some(kind);
        self
    }
    fn default(mut self, json: &str) -> Self {
        self.0.default = Some(json.to_owned());
        self
    }
    fn options(mut self, codes: &[(&str, &str, &str)]) -> Self {
        self.0.options = codes
            .iter()
            .map(|(code, en, ru)| super::field::OptionDef {
                code: (*code).to_owned(),
                names: Names::of(en, ru),
            })
            .collect();
        self
    }
}

fn define(kind: Kind) -> Vec<FieldDef> {
    use ValueType as V;
    let mut title = f("title", "Title", "Название", V::Text).required();
    // The title of a person is a name.
    title.0.personal_data = matches!(kind, Kind::Contact | Kind::Agent);
    let mut all = vec![title];
    if kind.is_numbered() {
        all.push(f("number", "Number", "Номер", V::Int).readonly().indexed());
    }
    match kind {
        Kind::Ticket => all.extend(ticket()),
        Kind::Lead => all.extend(lead()),
        Kind::Inquiry => all.extend(inquiry()),
        Kind::Activity => all.extend(activity()),
        Kind::Asset => all.extend(asset()),
        Kind::Account => all.extend(account()),
        Kind::Contact => all.extend(contact()),
        Kind::Contract => all.extend(contract()),
        Kind::Product => all.extend([
            f("code", "Code", "Код", V::Text).unique(),
            f("product_kind", "Kind", "Вид", V::Enum)
                .options(&[
                    ("goods", "Goods", "Товар"),
                    ("service", "Service", "Услуга"),
                ])
                .default("\"goods\""),
        ]),
        Kind::Article => all.extend(article::fields()),
        Kind::Recurrence => all.extend(recurrence()),
        Kind::Agent => all.extend(agent()),
        Kind::Team => all.extend([
            f("code", "Code", "Код", V::Text).unique(),
            f("mail", "Mail address", "Адрес почты", V::Text),
        ]),
        Kind::Category => all.extend(article::category_fields()),
        Kind::Calendar | Kind::SupportLevel => all.extend([
            f("code", "Code", "Код", V::Text).required().unique(),
            f("definition", "Definition", "Определение", V::Json).required(),
        ]),
    }
    if kind.has_entries() {
        all.extend(watched(kind));
    }
    all.push(
        f(
            "external_id",
            "External id",
            "Внешний идентификатор",
            V::Text,
        )
        .unique(),
    );
    all.push(f("created_at", "Created at", "Создано", V::Instant).readonly());
    all.push(f("updated_at", "Updated at", "Изменено", V::Instant).readonly());
    let mut defs: Vec<FieldDef> = all.into_iter().map(|f| f.0).collect();
    for (place, def) in defs.iter_mut().enumerate() {
        def.order = i32::try_from(place).unwrap_or(i32::MAX);
        let section = section::of(&def.code).unwrap_or("main");
        section.clone_into(&mut def.section);
    }
    defs
}

/// Who hears of what rules tell watchers. Tickets have their agents among the fields of work.
fn watched(kind: Kind) -> Vec<Field> {
    let agents = f("watchers", "Watchers", "Наблюдатели", ValueType::RefList);
    let contacts = f(
        "watching_contacts",
        "Watching customers",
        "Наблюдатели от клиента",
        ValueType::RefList,
    );
    let agents = (kind != Kind::Ticket).then(|| agents.to(Kind::Agent).internal());
    let contacts = contacts.to(Kind::Contact).readonly().internal();
    agents.into_iter().chain([contacts]).collect()
}

fn asset() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("type", "Type", "Тип", V::Text).indexed(),
        f("status", "Status", "Статус", V::Text).indexed(),
        f("code", "Code", "Код", V::Text).unique(),
        f("serial", "Serial number", "Серийный номер", V::Text).indexed(),
        f("product", "Product", "Продукт", V::Ref)
            .to(Kind::Product)
            .indexed(),
        f("account", "Account", "Клиент", V::Ref)
            .to(Kind::Account)
            .indexed(),
        f("sold_on", "Sold on", "Продано", V::Date),
        f("warranty_to", "Warranty to", "Гарантия до", V::Date),
        f("notes", "Notes", "Примечания", V::LongText),
        f("tags", "Tags", "Метки", V::TextList).indexed(),
    ]
}

fn contract() -> Vec<Field> {
    use ValueType as V;
    vec![
        f("account", "Account", "Клиент", V::Ref)
            .to(Kind::Account)
            .indexed(),
        f("contact", "Contact", "Контактное лицо", V::Ref)
            .to(Kind::Contact)
            .indexed(),
        f("description", "Description", "Описание", V::LongText),
        f(
            "support_level",
            "Support level",
            "Уровень поддержки",
            V::Ref,
        )
        .to(Kind::SupportLevel),
        f("calendar", "Calendar", "Календарь", V::Ref).to(Kind::Calendar),
        f("starts_on", "Starts on", "Действует с", V::Date).indexed(),
        f("ends_on", "Ends on", "Действует по", V::Date).indexed(),
        f("unit", "Tracking unit", "Отслеживаемая единица", V::Enum)
            .options(&[
                ("hours", "Hours", "Часы"),
                ("days", "Days", "Дни"),
                ("events", "Events", "События"),
            ])
            .indexed(),
        f("total", "Total units", "Всего единиц", V::Decimal).indexed(),
        f("used", "Used units", "Использовано единиц", V::Decimal)
            .readonly()
            .indexed(),
        f("over_limit", "Over the total", "Сверх лимита", V::Enum)
            .options(&[
                ("allow", "Allow", "Разрешить"),
                ("warn", "Warn", "Предупредить"),
                ("refuse", "Refuse", "Отказать"),
            ])
            .default("\"warn\""),
        f("exhausted_at", "Exhausted at", "Исчерпан", V::Instant).readonly(),
        f("tags", "Tags", "Метки", V::TextList).indexed(),
    ]
}

fn status(code: &str, en: &str, ru: &str, category: StatusCategory) -> StatusDef {
    StatusDef {
        code: code.to_owned(),
        names: Names::of(en, ru),
        category,
        pauses: Vec::new(),
    }
}

fn way(from: &str, to: &str) -> TransitionDef {
    TransitionDef {
        from: from.to_owned(),
        to: to.to_owned(),
        names: Names::default(),
        requires: Vec::new(),
    }
}
