use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
};

use graph_pstn_model::{CallLog, TimeRange};
use time::macros::datetime;
use tower::{service_fn, util::BoxCloneSyncService};

use super::*;

type Asked = Arc<Mutex<Vec<String>>>;
type Chain = BoxCloneSyncService<PageRequest, Page<u32>, Error>;

fn link(n: usize) -> NextLink {
    format!("https://graph.example/v1.0/x?$skip={n}")
        .parse()
        .unwrap()
}

fn page(rows: &[u32], next: Option<usize>) -> Result<Page<u32>, Error> {
    Ok(Page {
        rows: rows.to_vec(),
        rejects: Vec::new(),
        next: next.map(link),
        request_id: None,
        bytes: 0,
    })
}

fn failed(kind: ErrorKind) -> Result<Page<u32>, Error> {
    Err(Error::new(kind, "failed"))
}

fn first() -> PageRequest {
    let range = TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    );
    PageRequest::first(CallLog::Pstn, range.unwrap())
}

/// A service with these answers that notes what it was asked for.
fn chain(answers: Vec<Result<Page<u32>, Error>>) -> (Chain, Asked) {
    let asked = Asked::default();
    let of_service = asked.clone();
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    let service = service_fn(move |request: PageRequest| {
        let link = request.link().map_or("first".to_owned(), |link| {
            link.uri().query().unwrap().to_owned()
        });
        of_service.lock().unwrap().push(link);
        let answer = answers.lock().unwrap().next().expect("no more answers");
        async move { answer }
    });
    (BoxCloneSyncService::new(service), asked)
}

async fn next(pages: &mut Pages<Chain>) -> Option<Result<Page<u32>, Error>> {
    poll_fn(|cx| Pin::new(&mut *pages).poll_next(cx)).await
}

#[tokio::test]
async fn empty_pages_with_a_link_are_followed() {
    let (service, asked) = chain(vec![
        page(&[1, 2], Some(2)),
        page(&[], Some(3)),
        page(&[3], None),
    ]);
    let mut pages = Pages::new(service, first());
    let mut rows = Vec::new();
    while let Some(page) = next(&mut pages).await {
        rows.push(page.unwrap().rows);
    }
    assert_eq!(rows, [vec![1, 2], vec![], vec![3]]);
    assert_eq!(*asked.lock().unwrap(), ["first", "$skip=2", "$skip=3"]);
    assert!(pages.is_terminated() && pages.continuation().is_none());
}

#[tokio::test]
async fn nothing_is_asked_for_before_it_is_wanted() {
    let (service, asked) = chain(vec![page(&[1], Some(1)), page(&[2], None)]);
    let mut pages = Pages::new(service, first());
    assert!(asked.lock().unwrap().is_empty());
    next(&mut pages).await.unwrap().unwrap();
    tokio::task::yield_now().await;
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_failure_that_may_pass_keeps_the_place() {
    let (service, asked) = chain(vec![
        page(&[1], Some(1)),
        failed(ErrorKind::Server),
        page(&[2], None),
    ]);
    let mut pages = Pages::new(service, first());
    next(&mut pages).await.unwrap().unwrap();
    assert_eq!(
        next(&mut pages).await.unwrap().unwrap_err().kind(),
        ErrorKind::Server
    );
    assert_eq!(pages.continuation().unwrap().link(), Some(&link(1)));
    assert_eq!(next(&mut pages).await.unwrap().unwrap().rows, [2]);
    assert!(next(&mut pages).await.is_none());
    assert_eq!(*asked.lock().unwrap(), ["first", "$skip=1", "$skip=1"]);
}

#[tokio::test]
async fn a_failure_that_will_not_pass_ends_the_stream() {
    let (service, _) = chain(vec![failed(ErrorKind::Forbidden)]);
    let mut pages = Pages::new(service, first());
    assert!(next(&mut pages).await.unwrap().is_err());
    assert!(next(&mut pages).await.is_none());
}

#[tokio::test]
async fn the_continuation_goes_on_where_it_was() {
    let (service, asked) = chain(vec![page(&[1], Some(1)), page(&[2], None)]);
    let mut pages = Pages::new(service.clone(), first());
    next(&mut pages).await.unwrap().unwrap();
    let place = pages.continuation().unwrap().clone();
    drop(pages);
    let mut pages = Pages::new(service, place);
    assert_eq!(next(&mut pages).await.unwrap().unwrap().rows, [2]);
    assert!(next(&mut pages).await.is_none());
    assert_eq!(*asked.lock().unwrap(), ["first", "$skip=1"]);
}

#[tokio::test]
async fn a_link_that_was_followed_before_is_an_error_and_no_loop() {
    let (service, asked) = chain(vec![
        page(&[1], Some(1)),
        page(&[2], Some(2)),
        page(&[3], Some(1)),
    ]);
    let mut pages = Pages::new(service, first());
    next(&mut pages).await.unwrap().unwrap();
    next(&mut pages).await.unwrap().unwrap();
    let error = next(&mut pages).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PagingLoop);
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("(https://graph.example/v1.0/x)"), "{shown}");
    assert!(!shown.contains("$skip"), "{shown}");
    assert!(next(&mut pages).await.is_none());
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn empty_pages_do_not_go_on_for_ever() {
    let (service, asked) = chain((0..1_000).map(|n| page(&[], Some(n))).collect());
    let mut pages = Pages::new(service, first());
    let mut last = None;
    while let Some(page) = next(&mut pages).await {
        last = Some(page);
    }
    assert_eq!(last.unwrap().unwrap_err().kind(), ErrorKind::PagingLoop);
    assert_eq!(asked.lock().unwrap().len(), 100);
}
