//! Rows of the PSTN log: calls through Calling Plans and Operator Connect.

use super::country::{COUNTRIES, Country};
use super::draw::Guid;
use super::instant::SECOND;
use super::json::Object;
use super::money::Money;
use super::user::{self, User};
use super::{Log, Slot, TENANT_COUNTRY, Tenant};
use crate::graph::version::Version;

/// One call, in the emulator's own terms; `None` is JSON's null.
#[derive(Debug)]
pub(crate) struct PstnRow {
    pub(crate) id: Guid,
    pub(crate) call_id: String,
    /// Nobody for an unassigned number.
    pub(crate) user: Option<User>,
    pub(crate) start: i64,
    pub(crate) fraction_digits: u8,
    pub(crate) end: Option<i64>,
    pub(crate) duration: Option<i32>,
    pub(crate) charge: Option<Money>,
    pub(crate) connection_charge: Option<Money>,
    pub(crate) currency: Option<&'static str>,
    pub(crate) call_type: &'static str,
    pub(crate) callee_number: Option<String>,
    pub(crate) caller_number: Option<String>,
    pub(crate) usage_country: &'static Country,
    pub(crate) other_country: &'static Country,
    pub(crate) destination_context: Option<&'static str>,
    pub(crate) conference_id: Option<String>,
    pub(crate) license: &'static str,
    pub(crate) inventory: Option<&'static str>,
    pub(crate) operator: &'static str,
    pub(crate) duration_source: &'static str,
    /// Where the user's addresses are made from; beta only.
    addresses: Option<u64>,
}

/// The kinds of call in the documented list, with one that was seen in use, and how common each is.
const TYPES: &[(&str, u32)] = &[
    ("user_in", 330),
    ("user_out", 360),
    ("user_out_conf", 20),
    ("user_out_transfer", 25),
    ("user_out_forwarding", 30),
    ("conf_in", 70),
    ("conf_out", 30),
    ("unassigned_in", 8),
    ("emergency_in", 1),
    ("emergency_out", 1),
    ("fmc_in", 6),
    ("fmc_out", 6),
    ("ucap_in", 80),
    ("ucap_out", 16),
    ("ucap_out_conf", 2),
    ("oc_ucap_in", 15),
];
const WEIGHTS: [u32; TYPES.len()] = {
    let mut weights = [0; TYPES.len()];
    let mut at = 0;
    while at < TYPES.len() {
        weights[at] = TYPES[at].1;
        at += 1;
    }
    weights
};

const PLANS: &[&str] = &[
    "MCOEV",
    "MCOPSTN1",
    "MCOPSTN1BR",
    "MCOPSTN1MX",
    "MCOPSTN2",
    "MCOPSTN2BR",
    "MCOPSTN2MX",
    "MCOPSTN5",
    "MCOPSTN6",
    "MCOPSTN8",
    "MCOPSTN9",
    "MCOPSTNCAP",
    "MCOPSTNPP",
    "MCOPSTNU",
    "FREECALL",
];
const MEETING_PLANS: &[&str] = &[
    "MCOMEETADD",
    "MCOMEETADD_DIALOUT_US",
    "MCOMEETADD_CN_GLOBAL",
    "MCOMEETADD_TATA",
    "MCOMEETACPEA",
    "MCOMEETACPEA_TATA",
    "MCOMEETACPEA_GOV",
];
const BOT_PLANS: &[&str] = &["MCOEV_VIRTUALUSER", "MCOEV_VIRTUALUSER_GOV"];
/// Microsoft itself, and two names for carriers of Operator Connect that no carrier bears.
const OPERATORS: &[&str] = &["Microsoft", "Operator A", "Operator B"];

/// The stream from which a row comes, after the type of its call.
fn begun(tenant: Tenant, slot: Slot) -> (super::Draw, &'static str) {
    let mut draw = Log::Pstn.draw(tenant, slot.day(), slot.index, 0x70);
    let call_type = TYPES[draw.weighted(&WEIGHTS)].0;
    (draw, call_type)
}

