//! 128-bit time-ordered ids (UUID version 7, RFC 9562).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Instant;

/// The id of a record, an entry, a timer or a survey. Ids of later instants sort after earlier ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// Smallest id.
    pub const MIN: Self = Self([0; 16]);
    /// Greatest id.
    pub const MAX: Self = Self([0xff; 16]);

    /// Builds an id from an instant and ten bytes of entropy.
    #[must_use]
    pub fn new(at: Instant, entropy: [u8; 10]) -> Self {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Self(
            *uuid::Builder::from_unix_timestamp_millis(millis, &entropy)
                .as_uuid()
                .as_bytes(),
        )
    }

    /// The instant that it was built from, to the millisecond.
    #[must_use]
    pub fn at(self) -> Option<Instant> {
        let [a, b, c, d, e, f, ..] = self.0;
        let millis = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        Instant::from_timestamp_millis(millis)
    }

    /// The bytes, as used in keys.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads an id from a slice of exactly 16 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

/// The text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: expected 32 hexadecimal digits in the form 8-4-4-4-12")]
pub struct NotAnId(String);

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match uuid::Uuid::try_parse(s) {
            Ok(u) => Ok(Self(*u.as_bytes())),
            Err(_) => Err(NotAnId(s.chars().take(64).collect())),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            s.collect_str(self)
        } else {
            self.0.serialize(s)
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            String::deserialize(d)?
                .parse()
                .map_err(serde::de::Error::custom)
        } else {
            Ok(Self(<[u8; 16]>::deserialize(d)?))
        }
    }
}
