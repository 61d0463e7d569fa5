//! What may go wrong, and what the client must make of it.

use std::time::Duration;

use fastrand::Rng;
use graph_pstn_http::ErrorKind;

/// One failed attempt. The next one may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    NoConnection,
    Reset,
    ResetInBody,
    /// No answer at all; the attempt runs into its timeout.
    Silence,
    /// A status, perhaps with a `Retry-After`.
    Status(u16, Wait),
    /// A 200 whose body is no page.
    Body(&'static str),
    /// A 200 whose body ends early.
    CutBody,
}

/// The forms of `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    None,
    /// In seconds, of which some are drawn as decimals, dates, doubled or in two headers.
    Stated(WaitForm, u32),
    /// What says nothing.
    Nonsense(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitForm {
    Seconds,
    Decimal,
    Date,
    Doubled,
    TwoHeaders,
}

impl Failure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoConnection => "no connection",
            Self::Reset => "reset before the answer",
            Self::ResetInBody => "reset inside the body",
            Self::Silence => "silence",
            Self::Status(429, Wait::Stated(..)) => "429 with Retry-After",
            Self::Status(429, _) => "429 without a usable Retry-After",
            Self::Status(_, Wait::Stated(..)) => "5xx with Retry-After",
            Self::Status(..) => "5xx or 408",
            Self::Body(_) => "200 that is no page",
            Self::CutBody => "cut body",
        }
    }

    /// One that uses an attempt up.
    pub(crate) fn counted(rng: &mut Rng) -> Self {
        match rng.u8(0..12) {
            0 => Self::NoConnection,
            1 | 2 => Self::Reset,
            3 => Self::ResetInBody,
            4 | 5 => Self::CutBody,
            6 | 7 => {
                let bodies = [
                    "<html><body>Please sign in to the guest network</body></html>",
                    "",
                    "{}",
                    r#"{"value":{}}"#,
                    r#"{"value":[NaN]}"#,
                    r#"{"error":{"code":"UnknownError","message":"busy"}}"#,
                    r#"{"value":[],"@odata.nextLink":""}"#,
                    "\u{0}\u{1}",
                ];
                Self::Body(bodies[rng.usize(0..bodies.len())])
            }
            8 => {
                let nonsense = ["soon", "-1", "inf", "", "0"][rng.usize(0..5)];
                Self::Status([429, 503][rng.usize(0..2)], Wait::Nonsense(nonsense))
            }
            9 => Self::Status(429, Wait::None),
            _ => {
                let statuses = [500, 502, 503, 504, 408, 509];
                Self::Status(statuses[rng.usize(0..statuses.len())], Wait::None)
            }
        }
    }

    /// One after which the server names a time.
    pub(crate) fn stated(rng: &mut Rng, most_seconds: u32) -> Self {
        let forms = [
            WaitForm::Seconds,
            WaitForm::Decimal,
            WaitForm::Date,
            WaitForm::Doubled,
            WaitForm::TwoHeaders,
        ];
        let wait = Wait::Stated(forms[rng.usize(0..forms.len())], rng.u32(1..=most_seconds));
        Self::Status([429, 429, 429, 503, 504][rng.usize(0..5)], wait)
    }

    /// One of the token endpoint's.
    pub(crate) fn of_token(rng: &mut Rng) -> Self {
        match rng.u8(0..8) {
            0 => Self::NoConnection,
            1 => Self::Reset,
            2 => Self::Body("<html>Please sign in to the guest network</html>"),
            3 => Self::CutBody,
            4 => Self::stated(rng, 5),
            _ => Self::Status([500, 503, 504][rng.usize(0..3)], Wait::None),
        }
    }
}

/// What does not pass by itself. It lasts from one request on until somebody does something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fatal {
    /// This status, and nothing else.
    Status(u16),
    NoConnection,
    Silence,
    Html,
    /// A 429 whose `Retry-After` is longer than anybody waits.
    AbsurdWait,
    /// Links to the next page that lead elsewhere; the number says how.
    StrayLink(usize),
    /// Links that lead back.
    Circle,
    /// Empty pages with new links, without end.
    EmptyPages,
    /// The same rows with new links, without end.
    SameRows,
    /// The token endpoint refuses the secret, and tokens are revoked.
    SecretExpired,
    /// The token endpoint is down, and tokens are revoked.
    NoTokens,
}

