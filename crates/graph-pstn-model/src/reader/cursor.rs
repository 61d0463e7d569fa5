//! A place in the text of a page, and what may stand there.

use serde_json::value::RawValue;
use wide::u8x16;

/// A place in the text of a page.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    pub(super) at: usize,
    /// The last string that had escapes, without them.
    unescaped: String,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            unescaped: String::new(),
        }
    }

    #[inline(always)]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    pub(super) fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline(always)]
    pub(super) fn eat_all(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest()
            .starts_with(bytes)
            .then(|| self.at += bytes.len())
    }

    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        let is_space = |byte| matches!(byte, Some(b' ' | b'\n' | b'\r' | b'\t'));
        if is_space(self.peek()) {
            self.at += 1;
            if is_space(self.peek()) {
                self.skip_spaces();
            }
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
        self.eat(open)?;
        // Without white space this is all.
        if self.eat_all(name.as_bytes()).is_none() {
            return self.eat_spaced_name(name);
        }
        if self.peek()? <= b' ' {
            self.skip_space();
        }
        Some(())
    }

    #[inline(never)]
    fn eat_spaced_name(&mut self, name: &str) -> Option<()> {
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
    pub(super) fn name(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let name = self.plain_string()?;
        self.skip_space();
        self.eat(b':')?;
        self.skip_space();
        Some(name)
    }

    /// After an element: whether `close` ends it all; if not, a comma was there.
    #[inline(always)]
    pub(super) fn next_or(&mut self, close: u8) -> Option<bool> {
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
    pub(super) fn plain_string(&mut self) -> Option<&'a str> {
        let length = plain_length(self.rest())?;
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    /// After the opening quote: the text up to the closing one, if its escapes are simple.
    #[inline(never)]
    pub(super) fn escaped_string(&mut self) -> Option<&str> {
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
    pub(super) fn eat_null(&mut self) -> bool {
        self.eat_all(b"null").is_some()
    }

    /// Any value, checked by `serde_json`.
    #[cold]
    pub(super) fn raw(&mut self) -> Option<&'a RawValue> {
        let rest = self.text.get(self.at..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let raw = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(raw)
    }
}

/// The bytes before the closing quote; `None` where an escape or a control character comes first.
#[inline(always)]
pub(super) fn plain_length(bytes: &[u8]) -> Option<usize> {
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
