use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher as _, Hash},
};

// The standard one takes as long over a row as reading it from its page does.
use foldhash::quality::RandomState;

/// Which rows were there before, in 16 bytes for the `id` and 8 for the content.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: HashMap<Key, u64, RandomState>,
    hashers: [RandomState; 2],
}

/// A GUID as its 128 bits, anything else as 128 bits of a keyed hash.
type Key = [u64; 2];

/// The content of a row that an earlier run delivered.
const UNKNOWN: u64 = 0;

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    New,
    /// Seen with the same content.
    Duplicate,
    /// Seen with other content.
    Conflict,
    /// From outside the window, and so not looked for.
    Stray,
}

impl Seen {
    /// Takes an `id` as seen, with content that is not known any more.
    pub(super) fn remember(&mut self, id: &str) {
        let key = self.key(id);
        self.known.entry(key).or_insert(UNKNOWN);
    }

    /// Looks for the row, and remembers it if it is new.
    pub(super) fn look(&mut self, id: &str, row: &impl Hash) -> Sight {
        let key = self.key(id);
        let content = self.hashers[0].hash_one(row).max(1);
        match self.known.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(content);
                Sight::New
            }
            Entry::Occupied(known) if [content, UNKNOWN].contains(known.get()) => Sight::Duplicate,
            Entry::Occupied(_) => Sight::Conflict,
        }
    }

    /// Whether no row with this content was there before, whatever its `id`.
    pub(super) fn is_new(&mut self, row: &impl Hash) -> bool {
        let [first, second] = &self.hashers;
        let key = [first.hash_one(row), second.hash_one(row)];
        self.known.insert(key, UNKNOWN).is_none()
    }

    fn key(&self, id: &str) -> Key {
        let [first, second] = &self.hashers;
        guid(id).unwrap_or_else(|| [first.hash_one(id), second.hash_one(id)])
    }

    /// Forgets all, and keeps the memory for the next window.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }
}

/// The bits of a GUID in its usual form, 8-4-4-4-12 hexadecimal digits in either case.
fn guid(id: &str) -> Option<Key> {
    let bytes = id.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut bits: u128 = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
        } else {
            bits = (bits << 4) | u128::from(char::from(*byte).to_digit(16)?);
        }
    }
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
    Some([half(bits >> 64), half(bits)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00000000-0000-4000-8000-00000000000a";

    #[test]
    fn a_row_is_known_by_its_id_and_its_content() {
        let mut seen = Seen::default();
        assert_eq!(seen.look(ID, &"row"), Sight::New);
        assert_eq!(seen.look(ID, &"row"), Sight::Duplicate);
        assert_eq!(seen.look(ID, &"changed"), Sight::Conflict);
        assert_eq!(
            seen.look("00000000-0000-4000-8000-00000000000b", &"row"),
            Sight::New
        );
        assert_eq!(seen.look("not a guid", &"row"), Sight::New);
        assert_eq!(seen.look("not a guid", &"row"), Sight::Duplicate);
        seen.clear();
        assert_eq!(seen.look(ID, &"row"), Sight::New);
        seen.clear();
        seen.remember(ID);
        assert_eq!(seen.look(ID, &"row"), Sight::Duplicate);
    }

    #[test]
    fn a_guid_is_its_bits_in_either_case() {
        assert_eq!(guid(ID), Some([0x4000, 0x8000_0000_0000_000a]));
        assert_eq!(guid(&ID.to_uppercase()), guid(ID));
        for other in [
            "",
            "00000000-0000-4000-8000-00000000000",
            "00000000+0000-4000-8000-00000000000a",
            "0000000g-0000-4000-8000-00000000000a",
        ] {
            assert_eq!(guid(other), None, "{other}");
        }
    }
}
