//! By which keys a party is searched for: the engine's own, and what `intake.match` says of them.

use std::sync::Arc;

use crate::desk::decide::Deciding;
use crate::desk::intake::{AskedIn, PartyQuery};
use crate::desk::party::{MAX_KEYS, Of, PartyKey};
use crate::desk::{Error, Result};
use crate::domain::party::{self, PartyField, PartyMode};
use crate::domain::{Id, Kind, Record};
use crate::hooks::intake::{MAX_MATCHES, MatchMode, MatchView};
use crate::hooks::{Detail, Hook, Rule};

/// Most texts of one search.
const MAX_ASKED: usize = 20;
/// Longest text of a search in characters.
const MAX_ASKED_CHARS: usize = 200;
/// Fewest characters that are searched for inside values.
const FEWEST_CHARS: usize = 2;

/// A search for a party, ready to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartySearch {
    /// The keys.
    pub keys: Vec<PartyKey>,
    /// Whether everything asked must fit.
    pub all: bool,
    /// Most parties.
    pub limit: usize,
}

impl Deciding<'_, '_> {
    /// The keys of a search, on behalf of an inquiry or none.
    pub(in crate::desk::decide) fn party_search(
        &mut self,
        inquiry: Id,
        query: &PartyQuery,
    ) -> Result<PartySearch> {
        let mut asked = query.asked.clone();
        asked.retain(|(_, text)| !text.trim().is_empty());
        if asked.is_empty()
            && let Some(record) = self.draft.peek(Kind::Inquiry, inquiry)
        {
            asked = known_of(record);
        }
        check(&asked)?;
        let mut search = PartySearch {
            keys: own_keys(&asked, query.mode),
            all: query.all,
            limit: query.limit,
        };
        let channel = self.draft.peek(Kind::Inquiry, inquiry);
        let view = MatchView {
            asked: asked
                .iter()
                .map(|(of, text)| (of.name().to_owned(), text.clone()))
                .collect(),
            mode: told(query.mode),
            all_must_match: query.all,
            channel: channel.and_then(|r| r.text("channel")).map(str::to_owned),
        };
        let detail = Detail::Match(Arc::new(view));
        let scope = query.type_code.as_deref();
        self.scene(Hook::IntakeMatch, Kind::Inquiry, inquiry, &detail);
        for rule in self.intake_rules(Hook::IntakeMatch, inquiry, scope) {
            let called = self.call_rule(&rule, Kind::Inquiry, inquiry, &detail)?;
            let Ok(Some(ruled)) = called else { continue };
            let Some(choice) = &ruled.decision.keys else {
                continue;
            };
            let mut keys = Vec::new();
            for key in &choice.keys {
                keys.extend(self.key_of(&rule, key, &asked));
            }
            if choice.instead {
                search.keys.clear();
            }
            search.keys.extend(keys);
            search.all = choice.all_must_match.unwrap_or(search.all);
            let most = choice.limit.unwrap_or(MAX_MATCHES);
            search.limit = search.limit.min(usize::try_from(most).unwrap_or(1));
        }
        search.keys.truncate(MAX_KEYS);
        Ok(search)
    }

    /// The rules of a hook of the intake. When it is known what the appeal shall become, only the pack
    /// whose type that is has a say, and whoever names the type.
    pub(in crate::desk::decide) fn intake_rules(
        &self,
        hook: Hook,
        inquiry: Id,
        scope: Option<&str>,
    ) -> Vec<Arc<Rule>> {
        let catalog = &self.ground.catalog;
        let scope = scope.and_then(|code| catalog.resolve_type(code));
        let own = self.type_of(Kind::Inquiry, inquiry);
        let rules = catalog.rules(hook).iter().filter(|rule| {
            let Some(wanted) = scope else {
                return rule.applies(Kind::Inquiry, own.as_deref());
            };
            let names = |code: &str| rule.applies_to.iter().any(|a| a == code || a == "*");
            let pack = wanted.code.split_once('/').map(|(pack, _)| pack);
            rule.kind == Kind::Inquiry && (pack == Some(&*rule.pack) || names(&wanted.code))
        });
        let woken = rules.filter(|rule| self.chain.last().is_none_or(|last| *last != rule.id()));
        woken.cloned().collect()
    }

