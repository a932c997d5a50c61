//! The names that a file gives as they stand, with what each of them means: followed from the functions
//! that rules call through what they hand on. What cannot be followed is left out: a wrong guess would
//! refuse a script that works.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, Position};

use super::facts::{self, Chain, Facts, Given, Literal, Step};
use super::fault::{self, Source, number};
use super::member::member;
use super::methods;
use crate::domain::{Kind, record::fields};
use crate::hooks::{Mention, Named};

/// Variables that are followed one into another.
const MAX_DEPTH: usize = 8;

/// Names that the functions of rules come to.
pub(super) fn of(ast: &AST, source: &Source, rules: &[&str]) -> Vec<Named> {
    let mut reader = Reader {
        facts: facts::of(ast),
        rule: String::new(),
        found: BTreeMap::new(),
    };
    for rule in rules {
        reader.follow(rule);
    }
    let named = |((line, column, what, name), rules): (Place, BTreeSet<String>)| Named {
        what,
        name,
        rules,
        line: number(line),
        column: number(column),
        source_line: source.line(line).into(),
    };
    reader.found.into_iter().map(named).collect()
}

/// Line, column, and what stands there.
type Place = (usize, usize, Mention, String);
/// What variables hold.
type Held = BTreeMap<String, Shape>;

/// What a variable or member holds, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Hook,
    /// The record of the rule, now or before.
    Record,
    Related,
    /// A record beside the rule's own.
    Beside(String),
    Options,
}

struct Reader {
    facts: BTreeMap<(String, usize), Facts>,
    /// The rule that is followed.
    rule: String,
    found: BTreeMap<Place, BTreeSet<String>>,
}

impl Reader {
    fn follow(&mut self, rule: &str) {
        rule.clone_into(&mut self.rule);
        let key = (rule.to_owned(), 1);
        let hook = self.facts.get(&key).and_then(|f| f.parameters.first());
        let Some(hook) = hook.cloned() else { return };
        let mut done = BTreeSet::new();
        let mut open = vec![(key, Held::from([(hook, Shape::Hook)]))];
        while let Some(next) = open.pop() {
            if done.contains(&next) {
                continue;
            }
            let (key, held) = &next;
            // Taken out, so that what is found can be noted.
            if let Some(facts) = self.facts.remove(key) {
                self.look(&facts, held);
                for (name, args) in &facts.calls {
                    let key = (name.clone(), args.len());
                    let own = (key == next.0).then_some(&facts);
                    let called = own.or_else(|| self.facts.get(&key));
                    let Some(called) = called else { continue };
                    let shapes = called.parameters.iter().zip(args);
                    let shapes = shapes.filter_map(|(parameter, arg)| {
                        let Literal::Chain(chain) = &arg.what else {
                            return None;
                        };
                        Some((parameter.clone(), shape(&facts, held, chain, MAX_DEPTH)?))
                    });
                    let handed: Held = shapes.collect();
                    if !handed.is_empty() {
                        open.push((key, handed));
                    }
                }
                self.facts.insert(key.clone(), facts);
            }
            done.insert(next);
        }
    }

    fn look(&mut self, facts: &Facts, held: &Held) {
        for chain in &facts.chains {
            let Some(mut at) = root(facts, held, chain, MAX_DEPTH) else {
                continue;
            };
            for step in &chain.steps {
                self.step(facts, &at, step);
                match next(&at, step) {
                    Some(shape) => at = shape,
                    None => break,
                }
            }
        }
        for (chain, text) in &facts.compared {
            let mut steps = chain.steps.clone();
            let Some(Step::Member(field, _)) = steps.pop() else {
                continue;
            };
            let of = Chain {
                root: chain.root.clone(),
                steps,
            };
            if shape(facts, held, &of, MAX_DEPTH) == Some(Shape::Record) {
                self.texts(facts, text, &Mention::Choice(field, true));
            }
        }
    }

