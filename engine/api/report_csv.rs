//! A report's answer as comma-separated values (RFC 4180).

use serde_json::Value as Json;

use crate::desk::ReportResult;

/// The file. Texts that a spreadsheet would take for a formula begin with an apostrophe.
#[must_use]
pub fn text(result: &ReportResult, bom: bool) -> String {
    let mut out = String::new();
    if bom {
        out.push('\u{feff}');
    }
    line(&mut out, result.columns.iter().map(|c| cell(&c.name)));
    for row in &result.rows {
        let keys = row
            .keys
            .iter()
            .zip(&row.labels)
            .map(|(key, label)| match (label, key) {
                (Some(label), _) => cell(label),
                (None, Json::Null) => String::new(),
                (None, Json::String(text)) => cell(text),
                (None, other) => other.to_string(),
            });
        line(&mut out, keys.chain(row.values.iter().map(number)));
    }
    out
}

/// Numbers are the engine's own and need no care.
fn number(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Adds a line of finished cells.
pub(super) fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(&cell);
    }
    out.push_str("\r\n");
}

/// A text as a cell.
pub(super) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("two\nlines"), "\"two\nlines\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(cell("-2,5"), "\"'-2,5\"");
    }
}
