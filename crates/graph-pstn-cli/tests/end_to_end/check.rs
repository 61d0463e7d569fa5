//! `check` against every misconfiguration that the program has words for: the right line fails, with the right remedy.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use graph_pstn_emulator::{AppState, Emulator, EmulatorBuilder, Quota, RunningEmulator};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::canned::serve;
use crate::program::{Ended, Workplace};

const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// An emulator, and the settings with which `check` finds it; a test changes what it wants to be wrong.
struct Setup {
    workplace: Workplace,
    emulator: RunningEmulator,
    /// Where the emulator runs.
    _runtime: Runtime,
    environment: Vec<(&'static str, String)>,
    options: Vec<String>,
}

impl Setup {
    fn new(emulator: EmulatorBuilder) -> Self {
        let workplace = Workplace::new();
        let runtime = Runtime::new().unwrap();
        let emulator = runtime.block_on(emulator.start()).unwrap();
        let environment = vec![
            ("AZURE_TENANT_ID", emulator.tenant_id().to_owned()),
            ("AZURE_CLIENT_ID", emulator.client_id().to_owned()),
            (SECRET, emulator.client_secret().to_owned()),
        ];
        let options = vec![
            "--graph-endpoint".into(),
            emulator.graph_endpoint().to_owned(),
            "--authority-host".into(),
            emulator.authority_host().to_owned(),
        ];
        Self {
            workplace,
            emulator,
            _runtime: runtime,
            environment,
            options,
        }
    }

    fn standard() -> Self {
        Self::new(Emulator::builder().readable_tokens(true))
    }

    /// Sets a variable anew.
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.retain(|(n, _)| *n != name);
        self.environment.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(n, _)| *n != name);
        self
    }

    /// Adds an option, or exchanges its value.
    fn option(mut self, name: &str, value: &str) -> Self {
        match self.options.iter().position(|option| option == name) {
            Some(at) => self.options[at + 1] = value.to_owned(),
            None => self.options.extend([name.to_owned(), value.to_owned()]),
        }
        self
    }

    fn path(&self, name: &str) -> String {
        self.workplace.path(name).to_str().unwrap().to_owned()
    }

    fn run(&self) -> Checked {
        let mut command = self.workplace.command(["check", "--json"]);
        command.args(&self.options);
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        Checked::of(Ended::of(&command.output().unwrap()))
    }
}

/// What `check --json` has said.
struct Checked {
    ended: Ended,
    json: Value,
}

