//! Texts of thousands of different words in Russian or English, a few of them much more frequent than
//! the others and each in several forms, as in a language.

use super::words::scatter;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// Russian.
    Russian,
    /// English.
    English,
}

/// What words are made of: a head, a stem, a tail and an ending.
struct Parts {
    /// Words that every text is full of.
    little: &'static [&'static str],
    stems: &'static [&'static str],
    heads: &'static [&'static str],
    tails: &'static [&'static str],
    /// Forms of one word differ in these.
    endings: &'static [&'static str],
}

const RUSSIAN: Parts = Parts {
    little: &[
        "и",
        "в",
        "не",
        "на",
        "с",
        "что",
        "для",
        "по",
        "из",
        "как",
        "к",
        "у",
        "за",
        "от",
        "до",
        "если",
        "это",
        "при",
        "или",
        "же",
        "бы",
        "так",
        "его",
        "они",
        "после",
        "только",
        "уже",
        "нет",
    ],
    stems: &[
        "принтер",
        "картридж",
        "бумаг",
        "сканер",
        "парол",
        "почт",
        "сервер",
        "обновлен",
        "ошибк",
        "печат",
        "отчет",
        "касс",
        "договор",
        "оплат",
        "экран",
        "клавиатур",
        "склад",
        "остатк",
        "обмен",
        "баз",
        "кабел",
        "монитор",
        "сет",
        "маршрут",
        "телефон",
        "звонк",
        "клиент",
        "заявк",
        "документ",
        "файл",
        "папк",
        "архив",
        "диск",
        "памят",
        "процессор",
        "корпус",
        "замен",
        "ремонт",
        "гарант",
        "постав",
        "заказ",
        "накладн",
        "номер",
        "модел",
        "лиценз",
        "ключ",
        "доступ",
        "прав",
        "запис",
        "вход",
        "профил",
        "настройк",
        "параметр",
        "окн",
        "кнопк",
        "форм",
        "таблиц",
        "строк",
        "колонк",
        "фильтр",
        "поиск",
        "график",
        "календар",
        "встреч",
        "письм",
        "вложен",
        "подпис",
        "сертификат",
        "порт",
        "питан",
        "батаре",
        "датчик",
        "клапан",
        "насос",
        "двигател",
        "фильер",
        "ремен",
        "подшипник",
        "лент",
        "барабан",
    ],
    heads: &[
        "",
        "пере",
        "под",
        "авто",
        "мульти",
        "микро",
        "меж",
        "сверх",
        "полу",
        "радио",
        "видео",
        "фото",
        "теле",
        "гидро",
    ],
    tails: &[
        "",
        "н",
        "ств",
        "ник",
        "ов",
        "ист",
        "ировк",
        "альн",
        "щик",
        "очк",
    ],
    endings: &["", "а", "у", "ом", "е", "ы", "ов", "ами"],
};

const ENGLISH: Parts = Parts {
    little: &[
        "the", "of", "and", "to", "a", "in", "is", "it", "for", "on", "with", "as", "at", "by",
        "this", "that", "if", "or", "be", "not", "from", "are", "when", "then", "after", "only",
        "no", "all",
    ],
    stems: &[
        "printer",
        "toner",
        "paper",
        "scan",
        "password",
        "mail",
        "server",
        "update",
        "error",
        "print",
        "report",
        "invoice",
        "contract",
        "payment",
        "screen",
        "keyboard",
        "stock",
        "balance",
        "exchange",
        "database",
        "cable",
        "monitor",
        "network",
        "router",
        "phone",
        "call",
        "client",
        "ticket",
        "document",
        "file",
        "folder",
        "archive",
        "disk",
        "memory",
        "processor",
        "frame",
        "swap",
        "repair",
        "warrant",
        "deliver",
        "order",
        "bill",
        "number",
        "model",
        "license",
        "key",
        "access",
        "right",
        "record",
        "login",
        "profile",
        "setting",
        "option",
        "window",
        "button",
        "form",
        "table",
        "row",
        "column",
        "filter",
        "search",
        "chart",
        "calendar",
        "meeting",
        "letter",
        "attach",
        "sign",
        "certificate",
        "port",
        "power",
        "batter",
        "sensor",
        "valve",
        "pump",
        "engine",
        "nozzle",
        "belt",
        "bearing",
        "tape",
        "drum",
    ],
    heads: &[
        "", "re", "sub", "auto", "multi", "micro", "inter", "over", "half", "radio", "video",
        "photo", "tele", "hydro",
    ],
    tails: &[
        "", "er", "ist", "ment", "ness", "less", "ful", "ward", "ship", "hood",
    ],
    endings: &["", "", "", "s", "s", "ing", "ed", "ers"],
};

/// Words of a sentence, and sentences of a paragraph.
const SENTENCE: u64 = 12;
const PARAGRAPH: u64 = 60;

impl Tongue {
    const fn parts(self) -> &'static Parts {
        match self {
            Self::Russian => &RUSSIAN,
            Self::English => &ENGLISH,
        }
    }

    /// A word, drawn by how frequent it is: the word of rank `r` comes `1 / r` as often as the first.
    fn word(self, draw: u64) -> String {
        let parts = self.parts();
        let known = parts.stems.len() * parts.heads.len() * parts.tails.len();
        let all = (known + parts.little.len()) as f64;
        let share = (draw % 1_000_003) as f64 / 1_000_003.0;
        let rank = (all.powf(share) - 1.0) as usize;
        let Some(place) = rank.checked_sub(parts.little.len()) else {
            return at(parts.little, rank).to_owned();
        };
        let (stem, layer) = (place % parts.stems.len(), place / parts.stems.len());
        let (head, tail) = (layer % parts.heads.len(), layer / parts.heads.len());
        let ending = usize::try_from(draw >> 40).unwrap_or(0) % parts.endings.len();
        [
            at(parts.heads, head),
            at(parts.stems, stem),
            at(parts.tails, tail),
            at(parts.endings, ending),
        ]
        .concat()
    }

    /// A line of so many words, the same for the same number.
    #[must_use]
    pub fn line(self, number: u64, words: u64) -> String {
        let all: Vec<String> = self.words(number, words).collect();
        all.join(" ")
    }

    /// Sentences and paragraphs of so many words, the same for the same number.
    #[must_use]
    pub fn text(self, number: u64, words: u64) -> String {
        let mut text = String::new();
        for (n, word) in (0..words).zip(self.words(number, words)) {
            text.push_str(match n {
                0 => "",
                n if n.is_multiple_of(PARAGRAPH) => ".\n\n",
                n if n.is_multiple_of(SENTENCE) => ". ",
                _ => " ",
            });
            text.push_str(&word);
        }
        text.push('.');
        text
    }

    fn words(self, number: u64, words: u64) -> impl Iterator<Item = String> {
        let seed = scatter(number).wrapping_mul(0x9e37_79b9);
        (0..words).map(move |n| self.word(scatter(seed.wrapping_add(n))))
    }
}

fn at(words: &[&'static str], place: usize) -> &'static str {
    words.get(place).copied().unwrap_or_default()
}
