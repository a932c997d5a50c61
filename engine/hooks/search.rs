//! What rules about searching get and may return: `search.document` and `search.rank`.

use rust_decimal::Decimal;

use super::Spot;
use super::word::words;
use crate::domain::Kind;

/// Kinds of records that are in the search index.
pub const INDEXED: [Kind; 14] = [
    Kind::Ticket,
    Kind::Lead,
    Kind::Inquiry,
    Kind::Activity,
    Kind::Asset,
    Kind::Account,
    Kind::Contact,
    Kind::Contract,
    Kind::Product,
    Kind::Article,
    Kind::Agent,
    Kind::Team,
    Kind::Recurrence,
    Kind::Category,
];
/// Most texts that a rule adds to a record.
pub const MAX_TEXTS: usize = 20;
/// Most bytes of them together.
pub const MAX_TEXT_BYTES: usize = 8 << 10;
/// Most values that a rule raises or lowers.
pub const MAX_VALUES: usize = 20;
/// Least and greatest factor, in hundredths.
pub const FACTORS: (i64, i64) = (25, 400);
/// Least and greatest weight, in hundredths.
pub const WEIGHTS: (i64, i64) = (0, 100);
/// Longest half-life in days.
pub const MAX_HALF_LIFE_DAYS: i64 = 3_650;
/// Longest value in bytes.
const MAX_VALUE_BYTES: usize = 256;

/// A text by which a record is found beside its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexText {
    /// The text.
    pub text: String,
    /// Whether only the staff finds the record by it.
    pub internal: bool,
    /// Where the script decided it.
    pub spot: Spot,
}

impl IndexText {
    /// Adds the text to those of a rule; a blank one says nothing.
    ///
    /// # Errors
    /// What the limit is, when the rule gives more than a record may have.
    pub fn add_to(self, texts: &mut Vec<Self>) -> Result<(), String> {
        if self.text.trim().is_empty() {
            return Ok(());
        }
        if MAX_TEXTS <= texts.len() {
            return Err(format!("gave more than {MAX_TEXTS} texts for the index"));
        }
        let bytes: usize = texts.iter().map(|t| t.text.len()).sum();
        if MAX_TEXT_BYTES < bytes + self.text.len() {
            return Err(format!(
                "gave more than {MAX_TEXT_BYTES} bytes of text for the index"
            ));
        }
        texts.push(self);
        Ok(())
    }
}

words! {
    /// Where somebody searches.
    Channel {
        /// Where the staff works.
        Agent = "agent",
        /// Where customers are.
        Portal = "portal",
    }
}

/// A search that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankView {
    /// Kinds of records that are searched.
    pub kinds: Vec<Kind>,
    /// The words of the query, in lower case; none for a pack that may not see what they may be.
    pub words: Vec<String>,
    /// Where it is searched.
    pub channel: Channel,
}

words! {
    /// A part of a document that words are found in.
    RankSection {
        /// The title.
        Title = "title",
        /// Descriptions and what was said.
        Text = "text",
        /// Numbers and codes found as a whole.
        Codes = "codes",
        /// What packs added.
        Extra = "extra",
    }
}

words! {
    /// A field by whose values hits are raised or lowered.
    RankField {
        /// Kind of the record.
        Kind = "kind",
        /// Type.
        Type = "type",
        /// Status.
        Status = "status",
        /// Category.
        Category = "category",
        /// Product.
        Product = "product",
        /// Language.
        Locale = "locale",
        /// Priority.
        Priority = "priority",
        /// Label.
        Tags = "tags",
    }
}

/// How much words in a section count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionBoost {
    /// The section.
    pub section: RankSection,
    /// The factor, in hundredths.
    pub factor: i64,
    /// Where the script decided it.
    pub spot: Spot,
}

/// How much hits with a value count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueBoost {
    /// The field.
    pub field: RankField,
    /// The value: a code, an id, or a label.
    pub value: String,
    /// The factor, in hundredths.
    pub factor: i64,
    /// Where the script decided it.
    pub spot: Spot,
}

/// How much less what was changed long ago counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// Days after which half of the weight is lost.
    pub half_life_days: i64,
    /// What a hit loses at most, in hundredths.
    pub weight: i64,
    /// Where the script decided it.
    pub spot: Spot,
}

/// How much what people say of an article counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VotesWeight {
    /// What a hit gains or loses at most, in hundredths.
    pub weight: i64,
    /// Where the script decided it.
    pub spot: Spot,
}

/// How hits are ranked. What is absent counts as it does without the rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RankChoice {
    /// By section, each at most once.
    pub sections: Vec<SectionBoost>,
    /// By value, each at most once.
    pub values: Vec<ValueBoost>,
    /// By age.
    pub freshness: Option<Freshness>,
    /// By votes.
    pub votes: Option<VotesWeight>,
}

impl RankChoice {
    /// Words in a section count so much.
    ///
    /// # Errors
    /// When there is no such section, or the factor is out of bounds.
    pub fn section(&mut self, name: &str, factor: i64, spot: Spot) -> Result<(), String> {
        let Some(section) = RankSection::named(name) else {
            return Err(none_of("section", name, RankSection::ALL, |s| s.name()));
        };
        check_factor(&format!("section `{name}`"), factor)?;
        self.sections.retain(|known| known.section != section);
        self.sections.push(SectionBoost {
            section,
            factor,
            spot,
        });
        Ok(())
    }

