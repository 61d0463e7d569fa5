//! Certificates of all forms, their assertions verified by OpenSSL, and renewal.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use graph_pstn_http::TokenRequest;
use serde_json::Value;

use super::SignatureAlgorithm;
use crate::testing::{CLIENT, Certificate, Entra, NOW, TENANT, ambient, endpoints};
use crate::{ClientCertificateCredential, ErrorKind, credential::CredentialBuilder};

pub(super) type Builder = CredentialBuilder<super::ClientCertificate>;

pub(super) fn builder(entra: &Entra) -> Builder {
    ClientCertificateCredential::builder(endpoints(), TENANT, CLIENT)
        .service(entra.clone())
        .ambient(ambient())
}

/// The assertion that this setting sends.
async fn assertion(set: impl FnOnce(Builder) -> Builder) -> Assertion {
    let entra = Entra::default();
    let credential = set(builder(&entra)).build().unwrap();
    credential
        .access_token(TokenRequest::default())
        .await
        .unwrap();
    Assertion::of(&entra, 0)
}

pub(super) struct Assertion {
    pub(super) header: Value,
    pub(super) claims: Value,
    message: String,
    signature: Vec<u8>,
}

impl Assertion {
    pub(super) fn of(entra: &Entra, n: usize) -> Self {
        assert_eq!(entra.field(n, "client_secret"), None);
        let text = entra.field(n, "client_assertion").unwrap();
        let (message, signature) = text.rsplit_once('.').unwrap();
        let (header, claims) = message.split_once('.').unwrap();
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        Self {
            header: serde_json::from_slice(&decoded(header)).unwrap(),
            claims: serde_json::from_slice(&decoded(claims)).unwrap(),
            signature: decoded(signature),
            message: message.to_owned(),
        }
    }
}

/// Runs OpenSSL's command line. `None` where there is none, which a build server must not get away with.
fn openssl(folder: &Path, arguments: &[&str]) -> Option<String> {
    let run = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output();
    match run {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "openssl {arguments:?}: {said}");
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(e) => {
            assert!(std::env::var_os("CI").is_none(), "openssl is missing: {e}");
            None
        }
    }
}

fn verified_by_openssl(assertion: &Assertion, certificate: &Certificate, padding: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cert.pem"), &certificate.pem).unwrap();
    fs::write(folder.path().join("message"), &assertion.message).unwrap();
    fs::write(folder.path().join("signature"), &assertion.signature).unwrap();
    let x509 = [
        "x509", "-in", "cert.pem", "-pubkey", "-noout", "-out", "key.pem",
    ];
    openssl(folder.path(), &x509);
    let dgst = [
        "dgst",
        "-sha256",
        "-verify",
        "key.pem",
        "-signature",
        "signature",
    ];
    if let Some(said) = openssl(folder.path(), &[&dgst, padding, &["message"]].concat()) {
        assert_eq!(said.trim(), "Verified OK");
    }
    for (hash, name) in [("-sha256", "x5t#S256"), ("-sha1", "x5t")] {
        let print = ["x509", "-in", "cert.pem", "-noout", "-fingerprint", hash];
        let (Some(said), Some(thumbprint)) = (
            openssl(folder.path(), &print),
            assertion.header[name].as_str(),
        ) else {
            continue;
        };
        let hex: String = said.split('=').next_back().unwrap().trim().replace(':', "");
        let ours = URL_SAFE_NO_PAD.decode(thumbprint).unwrap();
        let ours: String = ours.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(ours, hex);
    }
}

#[tokio::test]
async fn openssl_verifies_both_kinds_of_signature() {
    let certificate = Certificate::new();
    let ps256 = assertion(|b| b.certificate(certificate.bundle())).await;
    assert_eq!(ps256.header["alg"], "PS256");
    assert!(ps256.header.get("x5t").is_none() && ps256.header.get("x5c").is_none());
    let pss = [
        "-sigopt",
        "rsa_padding_mode:pss",
        "-sigopt",
        "rsa_pss_saltlen:32",
    ];
    verified_by_openssl(&ps256, &certificate, &pss);

    let rs256 = assertion(|b| {
        b.certificate(certificate.bundle())
            .signature_algorithm(SignatureAlgorithm::Rs256)
    });
    let rs256 = rs256.await;
    assert_eq!(rs256.header["alg"], "RS256");
    assert!(rs256.header.get("x5t#S256").is_none());
    verified_by_openssl(&rs256, &certificate, &[]);
}

#[tokio::test]
async fn the_claims_are_those_that_entra_wants() {
    let certificate = Certificate::new();
    let Assertion { claims, header, .. } = assertion(|b| b.certificate(certificate.bundle())).await;
    assert_eq!(
        claims,
        serde_json::json!({
            "aud": "https://login.example/00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token",
            "iss": CLIENT,
            "sub": CLIENT,
            "jti": "00000000-0000-4000-8000-000000000001",
            "iat": NOW,
            "nbf": NOW,
            "exp": NOW + 600,
        })
    );
    assert_eq!(header["typ"], "JWT");
}

