//! Mails as files, one each: what a desk writes that has no mail server.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Sink, Verdict, compose};
use crate::desk::Letter;

/// Writes each mail as a file with the ending `.eml` into a folder.
#[derive(Debug)]
pub struct FileSink {
    folder: PathBuf,
}

impl FileSink {
    /// A sink into a folder, which is made when the first mail comes.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        // Whoever watches the folder never sees half a mail.
        let unfinished = self.folder.join(format!("{name}.part"));
        let mut file = private(&unfinished)?;
        file.write_all(bytes)?;
        drop(file);
        fs::rename(&unfinished, self.folder.join(name))
    }
}

/// A file that only the owner reads: mails hold what customers wrote.
fn private(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Sink for FileSink {
    fn takes(&self, channel: &str) -> bool {
        channel == "mail"
    }

    fn send(&mut self, letter: &Letter) -> Verdict {
        let mail = match compose(letter) {
            Ok(mail) => mail,
            Err(why) => return Verdict::Never(why),
        };
        // Ids are ordered by time, and so are the files.
        let name = format!("{}.eml", letter.item.id);
        match self.write(&name, &mail.bytes) {
            Ok(()) => Verdict::Taken(format!("file {name}")),
            Err(e) => Verdict::Down(format!("`{}`: {e}", self.folder.display())),
        }
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn expires(&self) -> bool {
        false
    }
}
