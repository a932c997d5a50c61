//! The pages in words: HTML in two languages, with everything that came from people escaped.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::sealed;
use crate::api::records::set;
use crate::base64;
use crate::desk::SurveyView;

/// Media type of the pages.
pub const MEDIA: &str = "text/html";
/// Media type of the form as browsers send it.
pub const FORM_MEDIA: &str = "application/x-www-form-urlencoded";

const STYLE: &str = include_str!("page.css");
/// Longest text that is taken, in characters.
const MAX_TEXT: usize = 4_000;
/// Greatest scale whose scores are shown one by one.
const MAX_ROW: i64 = 10;

/// The language of a page.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    locale: &'static str,
    words: &'static Words,
}

/// What was chosen and written so far.
#[derive(Debug, Clone, Default)]
pub struct Filled {
    /// Overall score.
    pub score: Option<i64>,
    /// Comment.
    pub comment: String,
    /// Answers by question.
    pub answers: BTreeMap<String, String>,
    /// Whether it was sent and could not be taken.
    pub is_refused: bool,
}

#[derive(Debug)]
struct Words {
    title: &'static str,
    about: &'static str,
    overall: &'static str,
    hint: &'static str,
    chosen: &'static str,
    comment: &'static str,
    send: &'static str,
    refused: &'static str,
    thanks: &'static str,
    thanks_more: &'static str,
    gone: &'static str,
    gone_more: &'static str,
    busy: &'static str,
    busy_more: &'static str,
    failed: &'static str,
    failed_more: &'static str,
}

static ENGLISH: Words = Words {
    title: "Rate our work",
    about: "About your request",
    overall: "How content are you?",
    hint: "1 is the worst score, the last one the best.",
    chosen: "A score is chosen already. It counts once you press the button.",
    comment: "Comment, if you like",
    send: "Send the rating",
    refused: "This could not be taken yet. Choose a score for each question and keep texts under 4000 characters.",
    thanks: "Thank you",
    thanks_more: "Your rating was taken. You may close this page.",
    gone: "This link leads nowhere",
    gone_more: "It was used already, has run out, or was copied in part. If you have rated our work: thank you, the rating is with us.",
    busy: "Please try again in a moment",
    busy_more: "Too many pages are being opened just now. Your link stays good.",
    failed: "Something went wrong",
    failed_more: "The rating was not taken. Please try again later; your link stays good.",
};

static RUSSIAN: Words = Words {
    title: "Оцените нашу работу",
    about: "О вашем обращении",
    overall: "Насколько вы довольны?",
    hint: "1 — худшая оценка, последняя — лучшая.",
    chosen: "Оценка уже выбрана. Она будет учтена, когда вы нажмёте кнопку.",
    comment: "Комментарий, если хотите",
    send: "Отправить оценку",
    refused: "Пока не получилось принять ответ. Выберите оценку в каждом вопросе; тексты — не длиннее 4000 знаков.",
    thanks: "Спасибо",
    thanks_more: "Ваша оценка принята. Страницу можно закрыть.",
    gone: "Ссылка не действует",
    gone_more: "Ею уже воспользовались, срок истёк или она скопирована не полностью. Если вы уже оценили нашу работу — спасибо, оценка у нас.",
    busy: "Попробуйте ещё раз через минуту",
    busy_more: "Сейчас открывают слишком много страниц. Ваша ссылка остаётся в силе.",
    failed: "Что-то пошло не так",
    failed_more: "Оценка не принята. Попробуйте позже; ваша ссылка остаётся в силе.",
};

impl Look {
    /// The language asked for, else English.
    pub fn of(locale: Option<&'static str>) -> Self {
        match locale {
            Some("ru") => Self {
                locale: "ru",
                words: &RUSSIAN,
            },
            _ => Self {
                locale: "en",
                words: &ENGLISH,
            },
        }
    }
}

/// The language of ours that a locale such as `ru-RU` names.
pub fn language(locale: Option<&str>) -> Option<&'static str> {
    match locale?.get(..2)? {
        "ru" => Some("ru"),
        "en" => Some("en"),
        _ => None,
    }
}

/// Nothing but the page's own style is taken, and the form goes nowhere else.
pub fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = base64::encode(&Sha256::digest(STYLE.as_bytes()));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    });
    &POLICY
}