#[tokio::test]
async fn key_and_certificate_come_together_or_apart_in_both_forms() {
    let certificate = Certificate::new();
    let print = |assertion: &Assertion| assertion.header["x5t#S256"].clone();
    let expected = print(&assertion(|b| b.certificate(certificate.bundle())).await);
    let pkcs1 = certificate.pkcs1_key();
    assert!(pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY"));
    let together = format!("{pkcs1}\n{}", certificate.pem);
    let (pem, key) = (certificate.pem.clone(), certificate.key.clone());
    assert_eq!(
        print(&assertion(|b| b.certificate(together)).await),
        expected
    );
    assert_eq!(
        print(&assertion(|b| b.certificate(pem.clone()).key(key)).await),
        expected
    );

    // As editors on Windows save it.
    let marked = format!("\u{feff}{}", certificate.bundle().replace('\n', "\r\n"));
    assert_eq!(print(&assertion(|b| b.certificate(marked)).await), expected);

    let folder = tempfile::tempdir().unwrap();
    let (cert_file, key_file) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    fs::write(&cert_file, &pem).unwrap();
    fs::write(&key_file, &pkcs1).unwrap();
    let apart = assertion(|b| b.certificate_file(cert_file).key_file(key_file)).await;
    assert_eq!(print(&apart), expected);
}

#[tokio::test]
async fn the_chain_is_der_with_the_apps_own_certificate_first() {
    let (own, other) = (Certificate::new(), Certificate::new());
    // The issuer stands first in the file.
    let file = format!("{}{}", other.pem, own.bundle());
    let sent = assertion(|b| b.certificate(file).send_certificate_chain(true)).await;
    let expected = serde_json::json!([STANDARD.encode(&own.der), STANDARD.encode(&other.der)]);
    assert_eq!(sent.header["x5c"], expected);
}

#[test]
fn what_cannot_be_used_says_why() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    let ec = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let entra = Entra::default();
    let encrypted = certificate
        .bundle()
        .replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let pem = &certificate.pem;
    for (file, words) in [
        (encrypted, "is encrypted, which is not supported in PEM"),
        (format!("{pem}{old}"), "is encrypted"),
        (format!("{pem}{ec}"), "not RSA"),
        (pem.clone(), "no private key beside the certificate"),
        (
            certificate.key.clone(),
            "no certificate in the certificate file",
        ),
        (
            format!("{}{}", certificate.bundle(), other.key),
            "more than one private key",
        ),
        (
            format!("{pem}{}", other.key),
            "does not belong to the certificate",
        ),
        (String::new(), "no private key"),
        (
            "-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----".into(),
            "broken PEM",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nBgkqhkiG9w0BAQE=\n-----END PRIVATE KEY-----".into(),
            "cannot be used",
        ),
    ] {
        let error = builder(&entra).certificate(file).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    }
    let missing = builder(&entra)
        .certificate_file("/nowhere/c.pem")
        .build()
        .unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("/nowhere/c.pem cannot be read"),
        "{missing}"
    );
    assert!(
        builder(&entra)
            .build()
            .unwrap_err()
            .to_string()
            .contains("no certificate")
    );
}

#[cfg(feature = "pkcs12")]
#[tokio::test]
async fn pkcs12_files_of_openssl_are_read() {
    let certificate = Certificate::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bundle.pem"), certificate.bundle()).unwrap();
    let export = [
        "pkcs12",
        "-export",
        "-in",
        "bundle.pem",
        "-passout",
        "pass:made-up",
    ];
    for (file, more) in [("new.pfx", &[][..]), ("old.pfx", &["-legacy"])] {
        if openssl(folder.path(), &[&export, more, &["-out", file]].concat()).is_none() {
            return;
        }
        let path = folder.path().join(file);
        let sent = assertion(|b| b.certificate_file(&path).password("made-up")).await;
        verified_by_openssl(
            &sent,
            &certificate,
            &[
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:32",
            ],
        );
        let entra = Entra::default();
        for wrong in [builder(&entra).password("other"), builder(&entra)] {
            let error = wrong.certificate_file(&path).build().unwrap_err();
            assert_eq!(
                error.to_string(),
                "the password does not fit the PKCS#12 file"
            );
        }
    }
    let error = builder(&Entra::default())
        .certificate(vec![0x30, 0x03, 1, 2, 3])
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "the PKCS#12 file cannot be read");
}

#[cfg(not(feature = "pkcs12"))]
#[test]
fn a_build_without_pkcs12_says_so() {
    let error = builder(&Entra::default())
        .certificate(vec![0x30, 0x82])
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("does not read PKCS#12"),
        "{error}"
    );
}

#[tokio::test]
async fn a_renewed_file_is_used_and_a_broken_one_does_no_harm() {
    let (first, second) = (Certificate::new(), Certificate::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.pem");
    fs::write(&path, first.bundle()).unwrap();
    let entra = Entra::default();
    let credential = builder(&entra).certificate_file(&path).build().unwrap();
    let mut prints = Vec::new();
    let broken = format!("{}{}", second.pem, first.key);
    for (n, file) in [
        None,
        Some(second.bundle()),
        Some(broken),
        Some(first.bundle()),
    ]
    .iter()
    .enumerate()
    {
        if let Some(file) = file {
            fs::write(&path, file).unwrap();
        }
        let token = credential
            .access_token(TokenRequest::default())
            .await
            .unwrap();
        graph_pstn_http::TokenProvider::invalidate(&credential, &token);
        prints.push(Assertion::of(&entra, n).header["x5t#S256"].clone());
    }
    assert_ne!(prints[0], prints[1]);
    assert_eq!(prints[1], prints[2]);
    assert_eq!(prints[0], prints[3]);
    fs::remove_file(&path).unwrap();
    credential
        .access_token(TokenRequest::default())
        .await
        .unwrap();
    assert_eq!(Assertion::of(&entra, 4).header["x5t#S256"], prints[0]);
}
