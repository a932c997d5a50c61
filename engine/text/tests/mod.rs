//! What people write, and what those write who mean harm.

mod hostile;

use super::{Format, Links, plain, safe_html};

fn html(text: &str) -> String {
    safe_html(Format::Markdown, text, &Links::new())
}

fn words(text: &str) -> String {
    plain(Format::Markdown, text)
}

#[test]
fn markdown_becomes_html() {
    let cases = [
        (
            "# Печать\n\nДва **слова**",
            "<h1>Печать</h1>\n<p>Два <strong>слова</strong></p>\n",
        ),
        (
            "```sh\nls <folder>\n```",
            "<pre><code class=\"language-sh\">ls &lt;folder&gt;\n</code></pre>\n",
        ),
        (
            "run `rm -rf` ~~now~~",
            "<p>run <code>rm -rf</code> <del>now</del></p>\n",
        ),
        ("ls <folder>", "<p>ls &lt;folder&gt;</p>\n"),
        (
            "[a](https://example.org/?a=1&b=2)",
            "<p><a href=\"https://example.org/?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\">a</a></p>\n",
        ),
        (
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n<tr><td>1</td><td>2</td></tr>\n</tbody></table>\n",
        ),
        (
            "<b>bold <i>both</b> none",
            "<p><b>bold <i>both</i></b> none</p>\n",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(html(text), expected, "{text}");
    }
}

#[test]
fn relative_links_lead_where_the_reader_says() {
    let links = Links::from([
        ("img/a b.png".to_owned(), "/files/1".to_owned()),
        ("manual.pdf".to_owned(), "/files/2".to_owned()),
    ]);
    let html = safe_html(
        Format::Markdown,
        "![scheme](./img/a%20b.png) [manual](manual.pdf) [top](/other)",
        &links,
    );
    for part in [
        "src=\"/files/1\"",
        "href=\"/files/2\"",
        "href=\"/other\"",
        "alt=\"scheme\"",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
}

#[test]
fn html_is_cleaned_alike() {
    let text = "<h1 onclick=x>Title</h1><script>alert(1)</script><p style=\"a\">Text";
    let clean = safe_html(Format::Html, text, &Links::new());
    assert_eq!(clean, "<h1>Title</h1><p>Text</p>");
    assert_eq!(plain(Format::Html, text), "Title\n\nText");
    let text = "<ul><li>one<li>two</ul><p>a &lt; b&nbsp;<br>next <b>bo</b>ld<pre>x\n  y</pre>";
    assert_eq!(
        plain(Format::Html, text),
        "one\ntwo\n\na < b\nnext bold\n\nx\n  y"
    );
}

#[test]
fn the_words_are_what_is_read() {
    let cases = [
        ("Два **слова** и `код`", "Два слова и код"),
        ("[сброс](https://example.org/secret-target)", "сброс"),
        ("![схема](img/plan.png) ниже", "схема ниже"),
        ("# Head\n\nText\nmore", "Head\n\nText more"),
        ("```\nlet **a** = b;\n```", "let **a** = b;"),
        ("- one\n- two", "one\ntwo"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b\n1 2"),
        ("Pull the <plug> of <b>it</b>", "Pull the <plug> of it"),
        ("a <script>alert(1)</script> b", "a  b"),
        (
            "<div>\n<p>in</p>\n<style>p {}</style>\n</div>\n\nout",
            "in\n\nout",
        ),
        (
            "error 0x80070057 at C:\\Users\\me, *.log",
            "error 0x80070057 at C:\\Users\\me, *.log",
        ),
        ("v_1_2 of my_file_name", "v_1_2 of my_file_name"),
        ("", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(words(text), expected, "{text}");
    }
}
