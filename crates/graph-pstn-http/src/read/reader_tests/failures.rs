//! Circles, rows that cannot be read, and failures of the service.

use super::*;

#[tokio::test]
async fn pages_that_bring_nothing_new_do_not_go_on_for_ever() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let count = Mutex::new(0);
    let (source, asked) = source(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        Ok(page(vec![row("a", at)], Some(&format!("x?$skip={count}"))))
    });
    let options = ReadOptions::default().with_waiting_bytes(1);
    let mut reader = RangeReader::new(source, CallLog::Pstn, november()).with_options(options);
    let error = loop {
        match reader.next_batch().await {
            Ok(batch) => assert!(batch.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::PagingLoop);
    assert!((102..=103).contains(&asked.lock().unwrap().len()));
    assert!(reader.next_batch().await.unwrap().is_none());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_set_aside_once_and_is_no_progress() {
    let body = br#"{"value":[{"id":"bad","duration":"long"}]}"#;
    let rejects = || {
        let page = Collection::<PstnCallLogRow>::from_slice(body, BadRow::SetAside);
        page.unwrap().rejects
    };
    let count = Mutex::new(0);
    let (source, _) = source(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        Ok(Page {
            rejects: rejects(),
            ..page(Vec::new(), Some(&format!("x?$skip={count}")))
        })
    });
    let mut reader = RangeReader::new(source, CallLog::Pstn, november());
    let mut set_aside = 0;
    let error = loop {
        match reader.next_batch().await {
            Ok(batch) => set_aside += batch.unwrap().rejects.len(),
            Err(error) => break error,
        }
        assert!(reader.progress().pages < 1_000, "it never ends");
    };
    assert_eq!((error.kind(), set_aside), (ErrorKind::PagingLoop, 1));
    assert_eq!(reader.progress().rejects, 1);
}

#[tokio::test]
async fn rows_without_an_id_that_come_again_and_again_are_a_circle() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let count = Mutex::new(0);
    let (source, _) = source(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        Ok(page(vec![row("", at)], Some(&format!("x?$skip={count}"))))
    });
    let mut reader = RangeReader::new(source, CallLog::Pstn, november());
    let error = loop {
        if let Err(error) = reader.next_batch().await {
            break error;
        }
        assert!(reader.progress().pages < 1_000, "it never ends");
    };
    assert_eq!(error.kind(), ErrorKind::PagingLoop);
}

#[tokio::test]
async fn a_failure_that_may_pass_keeps_the_place_and_another_ends_it() {
    for (kind, delivered) in [(ErrorKind::Server, 2), (ErrorKind::Forbidden, 1)] {
        let failed = Mutex::new(false);
        let (source, _) = source(move |request| {
            let at = datetime!(2019-11-05 12:00 UTC);
            if request.link().is_none() {
                return Ok(page(vec![row("a", at)], Some("2")));
            }
            if !std::mem::replace(&mut *failed.lock().unwrap(), true) {
                return Err(Error::new(kind, "failed"));
            }
            Ok(page(vec![row("b", at)], None))
        });
        let mut reader = RangeReader::new(source, CallLog::Pstn, november());
        let (mut rows, mut errors) = (0, 0);
        loop {
            match reader.next_batch().await {
                Ok(None) => break,
                Ok(Some(batch)) => rows += batch.rows.len(),
                Err(_) => errors += 1,
            }
        }
        assert_eq!((rows, errors), (delivered, 1), "{kind:?}");
    }
}

#[tokio::test]
async fn a_time_of_failures_is_one_error_however_many_windows_it_hit() {
    let down = Arc::new(AtomicBool::new(false));
    let is_down = down.clone();
    let (log, _) = busy_log(360);
    let service = service_fn(move |request: PageRequest| {
        let up = !is_down.load(Ordering::Relaxed);
        let log = log.clone();
        async move {
            if up {
                return log.oneshot(request).await;
            }
            Err(Error::new(ErrorKind::Server, "down"))
        }
    });
    // So little room that windows are under way, rather than done, when it begins.
    let options = ReadOptions::default().with_waiting_bytes(12 * 700_000);
    let source = BoxCloneSyncService::new(service);
    let mut reader = RangeReader::new(source, CallLog::Pstn, november()).with_options(options);
    let (mut rows, mut errors) = (0, 0);
    for poll in 0.. {
        if poll == 20 {
            down.store(true, Ordering::Relaxed);
        }
        match reader.next_batch().await {
            Ok(None) => break,
            Ok(Some(batch)) => rows += batch.rows.len(),
            Err(_) => {
                down.store(false, Ordering::Relaxed);
                errors += 1;
            }
        }
    }
    assert_eq!((rows, errors), (720 * 360, 1));
}

#[tokio::test]
async fn a_layer_that_panics_is_an_error_after_which_nothing_comes() {
    let (source, _) = source(|_| panic!("of the caller's"));
    let mut reader = RangeReader::new(source, CallLog::Pstn, november());
    let error = reader.next_batch().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Canceled);
    assert_eq!(
        error.to_string(),
        "the task that fetched a window was ended"
    );
    assert!(reader.is_terminated());
    assert!(reader.next_batch().await.unwrap().is_none());
}

#[tokio::test]
async fn a_log_that_must_not_be_split_is_one_request() {
    let (source, asked) = source(|_| Ok(page(Vec::new(), None)));
    let year = range(
        datetime!(2019-01-01 0:00 UTC),
        datetime!(2020-01-01 0:00 UTC),
    );
    let mut reader = RangeReader::new(source, CallLog::DialOut, year);
    while reader.next_batch().await.unwrap().is_some() {}
    assert_eq!(asked.lock().unwrap().len(), 1);
}
