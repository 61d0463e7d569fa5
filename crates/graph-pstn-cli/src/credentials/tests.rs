use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::*;
use graph_pstn_auth::EnvironmentMethod;

fn environment(name: &str) -> Option<OsString> {
    match name {
        TENANT_ID => Some("contoso.example".into()),
        CLIENT_ID => Some("app".into()),
        CLIENT_SECRET => Some("of-the-environment".into()),
        _ => None,
    }
}

fn endpoints() -> Endpoints {
    Endpoints::custom(
        "https://graph.example".parse().unwrap(),
        "https://login.example".parse().unwrap(),
    )
}

fn resolved(args: &CredentialArgs, variable: Variable<'_>) -> Result<Credential, Failure> {
    args.resolve_in(variable, &endpoints(), false)
}

/// How the environment, with the options in place of variables, has the app prove itself.
fn method(credential: &Credential) -> (EnvironmentMethod, String) {
    let Proof::Environment(environment) = &credential.proof else {
        panic!("not by the environment: {credential:?}");
    };
    (environment.method().unwrap(), environment.explanation())
}

#[test]
fn options_win_over_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "of-the-file\r\n").unwrap();
    let nothing = CredentialArgs::default();
    let credential = resolved(&nothing, &environment).unwrap();
    assert_eq!(credential.tenant_id, "contoso.example");
    assert_eq!(method(&credential).0, EnvironmentMethod::Secret);

    let args = CredentialArgs {
        tenant_id: Some("fabrikam.example".into()),
        client_certificate: Some(file.clone()),
        ..nothing
    };
    let credential = resolved(&args, &environment).unwrap();
    assert_eq!(credential.tenant_id, "fabrikam.example");
    assert_eq!(credential.client_id, "app");
    let (by, explanation) = method(&credential);
    assert_eq!(by, EnvironmentMethod::Certificate);
    assert!(explanation.contains("a-file") && !explanation.contains(CLIENT_SECRET));

    let args = CredentialArgs {
        federated_token_file: Some(file.clone()),
        ..CredentialArgs::default()
    };
    let credential = resolved(&args, &environment).unwrap();
    assert_eq!(method(&credential).0, EnvironmentMethod::WorkloadIdentity);

    let args = CredentialArgs {
        assertion_command: Some("print 'an assertion'".into()),
        ..CredentialArgs::default()
    };
    let credential = resolved(&args, &environment).unwrap();
    assert!(matches!(credential.proof, Proof::Command(_)));

    let args = CredentialArgs {
        client_secret_file: Some(file),
        ..CredentialArgs::default()
    };
    assert_eq!(
        args.in_place_of_variables().unwrap(),
        [(CLIENT_SECRET, "of-the-file".into())]
    );
    let credential = resolved(&args, &environment).unwrap();
    assert!(!format!("{credential:?}").contains("of-the-"));
}

#[cfg(feature = "pkcs12")]
#[test]
fn the_password_of_a_pkcs12_file_comes_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "made-up password\n").unwrap();
    let args = CredentialArgs {
        client_certificate: Some(file.clone()),
        client_certificate_password_file: Some(file.clone()),
        ..CredentialArgs::default()
    };
    assert_eq!(
        args.in_place_of_variables().unwrap(),
        [
            (CERTIFICATE_PATH, OsString::from(&file)),
            (CERTIFICATE_PASSWORD, "made-up password".into())
        ]
    );
    let credential = resolved(&args, &environment).unwrap();
    assert!(!format!("{credential:?}").contains("made-up"));
}

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    credential: CredentialArgs,
}

#[test]
fn two_proofs_are_one_too_many() {
    let proofs = [
        &["--client-secret-file", "a"][..],
        &["--client-secret-prompt"],
        &["--client-certificate", "a"],
        &["--federated-token-file", "a"],
        &["--assertion-command", "a"],
    ];
    for (index, one) in proofs.iter().enumerate() {
        for other in &proofs[index + 1..] {
            let both = [&["x"], *one, *other].concat();
            let error = <Line as clap::Parser>::try_parse_from(both).unwrap_err();
            assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict);
        }
        let alone = [&["x"], *one].concat();
        assert!(<Line as clap::Parser>::try_parse_from(alone).is_ok());
    }
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    for (unset, flag) in [
        (TENANT_ID, "--tenant-id"),
        (CLIENT_ID, "--client-id"),
        (CLIENT_SECRET, "--client-secret-file"),
    ] {
        let without = |name: &str| match name {
            name if name == unset => Some(OsString::new()),
            name => environment(name),
        };
        let failure = resolved(&CredentialArgs::default(), &without).unwrap_err();
        assert_eq!(failure.exit(), Exit::NotAuthorised);
        let said = format!("{} {}", failure.message(), failure.hint().unwrap());
        assert!(said.contains(unset) && said.contains(flag), "{said}");
    }
}

#[test]
fn a_login_host_of_the_environment_must_agree_unless_an_option_names_one() {
    let elsewhere = |name: &str| match name {
        "AZURE_AUTHORITY_HOST" => Some("https://login.fabrikam.example/".into()),
        name => environment(name),
    };
    let by_command = CredentialArgs {
        assertion_command: Some("print".into()),
        ..CredentialArgs::default()
    };
    for args in [CredentialArgs::default(), by_command] {
        let failure = resolved(&args, &elsewhere).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.message().contains("login.fabrikam.example"));
        assert!(args.resolve_in(&elsewhere, &endpoints(), true).is_ok());
    }
}

#[test]
fn files_that_are_of_no_use_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    let args = |file: &Path| {
        let file = Some(file.to_owned());
        let secret = CredentialArgs {
            client_secret_file: file.clone(),
            ..CredentialArgs::default()
        };
        let certificate = CredentialArgs {
            client_certificate: file.clone(),
            ..CredentialArgs::default()
        };
        let token = CredentialArgs {
            federated_token_file: file,
            ..CredentialArgs::default()
        };
        [secret, certificate, token]
    };
    for args in args(&file).iter().chain(&args(Path::new(""))) {
        let failure = resolved(args, &environment).unwrap_err();
        assert_eq!(failure.exit(), Exit::Other);
        assert!(failure.hint().unwrap().contains("check the path of --"));
    }
    fs::write(&file, "\n").unwrap();
    let [secret, ..] = args(&file);
    let failure = resolved(&secret, &environment).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage);
    let command = CredentialArgs {
        assertion_command: Some("print 'no end".into()),
        ..CredentialArgs::default()
    };
    let failure = resolved(&command, &environment).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage);
}
