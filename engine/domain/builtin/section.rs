//! Where a form shows the engine's own fields.

/// The section of a field: what it is about (`main`), for whom (`client`), who does it (`charge`),
/// what was promised (`terms`), where it came from (`source`), how it went (`course`).
pub(super) fn of(code: &str) -> &'static str {
    match code {
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
        _ => "main",
    }
}
