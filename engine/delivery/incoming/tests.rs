//! Mails as they come: encodings, threads, programs that answer, and what is no mail.

use super::read;
use crate::desk::{IncomingMail, Interaction, MailNature};

fn mail(text: &str) -> Interaction {
    read(text.replace('\n', "\r\n").as_bytes()).unwrap()
}

fn facts(event: &Interaction) -> &IncomingMail {
    event.mail.as_deref().unwrap()
}

fn nature(headers: &str) -> MailNature {
    let text = format!(
        "From: Anna <anna@mill.example>\nMessage-ID: <a@mill.example>\nSubject: Hello\n{headers}\n\nText\n"
    );
    facts(&mail(&text)).nature.clone()
}

#[test]
fn a_plain_mail_is_a_message() {
    let event = mail(
        "From: \"Anna K.\" <anna@mill.example>\nTo: Desk <help@desk.example>\n\
         Message-ID: <m-1@mill.example>\nSubject: It does not print\n\n\
         Since this morning.\n\n> an older mail\n> stays\n",
    );
    assert_eq!(event.channel, "mail");
    assert_eq!(event.from.as_deref(), Some("Anna K. <anna@mill.example>"));
    assert_eq!(event.external_id.as_deref(), Some("m-1@mill.example"));
    assert_eq!(event.subject, "It does not print");
    assert_eq!(
        event.text,
        "Since this morning.\n\n> an older mail\n> stays"
    );
    assert_eq!(event.fields["sent_to"], "help@desk.example");
    assert_eq!(facts(&event).nature, MailNature::Personal);
}

#[test]
fn russian_comes_in_every_encoding() {
    let words = "=?UTF-8?B?0J3QtSDQv9C10YfQsNGC0LDQtdGCINC/0YDQuNC90YLQtdGA?=";
    let event = mail(&format!(
        "From: =?koi8-r?B?4c7OwQ==?= <anna@mill.example>\nSubject: {words}\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n\
         0KEg0YPRgtGA0LA=\n"
    ));
    assert_eq!(event.subject, "Не печатает принтер");
    assert_eq!(event.from.as_deref(), Some("Анна <anna@mill.example>"));
    assert_eq!(event.text, "С утра");

    // `Привет` in the two old charsets, as bytes and quoted.
    let body = |charset: &str, bytes: &[u8]| {
        let head = format!(
            "From: a@b.example\r\nSubject: x\r\nContent-Type: text/plain; charset={charset}\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n"
        );
        let mut mail = head.into_bytes();
        mail.extend_from_slice(bytes);
        read(&mail).unwrap().text
    };
    let cp1251 = [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2];
    let koi8 = [0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4];
    assert_eq!(body("windows-1251", &cp1251), "Привет");
    assert_eq!(body("koi8-r", &koi8), "Привет");
    let event = mail(
        "From: a@b.example\nSubject: =?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=\n\
         Content-Type: text/plain; charset=windows-1251\n\
         Content-Transfer-Encoding: quoted-printable\n\n=CF=F0=E8=E2=E5=F2\n",
    );
    assert_eq!(
        (event.subject.as_str(), event.text.as_str()),
        ("Привет", "Привет")
    );
}

#[test]
fn html_becomes_text_and_nothing_of_it_runs() {
    let event = mail(
        "From: a@b.example\nSubject: x\nContent-Type: text/html; charset=utf-8\n\n\
         <html><head><style>p{}</style></head><body><p>Hello &amp; <b>welcome</b></p>\
         <script>alert(1)</script><img src=x onerror=alert(2)></body></html>\n",
    );
    assert!(event.text.contains("Hello & welcome"), "{}", event.text);
    assert!(
        !event.text.contains("alert") && !event.text.contains('<'),
        "{}",
        event.text
    );
}

#[test]
fn parts_in_parts_give_the_text_and_the_files() {
    let event = mail(
        "From: a@b.example\nSubject: x\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=out\n\n\
         --out\nContent-Type: multipart/alternative; boundary=in\n\n\
         --in\nContent-Type: text/plain; charset=utf-8\n\nplain\n\
         --in\nContent-Type: text/html\n\n<p>rich</p>\n--in--\n\
         --out\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.pdf\n\n\
         JVBERi0=\n\
         --out\nContent-Type: image/png; name=\"../../etc/shot.png\"\n\
         Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n\
         iVBORw==\n--out--\n",
    );
    assert_eq!(event.text, "plain");
    let files: Vec<_> = facts(&event)
        .files
        .iter()
        .map(|f| (f.name.as_str(), f.media_type.as_str(), f.content.len()))
        .collect();
    let wanted = [
        ("отчёт.pdf", "application/pdf", 5),
        ("shot.png", "image/png", 4),
    ];
    assert_eq!(files, wanted);
}

