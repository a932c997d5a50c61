//! Checks one workflow of a pack: every status can be reached by name, and every way leads to an end.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::check::{bare, names_fault};
use super::fault::{Faults, PackFault};
use super::origin::Origin;
use super::source::short;
use crate::domain::{Code, Definitions, Kind, Workflow, builtin, code};

/// Most statuses of a workflow.
pub const MAX_STATUSES: usize = 100;
/// Most transitions of a workflow.
pub const MAX_TRANSITIONS: usize = 1_000;

/// Checks workflow `i` of qualified definitions.
pub(super) fn check(
    origin: &Origin,
    i: usize,
    flow: &Workflow,
    defs: &Definitions,
    faults: &mut Faults,
) {
    let mut checker = Checker {
        origin,
        i,
        flow,
        faults,
    };
    if checker.sizes() && checker.statuses() & checker.transitions(defs) {
        checker.ends();
    }
}

struct Checker<'a> {
    origin: &'a Origin,
    i: usize,
    flow: &'a Workflow,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    fn push(&mut self, path: &str, message: String, near: Option<(&str, &[&str])>) {
        if self.faults.is_full() {
            return;
        }
        let path = format!("workflow/{}{path}", self.i);
        let fault: PackFault = self.origin.fault(&path, message);
        self.faults.push(match near {
            Some((word, known)) => fault.near(word, known.iter().copied()),
            None => fault,
        });
    }

    fn sizes(&mut self) -> bool {
        let statuses = self.flow.statuses.len();
        let transitions = self.flow.transitions.len();
        if statuses > MAX_STATUSES {
            let message = format!("{statuses} statuses are over the limit of {MAX_STATUSES}");
            self.push("/statuses", message, None);
        }
        if transitions > MAX_TRANSITIONS {
            let message =
                format!("{transitions} transitions are over the limit of {MAX_TRANSITIONS}");
            self.push("/transitions", message, None);
        }
        statuses <= MAX_STATUSES && transitions <= MAX_TRANSITIONS
    }

    /// Whether the initial status is known.
    fn statuses(&mut self) -> bool {
        let flow = self.flow;
        for (k, status) in flow.statuses.iter().enumerate() {
            if let Some(message) = names_fault(&status.names) {
                self.push(&format!("/statuses/{k}/names"), message, None);
            }
            for (p, clock) in status.pauses.iter().enumerate() {
                if let Some(why) = code::fault(clock) {
                    let message = format!("name of clock `{}` {why}", short(clock));
                    self.push(&format!("/statuses/{k}/pauses/{p}"), message, None);
                }
            }
        }
        let known: Vec<&str> = flow.statuses.iter().map(|s| bare(&s.code)).collect();
        let closes = flow
            .status(&flow.merged)
            .is_some_and(|s| s.category.is_closed());
        if !flow.merged.is_empty() && !closes {
            let message = format!(
                "status `{}` of merged records is none of category done or cancelled in this workflow",
                short(bare(&flow.merged))
            );
            self.push("/merged", message, Some((&flow.merged, &known)));
        }
        if flow.status(&flow.initial).is_some() {
            return true;
        }
        let message = format!(
            "initial status `{}` is not one of the statuses",
            short(bare(&flow.initial))
        );
        self.push("/initial", message, Some((&flow.initial, &known)));
        false
    }

    /// Whether every status that a transition names is known.
    fn transitions(&mut self, defs: &Definitions) -> bool {
        let flow = self.flow;
        let codes: HashSet<&str> = flow.statuses.iter().map(|s| s.code.as_str()).collect();
        let known: Vec<&str> = flow.statuses.iter().map(|s| bare(&s.code)).collect();
        let fields = own_fields(defs);
        let mut seen = BTreeSet::new();
        let mut is_whole = true;
        for (k, way) in flow.transitions.iter().enumerate() {
            for (end, status) in [("from", &way.from), ("to", &way.to)] {
                if (end == "from" && status == "*") || codes.contains(status.as_str()) {
                    continue;
                }
                is_whole = false;
                let status = bare(status);
                let message = format!("there is no status `{}` in this workflow", short(status));
                self.push(
                    &format!("/transitions/{k}/{end}"),
                    message,
                    Some((status, &known)),
                );
            }
            if !seen.insert((&way.from, &way.to)) {
                let (from, to) = (bare(&way.from), bare(&way.to));
                let message = format!("the transition from `{from}` to `{to}` stands twice");
                self.push(&format!("/transitions/{k}"), message, None);
            }
            for (r, field) in way.requires.iter().enumerate() {
                let is_own = Code::from(field.as_str()).pack() == Some(self.origin.pack.as_str());
                if is_own && !fields.contains(field.as_str()) {
                    let path = format!("/transitions/{k}/requires/{r}");
                    self.field(&path, bare(field), &fields);
                }
            }
        }
        is_whole
    }

    fn field(&mut self, path: &str, name: &str, own: &HashSet<&str>) {
        let message = format!(
            "there is no field `{}`, neither in this pack nor the engine's own",
            short(name)
        );
        let engine = builtin::fields(Kind::Ticket)
            .iter()
            .map(|f| f.code.as_str());
        let known: Vec<&str> = own.iter().map(|f| bare(f)).chain(engine).collect();
        self.push(path, message, Some((name, &known)));
    }

    fn ends(&mut self) {
        for k in stuck(self.flow) {
            let code = self.flow.statuses.get(k).map_or("", |s| bare(&s.code));
            let message = format!(
                "from status `{code}` no status of category done or cancelled can be reached; add \
                 a transition"
            );
            self.push(&format!("/statuses/{k}"), message, None);
        }
    }
}

fn own_fields(defs: &Definitions) -> HashSet<&str> {
    let fields = defs.field_sets.iter().flat_map(|s| &s.fields);
    fields.map(|f| f.code.as_str()).collect()
}

/// Places of the statuses from which no closed status can be reached. It agrees with
/// [`Workflow::faults`], in time that a large workflow can bear.
pub(super) fn stuck(flow: &Workflow) -> Vec<usize> {
    let place: HashMap<&str, usize> = flow
        .statuses
        .iter()
        .enumerate()
        .map(|(i, s)| (s.code.as_str(), i))
        .collect();
    let mut ends: Vec<bool> = flow
        .statuses
        .iter()
        .map(|s| s.category.is_closed())
        .collect();
    // A way from anywhere to a status that reaches the end saves every status at once.
    loop {
        let mut grown = false;
        for way in &flow.transitions {
            let to = place.get(way.to.as_str()).copied();
            if !to.and_then(|t| ends.get(t)).is_some_and(|e| *e) {
                continue;
            }
            if way.from == "*" {
                return Vec::new();
            }
            let from = place.get(way.from.as_str()).copied();
            if let Some(end) = from.and_then(|f| ends.get_mut(f))
                && !*end
            {
                *end = true;
                grown = true;
            }
        }
        if !grown {
            break;
        }
    }
    ends.iter()
        .enumerate()
        .filter(|(_, end)| !**end)
        .map(|(i, _)| i)
        .collect()
}
