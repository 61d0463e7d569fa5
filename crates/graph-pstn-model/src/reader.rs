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
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use wide::u8x16;

use crate::{
    AdministrativeUnitInfo, CallDurationSource, CallType, Collection, CollectionError, Text,
    UserBlockMode, decimal,
    envelope::{Counting, Envelope, Key},
    instant,
    property::{FieldSeed, Property},
    rows::NoteUnknown,
};

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

/// A type whose plain values this reader reads itself.
pub(crate) trait Scan: Property {
    /// Reads a value into its field; `None` gives the page up.
    ///
    /// Into the field, because a string that is moved on right after it was put together stalls the
    /// processor: that alone was half of the time.
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()>;
}

/// Reads a page, or gives it up.
pub(crate) fn read_page<R: ScanRow>(text: &str) -> Option<Result<Collection<R>, CollectionError>> {
    let mut cursor = Cursor {
        text,
        at: 0,
        unescaped: String::new(),
    };
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
            if !self.order.is_declared || row.scan_straight(cursor).is_none() {
                *row = R::default();
                cursor.at = start;
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

/// A place in the text of a page.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// The last string that had escapes, without them.
    unescaped: String,
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline(always)]
    fn eat_all(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest()
            .starts_with(bytes)
            .then(|| self.at += bytes.len())
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        if let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.skip_spaces();
        }
    }

    #[inline(never)]
    fn skip_spaces(&mut self) {
        while let Some(chunk) = self.rest().first_chunk() {
            let chunk = u8x16::new(*chunk);
            let is = |byte| chunk.simd_eq(u8x16::splat(byte));
            let spaces = is(b' ') | is(b'\n') | is(b'\r') | is(b'\t');
            let length = spaces.to_bitmask().trailing_ones() as usize;
            self.at += length;
            if length < 16 {
                return;
            }
        }
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// A comma or an opening brace, and the member with this name, up to its value.
    #[inline(always)]
    pub(crate) fn eat_member(&mut self, open: u8, name: &str) -> Option<()> {
        let start = self.at;
        if self.eat(open).is_some() && self.eat_all(name.as_bytes()).is_some() {
            if self.peek()? <= b' ' {
                self.skip_space();
            }
            return Some(());
        }
        self.at = start;
        self.eat_spaced_member(open, name)
    }

    #[inline(never)]
    fn eat_spaced_member(&mut self, open: u8, name: &str) -> Option<()> {
        self.skip_space();
        self.eat(open)?;
        self.skip_space();
        self.eat_name(name)
    }

    /// This name and the colon after it; the place is kept where they are not there.
    #[inline(always)]
    pub(crate) fn eat_name(&mut self, name: &str) -> Option<()> {
        if self.eat_all(name.as_bytes()).is_none() {
            let start = self.at;
            self.eat_all(name.strip_suffix(':')?.as_bytes())?;
            self.skip_space();
            if self.eat(b':').is_none() {
                self.at = start;
                return None;
            }
        }
        self.skip_space();
        Some(())
    }

    /// The brace that closes an object.
    pub(crate) fn close(&mut self) -> Option<()> {
        self.skip_space();
        self.eat(b'}')
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
    #[inline(always)]
    fn next_or(&mut self, close: u8) -> Option<bool> {
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
    #[inline(always)]
    fn plain_string(&mut self) -> Option<&'a str> {
        let length = plain_length(self.rest())?;
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    /// After the opening quote: the text up to the closing one, if its escapes are simple.
    #[inline(never)]
    fn escaped_string(&mut self) -> Option<&str> {
        self.unescaped.clear();
        loop {
            let rest = self.text.get(self.at..)?;
            let length = rest
                .bytes()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
            let (plain, rest) = rest.split_at_checked(length)?;
            self.unescaped.push_str(plain);
            let (character, taken) = match *rest.as_bytes() {
                [b'"', ..] => {
                    self.at += length + 1;
                    return Some(&self.unescaped);
                }
                [b'\\', b'u', ..] => {
                    let digits = rest
                        .get(2..6)
                        .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
                    // Halves of surrogate pairs are no characters.
                    (char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 6)
                }
                [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => (char::from(byte), 2),
                _ => return None,
            };
            self.unescaped.push(character);
            self.at += length + taken;
        }
    }

    #[inline(always)]
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
#[inline(always)]
fn plain_length(bytes: &[u8]) -> Option<usize> {
    let quote = u8x16::splat(b'"');
    let escape = u8x16::splat(b'\\');
    let control = u8x16::splat(0x1f);
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let chunk = u8x16::new(*chunk);
        let hits = chunk.simd_eq(quote) | chunk.simd_eq(escape) | chunk.min(control).simd_eq(chunk);
        let hits = hits.to_bitmask();
        if hits != 0 {
            at += hits.trailing_zeros() as usize;
            return (bytes.get(at) == Some(&b'"')).then_some(at);
        }
        at += 16;
    }
    let rest = bytes.get(at..)?;
    let length = rest
        .iter()
        .position(|&byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    (rest.get(length) == Some(&b'"')).then_some(at + length)
}

/// A value read by serde where it stands.
#[cold]
fn by_serde<T: Property>(cursor: &mut Cursor<'_>, field: &mut Option<T>) -> Option<()> {
    let mut value = serde_json::Deserializer::from_str(cursor.raw()?.get());
    FieldSeed(field).deserialize(&mut value).ok()
}

/// A string without escapes, by `read`; everything else by serde.
#[inline(always)]
fn scan_string<T>(
    cursor: &mut Cursor<'_>,
    field: &mut Option<T>,
    read: impl FnOnce(&str, &mut Option<T>) -> Option<()>,
) -> Option<()>
where
    T: Property,
{
    let start = cursor.at;
    if cursor.eat(b'"').is_some() {
        if let Some(text) = cursor.plain_string() {
            return read(text, field);
        }
        if let Some(text) = cursor.escaped_string() {
            return read(text, field);
        }
        cursor.at = start;
    } else if cursor.eat_null() {
        return Some(());
    }
    by_serde(cursor, field)
}

macro_rules! scan_text {
    ($($Type:ty),*) => {$(
        impl Scan for $Type {
            #[inline(always)]
            fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
                scan_string(cursor, field, |text, field| {
                    if !text.is_empty() {
                        *field = Some(Self::from(text));
                    }
                    Some(())
                })
            }
        }
    )*};
}

scan_text!(Text, CallType, CallDurationSource, UserBlockMode);

impl Scan for OffsetDateTime {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        if let Some([b'"', text @ .., b'"']) = cursor.rest().first_chunk::<30>()
            && let Some(text) = text.first_chunk()
            && let Some(time) = instant::parse_seven_digits(text)
        {
            if !instant::is_filler(time) {
                *field = Some(time);
            }
            cursor.at += 30;
            return Some(());
        }
        scan_string(cursor, field, |text, field| {
            if !text.is_empty() {
                let time = instant::parse(text)?;
                if !instant::is_filler(time) {
                    *field = Some(time);
                }
            }
            Some(())
        })
    }
}

/// Whether a number is over before this byte.
fn ends_number(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t'))
}

impl Scan for Decimal {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        // Signs, exponents, strings and what is long are serde's.
        if let Some((number, length)) = decimal::parse_plain(cursor.rest())
            && ends_number(cursor.rest().get(length))
        {
            *field = Some(number);
            cursor.at += length;
            return Some(());
        }
        if cursor.eat_null() {
            Some(())
        } else {
            by_serde(cursor, field)
        }
    }
}

impl Scan for i32 {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        let rest = cursor.rest();
        let mut number = 0;
        let mut length = 0;
        for byte in rest
            .iter()
            .take(10)
            .take_while(|byte| byte.is_ascii_digit())
        {
            number = number * 10 + i64::from(byte - b'0');
            length += 1;
        }
        let leading_zero = length > 1 && rest.first() == Some(&b'0');
        // Signs, fractions, exponents, strings and what is long are serde's.
        if (1..10).contains(&length) && !leading_zero && ends_number(rest.get(length)) {
            *field = i32::try_from(number).ok();
            cursor.at += length;
            return Some(());
        }
        if cursor.eat_null() {
            Some(())
        } else {
            by_serde(cursor, field)
        }
    }
}

impl Scan for bool {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        for (text, value) in [("true", Some(true)), ("false", Some(false)), ("null", None)] {
            if cursor.eat_all(text.as_bytes()).is_some() {
                *field = value;
                return Some(());
            }
        }
        None
    }
}

impl Scan for Vec<AdministrativeUnitInfo> {
    fn scan(cursor: &mut Cursor<'_>, field: &mut Option<Self>) -> Option<()> {
        if cursor.eat_null() {
            Some(())
        } else {
            by_serde(cursor, field)
        }
    }
}

#[cfg(test)]
mod tests;
