//! What can go wrong, by name.

use std::fmt;
use std::str::FromStr;

/// Declares the faults: variant, name, meaning.
macro_rules! faults {
    ($($variant:ident = $name:literal: $meaning:literal;)*) => {
        /// Something that goes wrong on purpose.
        ///
        /// The variant's description is that of [`meaning`](Self::meaning), and its name in scripts and on
        /// command lines that of [`name`](Self::name).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $meaning] $variant,)*
        }

        impl Fault {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name by which a script knows it, such as `reset-in-body`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What happens, in one phrase.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }
    };
}

faults! {
    ResetBeforeAnswer = "reset-before-answer": "The connection is reset before a byte of the answer.";
    ResetInHeaders = "reset-in-headers": "The connection is reset inside the answer's headers.";
    ResetInBody = "reset-in-body": "The connection is reset half-way through the body.";
    TruncatedBody = "truncated-body": "The connection is closed half-way through a body of known length.";
    TruncatedChunks = "truncated-chunks": "The connection is closed half-way through a chunked body.";
    Trickle = "trickle": "The body comes whole, in small pieces over a second or as long as was set.";
    Hang = "hang": "Nothing comes for two seconds or as long as was set; then the connection is reset.";
    Throttled = "throttled": "429 without `Retry-After`.";
    ThrottledSeconds = "throttled-seconds": "429, `Retry-After` in whole seconds.";
    ThrottledDecimal = "throttled-decimal": "429, `Retry-After` in decimal seconds, as `0.128`.";
    ThrottledDate = "throttled-date": "429, `Retry-After` as an HTTP date.";
    ThrottledDoubled = "throttled-doubled": "429, `Retry-After` as a proxy joins two headers, `1,1`.";
    ThrottledNonsense = "throttled-nonsense": "429 with a `Retry-After` that says nothing, such as `-1` or `inf`.";
    ThrottledForever = "throttled-forever": "429 with a `Retry-After` that nobody lives to see.";
    InternalError = "internal-error": "500.";
    InternalErrorWait = "internal-error-wait": "500 with `Retry-After`.";
    BadGateway = "bad-gateway": "502, with a gateway's page of HTML.";
    BadGatewayWait = "bad-gateway-wait": "502 with `Retry-After`.";
    Unavailable = "unavailable": "503.";
    UnavailableWait = "unavailable-wait": "503 with `Retry-After`.";
    GatewayTimeout = "gateway-timeout": "504.";
    GatewayTimeoutWait = "gateway-timeout-wait": "504 with `Retry-After`.";
    BandwidthExceeded = "bandwidth-exceeded": "509.";
    BandwidthExceededWait = "bandwidth-exceeded-wait": "509 with `Retry-After`.";
    Html = "html": "200 with HTML, as a captive portal answers.";
    InvalidJson = "invalid-json": "200 with JSON that breaks off, all of it as long as was announced.";
    ErrorObject = "error-object": "200 with an `error` object instead of a page.";
    NoValue = "no-value": "200 with a page that lacks `value`.";
    EmptyLink = "empty-link": "200 with a page whose `@odata.nextLink` is the empty string.";
    HalfGzip = "half-gzip": "200 with the first half of a gzip stream, all of it as long as was announced.";
    CorruptGzip = "corrupt-gzip": "200 with a gzip stream that has one wrong byte.";
    TokenRevoked = "token-revoked": "The token of the request is revoked, and the request gets its 401.";
    TokenExpired = "token-expired": "The token of the request expires before its time, and the request gets its 401.";
    ClaimsChallenge = "claims-challenge": "Tokens of clients that declared `cp1` are challenged from now on, this one first.";
    EmptyPage = "empty-page": "A page without rows, whose link leads to the page that was asked for.";
    DuplicatedRow = "duplicated-row": "A page that holds one of its rows twice.";
    ShiftedPage = "shifted-page": "A page that begins with the last two rows of the page before, as if rows had been inserted.";
    DatelessLink = "dateless-link": "A page whose link shows dates only, so that it has lost the time of day.";
    Redirect302 = "redirect-302": "302 to the foreign origin.";
    Redirect307 = "redirect-307": "307 to the foreign origin.";
    ForeignLink = "foreign-link": "A page whose link leads to the foreign origin.";
    LinkLoop = "link-loop": "A page whose link leads to itself.";
}

impl Fault {
    /// Whether a correct client gets over it by itself: by another attempt, another token, or because
    /// nothing is lost to begin with. Over the others it must not get: it has to say what is wrong.
    #[must_use]
    pub const fn is_recoverable(self) -> bool {
        !matches!(
            self,
            Self::ThrottledForever
                | Self::Redirect302
                | Self::Redirect307
                | Self::ForeignLink
                | Self::LinkLoop
        )
    }

    /// Whether it may befall a request to the token endpoint too; the others are Graph's alone.
    #[must_use]
    pub const fn befalls_token_requests(self) -> bool {
        !self.is_of_a_page() && !self.costs_the_token()
    }

    /// Whether the client must ask again.
    pub(crate) const fn fails(self) -> bool {
        !matches!(
            self,
            Self::Trickle
                | Self::EmptyPage
                | Self::DuplicatedRow
                | Self::ShiftedPage
                | Self::DatelessLink
                | Self::ForeignLink
                | Self::LinkLoop
        )
    }

    /// Whether the token is worthless afterwards.
    pub(crate) const fn costs_the_token(self) -> bool {
        matches!(
            self,
            Self::TokenRevoked | Self::TokenExpired | Self::ClaimsChallenge
        )
    }

    /// Whether it takes a page of rows to show.
    const fn is_of_a_page(self) -> bool {
        matches!(
            self,
            Self::ErrorObject
                | Self::NoValue
                | Self::EmptyLink
                | Self::HalfGzip
                | Self::CorruptGzip
                | Self::EmptyPage
                | Self::DuplicatedRow
                | Self::ShiftedPage
                | Self::DatelessLink
                | Self::ForeignLink
                | Self::LinkLoop
        )
    }

    /// Its place in [`Self::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

/// There is no fault of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.0.get(..3).unwrap_or(&self.0);
        let names = Fault::ALL.iter().map(|fault| fault.name());
        let near: Vec<&str> = names.filter(|name| name.starts_with(word)).collect();
        write!(f, "no fault is called `{}`", self.0)?;
        if !near.is_empty() && !word.is_empty() {
            write!(f, "; there is {}", near.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_fault() {
        for (index, fault) in Fault::ALL.iter().enumerate() {
            assert_eq!(fault.name().parse(), Ok(*fault));
            assert_eq!(fault.index(), index);
        }
        let error = |name: &str| name.parse::<Fault>().unwrap_err().to_string();
        assert_eq!(error("htm"), "no fault is called `htm`; there is html");
        assert!(error("resets").contains("reset-in-body"));
        assert_eq!(error("x"), "no fault is called `x`");
        assert_eq!(error(""), "no fault is called ``");
        assert!(error("ééé").contains("ééé"));
    }

    #[test]
    fn what_is_no_failure_is_not_asked_for_again() {
        let harmless: Vec<&str> = Fault::ALL
            .iter()
            .filter(|fault| fault.is_recoverable() && !fault.fails())
            .map(|fault| fault.name())
            .collect();
        assert_eq!(
            harmless,
            [
                "trickle",
                "empty-page",
                "duplicated-row",
                "shifted-page",
                "dateless-link"
            ]
        );
    }
}
