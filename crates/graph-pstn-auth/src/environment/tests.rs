//! Precedence, explanation, and the login host.

use graph_pstn_http::TokenRequest;

use super::*;
use crate::testing::{CLIENT, Entra, SECRET, TENANT, endpoints};

const IDS: [(&str, &str); 2] = [(TENANT_ID, TENANT), (CLIENT_ID, CLIENT)];

fn environment(more: &[(&str, &str)]) -> Result<Environment, Error> {
    let set = [&IDS, more].concat();
    Environment::from_variables(|name| {
        let (_, value) = set.iter().rev().find(|(n, _)| *n == name)?;
        Some(value.into())
    })
}

fn refused(environment: Result<Environment, Error>) -> String {
    let made = environment.and_then(|e| e.credential(endpoints(), Entra::default()));
    let error = made.unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Config);
    error.to_string()
}

#[test]
fn the_secret_goes_first_then_the_certificate_then_the_token_file() {
    let all = [
        (CLIENT_SECRET, SECRET),
        (CERTIFICATE_PATH, "/c.pem"),
        (FEDERATED_TOKEN_FILE, "/t"),
    ];
    let explained = |set: &[(&str, &str)]| environment(set).unwrap().explanation();
    assert_eq!(
        explained(&all),
        "client secret from AZURE_CLIENT_SECRET, which goes before AZURE_CLIENT_CERTIFICATE_PATH \
         and AZURE_FEDERATED_TOKEN_FILE"
    );
    assert_eq!(
        explained(&all[1..]),
        "client certificate /c.pem from AZURE_CLIENT_CERTIFICATE_PATH, which goes before \
         AZURE_FEDERATED_TOKEN_FILE"
    );
    assert_eq!(
        explained(&all[2..]),
        "workload identity with the token file /t from AZURE_FEDERATED_TOKEN_FILE"
    );
    // An empty variable is none.
    let empty = environment(&[(CLIENT_SECRET, ""), (FEDERATED_TOKEN_FILE, "/t")]).unwrap();
    assert_eq!(empty.method(), Some(EnvironmentMethod::WorkloadIdentity));
    assert!(!format!("{:?}", environment(&all).unwrap()).contains(SECRET));
}

#[tokio::test]
async fn the_secret_makes_a_token() {
    let entra = Entra::default();
    let environment = environment(&[(CLIENT_SECRET, SECRET)]).unwrap();
    let credential = environment.credential(endpoints(), entra.clone()).unwrap();
    assert_eq!(credential.method(), EnvironmentMethod::Secret);
    credential.token(TokenRequest::default()).await.unwrap();
    assert_eq!(entra.field(0, "client_secret").as_deref(), Some(SECRET));
}

#[test]
fn what_is_missing_is_named() {
    assert!(refused(environment(&[])).contains("holds no credential: set AZURE_CLIENT_SECRET"));
    let secret = (CLIENT_SECRET, SECRET);
    let no_tenant = environment(&[secret, (TENANT_ID, "")]);
    assert_eq!(refused(no_tenant), "AZURE_TENANT_ID is not set");
    assert_eq!(
        refused(environment(&[secret, (CLIENT_ID, "")])),
        "AZURE_CLIENT_ID is not set"
    );
    let own = environment(&[secret, (TENANT_ID, "")])
        .unwrap()
        .with_tenant_id(TENANT);
    assert!(own.credential(endpoints(), Entra::default()).is_ok());
    let odd = environment(&[(CERTIFICATE_PATH, "/c"), (SEND_CHAIN, "perhaps")]);
    assert!(refused(odd).contains("neither true nor false"));
}

#[test]
fn a_login_host_that_contradicts_the_cloud_is_an_error() {
    let with_host = |host| environment(&[(CLIENT_SECRET, SECRET), (AUTHORITY_HOST, host)]);
    for host in [
        "https://login.example/",
        "https://login.example",
        "login.example",
    ] {
        let made = with_host(host)
            .unwrap()
            .credential(endpoints(), Entra::default());
        assert!(made.is_ok(), "{host}");
    }
    assert_eq!(
        refused(with_host("https://login.elsewhere.example/")),
        "AZURE_AUTHORITY_HOST names https://login.elsewhere.example, but the configured cloud signs \
         in at https://login.example: choose the cloud that the tenant lives in, or unset \
         AZURE_AUTHORITY_HOST"
    );
    assert!(refused(with_host("http://login.example")).contains("plain http"));
    let own = with_host("https://login.elsewhere.example").unwrap();
    let made = own
        .without_authority_host()
        .credential(endpoints(), Entra::default());
    assert!(made.is_ok());
}

#[cfg(feature = "all-clouds")]
#[test]
fn other_names_of_the_login_host_agree_with_their_cloud_only() {
    use graph_pstn_http::Cloud;
    let with_host = |host| environment(&[(CLIENT_SECRET, SECRET), (AUTHORITY_HOST, host)]);
    for (cloud, host) in [
        (Cloud::Global, "https://login.windows.net"),
        (Cloud::UsGovL4, "https://login.microsoftonline.us/"),
        (Cloud::UsGovL5, "https://login.microsoftonline.us/"),
        (Cloud::China, "https://login.chinacloudapi.cn/"),
    ] {
        let made = with_host(host)
            .unwrap()
            .credential(cloud.endpoints(), Entra::default());
        assert!(made.is_ok(), "{cloud}");
        let other = if cloud == Cloud::Global {
            Cloud::China
        } else {
            Cloud::Global
        };
        let made = with_host(host)
            .unwrap()
            .credential(other.endpoints(), Entra::default());
        assert!(made.is_err(), "{cloud}");
    }
}

#[cfg(not(feature = "certificate"))]
#[test]
fn a_build_without_certificates_says_so() {
    assert!(refused(environment(&[(CERTIFICATE_PATH, "/c")])).contains("feature `certificate`"));
}
