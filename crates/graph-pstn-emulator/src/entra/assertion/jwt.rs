//! The outside of a JWT (RFC 7519): three parts of base64url, of which two are JSON.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256};
use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::entra::refusal::Refusal;

/// By so many seconds clocks may differ; Entra's tolerance is about that.
pub(super) const TOLERANCE: i64 = 300;

/// A token whose signature is yet to be checked.
pub(super) struct Jwt<'a> {
    pub(super) header: Value,
    pub(super) claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err(malformed(
                "It must have three parts with a '.' between them.",
            ));
        };
        let json = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice::<Value>(&bytes)
                .ok()
                .filter(Value::is_object)
        };
        let (Some(header), Some(claims)) = (json(header), json(claims)) else {
            return Err(malformed("Header and claims must be JSON in base64url."));
        };
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| malformed("The signature must be base64url."))?;
        let signed = text.rsplit_once('.').map_or(text, |(signed, _)| signed);
        let jwt = Self {
            header,
            claims,
            signed,
            signature,
        };
        match jwt.header["typ"].as_str() {
            Some(kind) if kind.eq_ignore_ascii_case("JWT") => Ok(jwt),
            _ => Err(Refusal::request(
                5_002_727,
                "invalid_request",
                "Invalid JWT header type specified, must be 'JWT' or \
                 'http://openid.net/specs/jwt/1.0'.",
            )),
        }
    }

    /// A time claim in whole seconds since 1970. Entra takes numbers, broken ones too, and numbers as text.
    pub(super) fn seconds(&self, claim: &str) -> Option<i64> {
        let value = &self.claims[claim];
        let text = || value.as_str().and_then(|text| text.parse::<f64>().ok());
        value.as_f64().or_else(text).map(|seconds| seconds as i64)
    }

    /// The algorithm of the header, if it is one of those that Entra takes.
    pub(super) fn algorithm(&self) -> Option<&'static dyn VerificationAlgorithm> {
        match self.header["alg"].as_str()? {
            "PS256" => Some(&RSA_PSS_2048_8192_SHA256),
            "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
            _ => None,
        }
    }

    /// Whether `key` (`SubjectPublicKeyInfo` in DER) made the signature.
    pub(super) fn is_signed_by(&self, key: &[u8], by: &'static dyn VerificationAlgorithm) -> bool {
        let key = UnparsedPublicKey::new(by, key);
        key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }

    /// Refuses an assertion that is not valid now; gives its end.
    pub(super) fn in_time(&self, now: i64) -> Result<i64, Refusal> {
        let (Some(not_before), Some(expires)) = (self.seconds("nbf"), self.seconds("exp")) else {
            return Err(malformed("It lacks the claim 'nbf' or 'exp'."));
        };
        if now + TOLERANCE < not_before || now - TOLERANCE >= expires {
            return Err(Refusal::client(
                700_024,
                format!(
                    "Client assertion is not within its valid time range. Current time: {now}, assertion \
                     valid from {not_before}, expiry time of assertion {expires}."
                ),
            ));
        }
        Ok(expires)
    }
}

/// A token that is none, or lacks a claim that it must have.
pub(super) fn malformed(text: &str) -> Refusal {
    Refusal::request(
        50_027,
        "invalid_request",
        format!("JWT token is invalid or malformed. {text}"),
    )
}

/// The bytes of a thumbprint: Microsoft's libraries write base64url and base64, with padding or without.
pub(super) fn thumbprint(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::URL_SAFE, config);
    engine.decode(text.replace('+', "-").replace('/', "_")).ok()
}