impl Checked {
    fn of(ended: Ended) -> Self {
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
        let json: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(json["exit_code"].as_i64(), ended.code.map(i64::from));
        let names: Vec<&str> = json["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|check| check["name"].as_str().unwrap())
            .collect();
        let all = [
            "cloud",
            "login-name",
            "login-connection",
            "graph-name",
            "graph-connection",
            "clock",
            "credential",
            "token",
            "role",
            "request",
        ];
        assert_eq!(names, all, "{json:#}");
        Self { ended, json }
    }

    fn line(&self, name: &str) -> &Value {
        let checks = self.json["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()
    }

    /// This line is the first that fails, with these words in its detail and remedy, and this exit code.
    #[track_caller]
    fn fails(&self, name: &str, code: i32, detail: &str, remedy: &str) -> &Self {
        let checks = self.json["checks"].as_array().unwrap();
        let first = checks
            .iter()
            .find(|check| check["status"] == "fail")
            .unwrap_or_else(|| panic!("all is well: {:#}", self.json));
        assert_eq!(first["name"], name, "{:#}", self.json);
        let text = |field: &str| first[field].as_str().unwrap_or_default();
        assert!(text("detail").contains(detail), "{first:#}");
        assert!(text("remedy").contains(remedy), "{first:#}");
        assert_eq!(self.ended.code, Some(code), "{:#}", self.json);
        assert_eq!(self.json["ok"], false);
        assert_eq!(self.ended.stderr, "");
        self
    }

    /// These lines were not looked at, since what they need is missing.
    #[track_caller]
    fn skips(&self, names: &[&str]) -> &Self {
        for name in names {
            assert_eq!(self.line(name)["status"], "skipped", "{:#}", self.json);
        }
        self
    }

    #[track_caller]
    fn passes(&self, names: &[&str]) -> &Self {
        for name in names {
            assert_eq!(self.line(name)["status"], "pass", "{:#}", self.json);
        }
        self
    }
}

/// Writes a certificate of the app and the same with its key. Gives the certificate.
fn make_certificate(setup: &Workplace, file: &str, until: i32) -> String {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let mut params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
    params.not_before = date_time_ymd(2019, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let pem = params.self_signed(&key).unwrap().pem();
    fs::write(setup.path(file), format!("{pem}{}", key.serialize_pem())).unwrap();
    pem
}

/// The origin of a port on which nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A server that answers everything with this.
fn answering(status: &'static str, kind: &'static str, body: &'static str) -> String {
    serve(move |_| (status, kind, body))
}

#[test]
fn all_is_well() {
    let setup = Setup::standard();
    let checked = setup.run();
    assert_eq!(checked.ended.code, Some(0), "{:#}", checked.json);
    assert_eq!(checked.json["ok"], true);
    checked.passes(&[
        "cloud",
        "login-name",
        "login-connection",
        "graph-name",
        "graph-connection",
        "clock",
        "credential",
        "token",
        "role",
        "request",
    ]);
    assert_eq!(setup.emulator.stats().pages, 1, "one small request");
    assert_eq!(setup.emulator.stats().tokens, 1, "one token");
    assert!(!checked.ended.stdout.contains("eyJ"), "no token is printed");
    assert!(
        !checked
            .ended
            .stdout
            .contains(setup.emulator.client_secret())
    );
}

#[test]
fn people_read_lines_that_fit_a_terminal() {
    let setup = Setup::new(
        Emulator::builder()
            .roles(["User.Read.All"])
            .readable_tokens(true),
    );
    let mut command = setup.workplace.command(["check"]);
    command.args(&setup.options);
    command.envs(setup.environment.iter().map(|(n, v)| (n, v)));
    let ended = Ended::of(&command.output().unwrap());
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("pass     token             127.0.0.1"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("fail     request "),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("-> in the Entra admin center"),
        "{}",
        ended.stdout
    );
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "no colours where there is no terminal"
    );
    let wide = ended
        .stdout
        .lines()
        .filter(|line| line.chars().count() > 80);
    // What cannot be broken, such as an id, may be wider.
    assert!(
        wide.clone().all(|line| line.trim().split(' ').count() == 1),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_token_that_cannot_be_read_is_no_fault() {
    let checked = Setup::new(Emulator::builder()).run();
    assert_eq!(checked.ended.code, Some(0), "{:#}", checked.json);
    checked.skips(&["role"]).passes(&["token", "request"]);
}

#[test]
fn no_role_is_a_missing_consent() {
    let builder = Emulator::builder().roles(["User.Read.All"]);
    let checked = Setup::new(builder.clone().readable_tokens(true)).run();
    checked.fails(
        "role",
        3,
        "it bears only User.Read.All",
        "CallRecords.Read.All",
    );
    assert_eq!(checked.line("request")["status"], "fail");
    // Where the token cannot be read, Graph's 403 tells.
    let checked = Setup::new(builder).run();
    checked.fails("request", 3, "status 403", "Grant admin consent");
    checked.skips(&["role"]);
}

#[test]
fn the_narrower_role_will_do() {
    let builder = Emulator::builder().roles(["CallRecord-PstnCalls.Read.All"]);
    let checked = Setup::new(builder.readable_tokens(true)).run();
    assert_eq!(checked.ended.code, Some(0), "{:#}", checked.json);
}

#[test]
fn a_wrong_secret() {
    let checked = Setup::standard().with(SECRET, "no~such~secret").run();
    checked
        .fails("token", 3, "AADSTS7000215", "copy the secret's Value")
        .passes(&["login-connection", "graph-connection", "credential"])
        .skips(&["role", "request"]);
    assert!(!checked.ended.stdout.contains("no~such~secret"));
}

#[test]
fn an_expired_secret() {
    let builder = Emulator::builder().app_state(AppState::SecretExpired);
    Setup::new(builder).run().fails(
        "token",
        3,
        "AADSTS7000222",
        "the client secret has expired: make a new one",
    );
}

#[test]
fn a_disabled_app() {
    let builder = Emulator::builder().app_state(AppState::Disabled);
    Setup::new(builder).run().fails(
        "token",
        3,
        "AADSTS7000112",
        "enable it under Enterprise applications",
    );
}

#[test]
fn a_policy_that_blocks_the_app() {
    let builder = Emulator::builder().app_state(AppState::BlockedByPolicy);
    let checked = Setup::new(builder).run();
    checked.fails("token", 3, "AADSTS53003", "Conditional Access policy");
    let detail = checked.line("token")["detail"].as_str().unwrap();
    assert!(detail.contains("correlation id"), "{detail}");
}

#[test]
fn an_unknown_app() {
    let id = "00000000-0000-4000-8000-00000000c00f";
    Setup::standard().with("AZURE_CLIENT_ID", id).run().fails(
        "token",
        3,
        "AADSTS700016",
        "check tenant id, client id and cloud",
    );
}

#[test]
fn an_unknown_tenant() {
    Setup::standard()
        .with("AZURE_TENANT_ID", "contoso.example")
        .run()
        .fails("token", 3, "AADSTS90002", "whether the configured cloud");
}

#[test]
fn what_is_no_tenant_is_not_asked_for() {
    let checked = Setup::standard().with("AZURE_TENANT_ID", "a b").run();
    checked.fails("token", 2, "neither a GUID nor a domain name", "");
    // It was not the host that refused it.
    assert!(checked.line("token")["remedy"].is_null());
}

#[test]
fn the_graph_of_another_cloud() {
    let other = Setup::standard();
    Setup::standard()
        .option("--graph-endpoint", other.emulator.graph_endpoint())
        .run()
        .fails(
            "token",
            3,
            "AADSTS70011",
            "the Graph root of the tenant's own cloud",
        );
}

#[test]
fn a_login_host_of_the_environment_in_another_cloud() {
    let workplace = Workplace::new();
    let mut command = workplace.command(["check", "--json", "--cloud", "us-gov-l4"]);
    // No connection leaves this machine: the proxy is a port on which nobody listens.
    command.env("HTTPS_PROXY", nowhere());
    command.env("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/");
    command.env("AZURE_TENANT_ID", "contoso.example");
    command.env("AZURE_CLIENT_ID", "app");
    command.env(SECRET, "secret");
    let checked = Checked::of(Ended::of(&command.output().unwrap()));
    let line = checked.line("credential");
    assert_eq!(line["status"], "fail", "{:#}", checked.json);
    let detail = line["detail"].as_str().unwrap();
    assert!(
        detail.contains("choose the cloud that the tenant lives in"),
        "{detail}"
    );
}

#[test]
fn no_cloud() {
    let workplace = Workplace::new();
    let checked = Checked::of(workplace.run(["check", "--json"]));
    checked.fails(
        "cloud",
        2,
        "the tenant's cloud is not named",
        "add --cloud global",
    );
    checked.skips(&[
        "login-name",
        "graph-connection",
        "clock",
        "credential",
        "token",
        "request",
    ]);
}

#[test]
fn no_credential() {
    let setup = Setup::standard().without(SECRET);
    setup
        .run()
        .fails("credential", 3, "no credential", "--client-secret-file")
        .passes(&["login-connection", "graph-connection", "clock"])
        .skips(&["token", "role", "request"]);
    let without = setup.run();
    assert_eq!(without.line("token")["detail"], "there is no credential");
    let setup = setup.without("AZURE_TENANT_ID");
    setup
        .run()
        .fails("credential", 3, "no tenant id", "AZURE_TENANT_ID");
}

#[test]
fn a_login_host_that_nobody_knows() {
    Setup::standard()
        .option("--authority-host", "https://login.contoso.invalid")
        .run()
        .fails("login-name", 4, "login.contoso.invalid is not found", "DNS")
        .passes(&["graph-name", "graph-connection", "credential"])
        .skips(&["token", "role", "request"]);
}

#[test]
fn a_graph_that_is_not_reached() {
    Setup::standard()
        .option("--graph-endpoint", &nowhere())
        .run()
        .fails(
            "graph-connection",
            4,
            "no connection to 127.0.0.1",
            "HTTPS_PROXY",
        )
        .passes(&["login-connection", "graph-name", "credential"]);
}

#[test]
fn a_proxy_that_is_not_reached() {
    let setup = Setup::standard();
    let proxy = nowhere();
    let mut command = setup
        .workplace
        .command(["check", "--json", "--cloud", "global"]);
    command.envs(setup.environment.iter().map(|(n, v)| (n, v)));
    command.env("HTTPS_PROXY", proxy);
    let checked = Checked::of(Ended::of(&command.output().unwrap()));
    assert_eq!(checked.ended.code, Some(4), "{:#}", checked.json);
    let line = checked.line("login-connection");
    let remedy = line["remedy"].as_str().unwrap();
    assert!(remedy.contains("HTTPS_PROXY names a proxy"), "{remedy}");
    let token = checked.line("token");
    assert_eq!(token["detail"], "the login host is not reached");
}

#[test]
fn a_certificate_of_the_server_that_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(Emulator::builder().tls_dir(folder.path()));
    setup
        .run()
        .fails("login-connection", 1, "is not trusted", "--ca-certificate")
        .skips(&["token", "role", "request"]);
    let ca = setup
        .emulator
        .ca_certificate()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let setup = setup.option("--ca-certificate", &ca);
    let checked = setup.run();
    assert_eq!(checked.ended.code, Some(0), "{:#}", checked.json);
    let connection = checked.line("graph-connection")["detail"].as_str().unwrap();
    assert!(connection.contains("TLS"), "{connection}");
    let setup = setup.option("--ca-certificate", "no-such-file.pem");
    setup
        .run()
        .fails("login-connection", 1, "cannot be read", "--ca-certificate");
}

#[test]
fn a_clock_that_is_wrong() {
    let slow = Setup::new(Emulator::builder().clock_skew(3_600)).run();
    slow.fails("clock", 1, "s slow", "NTP")
        .passes(&["token", "request"]);
    let fast = Setup::new(Emulator::builder().clock_skew(-3_600)).run();
    fast.fails("clock", 1, "s fast", "NTP");
    let little = Setup::new(Emulator::builder().clock_skew(60)).run();
    little.passes(&["clock"]);
    assert!(little.line("clock")["remedy"].is_string());
}

#[test]
fn a_certificate_that_is_not_registered() {
    let setup = Setup::standard().without(SECRET);
    make_certificate(&setup.workplace, "app.pem", 2100);
    let file = setup.path("app.pem");
    setup.with(CERTIFICATE, &file).run().fails(
        "token",
        3,
        "AADSTS700027",
        "upload this very certificate",
    );
}

#[test]
fn a_registered_certificate_and_its_end() {
    let folder = Workplace::new();
    let good = make_certificate(&folder, "good.pem", 2100);
    let expired = make_certificate(&folder, "expired.pem", 2020);
    let builder = Emulator::builder().readable_tokens(true);
    let builder = builder.client_certificate(good).unwrap();
    let setup = Setup::new(builder.client_certificate(expired).unwrap()).without(SECRET);
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let setup = setup.with(CERTIFICATE, &path("good.pem"));
    let checked = setup.run();
    assert_eq!(checked.ended.code, Some(0), "{:#}", checked.json);
    let detail = checked.line("credential")["detail"].as_str().unwrap();
    assert!(detail.contains("valid until 2100-01-01"), "{detail}");
    let checked = setup.with(CERTIFICATE, &path("expired.pem")).run();
    checked.fails(
        "credential",
        3,
        "expired, on 2020-01-01",
        "make a new certificate",
    );
    assert_eq!(checked.line("token")["status"], "fail");
}

#[test]
fn a_file_that_is_no_certificate_with_its_key() {
    let setup = Setup::standard().without(SECRET);
    let pem = make_certificate(&setup.workplace, "app.pem", 2100);
    fs::write(setup.workplace.path("app.pem"), pem).unwrap();
    let file = setup.path("app.pem");
    let setup = setup.with(CERTIFICATE, &file);
    setup
        .run()
        .fails("credential", 2, "no private key", "unencrypted RSA key");
    // The key of another certificate.
    let other = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let pem = fs::read_to_string(setup.workplace.path("app.pem")).unwrap();
    fs::write(&file, format!("{pem}{}", other.serialize_pem())).unwrap();
    setup.run().fails(
        "credential",
        2,
        "does not belong to the certificate",
        "its unencrypted RSA key",
    );
    fs::remove_file(&file).unwrap();
    setup.run().fails("credential", 2, "cannot be read", "");
}

/// A token of an outside issuer, signed by nobody.
fn outside(claims: &Value) -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"typ":"JWT","alg":"RS256"}"#),
        part(&claims.to_string()),
        part("signature")
    )
}

