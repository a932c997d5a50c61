//! Files that are read, and what came of it.

use super::{Answer, Deciding};
use crate::desk::files::{self, Reading, Unread};
use crate::desk::{Actor, Error, Result, codec};
use crate::domain::{Id, Kind, Value};
use crate::store::Table;

impl Deciding<'_, '_> {
    /// Leaves a file to be read, when its words are searched with the record.
    pub(super) fn leave_to_read(
        &mut self,
        (kind, owner): (Kind, Id),
        file: (&str, &str, [u8; 32]),
    ) -> Result<()> {
        let (name, media_type, hash) = file;
        if kind != Kind::Article {
            return Ok(());
        }
        let unread = Unread {
            hash,
            kind,
            owner,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
        };
        let row = codec::encode(&unread)?;
        let key = files::unread_key(&hash, owner);
        self.draft.rows.put.push((Table::Meta, key, row));
        Ok(())
    }

    /// Keeps what came of reading a file; none: its content was read for another record.
    pub(super) fn keep_words(
        &mut self,
        file: &Unread,
        outcome: Option<&std::result::Result<String, String>>,
    ) -> Result<Answer> {
        if self.actor != Actor::System {
            return Err(Error::forbidden(
                "the words of files are kept by the engine",
            ));
        }
        let mut told = "read".to_owned();
        let rows = &mut self.draft.rows;
        if let Some(outcome) = outcome {
            let reading = match outcome {
                Ok(words) => {
                    let pieces = files::pieces(words);
                    let count = u16::try_from(pieces.len()).unwrap_or(u16::MAX);
                    for (number, piece) in (0..count).zip(pieces) {
                        let key = files::piece_key(&file.hash, number);
                        let piece = codec::encode(&piece.to_owned())?;
                        rows.put.push((Table::Meta, key, piece));
                    }
                    Reading::Read(count)
                }
                Err(why) => {
                    told.clone_from(why);
                    Reading::Unread(why.clone())
                }
            };
            let key = files::reading_key(&file.hash);
            rows.put.push((Table::Meta, key, codec::encode(&reading)?));
        }
        let key = files::unread_key(&file.hash, file.owner);
        rows.delete.push((Table::Meta, key));
        let arguments = &mut self.input.arguments;
        arguments.push(("file".to_owned(), Value::Text(file.name.clone())));
        arguments.push(("outcome".to_owned(), Value::Text(told)));
        Ok(Answer::record(file.kind, file.owner))
    }
}
