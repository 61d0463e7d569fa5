//! The other logs, and several in one run.

use std::fs;

use crate::answers::Answering;
use crate::program::{Ended, Workplace};

const PSTN: &str = r#"{"value":[{"id":"p","startDateTime":"2019-11-01T08:00:00Z","duration":60,"charge":0.05,"currency":"USD"}]}"#;
const PSTN_BETA: &str = r##"{"value":[{"@odata.type":"#microsoft.graph.callRecords.pstnCallLogRow","id":"p","startDateTime":"2019-11-01T08:00:00Z","otherPartyCountryCode":"US","administrativeUnitInfos":[{"id":"aaaaaaaa-0000-4000-8000-000000000001"}]}]}"##;
const DIRECT_ROUTING: &str = r#"{"value":[{"id":"d","startDateTime":"2019-11-01T08:00:00Z","duration":30,"callType":"ByotIn","successfulCall":true,"failureDateTime":"0001-01-01T00:00:00Z","finalSipCode":0}]}"#;
const SMS: &str = r#"{"value":[
    {"smsId":"s","sentDateTime":"2019-11-01T08:00:00Z","sourceNumber":"+15550100","destinationNumber":"+15550101","callCharge":0.0030,"currency":"USD","smsType":"sms_in","smsUnits":2},
    {"smsId":"t","sentDateTime":"2019-11-01T09:00:00Z","callCharge":0.00,"currency":"USD","smsType":"sms_out"}
]}"#;
const BLOCKED_USERS: &str = r#"{"value":[{"userId":"u","blockDateTime":"2019-11-01T08:00:00Z","userTelephoneNumber":"+15550100","userBlockMode":"Blocked","blockReason":"High Overall Usage"}]}"#;
const DIAL_OUT: &str = r#"{"value":[{"userId":"u","usageLocation":"US","currency":"USD","totalCalls":3,"totalCallCharge":1.20,"totalCallSeconds":95}]}"#;
const UNKNOWN: &str =
    r#"{"error":{"code":"Request_ResourceNotFound","message":"No such function."}}"#;

fn server() -> Answering {
    Answering::start_by(|request| {
        let page = [
            ("/v1.0/communications/callRecords/getPstnCalls(", PSTN),
            ("/beta/communications/callRecords/getPstnCalls(", PSTN_BETA),
            (
                "/v1.0/communications/callRecords/getDirectRoutingCalls(",
                DIRECT_ROUTING,
            ),
            ("/beta/communications/callRecords/getSmsLog(", SMS),
            (
                "/beta/communications/callRecords/getPstnBlockedUsersLog(",
                BLOCKED_USERS,
            ),
            (
                "/beta/communications/callRecords/getPstnOnlineMeetingDialoutReport(",
                DIAL_OUT,
            ),
        ]
        .into_iter()
        .find(|(path, _)| request.contains(path));
        match page {
            Some((_, page)) => ("200 OK", page),
            None => ("404 Not Found", UNKNOWN),
        }
    })
}

fn export(workplace: &Workplace, server: &Answering, options: &[&str]) -> Ended {
    Ended::of(&server.export(workplace, options).output().unwrap())
}

#[test]
fn each_log_has_its_columns_and_its_sums() {
    let workplace = Workplace::new();
    let server = server();
    for (log, column, summary) in [
        (
            "pstn",
            "callDurationSource",
            r#"{"rows":1,"duration":60,"charge":{"USD":"0.05"},"#,
        ),
        (
            "direct-routing",
            "trunkFullyQualifiedDomainName",
            r#"{"rows":1,"duration":30,"charge":{},"#,
        ),
        (
            "sms",
            "smsUnits",
            r#"{"rows":2,"duration":0,"charge":{"USD":"0.0030"},"#,
        ),
        (
            "blocked-users",
            "userBlockMode",
            r#"{"rows":1,"duration":0,"charge":{},"#,
        ),
        (
            "dial-out",
            "totalCalls",
            r#"{"rows":1,"duration":95,"charge":{"USD":"1.20"},"#,
        ),
    ] {
        for format in ["csv", "ndjson", "raw"] {
            let format = match format {
                "raw" => &["--raw"][..],
                format => &["--format", format],
            };
            let options = [&["--log", log, "--summary", "json"], format].concat();
            let ended = export(&workplace, &server, &options);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            assert!(ended.stderr.starts_with(summary), "{log}: {}", ended.stderr);
            let of_log = format!("\"log\":\"{log}\"}}\n");
            assert!(ended.stderr.ends_with(&of_log), "{}", ended.stderr);
            if format == ["--format", "csv"] {
                let header = ended.stdout.lines().next().unwrap();
                assert!(header.split(',').any(|name| name == column), "{header}");
            }
        }
    }
}

