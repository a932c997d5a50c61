//! Records, entries and the rest as JSON.

mod admin;
mod delivery;
mod entry;
mod explanation;
mod journal;
pub mod packs;
mod simulation;
mod tested;
mod why;

use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

pub use admin::{TokenView, token};
pub use delivery::{DeliveryView, delivery};
pub use entry::{EntryView, entry_with};
pub use explanation::ExplanationView;
pub use journal::{EventView, HistoryView, event, history};
pub use simulation::{ShadowView, SimulationView, shadow, simulation};
pub use tested::{TestView, tested, untested};
pub use why::{ReplayedView, WhyView, replayed, why};

use super::problem::FaultView;
use crate::desk::{
    Actor, FacetCounts, Form, RecordPage, SearchHit, Suggested, Understood, WordMatch,
};
use crate::domain::{Instant, Kind, Record, StatusDef, builtin};
use crate::packs::Catalog;

/// An instant as RFC 3339 text.
#[must_use]
pub fn instant(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// How views are told: in which language, to whom, with which definitions.
pub struct Look<'a> {
    /// Active definitions.
    pub catalog: &'a Catalog,
    /// `ru` or `en`.
    pub locale: &'a str,
    /// Who looks.
    pub actor: &'a Actor,
}

impl Look<'_> {
    /// A record: its engine fields at the top, those of packs in `fields`. Fields of the kind that
    /// have no value are null, so that a reader sees which there are.
    #[must_use]
    pub fn record(&self, page: &RecordPage) -> Json {
        let record = &page.record;
        let mut top = Map::new();
        top.insert("id".to_owned(), json!(record.id));
        top.insert("kind".to_owned(), json!(record.kind.name()));
        top.insert("version".to_owned(), json!(page.version.0));
        for def in builtin::fields(record.kind) {
            if !def.internal || self.actor.sees_internal() {
                top.insert(def.code.clone(), Json::Null);
            }
        }
        let mut of_packs = Map::new();
        for (name, value) in &record.fields {
            let place = if name.contains('/') {
                &mut of_packs
            } else {
                &mut top
            };
            place.insert(name.clone(), value.to_json());
        }
        if let Some(status) = self.status_of(record) {
            top.insert("status_info".to_owned(), json!(self.status(status)));
        }
        top.insert("fields".to_owned(), Json::Object(of_packs));
        Json::Object(top)
    }

    fn status_of(&self, record: &Record) -> Option<&StatusDef> {
        self.catalog
            .status(record.kind, record.type_code(), record.status()?)
    }

    /// A status.
    #[must_use]
    pub fn status(&self, def: &StatusDef) -> StatusView {
        StatusView {
            code: def.code.clone(),
            category: def.category.name(),
            name: def.names.get(self.locale).unwrap_or(&def.code).to_owned(),
        }
    }

    /// A hit of a search.
    #[must_use]
    pub fn hit(&self, hit: &SearchHit) -> HitView {
        let record = &hit.record;
        HitView {
            id: record.id.to_string(),
            number: record.number(),
            kind: record.kind.name(),
            title: record.title().to_owned(),
            snippet: hit.snippet.clone(),
            matches: hit.matches.iter().map(WordMatchView::of).collect(),
            score: hit.score,
            pinned: hit.pinned,
            link: link(record.kind, &record.id.to_string()),
            external_id: record.text("external_id").map(str::to_owned),
            version: hit.version.0,
            locale: record.text("locale").map(str::to_owned),
            found_in: hit.found_in.as_ref().map(|found| FoundInView {
                id: found.id.to_string(),
                locale: found.locale.clone(),
                title: found.title.clone(),
            }),
            fallback: hit.fallback,
            explanation: hit.explained.as_ref().map(ExplanationView::of),
        }
    }

    /// The counts of a facet.
    #[must_use]
    pub fn facet(&self, facet: FacetCounts) -> FacetView {
        let values = facet.values.into_iter().map(|v| FacetValueView {
            name: v.names.get(self.locale).map(str::to_owned),
            value: v.value,
            count: v.count,
            within: v.within,
        });
        FacetView {
            field: facet.field,
            values: values.collect(),
        }
    }

    /// A form.
    #[must_use]
    pub fn form(&self, form: Form) -> FormView {
        let fields = form.fields.into_iter().map(|f| FormFieldView {
            name: f
                .def
                .names
                .get(self.locale)
                .unwrap_or(&f.def.code)
                .to_owned(),
            value_type: json!(f.def.value),
            target: f.def.target.map(Kind::name),
            options: self.options(&f.def, f.options.as_deref()),
            section: f.def.section,
            code: f.def.code,
            value: f.value.map_or(Json::Null, |v| v.to_json()),
            visible: f.visible,
            required: f.required,
            readonly: f.readonly,
            advice: f.advice,
        });
        let actions = form.actions.into_iter().map(|a| FormActionView {
            to: self.status(&a.to),
            open: a.open,
            why_not: a.why_not.into_iter().map(FaultView::from).collect(),
            requires: a.requires,
        });
        let named = form.named_actions.into_iter().map(|a| NamedActionView {
            label: a.names.get(self.locale).unwrap_or(&a.name).to_owned(),
            name: a.name,
            pack: a.pack,
        });
        FormView {
            fields: fields.collect(),
            actions: actions.collect(),
            named_actions: named.collect(),
        }
    }

    fn options(
        &self,
        def: &crate::domain::FieldDef,
        offered: Option<&[String]>,
    ) -> Vec<OptionView> {
        let is_offered = |code: &String| offered.is_none_or(|codes| codes.contains(code));
        let options = def.options.iter().filter(|o| is_offered(&o.code));
        options
            .map(|o| OptionView {
                code: o.code.clone(),
                name: o.names.get(self.locale).unwrap_or(&o.code).to_owned(),
            })
            .collect()
    }
}