/// The type of the call at this place.
pub(crate) fn call_type(tenant: Tenant, slot: Slot) -> &'static str {
    begun(tenant, slot).1
}

/// The row at this place of the tenant's log.
pub(crate) fn row(tenant: Tenant, slot: Slot) -> PstnRow {
    let day = slot.day();
    let (mut draw, call_type) = begun(tenant, slot);
    let owner = user::user(
        tenant.seed,
        draw.below(user::population(tenant.rows_per_day)),
    );
    let inbound = call_type.ends_with("_in");
    let bot = call_type.contains("ucap");
    let meeting = call_type.contains("conf");
    let usage = owner.country;
    let international = draw.chance(if inbound { 6 } else { 14 }, 100);
    let other = if international {
        draw.pick(COUNTRIES)
    } else {
        usage
    };
    let outside = user::hide(user::phone(&mut draw, other), usage.hidden);

    let duration = i32::try_from(seconds(&mut draw, call_type)).unwrap_or(0);
    // A few rows lack what Graph declares nullable.
    let measured = !draw.chance(1, 700);
    let priced = !draw.chance(1, 500);
    let (charge, connection_charge) = price(&mut draw, usage, inbound, international, duration);
    let (caller, callee) = if inbound {
        (outside, owner.number.clone())
    } else {
        (owner.number.clone(), outside)
    };
    let license = *draw.pick(if bot {
        BOT_PLANS
    } else if meeting {
        MEETING_PLANS
    } else {
        PLANS
    });
    let operator = if call_type.starts_with("oc_") {
        OPERATORS[1 + draw.below(2) as usize]
    } else {
        OPERATORS[draw.weighted(&[8, 1, 1])]
    };
    let call_id = format!(
        "{}_{}@192.0.2.{}",
        draw.below(4_000_000_000),
        draw.below(900_000_000),
        draw.below(256)
    );
    let nobody = call_type == "unassigned_in" || (bot && draw.chance(1, 2));
    // What only beta has comes from a stream of its own, so that it changes nothing of v1.0.
    let mut beta = Log::Pstn.draw(tenant, day, slot.index, 0xbe);
    let addresses = (!nobody && !beta.chance(1, 12)).then(|| beta.next());
    PstnRow {
        id: Log::Pstn.id(tenant, day, slot.index),
        call_id,
        user: (!nobody).then_some(owner),
        start: slot.start,
        fraction_digits: slot.fraction_digits,
        end: measured.then(|| slot.start + i64::from(duration) * SECOND),
        duration: measured.then_some(duration),
        charge: priced.then_some(charge),
        connection_charge: priced.then_some(connection_charge),
        currency: Some(usage.currency),
        call_type,
        callee_number: Some(callee),
        // Callers may withhold their number.
        caller_number: (!(inbound && draw.chance(1, 60))).then_some(caller),
        usage_country: usage,
        other_country: other,
        destination_context: if inbound {
            None
        } else {
            Some(if other.code == usage.code {
                "Domestic"
            } else {
                "International"
            })
        },
        conference_id: meeting.then(|| (100_000_000 + draw.below(900_000_000)).to_string()),
        license,
        inventory: match draw.below(10) {
            0 => None,
            1..=2 => Some("Service"),
            _ => Some(if bot || meeting {
                "Service"
            } else {
                "Subscriber"
            }),
        },
        operator,
        duration_source: if operator == "Microsoft" {
            "microsoft"
        } else {
            "operator"
        },
        addresses,
    }
}

