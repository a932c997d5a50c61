//! Calls of functions, methods and members of `c` that do not exist, found before a script runs.
//!
//! Members of whatever a variable may hold are not looked at: a wrong guess there would refuse a script
//! that works. Names of fields, options and statuses are for `names`.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::fault::{ScriptFault, Source, closest};
use super::member::{self, member};
use super::methods;
use crate::hooks::Texts;

/// Functions of the interpreter's packages, with the numbers of values they take; a line each.
const LIBRARY: &str = include_str!("library.txt");
/// Functions that the engine adds beside the methods of `c`.
const OWN: [&str; 21] = [
    "date",
    "date_in",
    "days",
    "differs",
    "format",
    "format_in",
    "has",
    "has_skill",
    "hour_in",
    "hours",
    "instant",
    "minutes",
    "plus_days",
    "plus_hours",
    "plus_minutes",
    "replace",
    "seconds",
    "to_debug",
    "to_json",
    "weekday_in",
    "weeks",
];
/// Runs a function that is held in a variable, with as many values as it takes.
const CALL: &str = "call";

/// Names of functions with the numbers of values they take, the one before the dot included; with
/// none where any number will do.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<String, BTreeSet<usize>>);

impl Known {
    /// Every function that scripts may call.
    pub(super) fn new() -> Self {
        let mut all = Self::default();
        for line in LIBRARY.lines() {
            let mut words = line.split(' ');
            let name = words.next().unwrap_or_default();
            let counts = words.filter_map(|n| n.parse().ok());
            all.0.insert(name.to_owned(), counts.collect());
        }
        // Several of them share a name with a function of the library.
        for name in methods().iter().map(|m| m.name).chain(OWN) {
            all.0.insert(name.to_owned(), BTreeSet::new());
        }
        all
    }

    fn add(&mut self, name: &str, arity: usize) {
        self.0.entry(name.to_owned()).or_default().insert(arity);
    }

    fn takes(&self, name: &str, arity: usize) -> bool {
        let counts = self.0.get(name);
        counts.is_some_and(|all| all.is_empty() || all.contains(&arity))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Everything in a file that is called and does not exist. `rules` are the functions that rules call.
pub(super) fn faults(
    ast: &AST,
    source: &Source,
    (known, texts): (&Known, &Texts),
    rules: &[&str],
) -> Vec<ScriptFault> {
    let mut own = Known::default();
    for function in ast.iter_functions() {
        own.add(function.name, function.params.len());
    }
    let mut lint = Lint {
        source,
        known,
        texts,
        own,
        keys: BTreeSet::new(),
        faults: Vec::new(),
    };
    ast.walk(&mut |path| {
        lint.take_keys(path.last());
        true
    });
    ast.walk(&mut |path| {
        lint.call(path.last());
        true
    });
    for (function, arity, hook) in hook_parameters(ast, rules) {
        walk_function(ast, &function, arity, &mut |node| lint.member(node, &hook));
    }
    let mut faults = lint.faults;
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults.dedup();
    faults
}

struct Lint<'s> {
    source: &'s Source,
    known: &'s Known,
    texts: &'s Texts,
    own: Known,
    /// Keys of maps: what lies under one may be a function.
    keys: BTreeSet<String>,
    faults: Vec<ScriptFault>,
}

impl Lint<'_> {
    fn take_keys(&mut self, node: Option<&ASTNode<'_>>) {
        match node {
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                let keys = map.0.iter().map(|(key, _)| key.as_str().to_owned());
                self.keys.extend(keys);
            }
            // A map without variables is made while the file is read.
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                if let Ok(map) = value.as_map_ref() {
                    self.keys.extend(map.keys().map(ToString::to_string));
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, node: Option<&ASTNode<'_>>) {
        match node {
            Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)))
                if call.op_token.is_none() =>
            {
                self.function(call, *at)
            }
            Some(ASTNode::Expr(Expr::MethodCall(call, at))) => self.method(call, *at),
            _ => {}
        }
    }

    fn function(&mut self, call: &FnCallExpr, at: Position) {
        let (name, count) = (call.name.as_str(), call.args.len());
        let exists = self.own.takes(name, count) || self.known.takes(name, count);
        if exists || name == CALL {
            return;
        }
        self.unknown(name, count, 0, at);
    }

    fn method(&mut self, call: &FnCallExpr, at: Position) {
        let (name, count) = (call.name.as_str(), call.args.len());
        let exists = self.own.takes(name, count) || self.known.takes(name, count + 1);
        if exists || name == CALL || self.keys.contains(name) {
            return;
        }
        self.unknown(name, count, 1, at);
    }

    /// A call that nobody answers. `before` values stand before the dot.
    fn unknown(&mut self, name: &str, count: usize, before: usize, at: Position) {
        let other = self.own.0.get(name).map(|all| (all, 0));
        let other = other.or_else(|| self.known.0.get(name).map(|all| (all, before)));
        let Some((all, before)) = other else {
            let own = self.own.names();
            let near = closest(name, own.chain(self.known.names())).map(str::to_owned);
            let mut fault = self
                .source
                .fault(at, format!("there is no function `{name}`"));
            fault.suggestion = near;
            self.faults.push(fault);
            return;
        };
        let counts = all.iter().map(|n| n.saturating_sub(before).to_string());
        let takes = counts.collect::<Vec<_>>().join(" or ");
        let message = format!("`{name}` takes {takes} values, not {count}");
        self.faults.push(self.source.fault(at, message));
    }

    /// A member or method of the hook's parameter.
    fn member(&mut self, node: &ASTNode<'_>, hook: &str) {
        let ASTNode::Expr(Expr::Dot(pair, ..)) = node else {
            return;
        };
        if !is_variable(&pair.lhs, hook) {
            return;
        }
        match first(&pair.rhs) {
            Expr::Property(property, at) => {
                let name = property.2.as_str();
                if member(name).is_some() {
                    return;
                }
                let mut fault = if methods().iter().any(|m| m.name == name) {
                    let message =
                        format!("`{name}` is called with parentheses: `{hook}.{name}(…)`");
                    self.source.fault(*at, message)
                } else {
                    let message = format!("`{hook}` has no member `{name}`");
                    self.source.fault(*at, message)
                };
                fault.suggestion = closest(name, member::names()).map(str::to_owned);
                self.faults.push(fault);
            }
            Expr::MethodCall(call, at) => {
                let name = call.name.as_str();
                let is_own = self.own.takes(name, call.args.len());
                if is_own {
                    return;
                }
                if methods().iter().any(|m| m.name == name) {
                    self.named_text(name, call);
                    return;
                }
                let mut fault = if member(name).is_some() {
                    let message = format!("`{name}` is read without parentheses: `{hook}.{name}`");
                    self.source.fault(*at, message)
                } else {
                    let message = format!("`{hook}` has no method `{name}`");
                    self.source.fault(*at, message)
                };
                let near = closest(name, methods().iter().map(|m| m.name));
                fault.suggestion = near.map(str::to_owned);
                // The general finding at the same place says less.
                self.faults
                    .retain(|f| (f.line, f.column) != (fault.line, fault.column));
                self.faults.push(fault);
            }
            _ => {}
        }
    }
}

