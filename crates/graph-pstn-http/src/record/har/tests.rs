//! Captures as the tools write them, made up by us: the same exchanges seen by each.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tower::ServiceExt as _;

use super::*;
use crate::{
    Endpoints,
    record::Recorder,
    replay::{Fixture, ReplayService, Scenario, committed, compact::compact, file::FixtureFile},
};

const CHROME: &[u8] = include_bytes!("samples/chrome.har");
const FIREFOX: &[u8] = include_bytes!("samples/firefox.har");
const MITMPROXY: &[u8] = include_bytes!("samples/mitmproxy.har");
const FIDDLER: &[u8] = include_bytes!("samples/fiddler.har");

/// What stands in the samples and is somebody's.
const REAL: [&str; 8] = [
    "12345678", "s3cr3t", "tailspin", "someone", "+372", "c2VjcmV0", "Weiß", "20.190",
];

struct Imported {
    import: HarImport,
    fixture: String,
}

fn imported(har: &[u8]) -> Imported {
    // As they are, whatever clouds the build has.
    let endpoints = Endpoints::custom(
        "https://graph.microsoft.com".parse().unwrap(),
        "https://login.microsoftonline.com".parse().unwrap(),
    );
    let recorder = Recorder::new().shown_as(&endpoints, &endpoints);
    let import = import(har, &recorder).unwrap();
    let scenario = import.scenario("global").unwrap();
    let recorded = import.recorded.clone().unwrap();
    let fixture = recorder.fixture(&scenario, &recorded, "d", "p").unwrap();
    Imported { import, fixture }
}

/// Methods and URLs, with the length of each body or the failure.
fn exchanges(fixture: &str) -> Vec<String> {
    let file: FixtureFile = serde_json::from_str(fixture).unwrap();
    let entries = file.log.entries.iter();
    entries
        .map(|entry| {
            let end = match (&entry.response, entry.failure) {
                (Some(response), _) => {
                    let content = response.content.as_ref().unwrap();
                    compact(content.json.as_ref().unwrap().get())
                }
                (None, failure) => serde_json::to_string(&failure).unwrap(),
            };
            let authorized = entry.request.headers.iter().map(|h| h.value.as_str());
            let authorized: String = authorized.collect();
            format!(
                "{} ms {} {} {authorized} {end}",
                entry.time / 10 * 10,
                entry.request.method,
                entry.request.url
            )
        })
        .collect()
}

#[test]
fn nothing_real_is_in_what_was_imported() {
    for sample in [CHROME, FIREFOX, MITMPROXY, FIDDLER] {
        let text = String::from_utf8_lossy(sample);
        let Imported { import, fixture } = imported(sample);
        for real in REAL {
            assert!(!fixture.contains(real), "{real} in {fixture}");
            assert!(!format!("{import:?}").contains(real));
        }
        assert!(REAL.iter().filter(|real| text.contains(*real)).count() >= 6);
    }
}

