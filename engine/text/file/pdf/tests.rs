//! A guide in two languages, and files that mean harm.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use miniz_oxide::deflate::compress_to_vec_zlib;

use super::super::{Unread, words};

/// Two pages, one in Russian with a font of its own, one in English.
const GUIDE: &[u8] = include_bytes!("guide.pdf");
const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const PAGE: &str =
    "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>>>";
const FONT: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";

fn read(content: &[u8]) -> Result<String, Unread> {
    words("a.pdf", "application/octet-stream", content, &mut || true)
}

/// A file of such objects, numbered from one.
fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.5\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        out.extend(format!("{number} 0 obj\n").bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let (count, at) = (objects.len() + 1, out.len());
    let end = format!(
        "xref\n0 {count}\n{table}trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF"
    );
    out.extend(end.bytes());
    out
}

fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut out = format!("<<{entries}/Length {}>>\nstream\n", content.len()).into_bytes();
    out.extend(content);
    out.extend(b"\nendstream");
    out
}

/// A file with one page that holds this, and more objects from the fifth on.
fn page(content: Vec<u8>, more: &[Vec<u8>]) -> Vec<u8> {
    let fixed = [CATALOG, PAGES, PAGE].map(|object| object.as_bytes().to_vec());
    let more = more.iter().cloned();
    let objects: Vec<Vec<u8>> = fixed.into_iter().chain([content]).chain(more).collect();
    file(&objects)
}

fn shown(content: &str) -> String {
    let content = stream("", content.as_bytes());
    read(&page(content, &[FONT.into()])).unwrap()
}

#[test]
fn words_in_two_languages() {
    let expected = "Пружина лотка: замена\nСнимите крышку и выньте пружину\n\
        из держателя. Новая пружина\nвстаёт со щелчком.\nTray spring: replacing it\n\
        Open the cover and take the spring\nout of its holder (part no. 4711-A).";
    assert_eq!(read(GUIDE).unwrap(), expected);
    let by_type = words("guide", "application/pdf", GUIDE, &mut || true);
    assert_eq!(by_type.unwrap(), expected);
}

#[test]
fn where_words_part() {
    for (content, expected) in [
        ("BT /F 10 Tf (one) Tj 30 0 Td (two) Tj ET", "one two"),
        ("BT /F 10 Tf (one) Tj 0 -12 Td (two) Tj ET", "one\ntwo"),
        (
            "BT /F 10 Tf (one) Tj T* (two) Tj (three) ' ET",
            "one\ntwo\nthree",
        ),
        ("BT /F 10 Tf [(on) -20 (e) -400 (two)] TJ ET", "one two"),
        (
            "BT /F 10 Tf 1 0 0 1 5 50 Tm (o) Tj 1 0 0 1 11 50 Tm (n) Tj 1 0 0 1 17 50 Tm (e) Tj ET",
            "one",
        ),
        ("BT /F 1 Tf 9 0 0 9 0 0 Tm (a) Tj 3 0 Td (b) Tj ET", "a b"),
        ("BT /F 10 Tf (one ) Tj 30 0 Td ( two) Tj ET", "one two"),
        ("BT /None 10 Tf (one) Tj ET", ""),
        ("BT /F 10 Tf (caf\\351) Tj ET", "café"),
    ] {
        assert_eq!(shown(content), expected, "{content}");
    }
    let form = stream(
        "/Type/XObject/Subtype/Form",
        b"BT /F 9 Tf (inside) Tj ET /X Do",
    );
    let around = stream("", b"BT /F 9 Tf (before) Tj ET /X Do");
    let read = read(&page(around, &[FONT.into(), form])).unwrap();
    assert_eq!(read, "before\ninside\ninside\ninside\ninside");
}

#[test]
fn what_cannot_be_read_says_why() {
    let half = &GUIDE[..GUIDE.len() / 2];
    for broken in [b"".as_slice(), b"%PDF-1.4", b"not at all", half] {
        let why = read(broken);
        assert!(
            matches!(&why, Err(Unread::Broken(told)) if !told.is_empty()),
            "{why:?}"
        );
    }
    let late = words("a.pdf", "", GUIDE, &mut || false);
    assert_eq!(late, Err(Unread::OutOfTime));
    let mut looks = 0;
    let mut first = || {
        looks += 1;
        looks < 2
    };
    assert_eq!(
        words("a.pdf", "", GUIDE, &mut first),
        Err(Unread::OutOfTime)
    );
}

