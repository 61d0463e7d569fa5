//! The tenant's users. None is a real person: names are made of syllables and a number.

use super::country::{COUNTRIES, Country, USERS};
use super::draw::{Draw, Guid};

const SALT: u64 = 0x75;

/// Made-up syllables, many with letters beyond ASCII, two without case and one outside the BMP.
const SYLLABLES: &[&str] = &[
    "Ål", "bø", "Cé", "dün", "Èn", "fło", "Gñi", "hõr", "Ìr", "jäk", "Kœl", "ławi", "Mý", "něm",
    "Øs", "põl", "Qí", "řad", "Şu", "tût", "Üm", "vỹ", "Wė", "xă", "Ÿr", "žen", "山ノ", "Ωμ", "Жи",
    "𝒵a", "O'ta", "\"Nu\"",
];

/// One user of the tenant.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: Guid,
    pub(crate) principal_name: String,
    pub(crate) display_name: String,
    pub(crate) country: &'static Country,
    pub(crate) number: String,
    /// One bit for each administrative unit of the tenant that has this user.
    units: u64,
}

/// How many administrative units the tenant has.
const UNITS: u64 = 4;

impl User {
    /// The ids of the user's administrative units: none, one or several.
    pub(crate) fn units(&self, seed: u64) -> impl Iterator<Item = Guid> {
        let units = self.units;
        (0..UNITS)
            .filter(move |unit| units & (1 << unit) != 0)
            .map(move |unit| Draw::new(&[seed, SALT, 0xa0, unit]).guid())
    }
}

/// How many users a tenant with this traffic has.
pub(crate) fn population(rows_per_day: u32) -> u64 {
    u64::from(rows_per_day / 8).clamp(5, 5_000)
}

/// The user with this number, `0..population`.
pub(crate) fn user(seed: u64, number: u64) -> User {
    let mut draw = Draw::new(&[seed, SALT, number]);
    let id = draw.guid();
    let country = &COUNTRIES[draw.weighted(USERS)];
    let (first, second) = (draw.pick(SYLLABLES), draw.pick(SYLLABLES));
    User {
        id,
        principal_name: format!("user{number:04}@tenant.example"),
        display_name: format!("{first}{second} {number:04}"),
        country,
        number: phone(&mut draw, country),
        units: draw.next() & draw.next() & ((1 << UNITS) - 1),
    }
}

/// A number of this country, in E.164.
pub(crate) fn phone(draw: &mut Draw, country: &Country) -> String {
    let span = 10_u64.pow(country.digits - 1);
    // No national number starts with 0 or 1 after the prefix.
    let national = (2 + draw.below(8)) * span + draw.below(span);
    format!("{}{national}", country.dial)
}

/// The number with its last digits hidden.
pub(crate) fn hide(mut number: String, digits: usize) -> String {
    let keep = number.len().saturating_sub(digits);
    number.truncate(keep);
    number.extend(std::iter::repeat_n('*', digits));
    number
}
