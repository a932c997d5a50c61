//! A mail server on loopback: what it says to each recipient is told beforehand, and what it took is
//! kept. The protocol is a foreign crate's, so that both ends do not share a mistake.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use mailin::{Action, AuthMechanism, Handler, Response, SessionBuilder, response};

/// What a server took, and what it says.
#[derive(Default)]
pub struct Mails {
    /// The mails that were taken, in order.
    pub taken: Mutex<Vec<String>>,
    /// What is said to a recipient so many times before it is taken.
    pub refusals: Mutex<Vec<(String, u16, usize)>>,
    /// User and password that are wanted.
    pub login: Mutex<Option<(String, String)>>,
}

/// A mail server.
pub struct MailServer {
    pub address: SocketAddr,
    pub mails: Arc<Mails>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MailServer {
    /// A server on a port, 0 for any.
    pub fn start(port: u16, mails: Arc<Mails>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, kept) = (stop.clone(), mails.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                let mails = kept.clone();
                std::thread::spawn(move || talk(stream.unwrap(), mails));
            }
        });
        Self {
            address,
            mails,
            stop,
            thread: Some(thread),
        }
    }

    /// Ends it, so that nobody listens any more.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn talk(stream: TcpStream, mails: Arc<Mails>) {
    let mut builder = SessionBuilder::new("mx.example");
    let wants_login = mails.login.lock().unwrap().is_some();
    if wants_login {
        builder.insecure_enable_plaintext_auth();
        builder.enable_auth(AuthMechanism::Plain);
    }
    let talker = Talker {
        mails,
        to: String::new(),
        mail: Vec::new(),
        is_in: !wants_login,
    };
    let mut session = builder.build(IpAddr::V4(Ipv4Addr::LOCALHOST), talker);
    let mut out = stream.try_clone().unwrap();
    let _ = session.greeting().write_to(&mut out);
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let answer = session.process(&line);
        match answer.action {
            Action::NoReply => {}
            _ if answer.write_to(&mut out).is_err() => return,
            Action::Close => return,
            _ => {}
        }
    }
}

struct Talker {
    mails: Arc<Mails>,
    to: String,
    mail: Vec<u8>,
    is_in: bool,
}

impl Handler for Talker {
    fn mail(&mut self, _: IpAddr, _: &str, _: &str) -> Response {
        if self.is_in {
            response::OK
        } else {
            response::AUTHENTICATION_REQUIRED
        }
    }

    fn rcpt(&mut self, to: &str) -> Response {
        to.clone_into(&mut self.to);
        let mut refusals = self.mails.refusals.lock().unwrap();
        let found = refusals
            .iter_mut()
            .find(|(who, _, left)| who == to && *left > 0);
        match found {
            Some((_, code, left)) => {
                *left -= 1;
                Response::custom(*code, "as the test wants it".to_owned())
            }
            None => response::OK,
        }
    }

    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.mail.extend_from_slice(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mail = String::from_utf8(std::mem::take(&mut self.mail)).unwrap();
        self.mails.taken.lock().unwrap().push(mail);
        response::OK
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        let login = self.mails.login.lock().unwrap();
        self.is_in = login.as_ref() == Some(&(user.to_owned(), password.to_owned()));
        if self.is_in {
            response::AUTH_OK
        } else {
            response::INVALID_CREDENTIALS
        }
    }
}
