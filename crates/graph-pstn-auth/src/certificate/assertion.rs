//! The signed assertion: a JWT (RFC 7519, RFC 7523) that is good for one token request.

use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;

use super::SignatureAlgorithm;
use super::identity::Identity;
use crate::proof::Recipient;
use crate::{Error, wire::Proof};

/// Microsoft's page: "5 to 10 minutes after nbf at most".
const LIFETIME: Duration = Duration::from_secs(600);

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    sha256_thumbprint: Option<String>,
    #[serde(rename = "x5t", skip_serializing_if = "Option::is_none")]
    sha1_thumbprint: Option<String>,
    /// RFC 7515, section 4.1.6: standard base64 of DER, the signer's own certificate first.
    #[serde(rename = "x5c", skip_serializing_if = "Option::is_none")]
    chain: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: &'a str,
    iat: u64,
    nbf: u64,
    exp: u64,
}

pub(super) fn signed(
    identity: &Identity,
    algorithm: SignatureAlgorithm,
    send_chain: bool,
    to: &Recipient,
    now: SystemTime,
) -> Result<Proof, Error> {
    let (alg, encoding): (_, &'static dyn RsaEncoding) = match algorithm {
        SignatureAlgorithm::Ps256 => ("PS256", &RSA_PSS_SHA256),
        SignatureAlgorithm::Rs256 => ("RS256", &RSA_PKCS1_SHA256),
    };
    let sha256 = algorithm == SignatureAlgorithm::Ps256;
    let header = Header {
        alg,
        typ: "JWT",
        sha256_thumbprint: sha256.then(|| identity.sha256_thumbprint()),
        sha1_thumbprint: (!sha256).then(|| identity.sha1_thumbprint()),
        chain: send_chain.then(|| {
            identity
                .chain
                .iter()
                .map(|der| STANDARD.encode(der))
                .collect()
        }),
    };
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|_| Error::permanent("this machine's clock stands before 1970: set it right"))?;
    let claims = Claims {
        aud: &to.token_endpoint,
        iss: &to.client_id,
        sub: &to.client_id,
        jti: &to.id,
        iat: now.as_secs(),
        nbf: now.as_secs(),
        exp: (now + LIFETIME).as_secs(),
    };
    let unsigned = |_| Error::permanent("the assertion cannot be signed");
    let part = |value: serde_json::Result<Vec<u8>>| value.map(|json| URL_SAFE_NO_PAD.encode(json));
    let message = format!(
        "{}.{}",
        part(serde_json::to_vec(&header)).map_err(|_| unsigned(()))?,
        part(serde_json::to_vec(&claims)).map_err(|_| unsigned(()))?
    );
    let mut signature = vec![0; identity.key.public_modulus_len()];
    identity
        .key
        .sign(
            encoding,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .map_err(|_| unsigned(()))?;
    let assertion = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    Ok(Proof::Assertion(assertion.into()))
}