#[test]
fn a_thread_is_told_from_the_nearest() {
    let event = mail(
        "From: a@b.example\nSubject: Re: x [#17]\nMessage-ID: <d@x>\nIn-Reply-To: <c@x>\n\
         References: <a@x> <b@x>\n <c@x>\n\ny\n",
    );
    assert_eq!(facts(&event).references, ["c@x", "b@x", "a@x"]);
    assert_eq!(facts(&event).numbers, [17]);
}

#[test]
fn programs_are_told_from_people() {
    assert_eq!(nature("X-Any: thing"), MailNature::Personal);
    assert_eq!(nature("Auto-Submitted: no"), MailNature::Personal);
    let answers = [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: Auto-Replied; owner-email=\"x\"",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
    ];
    for header in answers {
        assert_eq!(nature(header), MailNature::AutoReply, "{header}");
    }
    let bulk = [
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
        "Precedence: list",
        "List-Id: <news.mill.example>",
        "List-Unsubscribe: <https://mill.example>",
    ];
    for header in bulk {
        assert_eq!(nature(header), MailNature::Bulk, "{header}");
    }
}

const REPORT: &str = "From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: help@desk.example
Return-Path: <>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"
Message-ID: <r-1@mx.example>

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; nobody@mill.example
Action: ACTION
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1
    no such user

--b
Content-Type: message/rfc822

From: help@desk.example
Message-ID: <opora.1.2@desk.example>
Subject: Hello

Text
--b--
";

#[test]
fn a_bounce_names_the_mail_and_the_reason() {
    let event = mail(&REPORT.replace("ACTION", "failed"));
    let MailNature::Report(report) = &facts(&event).nature else {
        panic!("{:?}", facts(&event).nature);
    };
    assert!(report.failed);
    assert_eq!(report.about, ["opora.1.2@desk.example"]);
    assert!(
        report.reason.contains("5.1.1 no such user"),
        "{}",
        report.reason
    );

    let delayed = mail(&REPORT.replace("ACTION", "delayed"));
    let MailNature::Report(report) = &facts(&delayed).nature else {
        panic!("{:?}", facts(&delayed).nature);
    };
    assert!(!report.failed);
}

#[test]
fn the_same_mail_has_the_same_id() {
    let text = "From: a@b.example\nSubject: x\n\ny\n";
    let id = mail(text).external_id.unwrap();
    assert!(id.starts_with("sha256:"), "{id}");
    assert_eq!(mail(text).external_id.unwrap(), id);
    assert_ne!(mail(&text.replace('y', "z")).external_id.unwrap(), id);
    let long = format!(
        "From: a@b.example\nMessage-ID: <{}@x>\n\ny\n",
        "a".repeat(600)
    );
    assert!(mail(&long).external_id.unwrap().starts_with("sha256:"));
}

#[test]
fn long_texts_are_cut_and_kept_whole_beside() {
    let long = "слово ".repeat(20_000);
    let text = format!(
        "From: a@b.example\nSubject: {}\nContent-Type: text/plain; charset=utf-8\n\n{long}\n",
        "s".repeat(3_000)
    );
    let event = mail(&text);
    assert!(event.text.len() < 51_000 && event.text.ends_with("[…]"));
    assert!(event.subject.len() <= 900);
    let file = &facts(&event).files[0];
    assert_eq!(file.name, "message.txt");
    assert_eq!(file.content.len(), long.trim_end().len());
}

#[test]
fn what_is_no_mail_is_refused() {
    let many = format!("{}\n\ny\n", "X-A: b\n".repeat(10_000));
    let large = format!("From: a@b.example\nX-A: {}\n\ny\n", "b".repeat(300_000));
    let nested = format!(
        "From: a@b.example\n\n{}",
        "--x\nContent-Type: multipart/mixed; boundary=x\n\n".repeat(5_000)
    );
    let parts = format!(
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n{}",
        "--b\n\n".repeat(100_000)
    );
    for text in [
        "",
        "\n\n",
        "no header at all",
        &many,
        &large,
        &nested,
        &parts,
    ] {
        assert!(
            read(text.as_bytes()).is_err(),
            "{}",
            &text[..text.len().min(60)]
        );
    }
}

#[test]
fn broken_mails_never_panic() {
    let whole = REPORT.replace("ACTION", "failed");
    for end in (0..whole.len()).step_by(7) {
        // Read or refused, whichever: it comes back.
        let _ = read(&whole.as_bytes()[..end]);
    }
    let mut bytes = whole.into_bytes();
    for at in (0..bytes.len()).step_by(11) {
        bytes[at] = 0xff;
        let _ = read(&bytes);
    }
    let html =
        "From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>&#x;Ы&\u{ff};</p"
            .as_bytes();
    assert!(read(html).is_ok());
    let open =
        mail("From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nno end");
    assert!(!open.text.is_empty());
}