#[test]
fn no_beginning_and_no_wrong_byte_does_harm() {
    for at in (0..GUIDE.len()).step_by(197) {
        let _ = read(&GUIDE[..at]);
        let mut turned = GUIDE.to_vec();
        turned[at] ^= 0x5a;
        let _ = read(&turned);
    }
}

#[test]
fn bombs_stay_small() {
    let began = Instant::now();
    let packed = compress_to_vec_zlib(&vec![b' '; 64_000_000], 6);
    // A drawing that unpacks to too much has no words, a list of objects ends the reading.
    let drawing = stream("/Filter/FlateDecode", &packed);
    assert_eq!(read(&page(drawing, &[FONT.into()])).unwrap(), "");
    let list = stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", &packed);
    assert_eq!(read(&page(list, &[FONT.into()])), Err(Unread::TooLarge));
    let twice = compress_to_vec_zlib(&packed, 6);
    let chain = stream("/Filter[/FlateDecode/FlateDecode]", &twice);
    assert_eq!(read(&page(chain, &[FONT.into()])).unwrap(), "");
    // A range of letters is not written out.
    let map = b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange \
        1 beginbfrange <00000000> <ffffffff> <0041> endbfrange";
    let font = b"<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 6 0 R>>";
    let text = stream("", b"BT /F 9 Tf <0000000000000001> Tj ET");
    assert_eq!(
        read(&page(text, &[font.into(), stream("", map)])).unwrap(),
        "AB"
    );
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn what_is_deep_or_goes_in_circles_ends() {
    let began = Instant::now();
    let deep = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    let objects = [CATALOG.into(), PAGES.into(), deep.clone(), FONT.into()];
    let _ = read(&file(&objects));
    let _ = read(&page(stream("", &deep), &[FONT.into()]));
    let ring = "<</Type/Pages/Kids[2 0 R 3 0 R 2 0 R]/Count 3/Parent 2 0 R>>";
    let text = stream("", b"BT /F 9 Tf (ring) Tj ET");
    let _ = read(&file(&[
        CATALOG.into(),
        ring.into(),
        PAGE.into(),
        text,
        FONT.into(),
    ]));
    // A form that shows itself four hundred times.
    let form = stream("/Type/XObject/Subtype/Form", &b"/X Do ".repeat(400));
    let around = stream("", b"/X Do");
    assert_eq!(read(&page(around, &[FONT.into(), form])).unwrap(), "");
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn one_object_is_not_kept_a_hundred_thousand_times() {
    let mut out = b"%PDF-1.4\n".to_vec();
    let at = out.len();
    out.extend(b"9 0 obj\n");
    out.extend(stream("", &vec![b'x'; 4 << 20]));
    out.extend(b"\nendobj\n");
    let table = out.len();
    let entries = 100_000;
    out.extend(format!("xref\n0 {entries}\n").bytes());
    out.extend(format!("{at:010} 00000 n \n").repeat(entries).bytes());
    let end = format!("trailer\n<</Size {entries}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF");
    out.extend(end.bytes());
    assert_eq!(read(&out), Err(Unread::TooLarge));
}

#[test]
fn lists_that_lengths_lie_in_are_not_kept_in_hundreds() {
    let lists = (0..200).map(|n| {
        let object = format!("{} 0 3", 100_000 + n);
        stream("/Type/Obj#53tm/N 1/#46irst 9", object.as_bytes())
    });
    let lengths = (0..200).map(|n| {
        let length = 100_000 + n;
        format!("<</L#65ngth {length} 0 R>>\nstream\nabc\nendstream").into_bytes()
    });
    let more: Vec<Vec<u8>> = lists.chain(lengths).collect();
    assert_eq!(read(&page(stream("", b""), &more)), Err(Unread::TooLarge));
    // Either without the other is what many programs write.
    assert_eq!(read(&page(stream("", b""), &more[..200])).unwrap(), "");
    assert_eq!(read(&page(stream("", b""), &more[200..])).unwrap(), "");
}
