//! A model behind an address: what it is asked, and what becomes of odd answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use opora::embeddings::{EmbedError, Embedder, HttpEmbedder, HttpOptions, Purpose};
use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_secs(10);

/// What came: the head of a request and its body.
type Came = (String, Json);

/// A server that answers one call so.
fn answering(status: u16, body: String) -> (String, Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/embeddings", listener.local_addr().unwrap());
    let (tell, came) = channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let lower = line.to_lowercase();
            if let Some(n) = lower.strip_prefix("content-length:") {
                length = n.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&lower);
        }
        let mut asked = vec![0; length];
        reader.read_exact(&mut asked).unwrap();
        tell.send((head, serde_json::from_slice(&asked).unwrap()))
            .unwrap();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = reader.into_inner();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
    });
    (url, came)
}

fn ask(url: &str, within: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
    let options = HttpOptions {
        url: url.to_owned(),
        model: "small".to_owned(),
        query_prefix: "query: ".to_owned(),
        text_prefix: "passage: ".to_owned(),
        text_type: Some("document".to_owned()),
        key: Some("key-1".to_owned()),
        ..HttpOptions::default()
    };
    let texts = ["один".to_owned(), "два".to_owned()];
    HttpEmbedder::new(options)?.embed(Purpose::Text, &texts, within)
}

#[test]
fn texts_go_out_as_makers_of_models_agreed_and_vectors_come_back_in_order() {
    let answer = json!({"data": [
        {"index": 1, "embedding": [0.0, 1.0], "object": "embedding"},
        {"index": 0, "embedding": [1.0, 0.5]},
    ], "model": "small", "usage": {}});
    let (url, came) = answering(200, answer.to_string());
    let vectors = ask(&url, PATIENCE).unwrap();
    assert_eq!(vectors, [vec![1.0, 0.5], vec![0.0, 1.0]]);
    let (head, body) = came.recv().unwrap();
    assert!(head.starts_with("post /v1/embeddings"), "{head}");
    assert!(head.contains("authorization: bearer key-1"), "{head}");
    let asked = json!({
        "model": "small", "input": ["passage: один", "passage: два"], "input_type": "document",
    });
    assert_eq!(body, asked);
}

#[test]
fn odd_answers_are_refused_in_words() {
    let one = json!({"data": [{"index": 0, "embedding": [1.0]}]}).to_string();
    let twice =
        json!({"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]});
    let cases = [
        (200, one, "2 texts were sent, and 1 vectors came back"),
        (200, twice.to_string(), "2 texts were sent"),
        (200, "<html>".to_owned(), "the model was not reached"),
        (
            404,
            "no such model: small".to_owned(),
            "the model answers 404: no such model: small",
        ),
        (302, String::new(), "the model answers 302"),
    ];
    for (status, body, says) in cases {
        let (url, _came) = answering(status, body);
        let error = ask(&url, PATIENCE).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_model_that_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/embeddings", listener.local_addr().unwrap());
    let began = Instant::now();
    assert!(ask(&url, Duration::from_millis(50)).is_err());
    assert!(began.elapsed() < PATIENCE);
    drop(listener);
    assert!(ask(&url, PATIENCE).is_err());
}

#[test]
fn an_address_that_is_none_is_refused_at_once() {
    for url in ["", "localhost", "ftp://x/y", "/v1/embeddings"] {
        assert!(ask(url, PATIENCE).is_err(), "{url}");
    }
}