    fn step(&mut self, facts: &Facts, of: &Shape, step: &Step) {
        let (name, at) = match step {
            Step::Member(name, at) => (name, *at),
            Step::Method(name, args, at) => {
                match of {
                    Shape::Hook => self.method(facts, name, args, *at),
                    Shape::Record if name == "has" => self.text(facts, args, 0, &Mention::Read),
                    Shape::Beside(beside) if name == "has" => {
                        self.text(facts, args, 0, &Mention::ReadBeside(beside.clone()));
                    }
                    _ => {}
                }
                return;
            }
            Step::At(given) => match &literal(facts, given).what {
                Literal::Text(name) => (name, given.at),
                _ => return,
            },
        };
        let what = match of {
            Shape::Hook => match member(name) {
                Some(member) => Mention::Method(member.hooks),
                None => return,
            },
            Shape::Record => Mention::Read,
            Shape::Related => Mention::Beside,
            Shape::Beside(beside) => Mention::ReadBeside(beside.clone()),
            Shape::Options => Mention::PackOption,
        };
        self.note(what, name, at);
    }

    /// A call of a method of the hook.
    fn method(&mut self, facts: &Facts, name: &str, args: &[Given], at: Position) {
        let Some(method) = methods().iter().find(|m| m.name == name) else {
            return;
        };
        self.note(Mention::Method(method.hooks), name, at);
        let what = match name {
            "set" => return self.set(facts, args),
            "only" => {
                if let Some(condition) = args.first() {
                    self.condition(facts, condition);
                }
                return;
            }
            "offer" => {
                self.text(facts, args, 0, &Mention::Form);
                if let (Some(field), Some(options)) = (text_of(facts, args, 0), args.get(1)) {
                    self.texts(facts, options, &Mention::Choice(field, false));
                }
                return;
            }
            "create" | "route_create" => return self.made(facts, args),
            "route_party" => return self.fields_of(facts, args, 1, None),
            "assign" | "choose_agent" => return self.note(Mention::Written, fields::ASSIGNEE, at),
            "assign_team" | "choose_team" => return self.note(Mention::Written, fields::TEAM, at),
            "tag" | "untag" => return self.note(Mention::Written, fields::TAGS, at),
            "transition" | "next_status" => {
                self.note(Mention::Written, fields::STATUS, at);
                Mention::Status(true)
            }
            "unset" => Mention::Set(false),
            "deny_field" => Mention::Blamed,
            "show" | "hide" | "require" | "optional" | "lock" | "unlock" | "advise" => {
                Mention::Form
            }
            "asked" => Mention::Asked,
            "changed" => Mention::Changed,
            "mask" => Mention::Mask,
            "type_is" => Mention::Type(None),
            "status_is" | "from_is" | "to_is" => Mention::Status(false),
            "stage_is" | "next_stage" | "go_to_stage" => Mention::Stage,
            "start_process" => Mention::Process,
            _ => return,
        };
        self.text(facts, args, 0, &what);
    }

    fn set(&mut self, facts: &Facts, args: &[Given]) {
        let value = args.get(1).map(|value| literal(facts, value));
        let is_known =
            value.is_some_and(|value| !matches!(value.what, Literal::Computed | Literal::Chain(_)));
        self.text(facts, args, 0, &Mention::Set(!is_known));
        if let (Some(field), Some(value)) = (text_of(facts, args, 0), value) {
            self.texts(facts, value, &Mention::Choice(field, false));
        }
    }

    /// A record that the rule makes: `kind, type, #{field: value}`.
    fn made(&mut self, facts: &Facts, args: &[Given]) {
        let kind = text_of(facts, args, 0).and_then(|kind| Kind::named(&kind));
        let Some(kind) = kind else { return };
        self.text(facts, args, 1, &Mention::Type(Some(kind)));
        self.fields_of(facts, args, 2, text_of(facts, args, 1));
    }

    fn fields_of(&mut self, facts: &Facts, args: &[Given], place: usize, of: Option<String>) {
        let kind = text_of(facts, args, 0).and_then(|kind| Kind::named(&kind));
        let map = args.get(place).map(|given| literal(facts, given));
        let (Some(kind), Some(Literal::Map(entries))) = (kind, map.map(|given| &given.what)) else {
            return;
        };
        for (field, at, value) in entries {
            self.note(Mention::FieldOf(kind, of.clone()), field, *at);
            let what = Mention::ChoiceOf(kind, of.clone(), field.clone());
            self.texts(facts, value, &what);
        }
    }

