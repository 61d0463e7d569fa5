//! Reads a page of known rows quickly.
//!
//! `Deserialize` says what a row is. This reader knows the plain cases of it: names without escapes,
//! strings without escapes, numbers, any order and any white space. A value that is not plain is
//! handed to serde where it stands; anything else that it does not recognise makes it give the page
//! up, which is then read by serde from the start. So it never decides that something is wrong.
//!
//! A row is first tried in the order of its declaration, as straight-line code. Where the service has
//! another order, the order of the row before is expected, and only then are names looked up.

use rust_decimal::Decimal;
use serde_json::value::RawValue;
use serde_with::{DeserializeAs, de::DeserializeAsWrap};
use time::OffsetDateTime;

use crate::{
    AdministrativeUnitInfo, CallDurationSource, CallType, Collection, CollectionError, Text,
    UserBlockMode, decimal,
    envelope::{Counting, Envelope, Key},
    instant,
    property::Property,
    rows::NoteUnknown,
};

/// A row type that this reader reads.
pub(crate) trait ScanRow: Default {
    /// The names of the members in quotes, in the order of their declaration.
    const QUOTED_NAMES: &'static [&'static str];

    /// The whole object, if its members are all those of the type in the order of declaration.
    fn scan_straight(cursor: &mut Cursor<'_>) -> Option<Self>;

    /// The place of the member with this name.
    fn place(name: &str) -> Option<u8>;

    /// Reads the value of the member at this place.
    fn scan_member(&mut self, place: u8, cursor: &mut Cursor<'_>) -> Option<()>;
}

/// A type whose plain values this reader reads itself.
pub(crate) trait Scan: Property {
    /// Reads a value; `None` gives the page up.
    fn scan(cursor: &mut Cursor<'_>) -> Option<Option<Self>>;
}

/// Reads a page, or gives it up.
pub(crate) fn read_page<R: ScanRow>(text: &str) -> Option<Result<Collection<R>, CollectionError>> {
    let mut cursor = Cursor { text, at: 0 };
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
            let start = cursor.at;
            let straight = if self.order.is_declared {
                R::scan_straight(cursor)
            } else {
                None
            };
            let row = match straight {
                Some(row) => row,
                None => {
                    cursor.at = start;
                    self.scan_in_any_order(cursor)?
                }
            };
            self.rows.push(row);
            if cursor.next_or(b']')? {
                return Some(());
            }
        }
    }

    fn scan_in_any_order(&mut self, cursor: &mut Cursor<'_>) -> Option<R> {
        let mut row = R::default();
        let mut seen = 0_u64;
        let mut count = 0;
        let mut as_declared = true;
        cursor.eat(b'{')?;
        cursor.skip_space();
        if cursor.eat(b'}').is_some() {
            return Some(row);
        }
        loop {
            let place = match self.order.expect::<R>(count, cursor) {
                Some(place) => Some(place),
                None => {
                    let name = cursor.name()?;
                    let place = R::place(name);
                    match place {
                        Some(place) => self.order.learn(count, place),
                        None => self.unknown.note(name),
                    }
                    place
                }
            };
            as_declared &= place.is_some_and(|place| usize::from(place) == count);
            count += 1;
            match place {
                Some(place) => {
                    let bit = 1_u64.checked_shl(place.into())?;
                    if seen & bit != 0 {
                        return None;
                    }
                    seen |= bit;
                    row.scan_member(place, cursor)?;
                }
                None => {
                    cursor.raw()?;
                }
            }
            if cursor.next_or(b'}')? {
                break;
            }
        }
        self.order.is_declared = as_declared && count == R::QUOTED_NAMES.len();
        Some(row)
    }
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
    /// The place of the nth member, if it is the one that came there before; its name is then read.
    fn expect<R: ScanRow>(&self, count: usize, cursor: &mut Cursor<'_>) -> Option<u8> {
        let place = *self.places.get(count)?;
        let name = R::QUOTED_NAMES.get(usize::from(place))?;
        cursor.eat_name(name)?;
        Some(place)
    }

    fn learn(&mut self, count: usize, place: u8) {
        if let Some(slot) = self.places.get_mut(count) {
            *slot = place;
        }
    }
}

/// A place in the text of a page.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn eat_all(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest()
            .starts_with(bytes)
            .then(|| self.at += bytes.len())
    }

    #[inline]
    pub(crate) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// This name and the colon after it.
    #[inline]
    pub(crate) fn eat_name(&mut self, quoted: &str) -> Option<()> {
        self.eat_all(quoted.as_bytes())?;
        self.skip_space();
        self.eat(b':')?;
        self.skip_space();
        Some(())
    }

    /// Any name and the colon after it.
    fn name(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let name = self.plain_string()?;
        self.skip_space();
        self.eat(b':')?;
        self.skip_space();
        Some(name)
    }

    /// After an element: whether `close` ends it all; if not, a comma was there.
    #[inline]
    pub(crate) fn next_or(&mut self, close: u8) -> Option<bool> {
        self.skip_space();
        let byte = self.peek()?;
        if byte == b',' {
            self.at += 1;
            self.skip_space();
            Some(false)
        } else if byte == close {
            self.at += 1;
            Some(true)
        } else {
            None
        }
    }

    /// After the opening quote: the text up to the closing one, if there is no escape in it.
    #[inline]
    fn plain_string(&mut self) -> Option<&'a str> {
        let length = plain_length(self.rest())?;
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    #[inline]
    fn eat_null(&mut self) -> bool {
        self.eat_all(b"null").is_some()
    }

    /// Any value, checked by `serde_json`.
    #[cold]
    fn raw(&mut self) -> Option<&'a RawValue> {
        let rest = self.text.get(self.at..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let raw = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(raw)
    }
}

