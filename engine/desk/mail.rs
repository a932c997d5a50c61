//! A mail that came in, as far as the desk decides about it.

use std::fmt;

/// What a mail that came in has beside what every interaction has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncomingMail {
    /// Message-IDs of the mails it answers, without brackets, the nearest first.
    pub references: Vec<String>,
    /// Numbers of tickets that its subject names.
    pub numbers: Vec<i64>,
    /// Whether somebody wrote it.
    pub nature: MailNature,
    /// Its files.
    pub files: Vec<IncomingFile>,
}

/// Whether somebody wrote a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MailNature {
    /// A person did.
    #[default]
    Personal,
    /// It went to many: a list, a newsletter, a notice of a program. It is taken and not answered.
    Bulk,
    /// A program answered a mail: an absence note, a receipt.
    AutoReply,
    /// A mail server tells what became of a mail.
    Report(DeliveryReport),
}

/// What a mail server tells of a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Message-IDs that it may be about, without brackets.
    pub about: Vec<String>,
    /// Whether it says that the mail will not arrive.
    pub failed: bool,
    /// Its reason.
    pub reason: String,
}

/// A file of a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingFile {
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Content.
    pub content: Vec<u8>,
}

impl fmt::Debug for IncomingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use sha2::Digest;
        // The content is told by its hash: what stands here is compared, and may be logged.
        let hash = sha2::Sha256::digest(&self.content);
        f.debug_struct("IncomingFile")
            .field("name", &self.name)
            .field("media_type", &self.media_type)
            .field("sha256", &hash)
            .finish()
    }
}
