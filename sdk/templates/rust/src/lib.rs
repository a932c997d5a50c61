//! Refuses to close a ticket without a solution.

use opora_sdk::Fields as _;
use opora_sdk::transition_guard::{Decision, Input, TransitionGuard};

struct Plugin;

opora_sdk::export!(Plugin: transition_guard);

impl TransitionGuard for Plugin {
    fn guard(input: &Input) -> Decision {
        if input.category == "done" && !input.is_filled("solution") {
            return Decision::refuse_field("solution", "no_solution", "say how it was solved");
        }
        Decision::allow()
    }
}
