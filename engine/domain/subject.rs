//! Numbers of tickets in subjects of mails.

/// Most numbers that are read of one subject.
const MAX_NUMBERS: usize = 5;
/// Signs that stand before a number of a ticket.
const SIGNS: [char; 2] = ['#', '№'];

/// The numbers in a subject that a sign stands before: `#17`, `[#17]`, `№ 17`.
#[must_use]
pub fn numbers(subject: &str) -> Vec<i64> {
    let mut found = Vec::new();
    for (at, sign) in subject.char_indices() {
        if !SIGNS.contains(&sign) || found.len() == MAX_NUMBERS {
            continue;
        }
        let rest = subject.get(at + sign.len_utf8()..).unwrap_or_default();
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let ends = rest.chars().nth(digits.len());
        // `#17a` and `#1.5` name something else.
        if ends.is_some_and(|c| c.is_alphanumeric() || c == '.' && follows(rest, digits.len())) {
            continue;
        }
        if let Ok(number) = digits.parse()
            && !found.contains(&number)
        {
            found.push(number);
        }
    }
    found
}

/// Whether a digit follows the dot at a place.
fn follows(text: &str, dot: usize) -> bool {
    text.chars()
        .nth(dot + 1)
        .is_some_and(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_behind_a_sign() {
        assert_eq!(numbers("Re: It does not print [#17]"), [17]);
        assert_eq!(numbers("Обращение №123: принято"), [123]);
        assert_eq!(numbers("Обращение № 123."), [123]);
        assert_eq!(numbers("#1 and #2 and #1"), [1, 2]);
        assert_eq!(
            numbers("Invoice 17, #17a, #1.5, # seven, #"),
            Vec::<i64>::new()
        );
        assert_eq!(numbers("#99999999999999999999999"), Vec::<i64>::new());
    }
}