#[test]
fn a_federated_token_that_is_missing_expired_or_for_somebody_else() {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let setup = Setup::standard().without(SECRET);
    let file = setup.path("token");
    let setup = setup.with(TOKEN_FILE, &file);
    setup
        .run()
        .fails("credential", 1, "cannot be read", "service account token");
    fs::write(&file, "\n").unwrap();
    setup
        .run()
        .fails("credential", 1, "the file is empty", "what writes it");

    let claims = |expires: i64, audience: &str| {
        let issuer = "https://issuer.contoso.example";
        serde_json::json!({"iss": issuer, "sub": "a", "aud": audience, "nbf": 1, "exp": expires})
    };
    let good = "api://AzureADTokenExchange";
    fs::write(&file, outside(&claims(now - 60, good))).unwrap();
    setup
        .run()
        .fails("credential", 3, "has expired", "what writes it");

    fs::write(&file, outside(&claims(now + 600, "api://other"))).unwrap();
    let checked = setup.run();
    checked.fails(
        "token",
        3,
        "AADSTS70021",
        "issuer, subject (upper and lower case count) and audience",
    );
    let line = checked.line("credential");
    assert_eq!(line["status"], "pass");
    let remedy = line["remedy"].as_str().unwrap();
    assert!(
        remedy.contains("have the token issued for api://AzureADTokenExchange"),
        "{remedy}"
    );

    fs::write(&file, outside(&claims(now + 600, good))).unwrap();
    let checked = setup.run();
    checked.fails(
        "token",
        3,
        "AADSTS70021",
        "no federated credential of the app fits",
    );
    assert!(checked.line("credential")["remedy"].is_null());
}

