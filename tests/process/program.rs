//! The program, started and stopped.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// A running server. It dies with its test.
pub struct Server {
    child: Child,
    pub url: String,
    pub token: String,
    agent: ureq::Agent,
    printed: Arc<Mutex<Vec<String>>>,
}

/// An answer of the server.
pub struct Answer {
    pub status: u16,
    pub body: Json,
}

/// Runs a subcommand to its end.
pub fn opora(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_opora"))
        .args(args)
        .env_remove("OPORA_DATA")
        .env_remove("OPORA_URL")
        .env_remove("OPORA_TOKEN")
        .output()
        .unwrap()
}

/// Runs a subcommand that must succeed; returns what it printed.
#[track_caller]
pub fn said(args: &[&str]) -> String {
    let output = opora(args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

impl Server {
    /// Starts a server on any free port and waits until it serves.
    pub fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_as("serve", data, more)
    }

    pub fn start_as(task: &str, data: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opora"))
            .args([task, "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The address is printed once the server serves.
        let url = loop {
            let line = lines.next().expect("the server ended").unwrap();
            if let Some((_, rest)) = line.split_once("http://") {
                let address: String = rest
                    .chars()
                    .take_while(|c| !c.is_whitespace() && *c != ',')
                    .collect();
                break format!("http://{address}");
            }
        };
        // What else it prints must not fill the pipe.
        let printed = Arc::new(Mutex::new(Vec::new()));
        let kept = printed.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self {
            child,
            url,
            token,
            agent: config.new_agent(),
            printed,
        }
    }

    /// The commands to try that it printed, once there are as many.
    pub fn hints(&self, count: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let printed = self.printed.lock().unwrap();
            let hints = printed.iter().map(|line| line.trim().to_owned());
            let hints: Vec<String> = hints.filter(|line| line.starts_with("curl ")).collect();
            if hints.len() == count {
                return hints;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{printed:?}");
            drop(printed);
            std::thread::yield_now();
        }
    }

    /// What it printed after it served.
    pub fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap().clone()
    }

    pub fn get(&self, path: &str) -> Answer {
        let request = self.agent.get(format!("{}{path}", self.url));
        answer(
            request
                .header("Authorization", format!("Bearer {}", self.token))
                .call(),
        )
        .unwrap()
    }

    /// Posts JSON; an error when the server did not answer.
    pub fn post(&self, path: &str, key: &str, body: &Json) -> Result<Answer, ureq::Error> {
        post(&self.agent, &self.url, &self.token, path, key, body)
    }

    /// What another thread needs to post.
    pub fn client(&self) -> (ureq::Agent, String, String) {
        (self.agent.clone(), self.url.clone(), self.token.clone())
    }

    /// Kills the process where it stands, as a power cut of the process alone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits; returns the exit code.
    pub fn stop(mut self) -> i32 {
        let status = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        let begun = Instant::now();
        let code = self
            .child
            .wait()
            .unwrap()
            .code()
            .expect("killed by a signal");
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "stopping took too long"
        );
        code
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn post(
    agent: &ureq::Agent,
    url: &str,
    token: &str,
    path: &str,
    key: &str,
    body: &Json,
) -> Result<Answer, ureq::Error> {
    let request = agent
        .post(format!("{url}{path}"))
        .header("Authorization", format!("Bearer {token}"));
    let request = if key.is_empty() {
        request
    } else {
        request.header("Idempotency-Key", key)
    };
    answer(request.send_json(body))
}

fn answer(
    got: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Answer, ureq::Error> {
    let mut response = got?;
    let mut text = String::new();
    response.body_mut().as_reader().read_to_string(&mut text)?;
    Ok(Answer {
        status: response.status().as_u16(),
        body: serde_json::from_str(&text).unwrap_or(Json::Null),
    })
}
