//! Rows as Graph writes them. The names come from the schema (`callRecords` of v1.0), in the order of
//! the documented example; no client code is shared.

use std::io::Write as _;

use super::instant;
use super::money::Money;
use super::pstn::PstnRow;

/// Writes the members of one JSON object.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Names are of this file, so they need no escape.
    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn string(&mut self, name: &str, value: Option<&str>) {
        let out = self.name(name);
        match value {
            Some(text) => escaped(out, text),
            None => out.extend_from_slice(b"null"),
        }
    }

    /// A value whose text is its JSON, or needs only quotes.
    fn shown(&mut self, name: &str, value: Option<impl std::fmt::Display>, quoted: bool) {
        let out = self.name(name);
        // Writing to a Vec cannot fail.
        let _ = match value {
            Some(value) if quoted => write!(out, "\"{value}\""),
            Some(value) => write!(out, "{value}"),
            None => write!(out, "null"),
        };
    }

    fn time(&mut self, name: &str, at: Option<i64>, digits: u8) {
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

    fn money(&mut self, name: &str, amount: Option<Money>) {
        self.shown(name, amount, false);
    }

    fn end(self) {
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

/// All 23 properties of v1.0.
pub(super) fn pstn(out: &mut Vec<u8>, row: &PstnRow) {
    let user = row.user.as_ref();
    let mut object = Object::new(out);
    object.shown("id", Some(row.id), true);
    object.string("callId", Some(&row.call_id));
    object.shown("userId", user.map(|u| u.id), true);
    object.string("userPrincipalName", user.map(|u| u.principal_name.as_str()));
    object.string("userDisplayName", user.map(|u| u.display_name.as_str()));
    object.time("startDateTime", Some(row.start), row.fraction_digits);
    object.time("endDateTime", row.end, row.fraction_digits);
    object.shown("duration", row.duration, false);
    object.money("charge", row.charge);
    object.string("callType", Some(row.call_type));
    object.string("currency", row.currency);
    object.string("calleeNumber", row.callee_number.as_deref());
    object.string("usageCountryCode", Some(row.usage_country.code));
    object.string("tenantCountryCode", Some("US"));
    object.money("connectionCharge", row.connection_charge);
    object.string("callerNumber", row.caller_number.as_deref());
    object.string("destinationContext", row.destination_context);
    object.string("destinationName", Some(row.other_country.name));
    object.string("conferenceId", row.conference_id.as_deref());
    object.string("licenseCapability", Some(row.license));
    object.string("inventoryType", row.inventory);
    object.string("operator", Some(row.operator));
    object.string("callDurationSource", Some(row.duration_source));
    object.end();
}
