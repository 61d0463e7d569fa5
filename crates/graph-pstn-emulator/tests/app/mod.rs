//! An app or a platform that signs, with `aws-lc-rs` alone.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};
use serde_json::{Value, json};

/// A certificate with its key.
pub(crate) struct App {
    pub(crate) pem: String,
    pub(crate) sha256: Vec<u8>,
    pub(crate) sha1: Vec<u8>,
    key: RsaKeyPair,
    pub(crate) public: String,
}

impl App {
    pub(crate) fn until(year: i32) -> Self {
        use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            sha256: digest(&SHA256, certificate.der()).as_ref().to_vec(),
            sha1: digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate.der())
                .as_ref()
                .to_vec(),
            key: RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap(),
            public: key.public_key_pem(),
        }
    }

    pub(crate) fn new() -> Self {
        Self::until(2090)
    }

    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let encoding: &dyn RsaEncoding = match header["alg"].as_str() {
            Some("RS256") => &RSA_PKCS1_SHA256,
            _ => &RSA_PSS_SHA256,
        };
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key
            .sign(encoding, &random, message.as_bytes(), &mut signature)
            .unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn header(&self) -> Value {
        json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(&self.sha256)})
    }
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}
