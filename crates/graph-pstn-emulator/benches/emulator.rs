//! How many pages a second the emulator serves on one core, so that it is never what a benchmark measures.
//!
//! `cargo xtask bench emulator`. The emulator runs on one thread and keeps its pages rendered; clients on
//! other threads ask for the pages of a month over and over and throw them away. What counts is pages for
//! each second of processor time of the emulator's thread, which other load on the machine does not change.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench stops at the first surprise"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "it is the clock that is asked for"
)]

#[path = "../tests/client/mod.rs"]
mod client;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use graph_pstn_emulator::{Emulator, EmulatorBuilder, RunningEmulator};
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::oneshot, task::JoinSet};

/// Connections that ask at the same time.
const CLIENTS: usize = 4;
const SPAN: Duration = Duration::from_secs(3);
const LEAST: f64 = 2_000.0;

fn main() {
    println!(
        "{:26} {:>9} {:>11} {:>17}",
        "", "MB a page", "pages/s", "pages/CPU second"
    );
    let plain = || Emulator::builder().rows_per_day(6_000).pre_rendered(true);
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        ("plain", plain().compressed(false), false),
        ("gzip", plain(), true),
        (
            "TLS",
            plain().compressed(false).tls_dir(folder.path()),
            false,
        ),
        (
            "plain, each page rendered",
            plain().compressed(false).pre_rendered(false),
            false,
        ),
    ];
    let mut held = true;
    for (name, builder, gzip) in lines {
        let rate = measure(name, builder, gzip);
        // The measure is of the plain line; the others are there to be seen.
        if name == "plain" && rate < LEAST {
            println!("  MISSED: at least {LEAST}");
            held = false;
        }
    }
    if !held {
        std::process::exit(1);
    }
}

/// An emulator on a thread of its own.
struct Server {
    addr: String,
    ca: Option<PathBuf>,
    token: String,
    /// The pages of a month.
    pages: Vec<Uri>,
    /// Asks the thread for its processor time.
    cpu: tokio::sync::mpsc::UnboundedSender<oneshot::Sender<Option<f64>>>,
}

impl Server {
    fn start(builder: EmulatorBuilder) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let emulator = builder.start().await.unwrap();
                let (cpu, mut asked) = tokio::sync::mpsc::unbounded_channel();
                let token = client::token(&emulator, &[]).await;
                let server = Self {
                    addr: emulator.addr().to_string(),
                    ca: emulator.ca_certificate().map(Path::to_owned),
                    pages: pages(&emulator, &token).await,
                    token,
                    cpu,
                };
                sender.send(server).unwrap();
                // Until the server is dropped.
                while let Some(answer) = asked.recv().await {
                    answer.send(cpu_of_this_thread()).unwrap();
                }
            });
        });
        receiver.recv().unwrap()
    }

    async fn cpu(&self) -> Option<f64> {
        let (answer, told) = oneshot::channel();
        self.cpu.send(answer).unwrap();
        told.await.unwrap()
    }

    async fn connect(&self) -> SendRequest<Full<Bytes>> {
        let stream = TcpStream::connect(&self.addr).await.unwrap();
        match &self.ca {
            None => {
                let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
                tokio::spawn(connection);
                sender
            }
            Some(ca) => {
                let stream = client::tls(stream, ca, "127.0.0.1").await.unwrap();
                let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
                tokio::spawn(connection);
                sender
            }
        }
    }
}

/// The path of each page of a month, from its links.
async fn pages(emulator: &RunningEmulator, token: &str) -> Vec<Uri> {
    let mut pages = Vec::new();
    let mut next = Some(format!(
        "{}/v1.0/communications/callRecords/getPstnCalls\
         (fromDateTime=2019-11-01T00:00:00Z,toDateTime=2019-12-01T00:00:00Z)",
        emulator.graph_endpoint()
    ));
    while let Some(url) = next {
        let page = client::get_url(emulator, token, &url).await.json();
        let url: Uri = url.parse().unwrap();
        pages.push(url.path_and_query().unwrap().as_str().parse().unwrap());
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    pages
}

/// Seconds of processor time, user and system, where the system says so (`man 5 proc_pid_stat`; a tick is
/// a hundredth of a second on all of Linux).
fn cpu_of_this_thread() -> Option<f64> {
    let stat = fs::read_to_string("/proc/thread-self/stat").ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / 100.0)
}

/// Asks for page after page until the time is up, and for each at least once. Gives pages and bytes.
async fn ask(
    mut connection: SendRequest<Full<Bytes>>,
    requests: Vec<Request<Full<Bytes>>>,
    span: Duration,
) -> (u64, u64) {
    let begun = Instant::now();
    let (mut pages, mut bytes) = (0, 0);
    while pages == 0 || begun.elapsed() < span {
        for request in &requests {
            connection.ready().await.unwrap();
            let mut body = connection.send_request(request.clone()).await.unwrap();
            assert_eq!(body.status(), 200);
            while let Some(frame) = body.frame().await {
                bytes += frame.unwrap().data_ref().map_or(0, Bytes::len) as u64;
            }
            pages += 1;
        }
    }
    (pages, bytes)
}

/// Prints a line; gives pages a second, by the emulator's processor time where the system tells it.
fn measure(name: &str, builder: EmulatorBuilder, gzip: bool) -> f64 {
    let server = Server::start(builder);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let coding = if gzip { "gzip" } else { "identity" };
        let bearer = format!("Bearer {}", server.token);
        let request = |page: &Uri| {
            Request::get(page)
                .header(header::HOST, &server.addr)
                .header(header::AUTHORIZATION, &bearer)
                .header(header::ACCEPT_ENCODING, coding)
                .body(Full::default())
                .unwrap()
        };
        let requests: Vec<_> = server.pages.iter().map(request).collect();
        // Once through, so that all pages are there in the form that is asked for.
        ask(server.connect().await, requests.clone(), Duration::ZERO).await;
        let mut clients = JoinSet::new();
        let before = server.cpu().await;
        let begun = Instant::now();
        for _ in 0..CLIENTS {
            clients.spawn(ask(server.connect().await, requests.clone(), SPAN));
        }
        let (mut pages, mut bytes) = (0, 0);
        while let Some(done) = clients.join_next().await {
            let (more, size) = done.unwrap();
            pages += more;
            bytes += size;
        }
        let took = begun.elapsed().as_secs_f64();
        let busy = server
            .cpu()
            .await
            .zip(before)
            .map(|(after, before)| after - before);
        let rate = pages as f64 / busy.unwrap_or(took);
        println!(
            "{name:26} {:>9.3} {:>11.0} {rate:>17.0}",
            bytes as f64 / pages as f64 / 1e6,
            pages as f64 / took,
        );
        rate
    })
}