#[test]
fn throttled_by_graph() {
    let quota = Quota::per_window(Duration::from_secs(600), 0, 0, 0);
    let checked = Setup::new(Emulator::builder().quota(quota)).run();
    checked
        .fails("request", 4, "status 429", "run again later")
        .passes(&["token"]);
}

#[test]
fn throttled_by_entra() {
    let origin = answering("429 Too Many Requests", "text/plain", "Too Many Requests");
    let checked = Setup::standard().option("--authority-host", &origin).run();
    checked.fails("token", 4, "throttles", "run again later");
}

#[test]
fn an_html_page_of_a_proxy() {
    const PAGE: &str = "<html><body>Sign in to the network</body></html>";
    let page = |status| answering(status, "text/html", PAGE);
    let checked = Setup::standard()
        .option("--graph-endpoint", &page("200 OK"))
        .run();
    checked.fails("graph-connection", 4, "HTML", "proxy, firewall or portal");
    let checked = Setup::standard()
        .option("--authority-host", &page("403 Forbidden"))
        .run();
    checked.fails("login-connection", 4, "HTML", "proxy, firewall or portal");
    checked.skips(&["token", "request"]);
}

#[test]
fn a_service_that_is_not_available() {
    let down = answering("503 Service Unavailable", "application/json", "{}");
    let checked = Setup::standard().option("--graph-endpoint", &down).run();
    checked.fails("graph-connection", 4, "not available", "run again later");
}
