//! What Microsoft documents of the numbers in the logs.

/// Whether digits of this number are hidden: it ends with an asterisk, as in `+123 456789***`.
///
/// Graph hides the last digits of the number outside of the organization for tenants in
/// [some countries](hidden_digits). Source: [PSTN usage report].
///
/// ```
/// assert!(graph_pstn_model::is_masked("+1555010***"));
/// assert!(!graph_pstn_model::is_masked("+15550100"));
/// ```
///
/// [PSTN usage report]: https://learn.microsoft.com/en-us/microsoftteams/teams-analytics-and-reports/pstn-usage-report
#[must_use]
pub fn is_masked(number: &str) -> bool {
    number.ends_with('*')
}

/// How many of the last digits of outside numbers are hidden for a tenant in a country, given as
/// ISO 3166-1 alpha-2; 0 where none are. It depends on where the organization is, not the user.
///
/// Source: [PSTN usage report].
///
/// [PSTN usage report]: https://learn.microsoft.com/en-us/microsoftteams/teams-analytics-and-reports/pstn-usage-report
#[must_use]
pub fn hidden_digits(tenant_country: &str) -> usize {
    const THREE: [&str; 9] = ["BE", "DE", "DK", "ES", "FI", "IT", "NL", "NO", "SE"];
    const FOUR: [&str; 2] = ["CH", "FR"];
    let is_one_of = |countries: &[&str]| {
        countries
            .iter()
            .any(|country| country.eq_ignore_ascii_case(tenant_country))
    };
    match () {
        () if is_one_of(&THREE) => 3,
        () if is_one_of(&FOUR) => 4,
        () => 0,
    }
}

/// What `destinationContext` says; Microsoft's pages name these two values.
pub(crate) fn is_international(destination_context: &str) -> Option<bool> {
    match destination_context {
        context if context.eq_ignore_ascii_case("International") => Some(true),
        context if context.eq_ignore_ascii_case("Domestic") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_digits_are_hidden() {
        assert_eq!(hidden_digits("DE"), 3);
        assert_eq!(hidden_digits("ch"), 4);
        assert_eq!(hidden_digits("US"), 0);
        assert_eq!(hidden_digits(""), 0);
    }

    #[test]
    fn other_contexts_say_nothing() {
        assert_eq!(is_international("International"), Some(true));
        assert_eq!(is_international("domestic"), Some(false));
        assert_eq!(is_international("Premium"), None);
    }
}
