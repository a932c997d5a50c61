//! What a function of a script does, as far as it can be read off: members and methods of variables,
//! with the values that are written out.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{AST, ASTFlags, ASTNode, Dynamic, Expr, FnCallExpr, Position, Stmt};

use super::lint::walk_function;

/// A value in a script and its place.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) what: Literal,
    pub(super) at: Position,
}

/// A value, when it is written out.
#[derive(Debug, Clone)]
pub(super) enum Literal {
    Text(String),
    List(Vec<Given>),
    Map(Vec<(String, Position, Given)>),
    /// A number, a truth value or none.
    Other,
    Chain(Chain),
    /// It follows when the script runs.
    Computed,
}

/// A variable and what is read or called of it, such as `c.record.title`.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) root: String,
    pub(super) steps: Vec<Step>,
}

/// What stands behind a dot or in brackets.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Member(String, Position),
    Method(String, Vec<Given>, Position),
    At(Given),
}

/// A function.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) parameters: Vec<String>,
    /// Variables that are given a value once.
    pub(super) lets: BTreeMap<String, Given>,
    /// Variables of which it is not known what they hold.
    pub(super) unclear: BTreeSet<String>,
    pub(super) chains: Vec<Chain>,
    /// Functions that are called, with what they are given.
    pub(super) calls: Vec<(String, Vec<Given>)>,
    /// What is compared with a text.
    pub(super) compared: Vec<(Chain, Given)>,
}

/// The functions of a file, by name and number of parameters.
pub(super) fn of(ast: &AST) -> BTreeMap<(String, usize), Facts> {
    let functions = ast.iter_functions();
    let facts = functions.map(|function| {
        let key = (function.name.to_owned(), function.params.len());
        let mut facts = Facts {
            parameters: function.params.iter().map(ToString::to_string).collect(),
            ..Facts::default()
        };
        walk_function(ast, &key.0, key.1, &mut |node| facts.see(node));
        (key, facts)
    });
    facts.collect()
}

impl Facts {
    /// What a variable was given, when that is sure.
    pub(super) fn held(&self, name: &str) -> Option<&Given> {
        self.lets.get(name).filter(|_| !self.unclear.contains(name))
    }

    fn see(&mut self, node: &ASTNode<'_>) {
        match node {
            ASTNode::Stmt(Stmt::Var(var, ..)) => {
                let name = var.0.as_str().to_owned();
                let again = self.parameters.contains(&name) || self.lets.contains_key(&name);
                if again {
                    self.unclear.insert(name);
                } else {
                    self.lets.insert(name, given(&var.1));
                }
            }
            ASTNode::Stmt(Stmt::For(each, _)) => {
                self.unclear.insert(each.0.as_str().to_owned());
                let counter = each.1.as_ref().map(|n| n.as_str().to_owned());
                self.unclear.extend(counter);
            }
            ASTNode::Stmt(Stmt::Assignment(set)) => {
                let changed = chain(&set.1.lhs);
                self.unclear.extend(changed.map(|c| c.root));
            }
            ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _)) => {
                self.call(call);
            }
            ASTNode::Expr(expr) => self.chains.extend(chain(expr)),
            _ => {}
        }
    }

    fn call(&mut self, call: &FnCallExpr) {
        let args: Vec<Given> = call.args.iter().map(given).collect();
        if call.op_token.is_none() {
            self.calls.push((call.name.to_string(), args));
            return;
        }
        if !["==", "!="].contains(&call.name.as_str()) {
            return;
        }
        if let [a, b] = args.as_slice() {
            let (chain, text) = match (&a.what, &b.what) {
                (Literal::Chain(chain), Literal::Text(_)) => (chain, b),
                (Literal::Text(_), Literal::Chain(chain)) => (chain, a),
                _ => return,
            };
            self.compared.push((chain.clone(), text.clone()));
        }
    }
}

fn given(expr: &Expr) -> Given {
    let at = expr.position();
    let what = match expr {
        Expr::StringConstant(text, _) => Literal::Text(text.to_string()),
        Expr::DynamicConstant(value, _) => constant(value, at),
        Expr::Array(items, _) => Literal::List(items.iter().map(given).collect()),
        Expr::Map(map, _) => {
            let entries = map.0.iter();
            let entry = |(key, value): &(rhai::Ident, Expr)| {
                (key.as_str().to_owned(), key.pos, given(value))
            };
            Literal::Map(entries.map(entry).collect())
        }
        Expr::BoolConstant(..)
        | Expr::IntegerConstant(..)
        | Expr::CharConstant(..)
        | Expr::Unit(_) => Literal::Other,
        expr => chain(expr).map_or(Literal::Computed, Literal::Chain),
    };
    Given { what, at }
}

/// A list or map without variables is made while the file is read: its parts have no places.
fn constant(value: &Dynamic, at: Position) -> Literal {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Literal::Text(text.to_string());
    }
    let part = |value: &Dynamic| Given {
        what: constant(value, at),
        at,
    };
    if let Ok(items) = value.as_array_ref() {
        return Literal::List(items.iter().map(part).collect());
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map.iter().map(|(key, v)| (key.to_string(), at, part(v)));
        return Literal::Map(entries.collect());
    }
    Literal::Other
}

/// The variable at the beginning of an expression, and what is read of it.
fn chain(expr: &Expr) -> Option<Chain> {
    let (pair, flags, by_dot) = match expr {
        Expr::Variable(name, ..) => {
            return Some(Chain {
                root: name.1.to_string(),
                steps: Vec::new(),
            });
        }
        Expr::Dot(pair, flags, _) => (pair, flags, true),
        Expr::Index(pair, flags, _) => (pair, flags, false),
        _ => return None,
    };
    let mut chain = chain(&pair.lhs)?;
    let (mut rest, mut flags, mut by_dot) = (&pair.rhs, flags, by_dot);
    loop {
        // What stands in brackets may be a chain of its own.
        let goes_on = by_dot || !flags.contains(ASTFlags::BREAK);
        let (step, next) = match rest {
            Expr::Dot(pair, flags, _) if goes_on => (&pair.lhs, Some((&pair.rhs, flags, true))),
            Expr::Index(pair, flags, _) if goes_on => (&pair.lhs, Some((&pair.rhs, flags, false))),
            last => (last, None),
        };
        chain.steps.push(step_of(step, by_dot));
        match next {
            Some(next) => (rest, flags, by_dot) = next,
            None => return Some(chain),
        }
    }
}

fn step_of(expr: &Expr, by_dot: bool) -> Step {
    match expr {
        Expr::Property(property, at) if by_dot => Step::Member(property.2.to_string(), *at),
        Expr::MethodCall(call, at) if by_dot => {
            let args = call.args.iter().map(given).collect();
            Step::Method(call.name.to_string(), args, *at)
        }
        other => Step::At(given(other)),
    }
}
