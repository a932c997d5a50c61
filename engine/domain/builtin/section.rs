//! Where a form shows the engine's own fields.

/// The section of a field: what it is about (`main`), for whom (`client`), who does it (`charge`),
/// what was promised (`terms`), where it came from (`source`), how it went (`course`). None: nobody
/// has said yet, which a test refuses.
pub(super) fn of(code: &str) -> Option<&'static str> {
    Some(match code {
        "account" | "contact" | "person" | "company" | "inn" | "phones" | "mails"
        | "other_contacts" | "locale" | "products" | "product" | "assets" | "contract" => "client",
        "assignee" | "team" | "watchers" | "watching_contacts" => "charge",
        "support_level"
        | "level_by_hand"
        | "reaction_due_at"
        | "reacted_at"
        | "reaction_breached_at"
        | "resolution_due_at"
        | "resolution_breached_at"
        | "planned_at"
        | "due_at" => "terms",
        "channel" | "source" | "source_ref" | "sent_to" | "inquiry" | "arose_kind"
        | "arose_from" | "source_document" | "source_document_id" | "source_ticket"
        | "recurrence" | "occurrence_at" | "external_id" => "source",
        "closed_at"
        | "created_at"
        | "updated_at"
        | "received_at"
        | "accepted_at"
        | "answered_at"
        | "intake_time"
        | "converted_at"
        | "converted_kind"
        | "converted_to"
        | "result_kind"
        | "result"
        | "decline_reason"
        | "process"
        | "stage"
        | "stage_entered_at"
        | "stage_pass"
        | "process_ended_at"
        | "process_log"
        | "effort_hours"
        | "effort_points"
        | "solution"
        | "satisfaction"
        | "satisfaction_score"
        | "satisfaction_comment"
        | "satisfaction_at"
        | "satisfaction_by"
        | "parent"
        | "children"
        | "children_open"
        | "merged_into"
        | "merged_at"
        | "merged_from"
        | "merge" => "course",
        // Of every record, and of work.
        "title" | "type" | "status" | "number" | "description" | "category" | "priority" | "tags"
        | "checklist" | "ticket" | "lead" | "state" | "auto_key"
        // Of parties, agents and teams.
        | "code" | "account_kind" | "city" | "mail" | "position" | "notes" | "portal"
        | "portal_from" | "portal_to" | "erased_at" | "active" | "absent" | "intake_on_call"
        | "skills" | "roles"
        // Of products, assets and contracts.
        | "product_kind" | "serial" | "sold_on" | "warranty_to" | "starts_on" | "ends_on" | "unit"
        | "total" | "used" | "over_limit" | "exhausted_at"
        // Of articles and their categories.
        | "body" | "format" | "audience" | "accounts" | "valid_from" | "valid_until"
        | "variant_of" | "revised_at" | "follows_revision_at" | "review_due_on" | "reviewed_at"
        | "reviewed_by" | "helpful_count" | "not_helpful_count" | "name_en" | "name_ru"
        // Of recurrences, calendars and levels.
        | "rule" | "time" | "calendar" | "days" | "template" | "next_at" | "last_at"
        | "last_ticket" | "last_error" | "made" | "missed" | "definition" => "main",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::domain::{Kind, builtin};

    #[test]
    fn every_field_stands_in_a_section_that_was_named_for_it() {
        for kind in Kind::ALL {
            for def in builtin::fields(kind) {
                let code = &def.code;
                assert!(of(code).is_some(), "`{code}` of a {}", kind.name());
            }
        }
    }
}