#[test]
fn the_tools_agree() {
    let of_firefox = imported(FIREFOX);
    let entries = exchanges(&of_firefox.fixture);
    assert_eq!(of_firefox.import.taken, 4);
    assert_eq!(entries.len(), 4);
    assert!(entries[0].contains("POST https://login.microsoftonline.com/00000000-"));
    assert!(entries[1].contains("Bearer <token:1>"), "{}", entries[1]);
    assert!(entries[1].contains(r#""charge":0.00"#));
    assert!(entries[1].contains("getPstnCalls(fromDateTime=2026-11-01T00:00:00Z,toDateTime=2026-11-02T00:00:00Z)?$skiptoken=value-1\"}"));
    assert!(entries[2].ends_with("?$skiptoken=value-1 Bearer <token:1> \"interrupted\""));
    assert!(entries[3].contains(r#""charge":0.0113"#));
    for other in [MITMPROXY, FIDDLER] {
        let other = imported(other);
        assert_eq!(exchanges(&other.fixture), entries);
        assert_eq!(
            other.import.recorded.as_deref(),
            Some("2026-11-22T08:00:00Z")
        );
        assert_eq!(
            other.import.scenario("x").unwrap(),
            of_firefox.import.scenario("x").unwrap()
        );
    }
    // `x` is for a host that is none of the build's clouds.
    let cloud = if cfg!(feature = "cloud-global") {
        "global"
    } else {
        "x"
    };
    let expected = Scenario::new(
        cloud,
        "pstn",
        "2026-11-01T00:00:00Z",
        "2026-11-02T00:00:00Z",
    );
    assert_eq!(of_firefox.import.scenario("x").unwrap(), expected);
}

#[test]
fn a_browser_that_left_the_credentials_out_is_understood() {
    let of_chrome = imported(CHROME);
    let entries = exchanges(&of_chrome.fixture);
    // The token came from elsewhere, and the ids of the token request are not counted.
    assert_eq!(entries.len(), 3);
    for entry in &entries {
        assert!(entry.contains(" Bearer <token:1> "), "{entry}");
    }
    assert!(entries[1].ends_with("\"connect\""), "{}", entries[1]);
    assert!(of_chrome.fixture.contains(r#""credential": "token""#));
}

#[test]
fn what_is_left_out_is_told_with_its_reason() {
    let reasons = |har: &[u8]| -> Vec<String> {
        let import = imported(har).import;
        import.left_out.iter().map(LeftOut::to_string).collect()
    };
    let foreign = "it is no request to Graph's call logs, and none for a token";
    assert_eq!(
        reasons(CHROME),
        [
            format!("entry 1: {foreign}"),
            format!("entry 2: {foreign}"),
            "entry 3: it was given up before it was answered".to_owned(),
        ]
    );
    assert_eq!(reasons(FIREFOX), [format!("entry 5: {foreign}")]);
    assert_eq!(reasons(MITMPROXY), [""; 0]);
    let fiddler = reasons(FIDDLER);
    assert_eq!(fiddler[0], format!("entry 1: {foreign}"));
    assert!(
        fiddler[1].starts_with("entry 6: its body of "),
        "{}",
        fiddler[1]
    );
    assert!(fiddler[1].ends_with(" bytes is not in the capture; capture with content"));
}

#[test]
fn what_is_no_capture_is_refused_without_repeating_it() {
    let refused = |har: &[u8]| import(har, &Recorder::new()).unwrap_err().to_string();
    assert_eq!(
        refused(br#"{"log":{"entries":"s3cr3t"}}"#),
        "not a HAR capture (line 1, column 26)"
    );
    assert!(refused(b"PK").starts_with("not a HAR capture"));
    let odd = br#"{"log":{"entries":[{"request":"s3cr3t"},{"request":{"method":"GET","url":"a b"}},17]}}"#;
    let import = import(odd, &Recorder::new()).unwrap();
    assert_eq!(import.taken, 0);
    assert_eq!(import.left_out.len(), 3);
    assert!(!format!("{import:?}").contains("s3cr3t"));
    assert!(import.scenario("global").is_err());
}

#[test]
fn a_body_that_is_still_compressed_is_not_taken_for_text() {
    let gzip = "H4sIAAAAAAAA";
    let har = format!(
        r#"{{"log":{{"entries":[{{"request":{{"method":"GET",
           "url":"https://graph.example/v1.0/communications/callRecords/getSmsLog(a=2019-11-01,b=2019-12-01)"}},
           "response":{{"status":200,"content":{{"text":"{gzip}","encoding":"base64"}}}}}}]}}}}"#
    );
    let import = import(har.as_bytes(), &Recorder::new()).unwrap();
    assert_eq!(
        import.left_out[0].reason,
        "its body is still compressed; have the tool decode bodies"
    );
}