impl PstnRow {
    /// All 23 properties of v1.0, or the 29 of beta, in the order of the documented examples.
    pub(crate) fn write(&self, out: &mut Vec<u8>, tenant: Tenant, version: Version) {
        let mut object = Object::new(out);
        object.shown("id", Some(self.id), true);
        object.string("callId", Some(&self.call_id));
        object.user(self.user.as_ref());
        object.time("startDateTime", Some(self.start), self.fraction_digits);
        object.time("endDateTime", self.end, self.fraction_digits);
        object.shown("duration", self.duration, false);
        object.money("charge", self.charge);
        object.string("callType", Some(self.call_type));
        object.string("currency", self.currency);
        object.string("calleeNumber", self.callee_number.as_deref());
        object.string("usageCountryCode", Some(self.usage_country.code));
        object.string("tenantCountryCode", Some(TENANT_COUNTRY));
        object.money("connectionCharge", self.connection_charge);
        object.string("callerNumber", self.caller_number.as_deref());
        object.string("destinationContext", self.destination_context);
        object.string("destinationName", Some(self.other_country.name));
        object.string("conferenceId", self.conference_id.as_deref());
        object.string("licenseCapability", Some(self.license));
        object.string("inventoryType", self.inventory);
        object.string("operator", Some(self.operator));
        object.string("callDurationSource", Some(self.duration_source));
        if version == Version::Beta {
            object.string("otherPartyCountryCode", Some(self.other_country.code));
            self.write_addresses(&mut object);
            object.units(tenant, self.user.as_ref());
        }
        object.end();
    }

    /// Addresses of the blocks that are for documentation (RFC 5737, RFC 3849).
    fn write_addresses(&self, object: &mut Object<'_>) {
        let part = |shift: u32| self.addresses.map(|bits| (bits >> shift) & 0xff);
        let v4 = |net: &'static str, shift| part(shift).map(|host| format!("{net}.{host}"));
        let v6 = |net: &'static str, shift| part(shift).map(|host| format!("{net}::{host:x}"));
        for (name, address) in [
            ("clientLocalIpV4Address", v4("192.0.2", 0)),
            ("clientLocalIpV6Address", v6("2001:db8:1", 8)),
            ("clientPublicIpV4Address", v4("198.51.100", 16)),
            ("clientPublicIpV6Address", v6("2001:db8:2", 24)),
        ] {
            object.string(name, address.as_deref());
        }
    }
}

/// Many short calls, some long, meetings longer.
pub(super) fn seconds(draw: &mut super::Draw, call_type: &str) -> u64 {
    let scale = if call_type.contains("conf") { 9 } else { 1 };
    match draw.weighted(&[6, 50, 34, 9, 1]) {
        0 => 0,
        1 => 1 + draw.below(89),
        2 => (90 + draw.below(510)) * scale,
        3 => (600 + draw.below(1_200)) * scale,
        _ => (1_800 + draw.below(5_400)) * scale,
    }
}

/// What the call costs: most are within the plan (`0.00`); the others are charged by the minute begun,
/// at rates with 2 to 4 decimals.
fn price(
    draw: &mut super::Draw,
    usage: &Country,
    inbound: bool,
    international: bool,
    duration: i32,
) -> (Money, Money) {
    let zero = Money { units: 0, scale: 2 };
    let charged = if international { 70 } else { 12 };
    if inbound || !draw.chance(charged, 100) {
        return (zero, zero);
    }
    let minutes = i128::from((duration + 59) / 60);
    // The yen has no smaller part.
    let scale = if usage.currency == "JPY" {
        0
    } else {
        *draw.pick(&[2_u8, 2, 3, 4, 4])
    };
    let per_minute = match scale {
        0 => 3 + draw.below(40),
        2 => 1 + draw.below(45),
        3 => 5 + draw.below(400),
        _ => 50 + draw.below(4_000),
    };
    let charge = Money {
        units: i128::from(per_minute) * minutes,
        scale,
    };
    let connection = if draw.chance(1, 5) {
        Money {
            units: i128::from(1 + draw.below(20)),
            scale: 2,
        }
    } else {
        zero
    };
    (charge, connection)
}
