//! Texts that mean harm: to whoever reads them, and to the machine.

use std::time::{Duration, Instant};

use super::super::{Format, Links, plain, safe_html};

/// What no reader's browser may get, in any case.
const NEVER: [&str; 12] = [
    "<script",
    "javascript:",
    "vbscript:",
    "data:",
    "<svg",
    "<math",
    "<iframe",
    "<style",
    "<object",
    "<form",
    "<base",
    "<meta",
];

const CORPUS: [&str; 40] = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=\"x\"/onerror=alert(1)>",
    "<img src='x' onerror='alert(1)' style='x:expression(1)'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"jAvAsCrIpT:alert(1)\">x</a>",
    "<a href=\" javascript:alert(1)\">x</a>",
    "<a href=\"java\nscript:alert(1)\">x</a>",
    "<a href=\"java&#9;script:alert(1)\">x</a>",
    "<a href=\"&#106;avascript:alert(1)\">x</a>",
    "<a href=\"vbscript:msgbox(1)\">x</a>",
    "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>",
    "<a href=x onclick=alert(1) onmouseover=alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x](\"onclick=\"alert(1))",
    "<iframe src=\"https://evil.example\"></iframe>",
    "<object data=\"x.swf\"></object><embed src=x>",
    "<form action=\"https://evil.example\"><input name=a><button>x</button></form>",
    "<base href=\"https://evil.example/\">",
    "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
    "<link rel=stylesheet href=\"https://evil.example/x.css\">",
    "<style>@import 'https://evil.example'</style>",
    "<p style=\"position:fixed;background:url(javascript:alert(1))\">x</p>",
    "`<script>alert(1)</script>` ok",
    "```html\" onclick=\"alert(1)\n<script>alert(1)</script>\n```",
];

#[test]
fn nothing_that_runs_comes_through() {
    for text in CORPUS {
        for format in [Format::Markdown, Format::Html] {
            let html = safe_html(format, text, &Links::new()).to_lowercase();
            for (tag, attrs) in tags(&html) {
                assert!(
                    super::super::balance::ALLOWED.contains(&tag),
                    "{text}: <{tag}> in {html}"
                );
                for attr in attrs {
                    assert!(!attr.starts_with("on") && attr != "style", "{text}: {html}");
                }
            }
            let in_tags: String = html
                .split('<')
                .skip(1)
                .filter_map(|t| t.split('>').next())
                .collect();
            for never in NEVER {
                assert!(
                    !html.contains(never) || !never.starts_with('<'),
                    "{text}: {html}"
                );
                assert!(!in_tags.contains(never), "{text}: {html}");
            }
        }
    }
}

/// The names of tags and of their attributes, as they stand in what was written.
fn tags(html: &str) -> Vec<(&str, Vec<&str>)> {
    let tags = html.split('<').skip(1).filter_map(|t| t.split('>').next());
    tags.map(|tag| {
        let mut words = tag.trim_start_matches('/').split(' ');
        let name = words.next().unwrap_or_default();
        let attrs = words
            .filter_map(|w| w.split_once('='))
            .map(|(name, _)| name);
        (name, attrs.collect())
    })
    .collect()
}

#[test]
fn a_million_bytes_of_anything_end_soon() {
    let size = 1_000_000;
    let repeat = |text: &str| text.repeat(size / text.len());
    let lines =
        |head: &str, line: &str| format!("{}\n{}", head, line.repeat(size / line.len() / 2));
    let numbered: String = (0..40_000).map(|n| format!("<b id={n}><p>x")).collect();
    let texts = [
        repeat("<div>"),
        repeat("<p><b><i><a href=x>"),
        repeat("<table><tr><td>"),
        repeat("<b></p>"),
        repeat("</div></b>"),
        numbered,
        format!("<p>{}{}", "<b>".repeat(100), repeat("<div>x</div>")),
        repeat(">"),
        repeat("> "),
        repeat("- "),
        repeat("1. "),
        lines(&"> ".repeat(90), "a\n"),
        lines(&"- ".repeat(90), "\n"),
        repeat("["),
        repeat("[a]("),
        repeat("![[]()"),
        repeat("*a_ "),
        repeat("**a *b "),
        repeat("`a``"),
        repeat("\\"),
        repeat("&amp;&#x41;"),
        repeat("<a"),
        repeat("<!--"),
        repeat("<![CDATA["),
        repeat("|a"),
        format!(
            "|{}\n|{}\n{}",
            "a|".repeat(5_000),
            "-|".repeat(5_000),
            "|a\n".repeat(300_000)
        ),
        format!("[a]: {}\n{}", "x".repeat(500_000), "[a]".repeat(150_000)),
        repeat("ё"),
        repeat("\u{0}\u{feff}\u{202e}"),
        repeat("\r\n\t"),
    ];
    for text in &texts {
        let head: String = text.chars().take(20).collect();
        for format in [Format::Markdown, Format::Html] {
            let began = Instant::now();
            let html = safe_html(format, text, &Links::new());
            let words = plain(format, text);
            let took = began.elapsed();
            assert!(
                took < Duration::from_secs(20),
                "{head:?} {format:?}: {took:?}"
            );
            assert!(
                html.len() < 40 * size,
                "{head:?} {format:?}: {} bytes",
                html.len()
            );
            assert!(
                words.len() < 3 * size,
                "{head:?} {format:?}: {} bytes",
                words.len()
            );
        }
    }
}

#[test]
fn what_is_too_long_is_shown_as_it_stands() {
    let text = "**a** <b>".repeat(300_000);
    let html = safe_html(Format::Markdown, &text, &Links::new());
    assert!(html.starts_with("<pre>**a** &lt;b&gt;"));
}
