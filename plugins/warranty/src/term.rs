//! How long the warranty lasts.

use opora_sdk::{Context, Date, Fields as _};

/// Longest warranty an administrator may set.
const MAX_MONTHS: i64 = 1_200;

/// The last day of the warranty: as the asset says, else counted from the purchase, else as noted on
/// the claim.
pub fn end(input: &impl Context) -> Option<Date> {
    let asset = input.related("asset");
    let date = |text: &str| Date::parse(text);
    if let Some(end) = asset.and_then(|a| a.date("warranty_to")).and_then(date) {
        return Some(end);
    }
    let bought = input
        .date("purchased_on")
        .or_else(|| asset.and_then(|a| a.date("sold_on")));
    if let Some(bought) = bought.and_then(date) {
        let months = input.int_option("months", 24).clamp(0, MAX_MONTHS);
        return Some(bought.plus_months(months));
    }
    input.date("warranty_until").and_then(date)
}