/// The form.
pub fn form(look: &Look, survey: &SurveyView, filled: &Filled) -> Response {
    let words = look.words;
    let mut main = format!("<h1>{}</h1>\n<p>", words.title);
    if let Some(number) = survey.number {
        // Writing to a String cannot fail, here and below.
        let _ = write!(main, "{} № {number}: ", words.about);
    }
    let _ = writeln!(main, "{}</p>", escaped(&survey.title));
    if filled.is_refused {
        let _ = writeln!(
            main,
            "<p class=\"fault\" role=\"alert\">{}</p>",
            words.refused
        );
    } else if filled
        .score
        .is_some_and(|s| (1..=survey.scale).contains(&s))
    {
        let _ = writeln!(main, "<p class=\"note\">{}</p>", words.chosen);
    }
    // Without an address of its own: it goes to where the page is, whatever lies in front of the desk.
    main.push_str("<form method=\"post\" action=\"?\">\n");
    let has_scores = survey.questions.iter().any(|q| !q.is_text);
    if !has_scores || filled.score.is_some() {
        let chosen = filled.score;
        main.push_str(&scores(
            look,
            "score",
            words.overall,
            survey.scale,
            chosen,
            !has_scores,
        ));
    }
    for question in &survey.questions {
        let name = format!("{}{}", super::ANSWER, question.code);
        let title = question.names.get(look.locale).unwrap_or(&question.code);
        let given = filled.answers.get(&question.code);
        if question.is_text {
            main.push_str(&text(&name, title, given.map_or("", String::as_str)));
        } else {
            let chosen = given.and_then(|g| g.parse().ok());
            let is_needed = filled.score.is_none();
            main.push_str(&scores(look, &name, title, survey.scale, chosen, is_needed));
        }
    }
    main.push_str(&text("comment", words.comment, &filled.comment));
    let _ = writeln!(
        main,
        "<button type=\"submit\">{}</button>\n</form>",
        words.send
    );
    let status = if filled.is_refused {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    page(look, status, words.title, &main)
}

/// After an answer.
pub fn thanks(look: &Look) -> Response {
    let words = look.words;
    said(look, StatusCode::OK, words.thanks, words.thanks_more)
}

/// For a link that is unknown, used or too old: nobody learns which.
pub fn gone(locale: Option<&'static str>) -> Response {
    let look = Look::of(locale);
    let words = look.words;
    said(&look, StatusCode::NOT_FOUND, words.gone, words.gone_more)
}

/// For too many at once.
pub fn busy(locale: Option<&'static str>) -> Response {
    let look = Look::of(locale);
    let words = look.words;
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = said(&look, status, words.busy, words.busy_more);
    set(&mut response, header::RETRY_AFTER, "10");
    response
}

/// For what went wrong otherwise.
pub fn refused(locale: Option<&'static str>, status: StatusCode) -> Response {
    let look = Look::of(locale);
    let words = look.words;
    said(&look, status, words.failed, words.failed_more)
}

fn said(look: &Look, status: StatusCode, title: &str, text: &str) -> Response {
    let main = format!("<h1>{title}</h1>\n<p role=\"status\">{text}</p>\n");
    page(look, status, title, &main)
}

fn page(look: &Look, status: StatusCode, title: &str, main: &str) -> Response {
    let locale = look.locale;
    let html = format!(
        "<!doctype html>\n<html lang=\"{locale}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{main}</main>\n\
         </body>\n</html>\n"
    );
    sealed((status, html).into_response())
}

/// A row of scores to choose one of; a long scale is a number to type.
fn scores(
    look: &Look,
    name: &str,
    title: &str,
    scale: i64,
    chosen: Option<i64>,
    is_needed: bool,
) -> String {
    let (name, title) = (escaped(name), escaped(title));
    let needed = if is_needed { " required" } else { "" };
    let mut html = format!("<fieldset>\n<legend>{title}</legend>\n");
    if MAX_ROW < scale {
        let value = chosen.map_or_else(String::new, |c| format!(" value=\"{c}\""));
        let _ = writeln!(
            html,
            "<input type=\"number\" name=\"{name}\" min=\"1\" max=\"{scale}\"{value}{needed} aria-label=\"{title}\">"
        );
    } else {
        html.push_str("<div class=\"scores\">\n");
        for score in 1..=scale {
            let checked = if chosen == Some(score) {
                " checked"
            } else {
                ""
            };
            let _ = writeln!(
                html,
                "<label><input type=\"radio\" name=\"{name}\" value=\"{score}\"{checked}{needed}> {score}</label>"
            );
        }
        html.push_str("</div>\n");
    }
    let _ = writeln!(
        html,
        "<p class=\"note\">{}</p>\n</fieldset>",
        look.words.hint
    );
    html
}

fn text(name: &str, title: &str, given: &str) -> String {
    let (name, title, given) = (escaped(name), escaped(title), escaped(given));
    // A browser drops one line break after the tag.
    format!(
        "<p><label>{title}\n<textarea name=\"{name}\" rows=\"4\" maxlength=\"{MAX_TEXT}\">\n{given}</textarea></label></p>\n"
    )
}

/// Text as it may stand between tags and in quotes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::{escaped, language, policy};

    #[test]
    fn what_people_wrote_is_never_markup() {
        assert_eq!(
            escaped("<a href=\"x\">&'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;"
        );
        assert_eq!(escaped("Счёт № 5"), "Счёт № 5");
    }

    #[test]
    fn languages_and_the_policy() {
        assert_eq!(language(Some("ru-RU")), Some("ru"));
        assert_eq!((language(Some("de")), language(Some("р"))), (None, None));
        assert!(policy().starts_with("default-src 'none'; style-src 'sha256-"));
    }
}
