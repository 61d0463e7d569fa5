//! Rows of the Direct Routing log: calls over border controllers of the tenant's own.

use super::country::{COUNTRIES, Country};
use super::draw::{Draw, Guid};
use super::instant::SECOND;
use super::json::{self, Object};
use super::user::{self, User};
use super::{Log, Slot, Tenant, pstn, slots};
use crate::graph::version::Version;

/// One leg of a call; `None` is JSON's null.
#[derive(Debug)]
pub(crate) struct DirectRoutingRow {
    pub(crate) id: Guid,
    /// What the legs of a call have in common.
    correlation: Guid,
    /// The call from which this one was transferred.
    transferor: Option<Guid>,
    /// Nobody for some bots.
    user: Option<User>,
    pub(crate) country: &'static Country,
    other_country: &'static Country,
    start: i64,
    fraction_digits: u8,
    invite: i64,
    invite_digits: u8,
    outcome: Outcome,
    call_type: &'static str,
    caller_number: Option<String>,
    callee_number: Option<String>,
    media_path: Option<&'static str>,
    signaling: &'static str,
    trunk: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// It was hung up after so many seconds; a few rows lack the duration.
    HungUp { seconds: i32, measured: bool },
    /// It was never established, and given up after so many ticks.
    Failed { after: i64, sip: &'static Sip },
}

/// A final response ("SIP: Session Initiation Protocol", RFC 3261, section 21).
#[derive(Debug)]
struct Sip {
    code: i32,
    phrase: &'static str,
    weight: u32,
}

const fn sip(code: i32, phrase: &'static str, weight: u32) -> Sip {
    Sip {
        code,
        phrase,
        weight,
    }
}

const FAILURES: &[Sip] = &[
    sip(403, "Forbidden", 4),
    sip(404, "Not Found", 10),
    sip(408, "Request Timeout", 8),
    sip(480, "Temporarily Unavailable", 18),
    sip(486, "Busy Here", 24),
    sip(487, "Request Terminated", 30),
    sip(500, "Server Internal Error", 2),
    sip(503, "Service Unavailable", 3),
    sip(504, "Server Time-out", 2),
    sip(603, "Decline", 6),
];
const FAILURE_WEIGHTS: [u32; FAILURES.len()] = {
    let mut weights = [0; FAILURES.len()];
    let mut at = 0;
    while at < FAILURES.len() {
        weights[at] = FAILURES[at].weight;
        at += 1;
    }
    weights
};

/// The kinds of call, spelled as Graph spells them, with one that was seen in use.
const TYPES: [&str; 7] = [
    "ByotIn",
    "ByotOut",
    "ByotOutUserConf",
    "ByotOutUserForwarding",
    "ByotOutUserTransfer",
    "ByotOutEmergency",
    "ByotInUcap",
];
const TYPE_WEIGHTS: [u32; TYPES.len()] = [420, 400, 30, 40, 35, 2, 73];

/// Data centres, as the documented example names them.
const PLACES: &[&str] = &["USWE", "USEA", "EUNO", "EUWE", "APSE", "APEA"];
/// What a border controller may put in a number's place.
const NAMES: [&str; 4] = ["Front Desk", "Lobby ☎", "Störungsstelle", "Fax 2"];

/// The row at this place of the tenant's log.
pub(crate) fn row(tenant: Tenant, slot: Slot) -> DirectRoutingRow {
    const LOG: Log = Log::DirectRouting;
    let day = slot.day();
    let mut draw = LOG.draw(tenant, day, slot.index, 0x70);
    let call_type = TYPES[draw.weighted(&TYPE_WEIGHTS)];
    let inbound = call_type.starts_with("ByotIn");
    let owner = user::user(
        tenant.seed,
        draw.below(user::population(tenant.rows_per_day)),
    );
    let country = owner.country;
    let other_country = if draw.chance(8, 100) {
        draw.pick(COUNTRIES)
    } else {
        country
    };
    let outside = outside(&mut draw, other_country, country);
    let own = if draw.chance(1, 12) {
        format!("+{}", 1_000 + draw.below(9_000))
    } else {
        owner.number.clone()
    };
    let (caller, callee) = if inbound {
        (outside, own)
    } else {
        (own, outside)
    };
    let outcome = outcome(&mut draw);
    let invite_digits = draw.weighted(&[1, 1, 2, 12, 1, 1, 1, 4]) as u8;
    let whole_seconds = (slot.start - draw.below(12) as i64 * SECOND).div_euclid(SECOND);
    let ringing = whole_seconds * SECOND + slots::fraction(&mut draw, invite_digits);
    let trunk = draw.below(4);
    let bypass = bypasses(trunk);
    let nobody = call_type == "ByotInUcap" && draw.chance(1, 2);
    // The other leg of some calls stands beside this one.
    let first = slot.index & !1;
    let pair = LOG.draw(tenant, day, first, 0xc1).chance(1, 12);
    let call = if pair { first } else { slot.index };
    DirectRoutingRow {
        id: LOG.id(tenant, day, slot.index),
        correlation: LOG.draw(tenant, day, call, 0xc2).guid(),
        transferor: (call_type == "ByotOutUserTransfer").then(|| draw.guid()),
        user: (!nobody).then_some(owner),
        country,
        other_country,
        start: slot.start,
        fraction_digits: slot.fraction_digits,
        // Within the second of the start it may have come out later.
        invite: ringing.min(slot.start),
        invite_digits: if ringing < slot.start {
            invite_digits
        } else {
            slot.fraction_digits
        },
        outcome,
        call_type,
        caller_number: (!(inbound && draw.chance(1, 60))).then_some(caller),
        callee_number: Some(callee),
        media_path: (!bypass && matches!(outcome, Outcome::HungUp { .. }))
            .then(|| place(&mut draw)),
        signaling: place(&mut draw),
        trunk,
    }
}

/// The outside party, as the border controller names it: a number, an extension or a name.
fn outside(draw: &mut Draw, country: &Country, own: &Country) -> String {
    match draw.weighted(&[92, 6, 2]) {
        0 => user::hide(user::phone(draw, country), own.hidden),
        1 => format!("+{}", 1_000 + draw.below(9_000)),
        _ => (*draw.pick(&NAMES)).to_owned(),
    }
}

fn place(draw: &mut Draw) -> &'static str {
    draw.pick::<&'static str>(PLACES)
}

