//! Nothing secret in any error, any `Debug` or any log: all flows, good ones and failing ones, under a
//! subscriber that takes everything down.

#[cfg(test)]
mod ear;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod wire;

use ear::Ear;
use flows::{FEDERATED, Findings, PASSWORD, SECRET};
use graph_pstn_emulator::Emulator;

#[tokio::test]
async fn nothing_secret_is_shown_or_logged() {
    let ear = Ear::default();
    tracing::subscriber::set_global_default(ear.clone()).unwrap();
    let builder = Emulator::builder()
        .client_secret(SECRET)
        .federated_token(FEDERATED);
    #[cfg(feature = "certificate")]
    let (pem, key) = wire::certificate();
    #[cfg(feature = "certificate")]
    let builder = builder.client_certificate(&pem).unwrap();
    let emulator = builder.start().await.unwrap();

    let mut found = Findings::default();
    flows::secrets(&emulator, &mut found).await;
    flows::federated(&emulator, &mut found).await;
    #[cfg(feature = "certificate")]
    flows::certificates(&emulator, &pem, &key, &mut found).await;
    flows::environment(&emulator, &mut found).await;
    emulator.shutdown().await;

    let log = ear.heard();
    // The ear did hear this crate and the connection below it, and the flows did what they should.
    for target in ["graph_pstn_auth::", "hyper_util::"] {
        assert!(
            log.contains(target),
            "nothing of {target} in {} bytes of log",
            log.len()
        );
    }
    assert!(found.tokens.len() >= 6, "{}", found.tokens.len());
    assert!(found.failures >= 12, "{}", found.failures);

    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let mut secrets = vec![
        SECRET.to_owned(),
        encoded,
        FEDERATED.to_owned(),
        PASSWORD.to_owned(),
        "made-up-cut-token".to_owned(),
        // Every JWT begins so, and so does every assertion.
        "eyJ".to_owned(),
        "Bearer ".to_owned(),
    ];
    secrets.extend(found.tokens);
    #[cfg(feature = "certificate")]
    secrets.extend(
        key.lines()
            .filter(|line| line.len() == 64)
            .map(str::to_owned),
    );
    for secret in &secrets {
        for (place, text) in [("log", &log), ("error or Debug", &found.shown)] {
            let at = text.find(secret.as_str());
            let around = at.map(|at| text[..at].chars().rev().take(200).collect::<String>());
            let around = around.map(|text| text.chars().rev().collect::<String>());
            assert!(
                around.is_none(),
                "a secret in the {place} after: {}",
                around.unwrap_or_default()
            );
        }
    }
}
