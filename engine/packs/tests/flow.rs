//! The quick search for statuses without an end agrees with the plain one.

use proptest::prelude::*;

use crate::domain::{Names, StatusCategory, StatusDef, TransitionDef, Workflow};
use crate::packs::flow::stuck;

proptest! {
    #[test]
    fn stuck_statuses_are_those_the_workflow_finds(
        closed in prop::collection::vec(any::<bool>(), 1..6),
        ways in prop::collection::vec((0..7_usize, 0..6_usize), 0..8),
    ) {
        let count = closed.len();
        let flow = Workflow {
            code: "w".to_owned(),
            initial: "s0".to_owned(),
            merged: String::new(),
            statuses: closed
                .iter()
                .enumerate()
                .map(|(i, closed)| StatusDef {
                    code: format!("s{i}"),
                    names: Names::default(),
                    category: if *closed { StatusCategory::Done } else { StatusCategory::Open },
                    pauses: Vec::new(),
                })
                .collect(),
            transitions: ways
                .iter()
                .map(|(from, to)| TransitionDef {
                    from: if *from == 6 { "*".to_owned() } else { format!("s{}", from % count) },
                    to: format!("s{}", to % count),
                    names: Names::default(),
                    requires: Vec::new(),
                })
                .collect(),
        };
        let found: Vec<String> = stuck(&flow)
            .into_iter()
            .map(|i| format!(
                "from status `s{i}` no status of category done or cancelled can be reached"
            ))
            .collect();
        prop_assert_eq!(found, flow.faults());
    }
}
