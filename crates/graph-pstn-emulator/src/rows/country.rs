//! The countries in which the emulated tenant has users, and whom they call.

/// One country: how its numbers look, what it pays in, and how many digits Teams hides.
#[derive(Debug)]
pub(crate) struct Country {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) dial: &'static str,
    /// Digits after the country's prefix.
    pub(crate) digits: u32,
    pub(crate) currency: &'static str,
    /// Last digits of the outside party's number that are replaced by `*`
    /// ("Microsoft Teams PSTN usage report"; the rule follows the organisation's location there, and
    /// the user's country here, so that one data set has both kinds).
    pub(crate) hidden: usize,
}

const fn country(
    code: &'static str,
    name: &'static str,
    dial: &'static str,
    digits: u32,
    currency: &'static str,
    hidden: usize,
) -> Country {
    Country {
        code,
        name,
        dial,
        digits,
        currency,
        hidden,
    }
}

pub(crate) const COUNTRIES: &[Country] = &[
    country("US", "United States", "+1", 10, "USD", 0),
    country("GB", "United Kingdom", "+44", 10, "GBP", 0),
    country("DE", "Germany", "+49", 10, "EUR", 3),
    country("FR", "France", "+33", 9, "EUR", 4),
    country("CH", "Switzerland", "+41", 9, "CHF", 4),
    country("NL", "Netherlands", "+31", 9, "EUR", 3),
    country("SE", "Sweden", "+46", 9, "SEK", 3),
    country("DK", "Denmark", "+45", 8, "DKK", 3),
    country("CA", "Canada", "+1", 10, "CAD", 0),
    country("MX", "Mexico", "+52", 10, "MXN", 0),
    country("JP", "Japan", "+81", 10, "JPY", 0),
];

/// How the tenant's users are spread over [`COUNTRIES`].
pub(crate) const USERS: &[u32] = &[40, 12, 14, 6, 4, 5, 4, 2, 6, 4, 3];
