//! Rows that arrive late, and rows that are kept no longer.

use super::*;

#[tokio::test]
async fn a_second_read_sees_what_the_first_came_too_early_for() {
    let noon = datetime!(2019-11-20 12:00 UTC);
    for log in Log::ALL {
        let rate = if log == Log::BlockedUsers { 5_000 } else { 120 };
        let emulator = Emulator::builder()
            .rows_per_day(rate)
            // Kept pages would hold the second read at the first.
            .pre_rendered(true)
            .lag(Duration::from_secs(48 * 3_600))
            .now(noon)
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let mut reads = Vec::new();
        for days in [0, 1, 40] {
            emulator.set_now(noon + Duration::from_secs(days * 86_400));
            let first = url(&emulator, "beta", log, &november(log));
            let rows = follow(&emulator, &token, first).await;
            assert_is_truth(log, &rows, &emulator.truth(log, FROM, UNTIL));
            reads.push(rows);
        }
        let all = Truth::of(log, 1, rate, FROM, UNTIL);
        assert_is_truth(log, &reads[2], &all);
        if log == Log::DialOut {
            let (first, second) = (sums(log, &reads[0]), sums(log, &reads[1]));
            assert!(first.0 < second.0 && second.0 < all.duration());
            continue;
        }
        assert!(reads[0].len() < reads[1].len() && reads[1].len() < reads[2].len());
        let known: HashSet<String> = reads[1].iter().map(Value::to_string).collect();
        assert!(reads[0].iter().all(|row| known.contains(&row.to_string())));
    }
}

#[tokio::test]
async fn old_rows_vanish_where_microsoft_names_a_time() {
    // Enough users for some to be in Mexico, which keeps rows for 730 days.
    const RATE: u32 = 600;
    let now = datetime!(2022-06-15 12:00 UTC);
    // More than a year before, and not quite two.
    let (from, until) = (
        now - Duration::from_secs(600 * 86_400),
        now - Duration::from_secs(580 * 86_400),
    );
    for log in Log::ALL {
        let emulator = Emulator::builder()
            .rows_per_day(RATE)
            .retention(true)
            .now(now)
            .start()
            .await
            .unwrap();
        let token = token(&emulator, &[]).await;
        let bounds = "fromDateTime=2020-10-23T12:00:00Z,toDateTime=2020-11-12T11:59:59.9999999Z";
        let rows = follow(&emulator, &token, url(&emulator, "beta", log, bounds)).await;
        assert_is_truth(log, &rows, &emulator.truth(log, from, until));
        let all = Truth::of(log, 1, RATE, from, until);
        if matches!(log, Log::Sms | Log::BlockedUsers) {
            assert_eq!(rows.len() as u64, all.rows(), "{log}");
        } else {
            assert!(
                !rows.is_empty() && rows.len() as u64 * 4 < all.rows(),
                "{log}"
            );
        }
    }
}
