//! A refusal of the token endpoint: "Microsoft Entra authentication and authorization error codes".

use http::StatusCode;

/// A refusal, as Entra words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) code: u32,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn request(code: u32, error: &'static str, text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            code,
            text: text.into(),
        }
    }

    pub(crate) fn client(code: u32, text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            code,
            text: text.into(),
        }
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::request(
            900_144,
            "invalid_request",
            format!("The request body must contain the following parameter: '{name}'."),
        )
    }
}
