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
    /// How many days the PSTN log keeps the rows of users here, and the Direct Routing log (the same page;
    /// for Germany Microsoft's drafts differ on whether it has a time of its own).
    pub(crate) kept_pstn: i64,
    pub(crate) kept_direct_routing: i64,
}

const fn country(
    code: &'static str,
    name: &'static str,
    dial: &'static str,
    digits: u32,
    currency: &'static str,
    hidden: usize,
    (kept_pstn, kept_direct_routing): (i64, i64),
) -> Country {
    Country {
        code,
        name,
        dial,
        digits,
        currency,
        hidden,
        kept_pstn,
        kept_direct_routing,
    }
}

pub(crate) const COUNTRIES: &[Country] = &[
    country("US", "United States", "+1", 10, "USD", 0, (365, 150)),
    country("GB", "United Kingdom", "+44", 10, "GBP", 0, (450, 450)),
    country("DE", "Germany", "+49", 10, "EUR", 3, (180, 150)),
    country("FR", "France", "+33", 9, "EUR", 4, (365, 365)),
    country("CH", "Switzerland", "+41", 9, "CHF", 4, (365, 365)),
    country("NL", "Netherlands", "+31", 9, "EUR", 3, (180, 180)),
    country("SE", "Sweden", "+46", 9, "SEK", 3, (180, 180)),
    country("DK", "Denmark", "+45", 8, "DKK", 3, (365, 365)),
    country("CA", "Canada", "+1", 10, "CAD", 0, (150, 150)),
    country("MX", "Mexico", "+52", 10, "MXN", 0, (730, 730)),
    country("JP", "Japan", "+81", 10, "JPY", 0, (365, 150)),
];

/// How the tenant's users are spread over [`COUNTRIES`].
pub(crate) const USERS: &[u32] = &[40, 12, 14, 6, 4, 5, 4, 2, 6, 4, 3];
