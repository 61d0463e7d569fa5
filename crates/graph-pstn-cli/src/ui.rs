//! Standard error: messages, the log and the progress bar, which must not draw over each other.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use graph_pstn_http::{Observer, Progress, QuotaWait, RetryPause};
use graph_pstn_model::TimeRange;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike as _};
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::crowd::Crowd;
use crate::exit::Failure;
use crate::progress::{Hold, Standing};
use crate::terminal::Terminal;

/// How messages and the log are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people, and a bar on a terminal.
    Text,
    /// An object of JSON a line, for machines.
    Json,
}

/// All that is said to the person, none of it on standard output.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    quiet: bool,
    format: LogFormat,
    /// The tenant that is spoken of, where there are several.
    tenant: Option<Arc<str>>,
    standing: Standing,
    /// How all of them stand, where there are several.
    crowd: Option<Crowd>,
    /// Hidden until an export starts, and for good where there is no terminal.
    bar: ProgressBar,
}

/// A message in the form of the log's lines.
fn json_line(level: &str, message: &str, hint: Option<&str>) -> serde_json::Value {
    let now = OffsetDateTime::now_utc();
    let time = now.format(&Rfc3339).unwrap_or_default();
    let mut line = json!({"timestamp": time, "level": level, "message": message});
    if let Some(hint) = hint {
        line["hint"] = hint.into();
    }
    line
}

/// An object that says whose it is, if there are several tenants.
#[derive(Serialize)]
struct OfTenant<'a, T> {
    #[serde(flatten)]
    object: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
}

/// A colour of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Colour {
    Red,
    Green,
    Yellow,
    Cyan,
}

/// Whether to use colours: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>) or it is a dumb one.
pub(crate) fn colours(terminal: bool) -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    terminal && !no_colour && !is_dumb()
}

/// Whether the terminal knows nothing but text, as that of an editor.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|kind| kind == "dumb")
}

/// A word in colour (ECMA-48, section 8.3.117), or as it is.
pub(crate) fn painted(word: &str, colour: Colour, colours: bool) -> String {
    let code = match colour {
        Colour::Red => 31,
        Colour::Green => 32,
        Colour::Yellow => 33,
        Colour::Cyan => 36,
    };
    if colours {
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    } else {
        word.to_owned()
    }
}

/// How often the bar is drawn again while nothing happens: it shows that the program lives.
const TICK: Duration = Duration::from_millis(200);
/// How often it is drawn in a second at most.
const REDRAWS: u8 = 10;
/// Into how many parts the bar divides the range.
const PARTS: u64 = 1_000;
/// The columns beside the line: spinner, bar and percentage.
const BESIDE: usize = 16;

impl Ui {
    /// Sets up the log too, once for the process.
    pub(crate) fn new(quiet: bool, verbose: bool, format: LogFormat) -> Self {
        let ui = Self {
            quiet,
            format,
            tenant: None,
            standing: Standing::new(),
            crowd: None,
            bar: ProgressBar::hidden(),
        };
        let level = if verbose {
            LevelFilter::DEBUG
        } else {
            LevelFilter::WARN
        };
        // Ours only: crates further down log what travels on the wire.
        let ours = Targets::new().with_target("graph_pstn", level);
        let log = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            // The layers describe each request in a span; its end has the outcome.
            .with_span_events(FmtSpan::CLOSE)
            .with_writer(ui.clone());
        let log = match format {
            LogFormat::Text => log.boxed(),
            LogFormat::Json => log.json().flatten_event(true).boxed(),
        };
        tracing_subscriber::registry().with(log).with(ours).init();
        ui
    }

    /// The same for several tenants, which share one bar.
    pub(crate) fn of_tenants(&self, crowd: Crowd) -> Self {
        let ui = Self {
            crowd: Some(crowd.clone()),
            ..self.clone()
        };
        ui.draw(false, move |width, now| crowd.line(width, now));
        ui
    }

    /// The same for the one of them in this place, which begins.
    pub(crate) fn of_tenant(&self, place: usize) -> Self {
        let standing = Standing::new();
        let crowd = self.crowd.as_ref();
        Self {
            tenant: crowd.and_then(|crowd| crowd.begin(place, standing.clone())),
            standing,
            ..self.clone()
        }
    }

    /// The one in this place has ended.
    pub(crate) fn end_tenant(&self, place: usize) {
        if let Some(crowd) = &self.crowd {
            crowd.end(place);
            self.set_share(crowd.share());
        }
    }

    /// Names the tenant, if there are several.
    fn prefixed(&self, message: &str) -> String {
        match &self.tenant {
            Some(tenant) => format!("{tenant}: {message}"),
            None => message.to_owned(),
        }
    }

    /// As a line of JSON, with the tenant's name if there are several.
    fn write_json(&self, mut line: serde_json::Value) {
        if let Some(tenant) = &self.tenant {
            line["tenant"] = tenant.as_ref().into();
        }
        self.write(&line.to_string());
    }