#[test]
fn several_logs_go_each_to_its_file() {
    let workplace = Workplace::new();
    let server = server();
    let options = [
        &["--log", "pstn,direct-routing", "--log", "sms"][..],
        &["--log", "blocked-users", "--log", "dial-out"],
        &["-o", "calls-{log}.csv"],
    ]
    .concat();
    let ended = export(&workplace, &server, &options);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        workplace.names(),
        [
            "calls-blocked-users.csv",
            "calls-dial-out.csv",
            "calls-direct-routing.csv",
            "calls-pstn.csv",
            "calls-sms.csv"
        ]
    );
    assert_eq!(
        ended.stderr,
        "calls-pstn.csv: 1 rows, 60 seconds, charged 0.05 USD\n\
         calls-direct-routing.csv: 1 rows, 30 seconds\n\
         calls-sms.csv: 2 rows, charged 0.0030 USD\n\
         calls-blocked-users.csv: 1 rows\n\
         calls-dial-out.csv: 1 rows, 95 seconds, charged 1.20 USD\n"
    );
}

#[test]
fn one_log_that_fails_does_not_cost_the_others_theirs() {
    let workplace = Workplace::new();
    let server = Answering::start_by(|request| match request.contains("getSmsLog") {
        true => ("403 Forbidden", UNKNOWN),
        false => ("200 OK", PSTN),
    });
    let options = ["--log", "sms,pstn", "-o", "{log}.ndjson"];
    let ended = export(&workplace, &server, &options);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(
        ended.error().starts_with("error: sms: "),
        "{}",
        ended.stderr
    );
    assert_eq!(workplace.names(), ["pstn.ndjson"]);
}

#[test]
fn beta_has_further_columns() {
    let workplace = Workplace::new();
    let ended = export(&workplace, &server(), &["--beta", "-o", "calls.csv"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let text = fs::read_to_string(workplace.path("calls.csv")).unwrap();
    assert!(
        text.contains(",US,aaaaaaaa-0000-4000-8000-000000000001,"),
        "{text}"
    );
}

#[test]
fn filters_know_each_logs_properties() {
    let workplace = Workplace::new();
    let server = server();
    let rows = |options: &[&str]| {
        let ended = export(&workplace, &server, &[&["--raw"], options].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout.lines().count()
    };
    assert_eq!(rows(&["--log", "sms", "--direction", "outbound"]), 1);
    assert_eq!(rows(&["--log", "sms", "--number", "+1 555 0101"]), 1);
    assert_eq!(
        rows(&["--log", "direct-routing", "--direction", "inbound"]),
        1
    );
    assert_eq!(
        rows(&["--log", "blocked-users", "--number", "+15550100"]),
        1
    );
    assert_eq!(rows(&["--log", "dial-out", "--user", "u"]), 1);
    assert_eq!(rows(&["--log", "dial-out", "--user", "v"]), 0);
    let refused = export(
        &workplace,
        &server,
        &["--log", "dial-out", "--direction", "inbound"],
    );
    assert_eq!(refused.code, Some(2));
    assert!(refused.error().contains("neither inbound nor outbound"));
}

#[test]
fn where_several_logs_would_meet_is_refused() {
    let workplace = Workplace::new();
    for output in [&[][..], &["-o", "calls.csv"]] {
        let args = [&["export", "--emulator", "--last", "1d"], output].concat();
        let ended = workplace.run([&args[..], &["--log", "pstn,sms"]].concat());
        assert_eq!(ended.code, Some(2));
        assert!(ended.hint().contains("calls-{log}.csv"), "{}", ended.stderr);
    }
}

#[test]
fn the_emulators_logs_are_the_same_in_every_format() {
    let workplace = Workplace::new();
    let run = |form: &[&str]| {
        let args = [
            &["export", "--emulator", "--emulator-rows-per-day", "60"][..],
            &["--from", "2019-11-01", "--to", "2019-12-01"],
            &["--log", "pstn,direct-routing,sms,blocked-users,dial-out"],
            &["--summary", "json"],
            form,
        ]
        .concat();
        let ended = workplace.run(args);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 5);
        assert!(!ended.stderr.contains(r#""rows":0,"#), "{}", ended.stderr);
        ended.stderr
    };
    let summaries = run(&["-o", "{log}.csv"]);
    assert_eq!(run(&["-o", "{log}.ndjson"]), summaries);
    assert_eq!(run(&["-o", "raw-{log}.ndjson", "--raw"]), summaries);
    if cfg!(feature = "parquet") {
        assert_eq!(run(&["-o", "{log}.parquet"]), summaries);
    }
}