#[tokio::test(start_paused = true)]
async fn an_imported_capture_replays() {
    let Imported { fixture, .. } = imported(MITMPROXY);
    let fixture = Fixture::from_slice(fixture.as_bytes()).unwrap();
    let replay = ReplayService::new(&fixture);
    let form = "grant_type=client_credentials&client_secret=another&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default\
                &client_id=00000000-0000-4000-8000-00000000c001";
    let token = Request::post(
        "https://login.microsoftonline.com/00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token",
    )
    .header("content-type", "application/x-www-form-urlencoded")
    .body(Bytes::from_static(form.as_bytes()))
    .unwrap();
    replay.clone().oneshot(token).await.unwrap();
    let page = Request::get("https://graph.microsoft.com/v1.0/communications/callRecords/getPstnCalls(fromDateTime=2026-11-01T00:00:00Z,toDateTime=2026-11-02T00:00:00Z)")
        .header("authorization", "Bearer <token:1>")
        .body(Bytes::new())
        .unwrap();
    let page = replay.clone().oneshot(page).await.unwrap();
    assert!(
        str::from_utf8(page.body())
            .unwrap()
            .contains(r#""charge":0.00"#)
    );
    assert_eq!(replay.requests()[1].at, Duration::from_millis(120));
}

#[test]
fn a_fixture_comes_back_from_a_capture_as_it_was() {
    for (path, text) in committed::fixtures() {
        // A time of 0 need not be written.
        let file: FixtureFile = serde_json::from_str(&text).unwrap();
        let written = serde_json::to_string(&file).unwrap();
        let har = export(text.as_bytes()).unwrap();
        let restored = restore(har.as_bytes()).unwrap();
        let file: FixtureFile = serde_json::from_str(&restored).unwrap();
        assert_eq!(
            serde_json::to_string(&file).unwrap(),
            written,
            "{}",
            path.display()
        );
    }
}

#[test]
fn times_beyond_all_calendars_are_passed_over() {
    // In UTC that is the year 10000.
    let har = String::from_utf8_lossy(FIDDLER)
        .replace("2026-11-22T09:00:0", "9999-12-31T23:59:5")
        .replace("+01:00", "-01:00");
    let import = import(har.as_bytes(), &Recorder::new()).unwrap();
    assert_eq!((import.taken, import.recorded), (4, None));

    let (_, fixture) = committed::fixtures().swap_remove(0);
    let mut fixture: serde_json::Value = serde_json::from_str(&fixture).unwrap();
    fixture["log"]["entries"][0]["time"] = u64::MAX.into();
    assert!(export(fixture.to_string().as_bytes()).is_ok());
}

#[test]
fn a_body_that_is_nested_too_deeply_is_refused() {
    let (_, fixture) = committed::fixtures()
        .into_iter()
        .find(|(path, _)| path.ends_with("two-pages.json"))
        .unwrap();
    let har = export(fixture.as_bytes()).unwrap();
    let mut har: serde_json::Value = serde_json::from_str(&har).unwrap();
    let content = &mut har["log"]["entries"][0]["response"]["content"];
    assert_eq!(content["_form"], "json");
    let depth = 200_000;
    content["text"] = format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into();
    let error = restore(har.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Config, "{error}");
}

/// What viewers ask for: <http://www.softwareishard.com/blog/har-12-spec/>.
#[test]
fn an_exported_fixture_has_all_that_har_wants() {
    for (path, text) in committed::fixtures() {
        let har: serde_json::Value =
            serde_json::from_str(&export(text.as_bytes()).unwrap()).unwrap();
        let entries = har["log"]["entries"].as_array().unwrap();
        assert!(har["log"]["creator"]["name"].is_string());
        for entry in entries {
            let wanted = [
                (
                    "",
                    ["startedDateTime", "time", "cache", "timings"].as_slice(),
                ),
                (
                    "request",
                    &[
                        "method",
                        "url",
                        "httpVersion",
                        "cookies",
                        "headers",
                        "queryString",
                        "headersSize",
                        "bodySize",
                    ],
                ),
                (
                    "response",
                    &[
                        "status",
                        "statusText",
                        "httpVersion",
                        "cookies",
                        "headers",
                        "content",
                        "redirectURL",
                        "headersSize",
                        "bodySize",
                    ],
                ),
                ("timings", &["send", "wait", "receive"]),
            ];
            for (part, members) in wanted {
                let object = if part.is_empty() { entry } else { &entry[part] };
                for member in members {
                    assert!(
                        !object[member].is_null(),
                        "{}: {part}.{member}",
                        path.display()
                    );
                }
            }
            assert!(entry["response"]["content"]["size"].is_u64());
            assert!(entry["response"]["content"]["mimeType"].is_string());
        }
    }
}

/// A recording's own export, imported like any capture, is the recording.
#[test]
fn an_exported_recording_is_imported_as_it_was() {
    for sample in [FIREFOX, MITMPROXY, FIDDLER] {
        let first = imported(sample).fixture;
        let again = imported(export(first.as_bytes()).unwrap().as_bytes()).fixture;
        assert_eq!(again, first);
    }
}