/// The path of a record in the API.
#[must_use]
pub fn link(kind: Kind, id: &str) -> String {
    format!("/v1/{}/{id}", super::records::plural(kind))
}

/// A status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusView {
    /// Code.
    pub code: String,
    /// `new`, `open`, `waiting`, `done` or `cancelled`.
    pub category: &'static str,
    /// Name in the language of the request.
    pub name: String,
}

/// A hit of a search.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hit)]
pub struct HitView {
    /// Id of the record.
    pub id: String,
    /// Human number.
    pub number: Option<i64>,
    /// Kind of record.
    pub kind: &'static str,
    /// Title.
    pub title: String,
    /// HTML-escaped piece of the text with the words found in `<mark>`.
    pub snippet: String,
    /// The words of the query that it has, and how; none when only a number or code of it fits.
    pub matches: Vec<WordMatchView>,
    /// Relevance; comparable within one search only. Of a pinned hit it may be 0.
    pub score: f32,
    /// Whether an administrator put it first for this query.
    pub pinned: bool,
    /// Path of the record.
    pub link: String,
    /// Identity in another system.
    pub external_id: Option<String>,
    /// Version of the record.
    pub version: u64,
    /// Language of an article.
    pub locale: Option<String>,
    /// The variant of the article that has the words, when this one was found by them in another
    /// language and is offered in the reader's.
    pub found_in: Option<FoundInView>,
    /// Whether the article is not in the reader's language and has no variant that is.
    pub fallback: bool,
    /// What its score is made of, with `explain=true`; null for a pinned hit without the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationView>,
}

/// The variant of an article in which words were found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundIn)]
pub struct FoundInView {
    /// Its id.
    pub id: String,
    /// Its language.
    pub locale: String,
    /// Its title.
    pub title: String,
}

/// A word of the query in a hit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WordMatch)]
pub struct WordMatchView {
    /// The word as it was typed.
    pub word: String,
    /// `exact`, `form` (inflected), `prefix` (of a longer word), `layout` (typed in the other
    /// keyboard layout), `corrected` (a typing mistake) or `synonym` (by words that an administrator
    /// said mean the same).
    pub how: &'static str,
    /// The word in the record.
    pub found: String,
    /// Said when only what packs added to the index has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub added: bool,
}

impl WordMatchView {
    fn of(found: &WordMatch) -> Self {
        Self {
            word: found.word.clone(),
            how: found.how,
            found: found.found.clone(),
            added: found.added,
        }
    }
}

/// One page of hits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hits)]
pub struct HitsView {
    /// The hits, best first.
    pub hits: Vec<HitView>,
    /// `cursor` of the next page; null on the last.
    pub next: Option<String>,
    /// Whether the index is being rebuilt, so that hits may be missing.
    pub rebuilding: bool,
    /// The query as these hits suggest that it was meant ("did you mean"); null when it was found
    /// as typed.
    pub corrected: Option<String>,
    /// What the query was taken for, part by part.
    pub understood: Vec<UnderstoodView>,
    /// Whether hits are in order by meaning, too, and not by their words alone.
    pub by_meaning: bool,
    /// The facets that were asked for, in the order in which they were.
    pub facets: Vec<FacetView>,
    /// What a click on a hit names the query by (`POST /v1/search/clicks`); null when it is not
    /// counted.
    pub query: Option<String>,
}