    /// Says a line unless the program is to be quiet.
    pub(crate) fn note(&self, line: &str) {
        match self.format {
            _ if self.quiet => {}
            LogFormat::Text => self.write(&self.prefixed(line)),
            LogFormat::Json => self.write_json(json_line("INFO", line, None)),
        }
    }

    /// Says what somebody should know, also when the program is to be quiet.
    pub(crate) fn warn(&self, message: &str) {
        match self.format {
            LogFormat::Text => {
                let warning = self.painted("warning:", Colour::Yellow);
                self.write(&format!("{warning} {}", self.prefixed(message)));
            }
            LogFormat::Json => self.write_json(json_line("WARN", message, None)),
        }
    }

    /// Writes an object for machines, also when the program is to be quiet.
    pub(crate) fn object(&self, object: &impl Serialize) -> Result<(), Failure> {
        let object = OfTenant {
            object,
            tenant: self.tenant.as_deref(),
        };
        let line = serde_json::to_string(&object)
            .map_err(|error| Failure::other("the summary has no form in JSON", &error))?;
        self.write(&line);
        Ok(())
    }

    fn write(&self, lines: &str) {
        // One write, so that lines of several processes stay whole; a closed stderr is no failure.
        let lines = format!("{lines}\n");
        self.bar
            .suspend(|| io::stderr().write_all(lines.as_bytes()).unwrap_or_default());
    }

    fn painted(&self, word: &str, colour: Colour) -> String {
        painted(word, colour, colours(io::stderr().is_terminal()))
    }

    /// Says why the run failed, and what to do.
    pub(crate) fn report(&self, failure: &Failure) {
        if self.format == LogFormat::Json {
            let line = json_line("ERROR", failure.message(), failure.hint());
            return self.write_json(line);
        }
        let error = self.painted("error:", Colour::Red);
        let mut lines = format!("{error} {}", self.prefixed(failure.message()));
        if let Some(hint) = failure.hint() {
            lines.push_str(&format!("\n{} {hint}", self.painted("hint:", Colour::Cyan)));
        }
        // Together, so that no other tenant's line comes between them.
        self.write(&lines);
    }

    /// Shows a bar over the time of the range, if standard error is a terminal and rows do not go to one.
    pub(crate) fn start_progress(&self, range: TimeRange, rows_on_terminal: bool) {
        self.standing.begin(range, Instant::now());
        if self.crowd.is_none() {
            let standing = self.standing.clone();
            self.draw(rows_on_terminal, move |width, now| {
                standing.line(width, now)
            });
        }
    }

    /// Shows a bar with a line that is made each time that it is drawn.
    fn draw(
        &self,
        rows_on_terminal: bool,
        line: impl Fn(usize, Instant) -> String + Clone + Send + Sync + 'static,
    ) {
        let hidden = self.quiet || self.format == LogFormat::Json || rows_on_terminal;
        if hidden || !io::stderr().is_terminal() || is_dumb() {
            return;
        }
        let style = ProgressStyle::with_template("{spinner} {bar:8} {percent:>3}% {standing}");
        let style = style.map(|style| {
            style.with_key(
                "standing",
                move |_: &ProgressState, to: &mut dyn fmt::Write| {
                    let left = usize::from(Terminal::stderr().width()).saturating_sub(BESIDE);
                    // The bar's buffer is a string.
                    to.write_str(&line(left, Instant::now()))
                        .unwrap_or_default();
                },
            )
        });
        self.bar
            .set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_length(PARTS);
        let terminal = ProgressDrawTarget::term_like_with_hz(Box::new(Terminal::stderr()), REDRAWS);
        self.bar.set_draw_target(terminal);
        self.bar.reset_elapsed();
        self.bar.enable_steady_tick(TICK);
    }

    /// Shows how far the reader has come.
    pub(crate) fn progress(&self, range: TimeRange, progress: &Progress) {
        if self.bar.is_hidden() {
            return;
        }
        let position = progress.position.unwrap_or(range.from());
        self.standing
            .advance(position, progress.pages, progress.rows, Instant::now());
        let crowd = self.crowd.as_ref();
        self.set_share(crowd.map_or_else(|| self.standing.share(), Crowd::share));
    }

    fn set_share(&self, share: f64) {
        self.bar.set_position((share * PARTS as f64) as u64);
    }

    /// Takes the bar away, if it is not that of other tenants too.
    pub(crate) fn end_progress(&self) {
        if self.tenant.is_none() {
            self.bar.disable_steady_tick();
            self.bar.finish_and_clear();
        }
    }
}

/// What holds an export up is shown in the bar until the next page comes.
impl Observer for Ui {
    fn retry(&self, retry: &RetryPause) {
        self.standing.hold(Hold::Retry, retry.pause, Instant::now());
    }

    fn wait(&self, wait: &QuotaWait) {
        let hold = if wait.gate {
            Hold::Throttled
        } else {
            Hold::Quota
        };
        self.standing.hold(hold, wait.wait, Instant::now());
    }
}

/// The log goes past the bar, an event at a time.
impl<'a> MakeWriter<'a> for Ui {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

impl Write for Ui {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.bar.suspend(|| io::stderr().write_all(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
