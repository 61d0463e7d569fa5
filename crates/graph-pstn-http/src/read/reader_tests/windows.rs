//! Several windows at a time: order, memory, checkpoints, cancellation.

use super::*;

#[tokio::test]
async fn windows_in_parallel_deliver_every_row_once_and_in_order() {
    for per_hour in [1, 60, 360, 1_800] {
        let (source, asked) = busy_log(per_hour);
        let mut reader = RangeReader::new(source, CallLog::Pstn, november());
        let mut next = seconds(november().from());
        while let Some(batch) = reader.next_batch().await.unwrap() {
            for row in batch.rows {
                assert_eq!(row.time.map(seconds), Some(next));
                next += 3_600 / per_hour;
            }
        }
        assert_eq!(next, seconds(november().until()), "{per_hour}");
        let pages = (720 * per_hour).div_euclid(1_000) + 1;
        let asked = asked.lock().unwrap().len() as i64;
        assert!(
            asked <= pages + pages / 5 + 2,
            "{asked} requests for {pages} pages"
        );
    }
}

#[tokio::test]
async fn what_waits_for_its_turn_is_bounded() {
    let (source, asked) = busy_log(3_600);
    let options = ReadOptions::default().with_waiting_bytes(7_000_000);
    let mut reader = RangeReader::new(source, CallLog::Pstn, november()).with_options(options);
    for _ in 0..20 {
        reader.next_batch().await.unwrap();
    }
    // A slow caller: whatever can be fetched has been.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let waiting = asked.lock().unwrap().len() - 20;
    assert!((8..=10 + 2 * 6).contains(&waiting), "{waiting} pages wait");
}

#[tokio::test]
async fn a_checkpoint_goes_on_where_a_window_ended() {
    let mut delivered = Vec::new();
    let mut checkpoint: Option<Checkpoint> = None;
    for run in 0.. {
        let (source, _) = busy_log(360);
        let mut reader = RangeReader::new(source, CallLog::Pstn, november());
        if let Some(checkpoint) = &checkpoint {
            let json = serde_json::to_string(checkpoint).unwrap();
            reader = reader
                .resume(&serde_json::from_str(&json).unwrap())
                .unwrap();
        }
        let mut since = Vec::new();
        let mut batches = 0;
        let done = loop {
            let Some(batch) = reader.next_batch().await.unwrap() else {
                break true;
            };
            since.extend(batch.rows.iter().filter_map(|row| row.time));
            if batch.done_until.is_some() {
                delivered.append(&mut since);
                checkpoint = Some(reader.checkpoint());
            }
            batches += 1;
            if batches == 41 {
                break false;
            }
        };
        if done {
            assert!(run > 3 && since.is_empty());
            break;
        }
    }
    assert_eq!(delivered.len(), 720 * 360);
    assert!(delivered.is_sorted());
    let checkpoint = checkpoint.unwrap();
    assert_eq!(checkpoint.range().unwrap(), november());
    assert_eq!(checkpoint.done_until().unwrap(), november().until());
    let other = RangeReader::new(busy_log(1).0, CallLog::Sms, november());
    assert_eq!(
        other.resume(&checkpoint).unwrap_err().kind(),
        ErrorKind::Config
    );
}

#[tokio::test]
async fn a_checkpoint_within_a_window_is_that_of_the_last_finished_one() {
    let at = datetime!(2019-11-05 12:00 UTC);
    let pages = || {
        let timeless = Row {
            time: None,
            ..row("odd", at)
        };
        scripted(vec![
            ("first", page(vec![timeless], Some("2"))),
            ("2", page(vec![row("a", at)], None)),
        ])
    };
    let mut reader = RangeReader::new(pages().0, CallLog::Pstn, november());
    let before = reader.checkpoint();
    assert_eq!(reader.next_batch().await.unwrap().unwrap().rows.len(), 1);
    // The window will be read again, and its rows are cut off what was written.
    let checkpoint = reader.checkpoint();
    assert_eq!(checkpoint, before);
    let mut again = RangeReader::new(pages().0, CallLog::Pstn, november())
        .resume(&checkpoint)
        .unwrap();
    let batch = again.next_batch().await.unwrap().unwrap();
    assert_eq!(batch.rows[0].id, "odd");
}

#[tokio::test(start_paused = true)]
async fn dropping_a_reader_ends_its_tasks() {
    let busy = Arc::new(());
    let held = busy.clone();
    let service = service_fn(move |_: PageRequest| {
        let held = held.clone();
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            drop(held);
            Err(Error::new(ErrorKind::Other, "never"))
        }
    });
    let source = BoxCloneSyncService::new(service);
    let mut reader = RangeReader::<Row>::new(source, CallLog::Pstn, november());
    let slow = std::time::Duration::from_secs(1);
    assert!(
        tokio::time::timeout(slow, reader.next_batch())
            .await
            .is_err()
    );
    assert!(Arc::strong_count(&busy) > 1);
    drop(reader);
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&busy), 1);
}

#[tokio::test]
async fn every_window_is_asked_for_by_the_same_version() {
    let (source, asked) = busy_log(360);
    let mut reader =
        RangeReader::new(source, CallLog::Pstn, november()).with_version(ApiVersion::Beta);
    while reader.next_batch().await.unwrap().is_some() {}
    let asked = asked.lock().unwrap();
    let windows: Vec<&PageRequest> = asked.iter().filter(|page| page.link().is_none()).collect();
    assert!(windows.len() > 1);
    assert!(
        windows
            .into_iter()
            .all(|page| *page == page.clone().with_version(ApiVersion::Beta))
    );
}
