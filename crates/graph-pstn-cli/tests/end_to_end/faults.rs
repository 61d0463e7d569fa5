//! `export` from an emulator of whose requests a third goes wrong: the file must not tell.

use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use time::Date;
use time::macros::date;
use tokio::time::Instant;

use crate::program::{Ended, Served, Totals, Workplace};

/// Small pages, so that few rows make many requests.
const PAGE_ROWS: &str = "100";
const ROWS_PER_DAY: &str = "2000";
/// A week has some 106 pages of these, and each takes a request and a half; a work day has more.
const REQUESTS_PER_DAY: u64 = 20;
/// A Monday.
const BEGINNING: Date = date!(2018 - 06 - 04);

/// An export that must be exact.
struct Trial {
    requests: u64,
    percent: u8,
    seed: u64,
    /// The longest `Retry-After`, in seconds.
    wait: u32,
}

/// What the emulator counted.
struct Counts(Value);

impl Counts {
    fn of(served: &Served) -> Self {
        let origin = &served.options[1];
        let address = origin.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            format!("GET /emulator/stats HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        Self(serde_json::from_str(body).unwrap())
    }

    fn number(&self, name: &str) -> u64 {
        self.0[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }
}

/// The lines of a file, in an order that does not depend on how the range was cut.
fn sorted_lines(workplace: &Workplace, file: &str) -> Vec<String> {
    let text = fs::read_to_string(workplace.path(file)).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

impl Trial {
    /// Exports a range from an emulator with these options besides, and compares it with what it must be.
    fn export(&self, options: &[&str], of_export: &[&str]) -> (Served, Ended) {
        let workplace = Workplace::new();
        let days = self.requests.div_ceil(REQUESTS_PER_DAY);
        let from = BEGINNING.to_string();
        let until = BEGINNING + time::Duration::days(days.try_into().unwrap());
        let until = until.to_string();
        let range = ["--from", &from, "--to", &until];

        let soundly = ["--emulator", "--emulator-rows-per-day", ROWS_PER_DAY];
        let output = ["--output", "sound.csv"];
        let sound = workplace.run([&["export"], &range[..], &soundly, &output].concat());
        assert_eq!(sound.code, Some(0), "{}", sound.stderr);

        let numbers = [
            self.percent.to_string(),
            self.seed.to_string(),
            self.wait.to_string(),
        ];
        let [percent, seed, wait] = numbers.each_ref().map(String::as_str);
        let rate = ["--rows-per-day", ROWS_PER_DAY];
        let faults = ["--faults", percent, "--fault-seed", seed];
        let waits = ["--fault-wait", wait, "--fault-hang", "1"];
        let pages = ["--page-rows", PAGE_ROWS];
        let options = [&rate[..], &pages, &faults, &waits, options].concat();
        let served = Served::start(&workplace, &options);
        let pace = ["--requests-per-minute", "unlimited", "--parallel", "12"];
        let output = ["--output", "calls.csv", "--summary", "json"];
        let args = [&range[..], &pace, &output, of_export].concat();
        let ended = served.export(&workplace, &args, None);

        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(
            Totals::of_file(&workplace.path("calls.csv")).line(),
            workplace.truth(&rate, &from, &until)
        );
        assert!(
            sorted_lines(&workplace, "calls.csv") == sorted_lines(&workplace, "sound.csv"),
            "the rows differ from those that were exported without faults"
        );
        (served, ended)
    }

    /// Gives the numbers of requests and of faults.
    fn run(&self) -> (u64, u64) {
        let begun = Instant::now();
        let (served, ended) = self.export(&[], &[]);
        let counts = Counts::of(&served);
        self.report(&ended, &counts, begun.elapsed());
        let (requests, faults) = (counts.number("requests"), counts.number("faults"));
        assert!(requests >= self.requests, "only {requests} requests");
        assert_eq!(counts.number("foreign_requests"), 0);
        assert_eq!(counts.number("foreign_tokens"), 0);
        (requests, faults)
    }

    fn report(&self, ended: &Ended, counts: &Counts, took: Duration) {
        let (requests, faults) = (counts.number("requests"), counts.number("faults"));
        println!(
            "seed {}: {requests} requests, {faults} faults ({:.1} %), {:.0} s",
            self.seed,
            faults as f64 * 100.0 / requests as f64,
            took.as_secs_f64()
        );
        for side in ["graph_faults", "token_faults"] {
            println!("{side}: {}", counts.0[side]);
        }
        println!(
            "pages {}, tokens {}, connections {}",
            counts.number("pages"),
            counts.number("tokens"),
            counts.number("connections")
        );
        let warnings = |line: &&str| line.starts_with("warning: ");
        println!(
            "times that the export itself asked again: {}",
            ended.stderr.lines().filter(warnings).count()
        );
        println!("{}", ended.stderr.lines().last().unwrap_or_default());
    }
}

#[test]
fn what_cannot_be_got_over_is_one_clear_error() {
    let workplace = Workplace::new();
    for (fault, code, words) in [
        ("throttled-forever", 4, "throttling"),
        ("redirect-302", 1, "a redirect, which is not followed"),
        ("redirect-307", 1, "a redirect, which is not followed"),
        ("foreign-link", 1, "it was not followed"),
        ("link-loop", 1, "came back that was followed before"),
    ] {
        let script = format!("path getPstnCalls( {fault} always\n");
        fs::write(workplace.path("script"), script).unwrap();
        let served = Served::start(&workplace, &["--fault-script", "script"]);
        let range = ["--from", "2019-11-01", "--to", "2019-12-01"];
        let args = [&range[..], &["--output", "calls.csv"]].concat();
        let ended = served.export(&workplace, &args, None);
        assert_eq!(ended.code, Some(code), "{fault}: {}", ended.stderr);
        assert!(ended.error().contains(words), "{}", ended.stderr);
        let counts = Counts::of(&served);
        assert!(counts.number("faults") > 0, "{}", counts.0);
        assert_eq!(counts.number("foreign_requests"), 0, "{fault}");
        assert_eq!(workplace.names(), ["script"], "no file is left");
    }
}

#[test]
fn faults_that_cannot_be_served() {
    let workplace = Workplace::new();
    fs::write(workplace.path("script"), "graph 1 html\ngraph one html\n").unwrap();
    let refused = |args: &[&str], code, word: &str| {
        let ended = workplace.run([&["emulate"], args].concat());
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        assert!(ended.error().contains(word), "{}", ended.stderr);
    };
    refused(&["--fault-script", "script"], 2, "script: line 2: `one`");
    refused(&["--fault-script", "missing"], 1, "missing cannot be read");
    refused(&["--faults", "101"], 2, "101");
    refused(
        &["--faults", "9", "--fault-kinds", "htm"],
        2,
        "there is html",
    );
    refused(&["--page-rows", "0"], 2, "--page-rows");
}

/// Most of the time goes into pauses, so several go side by side.
#[test]
fn a_third_of_the_requests_going_wrong_changes_no_row() {
    let ran: Vec<(u64, u64)> = thread::scope(|scope| {
        let trial = |seed| {
            let trial = Trial {
                requests: 40,
                percent: 33,
                seed,
                wait: 0,
            };
            scope.spawn(move || trial.run())
        };
        let trials: Vec<_> = (1..=8).map(trial).collect();
        trials
            .into_iter()
            .map(|trial| trial.join().unwrap())
            .collect()
    });
    let requests: u64 = ran.iter().map(|(requests, _)| requests).sum();
    let faults: u64 = ran.iter().map(|(_, faults)| faults).sum();
    println!("{requests} requests, {faults} faults in all");
    assert!(faults * 100 >= requests * 25, "{faults} of {requests}");
}

/// There the program speaks HTTP/2, and faults are those of one stream among others.
#[test]
fn nor_does_it_over_tls() {
    let trial = Trial {
        requests: 40,
        percent: 33,
        seed: 9,
        wait: 0,
    };
    let (_, ended) = trial.export(&["--tls", "tls"], &["--verbose"]);
    let again = ended.stderr.matches("http.request.resend_count=1").count();
    assert!(again > 5, "{again}");
}

/// `cargo xtask faults` runs it.
#[test]
#[ignore = "takes minutes"]
fn at_length() {
    let number = |name: &str| {
        let value = env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        value
            .parse::<u64>()
            .unwrap_or_else(|_| panic!("{name}={value} is not a number"))
    };
    let percent = number("FAULTS_PERCENT");
    let trial = Trial {
        requests: number("FAULTS_REQUESTS"),
        percent: percent.try_into().unwrap(),
        seed: number("FAULTS_SEED"),
        wait: 1,
    };
    let (requests, faults) = trial.run();
    // A request does not fail more than three times in a row, so fewer do than are drawn.
    assert!(
        faults * 100 >= requests * percent.saturating_sub(3),
        "{faults} of {requests}"
    );
}