    /// Hits with a value count so much.
    ///
    /// # Errors
    /// When hits are not ranked by the field, there are too many values, or the factor is out of
    /// bounds.
    pub fn value(
        &mut self,
        name: &str,
        value: &str,
        factor: i64,
        spot: Spot,
    ) -> Result<(), String> {
        let Some(field) = RankField::named(name) else {
            return Err(none_of("field", name, RankField::ALL, |f| f.name()));
        };
        if value.trim().is_empty() || MAX_VALUE_BYTES < value.len() {
            return Err(format!(
                "a value of `{name}` is a text of 1 to {MAX_VALUE_BYTES} bytes"
            ));
        }
        check_factor(&format!("`{name}` {value}"), factor)?;
        self.values
            .retain(|known| known.field != field || known.value != value);
        if MAX_VALUES <= self.values.len() {
            return Err(format!("a rule ranks at most {MAX_VALUES} values"));
        }
        self.values.push(ValueBoost {
            field,
            value: value.to_owned(),
            factor,
            spot,
        });
        Ok(())
    }

    /// What was changed long ago counts less.
    ///
    /// # Errors
    /// When a number is out of bounds.
    pub fn freshness(
        &mut self,
        half_life_days: i64,
        weight: i64,
        spot: Spot,
    ) -> Result<(), String> {
        if !(1..=MAX_HALF_LIFE_DAYS).contains(&half_life_days) {
            return Err(format!(
                "the half-life is {half_life_days} days; it is from 1 to {MAX_HALF_LIFE_DAYS}"
            ));
        }
        check_weight("freshness", weight)?;
        self.freshness = Some(Freshness {
            half_life_days,
            weight,
            spot,
        });
        Ok(())
    }

    /// What people say of an article counts.
    ///
    /// # Errors
    /// When the weight is out of bounds.
    pub fn votes(&mut self, weight: i64, spot: Spot) -> Result<(), String> {
        check_weight("votes", weight)?;
        self.votes = Some(VotesWeight { weight, spot });
        Ok(())
    }
}

/// Hundredths as people write them.
#[must_use]
pub fn shown(hundredths: i64) -> Decimal {
    Decimal::new(hundredths, 2).normalize()
}

fn check_factor(of: &str, factor: i64) -> Result<(), String> {
    let (least, most) = FACTORS;
    if (least..=most).contains(&factor) {
        return Ok(());
    }
    let (given, least, most) = (shown(factor), shown(least), shown(most));
    Err(format!(
        "{of} has the factor {given}; a factor is from {least} to {most}"
    ))
}

fn check_weight(of: &str, weight: i64) -> Result<(), String> {
    let (least, most) = WEIGHTS;
    if (least..=most).contains(&weight) {
        return Ok(());
    }
    let (given, least, most) = (shown(weight), shown(least), shown(most));
    Err(format!(
        "{of} has the weight {given}; a weight is from {least} to {most}"
    ))
}

fn none_of<T: Copy>(what: &str, name: &str, all: &[T], word: fn(T) -> &'static str) -> String {
    let short: String = name.chars().take(64).collect();
    let known: Vec<&str> = all.iter().map(|one| word(*one)).collect();
    format!(
        "hits are not ranked by the {what} `{short}`; known are {}",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_refused_in_words() {
        let spot = Spot::default();
        let mut rank = RankChoice::default();
        assert_eq!(
            rank.section("title", 1_000, spot),
            Err("section `title` has the factor 10; a factor is from 0.25 to 4".to_owned())
        );
        assert_eq!(
            rank.votes(150, spot),
            Err("votes has the weight 1.5; a weight is from 0 to 1".to_owned())
        );
        assert!(rank.freshness(0, 50, spot).is_err());
        assert!(rank.value("colour", "red", 100, spot).is_err());
        assert_eq!(rank, RankChoice::default());
    }

    #[test]
    fn what_is_said_last_stands() {
        let spot = Spot::default();
        let mut rank = RankChoice::default();
        for factor in [200, 25] {
            rank.section("extra", factor, spot).expect("within bounds");
            rank.value("kind", "article", factor, spot)
                .expect("within bounds");
        }
        assert_eq!(rank.sections.len(), 1);
        assert_eq!(rank.values.first().map(|v| v.factor), Some(25));
    }

    #[test]
    fn texts_are_bounded_together() {
        let text = |text: &str| IndexText {
            text: text.to_owned(),
            internal: false,
            spot: Spot::default(),
        };
        let mut texts = Vec::new();
        text(" \n").add_to(&mut texts).expect("nothing");
        assert!(texts.is_empty());
        text(&"x".repeat(MAX_TEXT_BYTES))
            .add_to(&mut texts)
            .expect("as much as there may be");
        assert!(text("y").add_to(&mut texts).is_err());
        let mut texts = vec![text("a"); MAX_TEXTS];
        assert!(text("b").add_to(&mut texts).is_err());
    }
}