fn outcome(draw: &mut Draw) -> Outcome {
    if draw.chance(86, 100) {
        return Outcome::HungUp {
            seconds: i32::try_from(pstn::seconds(draw, "user")).unwrap_or(0),
            measured: !draw.chance(1, 700),
        };
    }
    Outcome::Failed {
        after: 1 + draw.below(45 * SECOND.unsigned_abs()) as i64,
        sip: &FAILURES[draw.weighted(&FAILURE_WEIGHTS)],
    }
}

/// Whether the media of calls over this trunk go past Microsoft.
const fn bypasses(trunk: u64) -> bool {
    trunk == 3
}

impl DirectRoutingRow {
    pub(crate) fn duration(&self) -> Option<i32> {
        match self.outcome {
            Outcome::HungUp { seconds, measured } => measured.then_some(seconds),
            Outcome::Failed { .. } => Some(0),
        }
    }

    /// When the call was over, one way or the other.
    pub(crate) fn ended(&self) -> i64 {
        match self.outcome {
            Outcome::HungUp { seconds, .. } => self.start + i64::from(seconds) * SECOND,
            Outcome::Failed { after, .. } => self.start + after,
        }
    }

    /// All 21 properties of v1.0, or the 25 of beta, in the order of the documented examples.
    pub(crate) fn write(&self, out: &mut Vec<u8>, tenant: Tenant, version: Version) {
        let beta = version == Version::Beta;
        let mut object = Object::new(out);
        object.shown("id", Some(self.id), true);
        object.shown("correlationId", Some(self.correlation), true);
        object.user(self.user.as_ref());
        object.time("startDateTime", Some(self.start), self.fraction_digits);
        if beta {
            self.write_end(&mut object);
        }
        object.time("inviteDateTime", Some(self.invite), self.invite_digits);
        match self.outcome {
            Outcome::HungUp { .. } => object.string("failureDateTime", Some(json::NO_TIME)),
            Outcome::Failed { .. } => object.time("failureDateTime", Some(self.ended()), 7),
        }
        if !beta {
            self.write_end(&mut object);
        }
        let hung_up = matches!(self.outcome, Outcome::HungUp { .. });
        object.shown("duration", self.duration(), false);
        object.string("callType", Some(self.call_type));
        object.shown("successfulCall", Some(hung_up), false);
        object.string("callerNumber", self.caller_number.as_deref());
        object.string("calleeNumber", self.callee_number.as_deref());
        object.string("mediaPathLocation", self.media_path);
        object.string("signalingLocation", Some(self.signaling));
        let (code, phrase) = match self.outcome {
            Outcome::HungUp { .. } => (0, "BYE"),
            Outcome::Failed { sip, .. } => (sip.code, sip.phrase),
        };
        object.shown("finalSipCode", Some(code), false);
        object.shown("callEndSubReason", Some(self.sub_reason(code)), false);
        object.string("finalSipCodePhrase", Some(phrase));
        let trunk = format!("sbc{}.contoso.example", self.trunk);
        object.string("trunkFullyQualifiedDomainName", Some(&trunk));
        object.shown("mediaBypassEnabled", Some(bypasses(self.trunk)), false);
        if beta {
            object.string("userCountryCode", Some(self.country.code));
            object.string("otherPartyCountryCode", Some(self.other_country.code));
            object.shown("transferorCorrelationId", self.transferor, true);
            object.units(tenant, self.user.as_ref());
        }
        object.end();
    }

    fn write_end(&self, object: &mut Object<'_>) {
        match self.outcome {
            Outcome::HungUp { .. } => {
                object.time("endDateTime", Some(self.ended()), self.fraction_digits);
            }
            Outcome::Failed { .. } => object.string("endDateTime", Some(json::NO_TIME)),
        }
    }

    /// Microsoft's code: that of the border controller behind 540 for calls that came in, 560 for those
    /// that went out ("Microsoft and SIP response codes"; the example has 540000 for an inbound call that
    /// was hung up).
    fn sub_reason(&self, code: i32) -> i32 {
        let inbound = self.call_type.starts_with("ByotIn");
        (if inbound { 540_000 } else { 560_000 }) + code
    }
}
