//! `export` from a separately started `emulate`, by every proof that an app can give of itself.

use std::fs;

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use crate::program::{Ended, Served, Totals, Workplace};

const NOVEMBER: [&str; 4] = ["--from", "2019-11-01", "--to", "2019-12-01"];
const RATE: [&str; 2] = ["--rows-per-day", "20"];
const TOKEN: &str = "made-up-federated-token";
const SECRET: &str = "AZURE_CLIENT_SECRET";

/// Writes a certificate, and the same with its key.
pub(crate) fn make_certificate(workplace: &Workplace) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    fs::write(workplace.path("app.pem"), &pem).unwrap();
    fs::write(
        workplace.path("app-and-key.pem"),
        format!("{pem}{}", key.serialize_pem()),
    )
    .unwrap();
}

/// An emulator whose app has no secret that the program knows of, unless a test gives one.
fn served(workplace: &Workplace, args: &[&str]) -> Served {
    let mut served = Served::start(workplace, &[args, &RATE].concat());
    served.environment.retain(|(name, _)| name != SECRET);
    served
}

/// An export with these options and variables.
fn export(
    workplace: &Workplace,
    served: &Served,
    options: &[&str],
    variables: &[(&str, &str)],
) -> Ended {
    let args = [&NOVEMBER[..], &["--verbose"], options].concat();
    let mut command = served.command(workplace, &args, None);
    Ended::of(&command.envs(variables.iter().copied()).output().unwrap())
}

/// It has brought the month, and said by what.
fn assert_exact(workplace: &Workplace, ended: &Ended, by: &str) {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        Totals::of_csv(ended.stdout.as_bytes()).line(),
        workplace.truth(&RATE, "2019-11-01", "2019-12-01")
    );
    let said = format!("the app proves itself by {by}");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert!(!ended.stderr.contains(TOKEN), "{}", ended.stderr);
}

fn refused(ended: &Ended, code: i32) -> String {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert!(!ended.stderr.contains(TOKEN), "{}", ended.stderr);
    ended.error().to_owned()
}

#[test]
fn a_certificate() {
    let workplace = Workplace::new();
    make_certificate(&workplace);
    let served = served(&workplace, &["--client-certificate", "app.pem"]);
    let option = ["--client-certificate", "app-and-key.pem"];
    // The option goes before a secret of the environment, even a wrong one.
    let ended = export(&workplace, &served, &option, &[(SECRET, "wrong")]);
    assert_exact(
        &workplace,
        &ended,
        "--client-certificate, which goes before the environment",
    );
    let variable = [("AZURE_CLIENT_CERTIFICATE_PATH", "app-and-key.pem")];
    let ended = export(&workplace, &served, &[], &variable);
    assert_exact(&workplace, &ended, "client certificate app-and-key.pem");

    // Another certificate than the registered one, and one without its key.
    make_certificate(&workplace);
    let error = refused(&export(&workplace, &served, &option, &[]), 3);
    assert!(error.contains("AADSTS700027"), "{error}");
    let no_key = ["--client-certificate", "app.pem"];
    let error = refused(&export(&workplace, &served, &no_key, &[]), 2);
    assert!(error.contains("no private key"), "{error}");
}

#[test]
fn a_federated_token_file() {
    let workplace = Workplace::new();
    fs::write(workplace.path("token"), format!("{TOKEN}\n")).unwrap();
    let served = served(&workplace, &["--federated-token", "token"]);
    let option = ["--federated-token-file", "token"];
    let ended = export(&workplace, &served, &option, &[(SECRET, "wrong")]);
    assert_exact(&workplace, &ended, "--federated-token-file,");
    let variable = [("AZURE_FEDERATED_TOKEN_FILE", "token")];
    let ended = export(&workplace, &served, &[], &variable);
    assert_exact(&workplace, &ended, "workload identity");

    fs::write(workplace.path("token"), format!("{TOKEN}-of-another-app")).unwrap();
    refused(&export(&workplace, &served, &option, &[]), 3);
    let missing = ["--federated-token-file", "missing"];
    let error = refused(&export(&workplace, &served, &missing, &[]), 1);
    assert!(error.contains("missing cannot be read"), "{error}");
}

#[cfg(unix)]
#[test]
fn an_assertion_command() {
    let workplace = Workplace::new();
    fs::write(workplace.path("a token"), format!("{TOKEN}\n")).unwrap();
    let served = served(&workplace, &["--federated-token", "a token"]);
    let option = ["--assertion-command", "cat 'a token'"];
    let ended = export(&workplace, &served, &option, &[(SECRET, "wrong")]);
    assert_exact(&workplace, &ended, "--assertion-command,");

    let failing = ["--assertion-command", "cat missing"];
    let error = refused(&export(&workplace, &served, &failing, &[]), 3);
    assert!(error.contains("`cat` failed"), "{error}");
    let none = ["--assertion-command", "no-such-program-here"];
    let error = refused(&export(&workplace, &served, &none, &[]), 3);
    assert!(error.contains("there is no assertion command"), "{error}");
}

#[test]
fn the_environment_has_an_order_and_says_so() {
    let workplace = Workplace::new();
    fs::write(workplace.path("token"), TOKEN).unwrap();
    let served = Served::start(&workplace, &RATE);
    let both = [("AZURE_FEDERATED_TOKEN_FILE", "token")];
    let ended = export(&workplace, &served, &[], &both);
    assert_exact(
        &workplace,
        &ended,
        "client secret from AZURE_CLIENT_SECRET, which goes before AZURE_FEDERATED_TOKEN_FILE",
    );
}

#[test]
fn proofs_that_contradict_each_other() {
    let workplace = Workplace::new();
    fs::write(workplace.path("token"), TOKEN).unwrap();
    let options = [
        "export",
        "--cloud",
        "global",
        "--last",
        "1d",
        "--federated-token-file",
        "token",
        "--client-secret-file",
        "token",
    ];
    let error = refused(&workplace.run(options), 2);
    for word in [
        "--client-secret-file",
        "cannot be used with",
        "--federated-token-file",
    ] {
        assert!(error.contains(word), "{error}");
    }

    let emulator = ["export", "--emulator", "--last", "1d"];
    let ended = workplace.run([&emulator[..], &["--federated-token-file", "token"]].concat());
    refused(&ended, 2);
}

#[test]
fn an_emulator_with_files_that_are_of_no_use() {
    let workplace = Workplace::new();
    fs::write(workplace.path("empty"), "\n").unwrap();
    let error = refused(&workplace.run(["emulate", "--federated-token", "empty"]), 2);
    assert!(error.contains("empty is empty"), "{error}");
    let ended = workplace.run(["emulate", "--client-certificate", "empty"]);
    assert!(refused(&ended, 1).contains("no certificate"));
    let ended = workplace.run(["emulate", "--client-certificate", "missing"]);
    assert!(refused(&ended, 1).contains("missing cannot be read"));
    let ended = workplace.run(["emulate", "--tls", "empty"]);
    refused(&ended, 1);
    assert!(
        ended.hint().contains("empty, the folder of --tls"),
        "{ended:?}"
    );
}