/// The bytes before the closing quote; `None` where an escape or a control character comes first.
#[inline]
fn plain_length(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHS: u64 = ONES << 7;
    let mut at = 0;
    // Eight bytes at once. A borrow can raise a false hit only above a true one.
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let escape = word ^ (ONES * b'\\' as u64);
        let hits = ((quote.wrapping_sub(ONES) & !quote)
            | (escape.wrapping_sub(ONES) & !escape)
            | (word.wrapping_sub(ONES * 0x20) & !word))
            & HIGHS;
        if hits != 0 {
            at += usize::try_from(hits.trailing_zeros() / 8).unwrap_or(0);
            return (bytes.get(at) == Some(&b'"')).then_some(at);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let length = rest
        .iter()
        .position(|&byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    (rest.get(length) == Some(&b'"')).then_some(at + length)
}

/// A value read by serde where it stands.
#[cold]
fn by_serde<T>(cursor: &mut Cursor<'_>) -> Option<Option<T>>
where
    T: Property,
    T::Adapter: for<'de> DeserializeAs<'de, Option<T>>,
{
    let raw = cursor.raw()?;
    let value: DeserializeAsWrap<Option<T>, T::Adapter> = serde_json::from_str(raw.get()).ok()?;
    Some(value.into_inner())
}

/// A string without escapes, by `read`; everything else by serde.
#[inline]
fn scan_string<T>(
    cursor: &mut Cursor<'_>,
    read: impl FnOnce(&str) -> Option<Option<T>>,
) -> Option<Option<T>>
where
    T: Property,
    T::Adapter: for<'de> DeserializeAs<'de, Option<T>>,
{
    let start = cursor.at;
    if cursor.eat(b'"').is_some() {
        if let Some(text) = cursor.plain_string() {
            return read(text);
        }
        cursor.at = start;
    } else if cursor.eat_null() {
        return Some(None);
    }
    by_serde(cursor)
}

macro_rules! scan_text {
    ($($Type:ty),*) => {$(
        impl Scan for $Type {
            #[inline]
            fn scan(cursor: &mut Cursor<'_>) -> Option<Option<Self>> {
                scan_string(cursor, |text| Some((!text.is_empty()).then(|| Self::from(text))))
            }
        }
    )*};
}

scan_text!(Text, CallType, CallDurationSource, UserBlockMode);

impl Scan for OffsetDateTime {
    fn scan(cursor: &mut Cursor<'_>) -> Option<Option<Self>> {
        scan_string(cursor, |text| {
            if text.is_empty() {
                return Some(None);
            }
            let time = instant::parse(text)?;
            Some((!instant::is_filler(time)).then_some(time))
        })
    }
}

impl Scan for Decimal {
    fn scan(cursor: &mut Cursor<'_>) -> Option<Option<Self>> {
        let is_of_number = |b: &u8| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
        let length = cursor.rest().iter().take_while(|b| is_of_number(b)).count();
        if length == 0 {
            return if cursor.eat_null() {
                Some(None)
            } else {
                by_serde(cursor)
            };
        }
        let number = decimal::parse(cursor.text.get(cursor.at..cursor.at + length)?).ok()?;
        cursor.at += length;
        Some(Some(number))
    }
}

impl Scan for i32 {
    fn scan(cursor: &mut Cursor<'_>) -> Option<Option<Self>> {
        if cursor.eat_null() {
            return Some(None);
        }
        let digits = cursor.rest().iter().take_while(|b| b.is_ascii_digit());
        let (length, number) = digits.take(10).fold((0, 0_i64), |(n, value), b| {
            (n + 1, value * 10 + i64::from(b - b'0'))
        });
        let ends = matches!(
            cursor.rest().get(length),
            Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
        );
        let leading_zero = length > 1 && cursor.peek() == Some(b'0');
        // Signs, fractions, exponents and strings are serde's.
        if !(1..10).contains(&length) || !ends || leading_zero {
            return by_serde(cursor);
        }
        cursor.at += length;
        Some(Some(i32::try_from(number).ok()?))
    }
}

impl Scan for bool {
    fn scan(cursor: &mut Cursor<'_>) -> Option<Option<Self>> {
        for (text, value) in [("true", Some(true)), ("false", Some(false)), ("null", None)] {
            if cursor.eat_all(text.as_bytes()).is_some() {
                return Some(value);
            }
        }
        None
    }
}

impl Scan for Vec<AdministrativeUnitInfo> {
    fn scan(cursor: &mut Cursor<'_>) -> Option<Option<Self>> {
        if cursor.eat_null() {
            Some(None)
        } else {
            by_serde(cursor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_end_of_a_string() {
        for length in 0..40 {
            let text =
                "é".repeat(length / 2) + &"~".repeat(length % 2) + "\", \"next\": \"and more\"";
            assert_eq!(plain_length(text.as_bytes()), Some(length));
            let cut = "x".repeat(length);
            assert_eq!(plain_length(cut.as_bytes()), None);
            for stop in ["\\n", "\u{1f}", "\0"] {
                let text = "x".repeat(length) + stop + "\", \"next\": \"and more\"";
                assert_eq!(plain_length(text.as_bytes()), None, "{text}");
            }
            assert_eq!(plain_length((cut + "\"").as_bytes()), Some(length));
        }
    }
}