    /// A condition of access and those inside it.
    fn condition(&mut self, facts: &Facts, given: &Given) {
        let Literal::Map(entries) = &literal(facts, given).what else {
            return;
        };
        let get = |wanted: &str| {
            let mut all = entries.iter();
            let found = all.find(|(key, ..)| key == wanted);
            found.map(|(_, _, value)| literal(facts, value))
        };
        for key in ["all", "any"] {
            if let Some(Literal::List(parts)) = get(key).map(|given| &given.what) {
                parts.iter().for_each(|part| self.condition(facts, part));
            }
        }
        if let Some(part) = get("not") {
            self.condition(facts, part);
        }
        let Some(field) = get("field") else { return };
        let Literal::Text(name) = &field.what else {
            return;
        };
        self.note(Mention::Condition, name, field.at);
        for value in ["equals", "one_of"].into_iter().filter_map(get) {
            self.texts(facts, value, &Mention::ConditionChoice(name.clone()));
        }
    }

    /// The text that is given at a place.
    fn text(&mut self, facts: &Facts, args: &[Given], place: usize, what: &Mention) {
        let given = args
            .get(place)
            .map(|given| (literal(facts, given), given.at));
        if let Some((
            Given {
                what: Literal::Text(name),
                ..
            },
            at,
        )) = given
        {
            self.note(what.clone(), name, at);
        }
    }

    /// A text, or those of a list.
    fn texts(&mut self, facts: &Facts, given: &Given, what: &Mention) {
        let given = literal(facts, given);
        match &given.what {
            Literal::Text(name) => self.note(what.clone(), name, given.at),
            Literal::List(items) => {
                for item in items {
                    if let Literal::Text(name) = &literal(facts, item).what {
                        self.note(what.clone(), name, item.at);
                    }
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, what: Mention, name: &str, at: Position) {
        let place = (at.line().unwrap_or(0), fault::column(at));
        let key = (place.0, place.1, what, name.to_owned());
        self.found.entry(key).or_default().insert(self.rule.clone());
    }
}

/// What a chain begins with.
fn root(facts: &Facts, held: &Held, chain: &Chain, depth: usize) -> Option<Shape> {
    if facts.unclear.contains(&chain.root) {
        return None;
    }
    if let Some(shape) = held.get(&chain.root) {
        return Some(shape.clone());
    }
    match &facts.held(&chain.root)?.what {
        Literal::Chain(chain) => shape(facts, held, chain, depth.checked_sub(1)?),
        _ => None,
    }
}

/// What a chain comes to.
fn shape(facts: &Facts, held: &Held, chain: &Chain, depth: usize) -> Option<Shape> {
    let root = root(facts, held, chain, depth)?;
    chain
        .steps
        .iter()
        .try_fold(root, |at, step| next(&at, step))
}

fn next(at: &Shape, step: &Step) -> Option<Shape> {
    let name = match step {
        Step::Member(name, _) => name,
        Step::At(Given {
            what: Literal::Text(name),
            ..
        }) => name,
        _ => return None,
    };
    match (at, name.as_str()) {
        (Shape::Hook, "record" | "before") => Some(Shape::Record),
        (Shape::Hook, "related") => Some(Shape::Related),
        (Shape::Hook, "options") => Some(Shape::Options),
        (Shape::Related, name) => Some(Shape::Beside(name.to_owned())),
        _ => None,
    }
}

/// A value, or what the variable in its place was given.
fn literal<'f>(facts: &'f Facts, given: &'f Given) -> &'f Given {
    match &given.what {
        Literal::Chain(chain) if chain.steps.is_empty() => facts.held(&chain.root).unwrap_or(given),
        _ => given,
    }
}

fn text_of(facts: &Facts, args: &[Given], place: usize) -> Option<String> {
    match &literal(facts, args.get(place)?).what {
        Literal::Text(text) => Some(text.clone()),
        _ => None,
    }
}
