//! The emulator, in a process of its own, so that the measured process does nothing but read.

use std::{
    env,
    error::Error,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use graph_pstn_emulator::Emulator;
use serde_json::{Value, json};

/// How the emulator serves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Serving {
    pub(crate) rows_per_day: u32,
    pub(crate) latency_ms: u64,
    pub(crate) gzip: bool,
    pub(crate) tls: bool,
}

/// A running server; it ends with this.
pub(crate) struct Server {
    process: Child,
    pub(crate) origin: String,
    pub(crate) token_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) authority: Option<Vec<u8>>,
    _folder: tempfile::TempDir,
}

/// The argument that makes this program the server.
pub(crate) const SERVE: &str = "--serve";

impl Server {
    pub(crate) fn start(serving: Serving) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(env::current_exe()?);
        command.arg(SERVE);
        for number in [
            u64::from(serving.rows_per_day),
            serving.latency_ms,
            u64::from(serving.gzip),
        ] {
            command.arg(number.to_string());
        }
        if serving.tls {
            command.arg(folder.path());
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line)?;
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let authority = match said["authority"].as_str() {
            Some(path) => Some(std::fs::read(path)?),
            None => None,
        };
        Ok(Self {
            process,
            origin: text("origin"),
            token_url: text("token_url"),
            client_id: text("client_id"),
            client_secret: text("client_secret"),
            authority,
            _folder: folder,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the server's process does: serves until its standard input is closed.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [rows_per_day, latency_ms, gzip, folder @ ..] = arguments else {
        return Err("the server lacks arguments".into());
    };
    let mut builder = Emulator::builder()
        .rows_per_day(rows_per_day.parse()?)
        .latency(Duration::from_millis(latency_ms.parse()?))
        .compressed(gzip == "1")
        .pre_rendered(true);
    if let Some(folder) = folder.first() {
        builder = builder.tls_dir(PathBuf::from(folder));
    }
    // One thread: what the other has is the client's.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let emulator = builder.start().await?;
        let said = json!({
            "origin": emulator.graph_endpoint(),
            "token_url": format!("{}/{}/oauth2/v2.0/token", emulator.authority_host(), emulator.tenant_id()),
            "client_id": emulator.client_id(),
            "client_secret": emulator.client_secret(),
            "authority": emulator.ca_certificate(),
        });
        println!("{said}");
        std::io::stdout().flush()?;
        let parent = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
        parent.await?;
        Ok(())
    })
}