/// Where links that lead elsewhere lead.
pub(crate) const STRAY: [&str; 7] = [
    "https://evil.example/v1.0/x?$skip=1",
    "https://graph.example.evil.example/v1.0/x?$skip=1",
    "https://graph.example@evil.example/v1.0/x?$skip=1",
    "https://graph.example:8443/v1.0/x?$skip=1",
    "http://graph.example/v1.0/x?$skip=1",
    "https://graph.example/oauth2/x?$skip=1",
    "//evil.example/v1.0/x?$skip=1",
];

impl Fatal {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let statuses = [400, 401, 403, 404, 406, 302, 410, 500, 503];
        match rng.u8(0..14) {
            0..=3 => Self::Status(statuses[rng.usize(0..statuses.len())]),
            4 => Self::NoConnection,
            5 => Self::Silence,
            6 => Self::Html,
            7 => Self::AbsurdWait,
            8 | 9 => Self::StrayLink(rng.usize(0..STRAY.len())),
            10 => Self::Circle,
            11 => [Self::EmptyPages, Self::SameRows][rng.usize(0..2)],
            12 => Self::SecretExpired,
            _ => Self::NoTokens,
        }
    }

    /// What the caller must hear.
    pub(crate) fn kinds(self) -> &'static [ErrorKind] {
        match self {
            Self::Status(401) => &[ErrorKind::Unauthorized],
            Self::Status(403) => &[ErrorKind::Forbidden],
            Self::Status(500..) => &[ErrorKind::Server],
            Self::Status(_) => &[ErrorKind::Client],
            Self::NoConnection => &[ErrorKind::Connect],
            Self::Silence => &[ErrorKind::Timeout],
            Self::Html => &[ErrorKind::Decode],
            Self::AbsurdWait => &[ErrorKind::Throttled],
            // One without a scheme is no URL to begin with.
            Self::StrayLink(_) => &[ErrorKind::UntrustedLink, ErrorKind::Decode],
            Self::Circle | Self::EmptyPages | Self::SameRows => &[ErrorKind::PagingLoop],
            Self::SecretExpired | Self::NoTokens => &[ErrorKind::Auth],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Status(_) => "fatal: status",
            Self::NoConnection => "fatal: no connection",
            Self::Silence => "fatal: silence",
            Self::Html => "fatal: HTML",
            Self::AbsurdWait => "fatal: absurd Retry-After",
            Self::StrayLink(_) => "fatal: link to elsewhere",
            Self::Circle => "fatal: link in a circle",
            Self::EmptyPages => "fatal: endless empty pages",
            Self::SameRows => "fatal: endless repeated pages",
            Self::SecretExpired => "fatal: secret expired",
            Self::NoTokens => "fatal: token endpoint down",
        }
    }
}

/// How much of what passes a seed has, for one request in so many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passing {
    /// The share of URLs whose first attempts fail.
    pub(crate) share: f64,
    /// The most failures of one URL that use an attempt up.
    pub(crate) counted: u32,
    /// The most failures of one URL for which the server names a time, and the longest such time.
    pub(crate) stated: u32,
    pub(crate) longest_stated: u32,
    /// Whether one of them may be a timeout.
    pub(crate) silence: bool,
}

impl Passing {
    /// The failures of one URL, in a mixed order.
    pub(crate) fn of_url(&self, rng: &mut Rng) -> Vec<Failure> {
        if rng.f64() >= self.share {
            return Vec::new();
        }
        let mut failures: Vec<Failure> = (0..rng.u32(0..=self.counted))
            .map(|_| Failure::counted(rng))
            .collect();
        if self.silence
            && let Some(first) = failures.first_mut()
            && rng.u8(0..4) == 0
        {
            *first = Failure::Silence;
        }
        let stated = rng.u32(0..=self.stated);
        failures.extend((0..stated).map(|_| Failure::stated(rng, self.longest_stated)));
        rng.shuffle(&mut failures);
        failures
    }
}

/// How long a failure takes to show, at the most.
pub(crate) const SLOWEST: Duration = Duration::from_secs(15);
