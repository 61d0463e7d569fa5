//! Rows of the log of text messages.

use super::country::{COUNTRIES, Country};
use super::draw::{Draw, Guid};
use super::json::Object;
use super::money::Money;
use super::user::{self, User};
use super::{Log, Slot, TENANT_COUNTRY, Tenant};

/// One message; `None` is JSON's null.
#[derive(Debug)]
pub(crate) struct SmsRow {
    /// In the schema, but not in the documented example: a few rows lack it.
    pub(crate) id: Option<Guid>,
    /// Not guaranteed to be unique.
    sms_id: Guid,
    pub(crate) user: User,
    pub(crate) sent: i64,
    fraction_digits: u8,
    inbound: bool,
    source: String,
    destination: String,
    other_country: &'static Country,
    units: i32,
    pub(crate) charge: Option<Money>,
    pub(crate) currency: &'static str,
}

/// The row at this place of the tenant's log.
pub(crate) fn row(tenant: Tenant, slot: Slot) -> SmsRow {
    const LOG: Log = Log::Sms;
    let day = slot.day();
    let mut draw = LOG.draw(tenant, day, slot.index, 0x70);
    let user = user::user(
        tenant.seed,
        draw.below(user::population(tenant.rows_per_day)),
    );
    let inbound = draw.chance(55, 100);
    let other_country = if draw.chance(7, 100) {
        draw.pick(COUNTRIES)
    } else {
        user.country
    };
    let outside = user::hide(user::phone(&mut draw, other_country), user.country.hidden);
    let own = user.number.clone();
    let (source, destination) = if inbound {
        (outside, own)
    } else {
        (own, outside)
    };
    // A text of more than 160 characters, or 70 with others than GSM's, goes out in parts.
    let units = 1 + draw.weighted(&[80, 12, 5, 2, 1]) as i32;
    let charge = charge(&mut draw, user.country, inbound, units);
    let priced = !draw.chance(1, 300);
    // One message may be in two rows.
    let first = slot.index & !1;
    let pair = LOG.draw(tenant, day, first, 0xc1).chance(1, 40);
    let message = if pair { first } else { slot.index };
    SmsRow {
        id: (!draw.chance(1, 40)).then(|| LOG.id(tenant, day, slot.index)),
        sms_id: LOG.draw(tenant, day, message, 0xc2).guid(),
        sent: slot.start,
        fraction_digits: slot.fraction_digits,
        inbound,
        source,
        destination,
        other_country,
        units,
        charge: priced.then_some(charge),
        currency: user.country.currency,
        user,
    }
}

/// Messages that come in cost nothing; those that go out are within the plan, or so much a part.
fn charge(draw: &mut Draw, country: &Country, inbound: bool, units: i32) -> Money {
    if inbound || draw.chance(60, 100) {
        return Money { units: 0, scale: 2 };
    }
    // The yen has no smaller part.
    let (scale, part) = if country.currency == "JPY" {
        (0, 1 + draw.below(12))
    } else {
        *draw.pick(&[(2, 1), (2, 3), (3, 8), (4, 75), (4, 113)])
    };
    Money {
        units: i128::from(part) * i128::from(units),
        scale,
    }
}

impl SmsRow {
    /// All 19 properties of beta, in the order of the documented example.
    pub(crate) fn write(&self, out: &mut Vec<u8>, tenant: Tenant) {
        let home = self.user.country;
        let to = if self.inbound {
            home
        } else {
            self.other_country
        };
        let domestic = self.other_country.code == home.code;
        let mut object = Object::new(out);
        object.shown("id", self.id, true);
        object.shown("smsId", Some(self.sms_id), true);
        object.user(Some(&self.user));
        object.string("userCountryCode", Some(home.code));
        object.string("tenantCountryCode", Some(TENANT_COUNTRY));
        object.string("sourceNumber", Some(&self.source));
        object.string("destinationNumber", Some(&self.destination));
        object.time("sentDateTime", Some(self.sent), self.fraction_digits);
        object.money("callCharge", self.charge);
        object.string("currency", Some(self.currency));
        let kind = if self.inbound { "sms_in" } else { "sms_out" };
        object.string("smsType", Some(kind));
        let context = if domestic {
            "Domestic"
        } else {
            "International"
        };
        object.string("destinationContext", Some(context));
        object.string("destinationName", Some(to.name));
        object.string("otherPartyCountryCode", Some(self.other_country.code));
        object.string("licenseCapability", Some("MCOSMS1"));
        object.shown("smsUnits", Some(self.units), false);
        object.units(tenant, Some(&self.user));
        object.end();
    }
}
