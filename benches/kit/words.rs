//! Texts of a support desk.

/// Spreads numbers evenly.
#[must_use]
pub fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 8
}

const WORDS: [&str; 64] = [
    "принтер",
    "замялась",
    "бумага",
    "картридж",
    "сеть",
    "пароль",
    "почта",
    "сервер",
    "обновление",
    "ошибка",
    "печать",
    "отчёт",
    "касса",
    "договор",
    "оплата",
    "экран",
    "клавиатура",
    "не",
    "включается",
    "работает",
    "после",
    "перезагрузки",
    "срочно",
    "клиент",
    "звонил",
    "дважды",
    "склад",
    "остатки",
    "обмен",
    "база",
    "кабель",
    "монитор",
    "printer",
    "jam",
    "paper",
    "toner",
    "network",
    "password",
    "mail",
    "server",
    "update",
    "error",
    "report",
    "invoice",
    "payment",
    "screen",
    "keyboard",
    "reboot",
    "urgent",
    "customer",
    "called",
    "twice",
    "stock",
    "exchange",
    "database",
    "cable",
    "monitor",
    "light",
    "blinks",
    "red",
    "slow",
    "since",
    "morning",
    "again",
];

/// Words of a support desk, the same for the same number, and one that no other number has.
#[must_use]
pub fn lorem(number: u64, words: u64) -> String {
    let mut text = format!("n{number}");
    for n in 0..words {
        // Some words are much more frequent than others, as in any language.
        let draw = scatter(number.wrapping_mul(31).wrapping_add(n));
        let place = usize::try_from((draw % 64).min((draw >> 20) % 64)).unwrap_or(0);
        text.push(' ');
        text.push_str(WORDS.get(place).copied().unwrap_or_default());
    }
    text
}
