//! What is asked for, and how: bounds, spellings, refusals, the quota that logs share.

use super::*;

#[tokio::test]
async fn the_end_is_in_but_for_direct_routing() {
    let emulator = Emulator::builder()
        .rows_per_day(3_000)
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    for (log, time) in [
        (Log::Pstn, "startDateTime"),
        (Log::DirectRouting, "startDateTime"),
        (Log::Sms, "sentDateTime"),
        (Log::BlockedUsers, "blockDateTime"),
    ] {
        let (mut begins, mut ends) = (0, 0);
        for day in 1..20 {
            let (before, midnight) = (
                format!("2019-11-{day:02}T23:59:00Z"),
                format!("2019-11-{:02}T00:00:00Z", day + 1),
            );
            let after = format!("2019-11-{:02}T00:01:00Z", day + 1);
            for (from, to, sharp) in [
                (&before, &midnight, &mut ends),
                (&midnight, &after, &mut begins),
            ] {
                let bounds = format!("fromDateTime={from},toDateTime={to}");
                let page = get_url(&emulator, &token, &url(&emulator, "beta", log, &bounds)).await;
                let page = page.json();
                let rows = page["value"].as_array().unwrap();
                *sharp += rows
                    .iter()
                    .filter(|row| row[time] == midnight.as_str())
                    .count();
            }
        }
        assert!(begins >= 7, "{log}: {begins}");
        let expected = if log == Log::DirectRouting { 0 } else { begins };
        assert_eq!(ends, expected, "{log}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let emulator = Emulator::builder().start().await.unwrap();
    let token = token(&emulator, &[]).await;
    for log in Log::ALL {
        let day = "fromDateTime=2019-11-01,toDateTime=2019-11-02";
        let path = url(&emulator, "v1.0", log, day);
        let has_v1 = matches!(log, Log::Pstn | Log::DirectRouting);
        let answer = get_url(&emulator, &token, &path).await;
        assert_eq!(answer.status == 200, has_v1, "{path}");
        if !has_v1 {
            assert_eq!(answer.status, 400);
            let message = format!("Resource not found for the segment '{}'.", log.function());
            assert_eq!(answer.json()["error"]["message"], message);
        }
        let long = "fromDateTime=2019-01-01,toDateTime=2019-06-01";
        let answer = get_url(&emulator, &token, &url(&emulator, "beta", log, long)).await;
        assert_eq!(answer.status, 406, "{log}");
        let comma_less = "fromDateTime=2019-11-01toDateTime=2019-11-02";
        let answer = get_url(&emulator, &token, &url(&emulator, "beta", log, comma_less)).await;
        assert_eq!(answer.status, 400, "{log}");
        let post = Request::post(url(&emulator, "beta", log, day))
            .header("authorization", format!("Bearer {token}"))
            .body(Full::default())
            .unwrap();
        let answer = send(None, post).await.unwrap();
        assert_eq!(
            (answer.status, answer.header("allow")),
            (http::StatusCode::METHOD_NOT_ALLOWED, "GET")
        );
    }
    let answer = get_url(&emulator, &token, &url(&emulator, "v2.0", Log::Pstn, "")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["message"], "Invalid version.");
}

/// The headers that Microsoft's SDKs add do no harm, and neither do the options of their builders.
#[tokio::test]
async fn a_request_as_microsofts_sdks_write_it_is_served() {
    let emulator = Emulator::builder().start().await.unwrap();
    let token = token(&emulator, &[]).await;
    let url = format!(
        "{}/beta/communications/callRecords/microsoft.graph.callRecords.getSmsLog\
         (fromDateTime=2019-11-05T00%3A00%3A00Z,toDateTime=2019-11-06T00%3A00%3A00Z)?%24count=true&%24top=100",
        emulator.graph_endpoint()
    );
    let request = Request::get(url)
        .header("authorization", format!("Bearer {token}"))
        .header("client-request-id", "11111111-1111-4111-8111-111111111111")
        .header(
            "sdkversion",
            "graph-python/1.0, graph-python-core/1.0 (featureUsage=3)",
        )
        .header("user-agent", "kiota-python")
        .header("accept", "application/json")
        .header("prefer", "include-unknown-enum-members")
        .header("retry-attempt", "1")
        .body(Full::default())
        .unwrap();
    let answer = send(None, request).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.json()["value"].as_array().unwrap().len() > 100);
}

#[tokio::test]
async fn the_logs_share_the_limit_of_the_app() {
    let emulator = Emulator::builder()
        .quota(Quota::per_window(Duration::from_secs(60), 5, 12, 100))
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    let mut served = Vec::new();
    for log in Log::ALL {
        let mut count = 0;
        for _ in 0..3 {
            let bounds = "fromDateTime=2019-11-03,toDateTime=2019-11-03";
            let answer = get_url(&emulator, &token, &url(&emulator, "beta", log, bounds)).await;
            count += u32::from(answer.status == 200);
        }
        served.push(count);
    }
    assert_eq!(served, [3, 3, 3, 3, 0]);
}
