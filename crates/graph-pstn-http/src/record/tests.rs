//! A recording of a replay, replayed.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use tower::{Layer as _, ServiceExt as _};

use super::*;
use crate::{
    Endpoints, Error,
    replay::{Fixture, ReplayService},
};

const FUNCTION: &str = "https://graph.microsoft.com/v1.0/communications/callRecords/getPstnCalls";

/// What a tenant may send: a token request, and two pages of which the second is cut at first.
fn live() -> Fixture {
    let page = |rows: &str, link: &str| {
        format!(
            r#"{{ "mimeType": "application/json", "_json": {{ "value": [{rows}], {link} "@odata.count": 1 }} }}"#
        )
    };
    let row = |id: u8, charge: &str| {
        format!(
            r#"{{ "id": "12345678-1234-4321-8765-1234567890a{id}", "userPrincipalName": "someone@tailspin.com",
               "charge": {charge}, "callerNumber": "+37212345678" }}"#
        )
    };
    let get = |url: &str| {
        format!(
            r#""request": {{ "method": "GET", "url": "{url}",
               "headers": [{{ "name": "authorization", "value": "Bearer x" }}] }}"#
        )
    };
    let (first, second) = (
        format!("{FUNCTION}(from=2019-11-01,to=2019-12-01)"),
        format!("{FUNCTION}(from=2019-11-01,to=2019-12-01)?$skiptoken=abc"),
    );
    let link = format!(r#""@odata.nextLink": "{second}","#);
    let json = format!(
        r#"{{ "description": "d", "provenance": "p", "recorded": null,
          "scenario": {{ "cloud": "global", "log": "pstn", "from": "2019-11-01", "to": "2019-12-01" }},
          "log": {{ "version": "1.2", "creator": {{ "name": "n", "version": "1" }}, "entries": [
            {{ "time": 120, "request": {{ "method": "POST",
                 "url": "https://login.microsoftonline.com/tailspin.com/oauth2/v2.0/token",
                 "postData": {{ "mimeType": "application/x-www-form-urlencoded", "params": [
                   {{ "name": "client_id", "value": "12345678-1234-4321-8765-1234567890ff" }},
                   {{ "name": "scope", "value": "https://graph.microsoft.com/.default" }},
                   {{ "name": "client_secret", "value": "" }} ] }} }},
               "response": {{ "status": 200, "headers": [{{ "name": "set-cookie", "value": "s3cr3t" }}],
                 "content": {{ "mimeType": "application/json",
                   "_json": {{ "token_type": "Bearer", "expires_in": 3599, "access_token": "s3cr3t" }} }} }} }},
            {{ "time": 350, {}, "response": {{ "status": 200, "content": {} }} }},
            {{ {}, "_failure": "interrupted" }},
            {{ {}, "response": {{ "status": 200, "content": {} }} }} ] }} }}"#,
        get(&first),
        page(&row(1, "0.00"), &link),
        get(&second),
        get(&second),
        page(&row(2, "0.0113"), ""),
    );
    Fixture::from_slice(json.as_bytes()).unwrap()
}

fn token_request(url: &str, client_id: &str) -> Request<Bytes> {
    let body = format!(
        "client_id={client_id}&client_secret=s3cr3t&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    );
    Request::post(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap()
}

fn get(url: &str, token: &str) -> Request<Bytes> {
    Request::get(url)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Bytes::new())
        .unwrap()
}

async fn send<S>(service: &S, request: Request<Bytes>) -> Result<Response<Bytes>, Error>
where
    S: tower_service::Service<Request<Bytes>, Response = Response<Bytes>, Error = Error> + Clone,
{
    service.clone().oneshot(request).await
}

#[tokio::test(start_paused = true)]
async fn a_recording_replays_and_holds_nothing_real() {
    let live = live();
    let (first, second) = (
        format!("{FUNCTION}(from=2019-11-01,to=2019-12-01)"),
        format!("{FUNCTION}(from=2019-11-01,to=2019-12-01)?$skiptoken=abc"),
    );
    // As they are, whatever clouds the build has.
    let endpoints = Endpoints::custom(
        "https://graph.microsoft.com".parse().unwrap(),
        "https://login.microsoftonline.com".parse().unwrap(),
    );
    let recorder = Recorder::new().shown_as(&endpoints, &endpoints);
    let service = RecordLayer::new(recorder.clone()).layer(ReplayService::new(&live));
    let login = "https://login.microsoftonline.com/tailspin.com/oauth2/v2.0/token";
    send(
        &service,
        token_request(login, "12345678-1234-4321-8765-1234567890ff"),
    )
    .await
    .unwrap();
    send(&service, get(&first, "s3cr3t")).await.unwrap();
    send(&service, get(&second, "s3cr3t")).await.unwrap_err();
    send(&service, get(&second, "s3cr3t")).await.unwrap();

    let text = recorder
        .fixture(live.scenario(), "2026-11-25T00:00:00Z", "d", "p")
        .unwrap();
    for real in [
        "s3cr3t",
        "12345678-",
        "tailspin",
        "someone",
        "+372",
        "skiptoken=abc",
        "set-cookie",
    ] {
        assert!(!text.contains(real), "{real} in {text}");
    }

    let recorded = Fixture::from_slice(text.as_bytes()).unwrap();
    assert_eq!(recorded.recorded(), Some("2026-11-25T00:00:00Z"));
    let replay = ReplayService::new(&recorded);
    let login =
        "https://login.microsoftonline.com/00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token";
    let token = send(
        &replay,
        token_request(login, "00000000-0000-4000-8000-00000000c001"),
    )
    .await
    .unwrap();
    assert_eq!(
        token.body().as_ref(),
        br#"{"token_type":"Bearer","expires_in":3599,"access_token":"<token:1>"}"#
    );
    let page = send(&replay, get(&first, "<token:1>")).await.unwrap();
    let body = str::from_utf8(page.body()).unwrap();
    let link = format!("{FUNCTION}(from=2019-11-01,to=2019-12-01)?$skiptoken=value-1");
    assert!(
        body.contains(&format!(r#""@odata.nextLink":"{link}""#)),
        "{body}"
    );
    assert!(
        body.contains(r#""charge":0.00,"callerNumber":"+15550000001""#),
        "{body}"
    );
    send(&replay, get(&link, "<token:1>")).await.unwrap_err();
    let page = send(&replay, get(&link, "<token:1>")).await.unwrap();
    assert!(str::from_utf8(page.body()).unwrap().contains("0.0113"));
    replay.finish().unwrap();
    assert_eq!(replay.requests()[2].at, Duration::from_millis(470));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_given_up_is_left_out() {
    let recorder = Recorder::new();
    let never = tower::service_fn(|_: Request<Bytes>| {
        std::future::pending::<Result<Response<Bytes>, Error>>()
    });
    let service = RecordLayer::new(recorder.clone()).layer(never);
    let call = send(&service, get("https://graph.example/", "s3cr3t"));
    assert!(
        tokio::time::timeout(Duration::from_millis(1), call)
            .await
            .is_err()
    );
    let scenario = live().scenario().clone();
    let error = recorder
        .fixture(&scenario, "2026-11-25T00:00:00Z", "d", "p")
        .unwrap_err();
    assert!(error.to_string().starts_with("nothing was recorded"));
    assert_eq!(format!("{recorder:?}"), "Recorder { entries: 1, .. }");
}
