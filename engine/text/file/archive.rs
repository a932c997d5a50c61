//! One part of a ZIP archive, found in its directory and unpacked within a limit. Nothing that an
//! archive says of itself is believed: places and sizes are checked against what is there.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::{MAX_UNPACKED_BYTES, Unread};

/// Most parts that are looked through.
const MAX_PARTS: usize = 10_000;
/// How far from the end the record of the directory may lie: its comment has at most 64 KiB.
const MAX_TAIL: usize = 22 + 65_535;
/// Marks of the directory's end, of its entries, and of the parts.
const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const PART: &[u8] = b"PK\x03\x04";
/// Ways in which parts are packed.
const STORED: usize = 0;
const DEFLATED: usize = 8;

/// The content of a part.
pub fn part(archive: &[u8], name: &str) -> Result<Vec<u8>, Unread> {
    let broken = || Unread::Broken("is no archive".to_owned());
    let tail = archive.len().saturating_sub(MAX_TAIL);
    let near = archive.get(tail..).unwrap_or_default();
    let end = near.windows(END.len()).rposition(|at| at == END);
    let end = archive
        .get(tail + end.ok_or_else(broken)?..)
        .unwrap_or_default();
    let mut directory = archive
        .get(number(end, 16, 4).ok_or_else(broken)?..)
        .ok_or_else(broken)?;
    for _ in 0..MAX_PARTS {
        if !directory.starts_with(ENTRY) {
            break;
        }
        let field = |at: usize, bytes: usize| number(directory, at, bytes).ok_or_else(broken);
        let lengths = [field(28, 2)?, field(30, 2)?, field(32, 2)?];
        let [name_bytes, extra, comment] = lengths;
        if directory.get(46..46 + name_bytes) == Some(name.as_bytes()) {
            let packed = archive.get(field(42, 4)?..).unwrap_or_default();
            return unpacked(packed, field(10, 2)?, field(20, 4)?);
        }
        let next = 46 + name_bytes + extra + comment;
        directory = directory.get(next..).unwrap_or_default();
    }
    Err(Unread::Broken(format!("has no part `{name}`")))
}

/// A part from where its own header begins.
fn unpacked(part: &[u8], method: usize, packed_bytes: usize) -> Result<Vec<u8>, Unread> {
    let broken = || Unread::Broken("a part of the archive is not whole".to_owned());
    if !part.starts_with(PART) {
        return Err(broken());
    }
    let name = number(part, 26, 2).ok_or_else(broken)?;
    let extra = number(part, 28, 2).ok_or_else(broken)?;
    let begins = 30 + name + extra;
    let packed = part
        .get(begins..begins.saturating_add(packed_bytes))
        .ok_or_else(broken)?;
    match method {
        STORED => Ok(packed.to_vec()),
        DEFLATED => {
            decompress_to_vec_with_limit(packed, MAX_UNPACKED_BYTES).map_err(|e| match e.status {
                TINFLStatus::HasMoreOutput => Unread::TooLarge,
                _ => broken(),
            })
        }
        _ => Err(Unread::Broken(
            "is packed in another way than by deflate".to_owned(),
        )),
    }
}

/// A number of two or four bytes, the least first.
fn number(bytes: &[u8], at: usize, count: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + count)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
    )
}