    /// A key as a rule names it; none for a field that there is not, which the journal notes.
    fn key_of(
        &mut self,
        rule: &Rule,
        key: &crate::hooks::intake::PartyKey,
        asked: &[(AskedIn, String)],
    ) -> Option<PartyKey> {
        let mode = read(key.mode);
        let sources = party::sources(key.kind);
        let field = sources.iter().find(|(name, _)| *name == key.field);
        let field = field.map(|(_, of)| *of);
        let field = field.or_else(|| PartyField::named(&key.field));
        // What stands for the same thing as something asked counts as that.
        let group = |of: PartyField| {
            let same = |(asked, _): &(AskedIn, String)| *asked == AskedIn::Party(of);
            asked
                .iter()
                .position(same)
                .unwrap_or(asked.len() + of as usize)
        };
        if let Some(of) = field {
            let mut found = PartyKey::of(key.kind, of, &key.value, mode, group(of))?;
            found.weight = key.weight;
            return Some(found);
        }
        let catalog = Arc::clone(&self.ground.catalog);
        let types = catalog.types(key.kind).map(|t| Some(t.code.as_str()));
        let mut types = std::iter::once(None).chain(types);
        let def = types.find_map(|t| catalog.resolve(key.kind, t, Some(&rule.pack), &key.field));
        let Some(def) = def.filter(|def| def.indexed) else {
            let field: String = key.field.chars().take(64).collect();
            self.note_once(format!("no_party_index:{field}:{}", rule.id()));
            return None;
        };
        let place = catalog
            .rules(Hook::IntakeMatch)
            .iter()
            .position(|r| r.id() == rule.id());
        Some(PartyKey {
            kind: key.kind,
            of: Of::Field(def.code.clone()),
            texts: vec![key.value.trim().to_lowercase()],
            mode,
            weight: key.weight,
            group: MAX_KEYS + place.unwrap_or_default(),
        })
    }
}

fn check(asked: &[(AskedIn, String)]) -> Result<()> {
    if MAX_ASKED < asked.len() {
        let message = format!("at most {MAX_ASKED} texts");
        return Err(Error::field("asked", "too_many", message));
    }
    for (of, text) in asked {
        if MAX_ASKED_CHARS < text.chars().count() {
            let message = format!("is over the limit of {MAX_ASKED_CHARS} characters");
            return Err(Error::field(of.name(), "too_long", message));
        }
    }
    Ok(())
}

/// What an inquiry tells of whoever sent it.
fn known_of(inquiry: &Record) -> Vec<(AskedIn, String)> {
    let sources = party::sources(Kind::Inquiry).iter();
    let values = sources.flat_map(|(name, of)| {
        let texts = inquiry.get(name).into_iter().flat_map(party::texts);
        texts.map(|text| (AskedIn::Party(*of), text.to_owned()))
    });
    let mut known: Vec<(AskedIn, String)> = values.collect();
    known.truncate(MAX_ASKED);
    known
}

/// The keys that the engine makes of what is asked.
fn own_keys(asked: &[(AskedIn, String)], mode: PartyMode) -> Vec<PartyKey> {
    let mut keys = Vec::new();
    for (group, (of, text)) in asked.iter().enumerate() {
        if mode != PartyMode::Exact && text.trim().chars().count() < FEWEST_CHARS {
            continue;
        }
        let fields: &[PartyField] = match of {
            AskedIn::Any => &PartyField::ALL,
            AskedIn::Party(field) => std::slice::from_ref(field),
        };
        for field in fields
            .iter()
            .filter(|f| *of != AskedIn::Any || may_be(**f, text))
        {
            let all = party::KINDS.into_iter();
            keys.extend(all.filter_map(|kind| PartyKey::of(kind, *field, text, mode, group)));
        }
    }
    keys
}

/// Whether a text that may be anything is looked for in a field.
fn may_be(field: PartyField, text: &str) -> bool {
    let has_letters = text.chars().any(char::is_alphabetic);
    match field {
        PartyField::Phone => !has_letters,
        PartyField::TaxNumber => text.chars().any(|c| c.is_ascii_digit()),
        PartyField::Name | PartyField::Mail | PartyField::Other => true,
    }
}

const fn told(mode: PartyMode) -> MatchMode {
    match mode {
        PartyMode::Exact => MatchMode::Exact,
        PartyMode::Prefix => MatchMode::Prefix,
        PartyMode::Part => MatchMode::Part,
    }
}

const fn read(mode: MatchMode) -> PartyMode {
    match mode {
        MatchMode::Exact => PartyMode::Exact,
        MatchMode::Prefix => PartyMode::Prefix,
        MatchMode::Part => PartyMode::Part,
    }
}