impl Lint<'_> {
    /// A string or template that is named by a literal and is not in the pack's files. In a pack
    /// without strings, a text stands for itself.
    fn named_text(&mut self, method: &str, call: &FnCallExpr) {
        let place = usize::from(method == "text_in");
        let Some(Expr::StringConstant(word, at)) = call.args.get(place) else {
            return;
        };
        let word = word.as_str();
        let message = match method {
            "text" | "text_in" => {
                let strings = &self.texts.strings;
                let stands_for_itself = strings.is_empty() && call.args.len() == place + 1;
                if stands_for_itself || self.texts.keys().contains(word) {
                    return;
                }
                format!("the pack's `locales` have no string `{word}`")
            }
            "template" if !self.texts.templates.contains(word) => {
                format!("the pack's `templates` have no `{word}.txt.jinja`")
            }
            _ => return,
        };
        let mut fault = self.source.fault(*at, message);
        let templates = self.texts.templates.iter().map(String::as_str);
        fault.suggestion = match method {
            "template" => closest(word, templates),
            _ => closest(word, self.texts.keys().into_iter()),
        }
        .map(str::to_owned);
        self.faults.push(fault);
    }
}

/// The first member of what stands behind a dot.
fn first(mut expr: &Expr) -> &Expr {
    while let Expr::Dot(pair, ..) | Expr::Index(pair, ..) = expr {
        expr = &pair.lhs;
    }
    expr
}

fn is_variable(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Variable(held, ..) if held.1.as_str() == name)
}

/// The parameters in which functions get the hook: those that rules call, and those to which they hand
/// it on under its own name. Function, number of its parameters, and the parameter.
fn hook_parameters(ast: &AST, rules: &[&str]) -> BTreeSet<(String, usize, String)> {
    let parameter = |function: &str, arity: usize, place: usize| {
        let mut all = ast.iter_functions();
        let found = all.find(|f| f.name == function && f.params.len() == arity)?;
        found.params.get(place).map(|name| (*name).to_owned())
    };
    let mut found = BTreeSet::new();
    let mut open: Vec<(String, usize, String)> = rules
        .iter()
        .filter_map(|rule| Some(((*rule).to_owned(), 1, parameter(rule, 1, 0)?)))
        .collect();
    while let Some(next) = open.pop() {
        let (function, arity, hook) = &next;
        if found.contains(&next) || is_hidden(ast, function, *arity, hook) {
            continue;
        }
        walk_function(ast, function, *arity, &mut |node| {
            let (ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) =
                node
            else {
                return;
            };
            let handed = call
                .args
                .iter()
                .enumerate()
                .filter(|(_, a)| is_variable(a, hook));
            for (place, _) in handed {
                let (name, count) = (call.name.as_str(), call.args.len());
                if let Some(parameter) = parameter(name, count, place) {
                    open.push((name.to_owned(), count, parameter));
                }
            }
        });
        found.insert(next);
    }
    found
}

/// Whether a function has a variable of its own under the name of its parameter.
fn is_hidden(ast: &AST, function: &str, arity: usize, parameter: &str) -> bool {
    let mut is_hidden = false;
    walk_function(ast, function, arity, &mut |node| {
        is_hidden |= match node {
            ASTNode::Stmt(Stmt::Var(var, ..)) => var.0.as_str() == parameter,
            ASTNode::Stmt(Stmt::For(each, _)) => {
                each.0.as_str() == parameter
                    || each.1.as_ref().is_some_and(|n| n.as_str() == parameter)
            }
            ASTNode::Stmt(Stmt::Assignment(set)) => is_variable(&set.1.lhs, parameter),
            _ => false,
        };
    });
    is_hidden
}

/// Looks at every node of one function.
pub(super) fn walk_function(
    ast: &AST,
    name: &str,
    arity: usize,
    see: &mut dyn FnMut(&ASTNode<'_>),
) {
    // To clone some functions only would clone all of them.
    let mut only = ast.clone_functions_only();
    only.retain_functions(|_, _, n, a| n == name && a == arity);
    only.walk(&mut |path| {
        if let Some(node) = path.last() {
            see(node);
        }
        true
    });
}
