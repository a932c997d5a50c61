//! A small HTTP client over one keep-alive connection, so that it costs little beside the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::Fallible;

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    secret: &'static str,
}

impl Client {
    /// Connects; every request carries the token.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr, secret: &'static str) -> Fallible<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            secret,
        })
    }

    /// Sends a request and reads the answer, which must have the expected status.
    ///
    /// # Errors
    /// When it has another one, or the connection breaks.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        expected: u16,
    ) -> Fallible<serde_json::Value> {
        let bytes = self.exchange(method, path, body, expected)?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// The same, without looking into the answer.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn exchange(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        expected: u16,
    ) -> Fallible<Vec<u8>> {
        let (status, bytes) = self.ask(method, path, body)?;
        if status != expected {
            let text = String::from_utf8_lossy(&bytes);
            return Err(format!("{method} {path} answered {status}: {text}").into());
        }
        Ok(bytes)
    }

    /// Sends a request and reads the answer: its status and body.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> Fallible<(u16, Vec<u8>)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.secret,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (status, length) = self.read_head()?;
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok((status, bytes))
    }

    /// The status and the length of the body.
    fn read_head(&mut self) -> Fallible<(u16, usize)> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .split_whitespace()
            .nth(1)
            .ok_or("no status in the answer")?
            .parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim();
            if header.is_empty() {
                return Ok((status, length));
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
    }
}

/// A text as part of a path or query.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
