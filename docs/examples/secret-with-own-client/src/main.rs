//! The token source alone, under an HTTP client of one's own: no retry, no paging, no stack.
//!
//! ```sh
//! export AZURE_TENANT_ID=… AZURE_CLIENT_ID=… AZURE_CLIENT_SECRET=…
//! cargo run -p example-secret-with-own-client
//! # or against `graph-pstn emulate`, whose origin stands for Graph and Entra:
//! cargo run -p example-secret-with-own-client -- http://127.0.0.1:PORT
//! ```

mod client;

use std::{env, error::Error, process::ExitCode};

use bytes::Bytes;
use client::OwnClient;
use graph_pstn_auth::ClientSecretCredential;
use graph_pstn_http::{Cloud, Endpoints, TokenProvider, TokenRequest};
use http::{Request, StatusCode};
use tower_service::Service;

/// The app registration.
struct App {
    endpoints: Endpoints,
    tenant_id: String,
    client_id: String,
    secret: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let set = |name| env::var(name).map_err(|_| format!("{name} is not set"));
    let endpoints = match env::args().nth(1) {
        Some(emulator) => Endpoints::custom(emulator.parse()?, emulator.parse()?),
        None => Cloud::Global.endpoints(),
    };
    let app = App {
        endpoints,
        tenant_id: set("AZURE_TENANT_ID")?,
        client_id: set("AZURE_CLIENT_ID")?,
        secret: set("AZURE_CLIENT_SECRET")?,
    };
    let (status, body) = first_page(app).await?;
    println!("Graph answered {status} with {} bytes", body.len());
    Ok(())
}

/// Asks Graph for the first page of a day's calls.
async fn first_page(app: App) -> Result<(StatusCode, Bytes), Box<dyn Error>> {
    let mut client = OwnClient::new()?;
    let graph = app.endpoints.graph().clone();
    let credential = ClientSecretCredential::builder(app.endpoints, &app.tenant_id, &app.client_id)
        .secret(app.secret)
        .service(client.clone())
        .build()?;
    // Asking before each request costs nothing: the credential keeps its token.
    let token = credential.token(TokenRequest::default()).await?;
    let request = Request::get(format!(
        "{graph}/v1.0/communications/callRecords/getPstnCalls\
         (fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-11-01T23:59:59Z)"
    ))
    .header("authorization", token.authorization())
    .header("accept", "application/json")
    .body(Bytes::new())?;
    let answer = client.call(request).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        // Revoked, or a claims challenge: the next `token` is a new one.
        credential.invalidate(&token);
    }
    Ok((answer.status(), answer.into_body()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_emulator::Emulator;

    #[tokio::test]
    async fn the_emulated_graph_answers_with_a_page() {
        let emulator = Emulator::builder().start().await.unwrap();
        let origin = emulator.graph_endpoint();
        let app = |secret: &str| App {
            endpoints: Endpoints::custom(origin.parse().unwrap(), origin.parse().unwrap()),
            tenant_id: emulator.tenant_id().into(),
            client_id: emulator.client_id().into(),
            secret: secret.into(),
        };
        let (status, body) = first_page(app(emulator.client_secret())).await.unwrap();
        assert_eq!(status, StatusCode::OK);
        assert!(body.starts_with(b"{\"@odata.context\""));
        let error = first_page(app("wrong")).await.unwrap_err();
        assert!(
            error.to_string().contains("the client secret is wrong"),
            "{error}"
        );
    }
}
