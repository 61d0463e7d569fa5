use graph_pstn_model::PstnCallLogRow;
use serde::Deserialize;
use tower::{ServiceExt as _, service_fn};

use super::*;

async fn decode<T: DeserializeOwned + Send + 'static>(
    status: u16,
    body: &'static str,
    bad_row: BadRow,
) -> Result<Page<T>, Error> {
    let service = service_fn(move |_: Request<()>| async move {
        let mut response = Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let headers = response.headers_mut();
        headers.insert("request-id", "r1".parse().unwrap());
        Ok::<_, Error>(response)
    });
    let graph = "https://graph.example".parse().unwrap();
    let service = DecodePageLayer::<T>::new(graph, bad_row).layer(service);
    service
        .oneshot(Request::new(()))
        .await
        .map(Response::into_body)
}

async fn pstn(status: u16, body: &'static str) -> Result<Page<PstnCallLogRow>, Error> {
    decode(status, body, BadRow::SetAside).await
}

#[tokio::test]
async fn rows_and_link_of_a_page() {
    let body = r#"{"@odata.count":2,"value":[{"id":"a","charge":0.00},{"id":"b"}],
        "@odata.nextLink":"https://graph.example/v1.0/x?$skip=2"}"#;
    let page = pstn(200, body).await.unwrap();
    assert_eq!(page.rows.len(), 2);
    assert_eq!(page.rows[0].charge.unwrap().to_string(), "0.00");
    assert_eq!(page.next.unwrap().uri().query(), Some("$skip=2"));
    assert_eq!(page.request_id.as_deref(), Some("r1"));
    assert_eq!(page.bytes, body.len());
}

#[tokio::test]
async fn the_caller_may_bring_a_row_type() {
    #[derive(Deserialize)]
    struct Mine {
        #[serde(rename = "callType")]
        call_type: String,
    }
    let body = r#"{"value":[{"callType":"user_in","charge":1}]}"#;
    let page = decode::<Mine>(200, body, BadRow::Fail).await.unwrap();
    assert_eq!(page.rows[0].call_type, "user_in");
}

#[tokio::test]
async fn what_is_no_page_is_never_a_quiet_last_page() {
    for body in [
        "",
        "<!DOCTYPE html><html>sign in</html>",
        "{}",
        r#"{"value":null}"#,
        r#"{"value":[{"id":"a"}"#,
        r#"{"error":{"code":"generalException","message":""}}"#,
        r#"{"value":[],"@odata.nextLink":""}"#,
        "null",
    ] {
        let error = pstn(200, body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        assert!(error.is_transient());
        assert_eq!(error.request_id(), Some("r1"));
    }
}

#[tokio::test]
async fn a_link_that_leads_away_fails_the_page() {
    let body = r#"{"value":[],"@odata.nextLink":"https://evil.example/v1.0/x"}"#;
    let error = pstn(200, body).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UntrustedLink);
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_lose_its_page() {
    let body = r#"{"value":[{"id":"a"},{"id":"b","duration":"long"},{"id":"c"}]}"#;
    let page = pstn(200, body).await.unwrap();
    assert_eq!((page.rows.len(), page.rejects.len()), (2, 1));
    assert_eq!(page.rejects[0].index, 1);
    let strict = decode::<PstnCallLogRow>(200, body, BadRow::Fail).await;
    assert_eq!(strict.unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn an_error_object_with_a_status_200_keeps_graphs_code() {
    let error = pstn(200, r#"{"error":{"code":"generalException","message":""}}"#)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Decode, Some("generalException"))
    );
}

#[tokio::test]
async fn a_refusal_is_an_error_of_its_kind() {
    let error = pstn(403, r#"{"error":{"code":"Forbidden","message":""}}"#)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Forbidden, Some("Forbidden"))
    );
}