/// What a text that is being typed may become.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suggestions)]
pub struct SuggestionsView {
    /// Records whose titles have all of its words, or any when none has all; best first.
    pub titles: Vec<TitleView>,
    /// The text with its last word completed, at most 5.
    pub completions: Vec<String>,
    /// Whether the index is being rebuilt, so that titles may be missing.
    pub rebuilding: bool,
}

/// A record by its title.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TitleHit)]
pub struct TitleView {
    /// Id of the record.
    pub id: String,
    /// Human number.
    pub number: Option<i64>,
    /// Kind of record.
    pub kind: &'static str,
    /// Title.
    pub title: String,
    /// Path of the record.
    pub link: String,
}

impl SuggestionsView {
    /// As JSON.
    #[must_use]
    pub fn of(found: Suggested) -> Self {
        let title = |page: RecordPage| TitleView {
            link: link(page.record.kind, &page.record.id.to_string()),
            id: page.record.id.to_string(),
            number: page.record.number(),
            kind: page.record.kind.name(),
            title: page.record.title().to_owned(),
        };
        Self {
            titles: found.titles.into_iter().map(title).collect(),
            completions: found.completions,
            rebuilding: found.rebuilding,
        }
    }
}

/// A part of a query.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Understood)]
pub struct UnderstoodView {
    /// `words`; `phrase`; `word` (one that is left out); `title` (words of a title); `field`.
    pub what: &'static str,
    /// The part as it was typed.
    pub text: String,
    /// Code of the field.
    pub field: Option<String>,
    /// What is looked for; of a field its values' codes, of a time `from..below`.
    pub values: Vec<String>,
    /// Whether what has it is left out.
    pub negated: bool,
    /// Whether nothing had the phrase, so that its words were enough.
    pub relaxed: bool,
}

impl From<Understood> for UnderstoodView {
    fn from(part: Understood) -> Self {
        Self {
            what: part.what,
            text: part.text,
            field: part.field,
            values: part.values,
            negated: part.negated,
            relaxed: part.relaxed,
        }
    }
}

/// The values of a field among all records that a search finds, pages to come included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Facet)]
pub struct FacetView {
    /// The field.
    pub field: String,
    /// Its values, most frequent first, at most 100.
    pub values: Vec<FacetValueView>,
}

/// A value of a facet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FacetValue)]
pub struct FacetValueView {
    /// Code, id or text, as the field's filter takes it.
    pub value: String,
    /// Name in the language of the request; of a record its title, when the caller may see it.
    pub name: Option<String>,
    /// How many of the records found have it.
    pub count: u64,
    /// Of a category of articles: how many are in it or in one that lies in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
}

/// What may be filled in and done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Form)]
pub struct FormView {
    /// The fields, in order.
    pub fields: Vec<FormFieldView>,
    /// The changes of status out of the present one.
    pub actions: Vec<FormActionView>,
    /// The named actions that are open to the asker: `POST …/actions/{name}`.
    pub named_actions: Vec<NamedActionView>,
}

/// A named action that rules offer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NamedAction)]
pub struct NamedActionView {
    /// Name in the path.
    pub name: String,
    /// Pack that offers it; when two offer the same name, `pack%2Fname` in the path says which.
    pub pack: String,
    /// Name in the language of the request.
    pub label: String,
}

/// A field of a form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FormField)]
pub struct FormFieldView {
    /// Code.
    pub code: String,
    /// Name in the language of the request.
    pub name: String,
    /// Type of the values.
    #[schema(value_type = String)]
    pub value_type: Json,
    /// Kind that a reference points at.
    pub target: Option<&'static str>,
    /// Options that are offered.
    pub options: Vec<OptionView>,
    /// Heading.
    pub section: String,
    /// Value; null when there is none.
    pub value: Json,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether it needs a value.
    pub required: bool,
    /// Whether it may not be changed.
    pub readonly: bool,
    /// Advice of rules.
    pub advice: Vec<String>,
}

/// An option of an enumeration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldOption)]
pub struct OptionView {
    /// Code.
    pub code: String,
    /// Name in the language of the request.
    pub name: String,
}

/// A change of status on a form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FormAction)]
pub struct FormActionView {
    /// Status it leads to.
    pub to: StatusView,
    /// Whether it is open now.
    pub open: bool,
    /// Why not.
    pub why_not: Vec<FaultView>,
    /// Fields that must have a value.
    pub requires: Vec<String>,
}
