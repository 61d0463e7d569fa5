//! JSON objects as Graph writes them. Each log's row names its own properties, from the schema of
//! `microsoft.graph.callRecords` and in the order of the documented example; no client code is shared.

use std::io::Write as _;

use super::money::Money;
use super::user::User;
use super::{Tenant, instant};

/// What Graph writes for a time that there is none of.
pub(super) const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// Writes the members of one JSON object.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Names are those of the schema, so they need no escape.
    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(super) fn string(&mut self, name: &str, value: Option<&str>) {
        let out = self.name(name);
        match value {
            Some(text) => escaped(out, text),
            None => out.extend_from_slice(b"null"),
        }
    }

    /// A value whose text is its JSON, or needs only quotes.
    pub(super) fn shown(
        &mut self,
        name: &str,
        value: Option<impl std::fmt::Display>,
        quoted: bool,
    ) {
        let out = self.name(name);
        // Writing to a Vec cannot fail.
        let _ = match value {
            Some(value) if quoted => write!(out, "\"{value}\""),
            Some(value) => write!(out, "{value}"),
            None => write!(out, "null"),
        };
    }

    pub(super) fn time(&mut self, name: &str, at: Option<i64>, digits: u8) {
        let out = self.name(name);
        match at {
            Some(at) => {
                out.push(b'"');
                instant::write(out, at, digits);
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        }
    }

    pub(super) fn money(&mut self, name: &str, amount: Option<Money>) {
        self.shown(name, amount, false);
    }

    /// Who it was, or nobody.
    pub(super) fn user(&mut self, user: Option<&User>) {
        self.shown("userId", user.map(|u| u.id), true);
        self.string("userPrincipalName", user.map(|u| u.principal_name.as_str()));
        self.string("userDisplayName", user.map(|u| u.display_name.as_str()));
    }

    /// The user's administrative units.
    pub(super) fn units(&mut self, tenant: Tenant, user: Option<&User>) {
        let out = self.name("administrativeUnitInfos");
        let Some(user) = user else {
            out.extend_from_slice(b"null");
            return;
        };
        out.push(b'[');
        for (index, unit) in user.units(tenant.seed).enumerate() {
            let comma = if index > 0 { "," } else { "" };
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{comma}{{\"id\":\"{unit}\"}}");
        }
        out.push(b']');
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }
}

/// A JSON string (RFC 8259, section 7).
fn escaped(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
