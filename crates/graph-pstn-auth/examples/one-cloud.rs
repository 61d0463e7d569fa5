//! A library built for one cloud: `cargo xtask clouds` builds it for each and looks into the binary.
//!
//! ```sh
//! cargo run -p graph-pstn-auth --example one-cloud --features cloud-us-gov-l5 -- us-gov-l5
//! ```

use std::process::ExitCode;

use bytes::Bytes;
use graph_pstn_auth::{ClientSecretCredential, Environment};
use graph_pstn_http::{Cloud, Error, ErrorKind, TokenProvider, TokenRequest};
use http::{Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let named = std::env::args().nth(1).unwrap_or_default();
    let cloud: Cloud = match named.parse() {
        Ok(cloud) => cloud,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    // In the place of an HTTP client: it tells where the request would have gone.
    let client = tower::service_fn(|request: Request<Bytes>| async move {
        println!("{}", request.uri());
        println!("{}", String::from_utf8_lossy(request.body()));
        Err::<Response<Bytes>, _>(Error::new(ErrorKind::Connect, "nothing is sent here"))
    });
    let app = "00000000-0000-4000-8000-00000000c001";
    let credential = ClientSecretCredential::builder(cloud.endpoints(), "contoso.example", app)
        .secret("made~up")
        .service(client)
        .build();
    let asked = match credential {
        Ok(credential) => credential.token(TokenRequest::default()).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = asked {
        println!("{error}");
    }
    // The names by which the environment may call the login host are compiled in as well.
    let environment = Environment::from_variables(|name| {
        (name == "AZURE_AUTHORITY_HOST").then(|| "login.example".into())
    });
    let client = tower::service_fn(|_: Request<Bytes>| async move {
        Err::<Response<Bytes>, _>(Error::new(ErrorKind::Connect, "nothing is sent here"))
    });
    if let Err(error) = environment.and_then(|e| e.credential(cloud.endpoints(), client)) {
        println!("{error}");
    }
    ExitCode::SUCCESS
}
