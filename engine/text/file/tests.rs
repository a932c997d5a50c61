//! Files that hold words, and files that mean harm.

use std::time::{Duration, Instant};

use miniz_oxide::deflate::compress_to_vec;

use super::{MAX_WORDS_BYTES, Unread, words};

fn read(name: &str, content: &[u8]) -> Result<String, Unread> {
    words(name, "application/octet-stream", content, &mut || true)
}

/// An archive with one part.
fn archive(name: &str, content: &[u8], method: u8) -> Vec<u8> {
    let packed = if method == 8 {
        compress_to_vec(content, 6)
    } else {
        content.to_vec()
    };
    let size = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let short = |bytes: usize| u16::try_from(bytes).unwrap().to_le_bytes();
    let mut out = b"PK\x03\x04\x14\x00\x00\x00".to_vec();
    out.extend([method, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(size(packed.len()));
    out.extend(size(content.len()));
    out.extend(short(name.len()));
    out.extend([0, 0]);
    out.extend(name.as_bytes());
    out.extend(&packed);
    let directory = out.len();
    out.extend(b"PK\x01\x02\x14\x00\x14\x00\x00\x00");
    out.extend([method, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(size(packed.len()));
    out.extend(size(content.len()));
    out.extend(short(name.len()));
    out.extend([0; 16]);
    out.extend(name.as_bytes());
    let length = out.len() - directory;
    out.extend(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    out.extend(size(length));
    out.extend(size(directory));
    out.extend([0, 0]);
    out
}

fn docx(xml: &str) -> Vec<u8> {
    archive("word/document.xml", xml.as_bytes(), 8)
}

#[test]
fn words_of_each_kind() {
    assert_eq!(
        read("a.txt", "Кнопка сброса".as_bytes()).unwrap(),
        "Кнопка сброса"
    );
    assert_eq!(
        read("a.md", b"# Head\n\n**bold** [x](y)").unwrap(),
        "Head\n\nbold x"
    );
    assert_eq!(
        read("a.html", b"<p>in<script>no</script></p>").unwrap(),
        "in"
    );
    let xml = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>Пружина &amp; &#x432;ал</w:t></w:r></w:p><w:p><w:r><w:instrText>PAGE</w:instrText><w:t>second</w:t><w:tab/><w:t>cell</w:t></w:r></w:p></w:body></w:document>";
    let expected = "Пружина & вал\nsecond cell\n";
    assert_eq!(read("a.docx", &docx(xml)).unwrap(), expected);
    let stored = archive("word/document.xml", xml.as_bytes(), 0);
    assert_eq!(read("a.docx", &stored).unwrap(), expected);
    let plain = words(
        "x",
        "text/plain; charset=utf-8",
        b"by its type",
        &mut || true,
    );
    assert_eq!(plain.unwrap(), "by its type");
}

#[test]
fn what_cannot_be_read_says_why() {
    assert_eq!(read("a.png", b"png"), Err(Unread::Unsupported));
    let whole = docx("<w:p><w:t>text</w:t></w:p>");
    let other = archive("word/other.xml", b"<a/>", 8);
    let packed = archive("word/document.xml", b"<a/>", 12);
    let mut lying = whole.clone();
    // The place of the directory, far beyond the end.
    let end = lying.len() - 6;
    lying[end..end + 4].copy_from_slice(&[0xff; 4]);
    let broken: [(&str, &[u8]); 9] = [
        ("a.txt", b"\xff\xfe\x00"),
        ("a.docx", b"PK\x03\x04garbage"),
        ("a.docx", b""),
        ("a.docx", &whole[..whole.len() / 2]),
        ("a.docx", &whole[20..]),
        ("a.docx", &other),
        ("a.docx", &packed),
        ("a.docx", &lying),
        ("a.docx", &docx("<w:p><w:t>text</w:t")),
    ];
    for (n, (name, content)) in broken.into_iter().enumerate() {
        let why = read(name, content);
        assert!(
            matches!(&why, Err(Unread::Broken(told)) if !told.is_empty()),
            "{n}: {why:?}"
        );
    }
    let late = words("a.docx", "", &whole, &mut || false);
    assert_eq!(late, Err(Unread::OutOfTime));
    let large = vec![b'a'; super::MAX_FILE_BYTES + 1];
    assert_eq!(read("a.txt", &large), Err(Unread::TooLarge));
}

#[test]
fn no_beginning_of_an_archive_does_harm() {
    let whole = docx("<w:p><w:t>text</w:t></w:p>");
    for cut in 0..whole.len() {
        let _ = read("a.docx", &whole[..cut]);
        let mut turned = whole.clone();
        turned[cut] ^= 0xff;
        let _ = read("a.docx", &turned);
    }
}

#[test]
fn bombs_stay_small() {
    let began = Instant::now();
    let spaces = docx(&" ".repeat(100_000_000));
    assert!(spaces.len() < 1_000_000);
    assert_eq!(read("a.docx", &spaces), Err(Unread::TooLarge));
    let many = docx(&"<w:p><w:t>word</w:t></w:p>".repeat(1_000_000));
    assert_eq!(read("a.docx", &many).unwrap().len(), MAX_WORDS_BYTES);
    let deep = docx(&"<w:p>".repeat(1_000_000));
    assert!(
        read("a.docx", &deep).is_ok_and(|text| text.is_empty()) || read("a.docx", &deep).is_err()
    );
    let entity = docx("<!DOCTYPE x [<!ENTITY a \"&b;&b;\"><!ENTITY b \"bomb\">]><w:t>&a;</w:t>");
    assert!(read("a.docx", &entity).unwrap().len() < 10);
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn texts_are_read_in_the_encoding_that_programs_write() {
    let read = |name: &str, media: &str, content: &[u8]| words(name, media, content, &mut || true);
    let (windows, _, _) = encoding_rs::WINDOWS_1251.encode("Замятие бумаги");
    assert_eq!(read("a.txt", "", &windows).unwrap(), "Замятие бумаги");
    let mut wide = vec![0xff, 0xfe];
    wide.extend("Бумага".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(read("a.txt", "", &wide).unwrap(), "Бумага");
    let (koi, _, _) = encoding_rs::KOI8_R.encode("<meta charset=\"koi8-r\"><p>Лоток</p>");
    assert_eq!(read("a.html", "", &koi).unwrap().trim(), "Лоток");
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("Café");
    let media = "text/plain; charset=iso-8859-1";
    assert_eq!(read("a.txt", media, &latin).unwrap(), "Café");
    assert_eq!(
        read("a.txt", "", "\u{feff}Бумага".as_bytes()).unwrap(),
        "Бумага"
    );
    assert!(read("a.txt", "", b"\xff\x00\x01").is_err());
}
