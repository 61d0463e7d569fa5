//! TLS with a certificate authority of the emulator's own, made afresh at each start.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, version};

/// The acceptor, and where the authority's certificate was written.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca: PathBuf,
}

/// The names and addresses that the server's certificate is good for.
const NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// Makes an authority and a server certificate, and writes the authority to `dir/ca.pem`.
///
/// The folder is made if it is missing; a `ca.pem` in it is replaced. No key is ever written.
pub(crate) fn set_up(dir: &Path, extra: &str) -> io::Result<Tls> {
    let mut ca_params = CertificateParams::default();
    ca_params
        .distinguished_name
        .push(DnType::CommonName, "graph-pstn emulator CA");
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca_params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_key = KeyPair::generate().map_err(io::Error::other)?;
    let ca = ca_params.self_signed(&ca_key).map_err(io::Error::other)?;
    let issuer = Issuer::new(ca_params, ca_key);

    let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    if !names.iter().any(|name| name == extra) {
        names.push(extra.to_owned());
    }
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let leaf = params.signed_by(&key, &issuer).map_err(io::Error::other)?;

    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    std::fs::create_dir_all(dir)?;
    let path = dir.join("ca.pem");
    std::fs::write(&path, ca.pem())?;
    Ok(Tls {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca: path,
    })
}
