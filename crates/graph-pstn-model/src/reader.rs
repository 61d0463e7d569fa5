//! Reads a page of known rows quickly.
//!
//! `Deserialize` says what a row is. This reader knows the plain cases of it: names without escapes,
//! strings with simple ones, numbers without sign and exponent, any order and any white space. A value
//! that is not plain is handed to serde where it stands; anything else that it does not recognise makes
//! it give the page up, which is then read by serde from the start. So it never decides that something
//! is wrong. Tests and a fuzz target hold it against serde.
//!
//! A row is first tried in the order of its declaration, as straight-line code. Where the service has
//! another order, the order of the row before is expected, and only then are names looked up.

use crate::{
    Collection, CollectionError,
    envelope::{Envelope, Key},
    unknown::{Counting, NoteUnknown},
};

mod cursor;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use cursor::Cursor;
pub(crate) use values::Scan;

/// A row type that this reader reads.
pub(crate) trait ScanRow: Default {
    /// How many members are declared.
    const MEMBERS: usize;

    /// The whole object, if its members are all those of the type in the order of declaration.
    fn scan_straight(&mut self, cursor: &mut Cursor<'_>) -> Option<()>;

    /// The place of the member with this name.
    fn place(name: &str) -> Option<u8>;

    /// Reads the value of the member at this place, and first its name, where it is `named`. If that
    /// is another name, nothing is read, and it is `Some(false)`.
    fn scan_member(&mut self, place: u8, cursor: &mut Cursor<'_>, named: bool) -> Option<bool>;
}

/// Reads a page, or gives it up.
pub(crate) fn read_page<R: ScanRow>(text: &str) -> Option<Result<Collection<R>, CollectionError>> {
    let mut cursor = Cursor::new(text);
    let mut envelope = Envelope::default();
    let mut page = Page::default();
    cursor.skip_space();
    cursor.eat(b'{')?;
    cursor.skip_space();
    loop {
        match Key::from(cursor.name()?) {
            Key::Value => {
                envelope.begin_value().ok()?;
                page.rows.reserve_exact(envelope.rows_to_expect());
                page.read(&mut cursor)?;
            }
            key => envelope.put(&key, cursor.raw()?).ok()?,
        }
        if cursor.next_or(b'}')? {
            break;
        }
    }
    cursor.skip_space();
    if cursor.at != text.len() {
        return None;
    }
    Some(envelope.into_collection(page.rows, Vec::new(), page.unknown.0))
}

/// The rows read so far, and what they taught.
struct Page<R> {
    rows: Vec<R>,
    order: Order,
    unknown: Counting,
}

impl<R> Default for Page<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            order: Order::default(),
            unknown: Counting::default(),
        }
    }
}

impl<R: ScanRow> Page<R> {
    /// Reads the array of the rows.
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.eat(b'[')?;
        cursor.skip_space();
        if cursor.eat(b']').is_some() {
            return Some(());
        }
        loop {
            self.rows.push(R::default());
            let row = self.rows.last_mut()?;
            let start = cursor.at;
            let is_read = self.order.is_declared && {
                let read = row.scan_straight(cursor);
                if read.is_none() {
                    *row = R::default();
                    cursor.at = start;
                }
                read.is_some()
            };
            if !is_read {
                scan_in_any_order(row, cursor, &mut self.order, &mut self.unknown)?;
            }
            if cursor.next_or(b']')? {
                return Some(());
            }
        }
    }
}

fn scan_in_any_order<R: ScanRow>(
    row: &mut R,
    cursor: &mut Cursor<'_>,
    order: &mut Order,
    unknown: &mut Counting,
) -> Option<()> {
    let mut seen = 0_u64;
    let mut count = 0;
    let mut as_declared = true;
    cursor.eat(b'{')?;
    cursor.skip_space();
    if cursor.eat(b'}').is_some() {
        return Some(());
    }
    loop {
        let mut place = order.expected::<R>(count);
        let as_expected = match place {
            Some(place) => row.scan_member(place, cursor, true)?,
            None => false,
        };
        if !as_expected {
            let name = cursor.name()?;
            place = R::place(name);
            match place {
                Some(place) => {
                    order.learn(count, place);
                    row.scan_member(place, cursor, false)?;
                }
                None => {
                    unknown.note(name);
                    cursor.raw()?;
                }
            }
        }
        if let Some(place) = place {
            // A property that came twice is for serde to refuse.
            let bit = 1_u64.checked_shl(place.into())?;
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
        }
        as_declared &= place.is_some_and(|place| usize::from(place) == count);
        count += 1;
        if cursor.next_or(b'}')? {
            break;
        }
    }
    order.is_declared = as_declared && count == R::MEMBERS;
    Some(())
}

/// In which order members were seen.
struct Order {
    /// The place of the member that came as the nth.
    places: [u8; 64],
    /// Whether the last row had exactly the declared members in their order.
    is_declared: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            places: std::array::from_fn(|n| u8::try_from(n).unwrap_or(0)),
            is_declared: true,
        }
    }
}

impl Order {
    /// The place of the member that is expected as the nth.
    fn expected<R: ScanRow>(&self, count: usize) -> Option<u8> {
        self.places
            .get(count)
            .copied()
            .filter(|place| usize::from(*place) < R::MEMBERS)
    }

    fn learn(&mut self, count: usize, place: u8) {
        if let Some(slot) = self.places.get_mut(count) {
            *slot = place;
        }
    }
}
