//! What a seed stands for: all that is drawn in advance.

use std::time::Duration;

use fastrand::Rng;
use graph_pstn_http::{ErrorKind, Quota, ReadOptions};
use graph_pstn_model::TimeRange;

use crate::{
    faults::{Fatal, Passing},
    truth::{self, Row, Shape},
};

pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) range: TimeRange,
    pub(crate) rows: Vec<Row>,
    pub(crate) page_rows: usize,
    /// The longest ways there and back.
    pub(crate) way_there: Duration,
    pub(crate) way_back: Duration,
    /// Graph refuses ranges that are longer.
    pub(crate) longest_days: i64,
    pub(crate) links: Links,
    pub(crate) disorder: Disorder,
    pub(crate) passing: Passing,
    pub(crate) tokens: Tokens,
    pub(crate) fatal: Option<(Fatal, u32)>,
    pub(crate) client: Client,
    pub(crate) caller: Caller,
}

/// What links show of the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    Exact,
    /// Dates only, rounded outwards.
    WholeDays,
    /// Dates only, which stand for the first moment of the day.
    Midnights,
}

/// Pages that are no snapshot: the shares of pages that are so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disorder {
    /// Begin with rows of the page before.
    pub(crate) shifted: f64,
    /// Hold a row twice.
    pub(crate) repeating: f64,
    /// Are shorter than they could be.
    pub(crate) short: f64,
    /// Are empty, so many times one after the other.
    pub(crate) empty: f64,
    pub(crate) most_empty: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    /// How long tokens live, and when they are to be renewed.
    pub(crate) expires_in: u64,
    pub(crate) refresh_in: Option<u64>,
    /// When all tokens that were issued before are revoked.
    pub(crate) revoked: Vec<Duration>,
    /// From when on tokens must have been asked for with claims.
    pub(crate) claims_from: Option<Duration>,
    /// The token requests from this one on that fail, so many of them.
    pub(crate) failing: (u32, u32),
    /// One of them is met by silence.
    pub(crate) silence: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) options: ReadOptions,
    pub(crate) per_minute: u32,
    /// As the program sets it; `None`: the library's default.
    pub(crate) max_wait: Option<Duration>,
    /// The rows are of a type of the test's own, which counts how many there are.
    pub(crate) counted_rows: bool,
}

impl Client {
    pub(crate) fn quota(&self) -> Quota {
        Quota::per_minute(self.per_minute)
    }
}

/// What the caller does with the reader.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// After so many batches, or so much time, the process ends; and goes on from its checkpoint.
    pub(crate) kills: Vec<Kill>,
    /// The share of batches after which it takes its time, and how long that is at the most.
    pub(crate) slow: f64,
    pub(crate) longest_pause: Duration,
    /// The share of batches that it asks for, gives up on, and asks for again.
    pub(crate) impatient: f64,
    /// Goes on with the same reader after an error that may pass.
    pub(crate) polls_again: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    pub(crate) after_batches: u32,
    /// While it waits for the next batch, after this long.
    pub(crate) waiting: Option<Duration>,
    /// A process of its own begins, with counts and tokens of its own.
    pub(crate) new_process: bool,
    pub(crate) down_for: Duration,
    /// The checkpoint is asked for at the end, rather than with the last finished window.
    pub(crate) late_checkpoint: bool,
}

impl Scenario {
    pub(crate) fn draw(seed: u64) -> Self {
        // The sequence is the seed's: do not draw in another order without need.
        let mut rng = Rng::with_seed(seed ^ 0x5eed);
        let rng = &mut rng;
        let range = truth::range(rng);
        let shape = shape(rng);
        let rows = truth::rows(rng, range, &shape);
        let page_rows = page_rows(rng, rows.len());
        let pages = rows.len() / page_rows + 1;
        let client = client(rng);
        let tokens = tokens(rng, client.max_wait.is_none());
        let passing = passing(rng, &client, &tokens, pages);
        let fatal = (rng.f64() < 0.12).then(|| (Fatal::draw(rng), rng.u32(1..12)));
        let links = match (fatal.is_none() && rng.u8(0..5) == 0, seed % 2) {
            (false, _) => Links::Exact,
            (true, 0) => Links::WholeDays,
            (true, _) => Links::Midnights,
        };
        Self {
            seed,
            range,
            rows,
            page_rows,
            way_there: Duration::from_millis([20, 200, 1_500][rng.usize(0..3)]),
            way_back: Duration::from_millis([20, 1_000, 4_000][rng.usize(0..3)]),
            longest_days: if rng.u8(0..10) == 0 {
                rng.i64(3..60)
            } else {
                90
            },
            links,
            disorder: disorder(rng),
            passing,
            tokens,
            fatal,
            client,
            caller: caller(rng),
        }
    }

    /// Whether the caller may hear this of the fatal fault. A token that became worthless at the wrong
    /// moment, and a token request that fails as the last attempt, may get in before it.
    pub(crate) fn may_become(&self, fatal: Fatal, kind: ErrorKind) -> bool {
        let twice = matches!(fatal, Fatal::SecretExpired | Fatal::NoTokens);
        let before = match kind {
            ErrorKind::Unauthorized => twice,
            ErrorKind::Auth => self.tokens.failing.1 > 0,
            _ => false,
        };
        before || fatal.kinds().contains(&kind)
    }

    /// A generator of its own for what a name, a URL for instance, always draws the same.
    pub(crate) fn generator(&self, name: &str, purpose: u64) -> Rng {
        // FNV-1a: the same on every machine and in every version.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Rng::with_seed(hash ^ self.seed.rotate_left(17) ^ purpose.rotate_left(48))
    }
}

fn shape(rng: &mut Rng) -> Shape {
    let rows = match rng.u8(0..12) {
        0 => 0,
        1..=2 => rng.usize(1..30),
        3..=8 => rng.usize(30..1_500),
        _ => rng.usize(1_500..5_000),
    };
    Shape {
        rows,
        bursts: [0, 0, 1, 3, 12][rng.usize(0..5)],
        odd: if rng.u8(0..3) == 0 { 0.02 } else { 0.0 },
        appearing: if rng.u8(0..3) == 0 { 0.03 } else { 0.0 },
        changing: if rng.u8(0..5) == 0 { 0.02 } else { 0.0 },
    }
}

/// Few rows a page make long chains, and many make windows; more than some 150 pages take too long.
fn page_rows(rng: &mut Rng, rows: usize) -> usize {
    [3, 10, 40, 100, 400, 1_000][rng.usize(0..6)].max(rows / 120)
}

fn client(rng: &mut Rng) -> Client {
    let mut options = ReadOptions::default();
    if rng.u8(0..3) > 0 {
        options = options
            .with_parallel(rng.usize(1..9))
            .with_window_pages([1, 1, 2, 4][rng.usize(0..4)]);
    }
    if rng.u8(0..3) == 0 {
        options = options.with_waiting_bytes([0, 10_000, 60_000, 200_000][rng.usize(0..4)]);
    }
    Client {
        options,
        per_minute: [50, 50, 50, 50, 50, 20, 200][rng.usize(0..7)],
        max_wait: rng.bool().then_some(Duration::from_secs(6 * 3_600)),
        counted_rows: rng.bool(),
    }
}

/// A call has one re-send after a 401, so tokens become worthless in one way for each seed, and not
/// twice within the time that a call may take.
fn tokens(rng: &mut Rng, library: bool) -> Tokens {
    let mut tokens = Tokens {
        expires_in: 3_599,
        refresh_in: None,
        revoked: Vec::new(),
        claims_from: None,
        failing: (0, 0),
        silence: false,
    };
    match rng.u8(0..8) {
        0 => {
            tokens.expires_in = rng.u64(400..1_200);
            tokens.refresh_in = rng.bool().then(|| rng.u64(10..400));
        }
        1 | 2 => {
            let (mut at, gap) = (0, if library { 900 } else { 1_800 });
            for _ in 0..rng.u8(1..4) {
                at += rng.u64(1..60) + if at == 0 { 0 } else { gap };
                tokens.revoked.push(Duration::from_secs(at));
            }
        }
        3 => {
            tokens.expires_in = 28 * 3_600;
            tokens.refresh_in = rng.bool().then_some(12 * 3_600);
            tokens.claims_from = Some(Duration::from_secs(rng.u64(0..90)));
        }
        _ => {}
    }
    if rng.u8(0..4) == 0 {
        tokens.failing = (rng.u32(0..3), rng.u32(1..=3));
        tokens.silence = rng.u8(0..5) == 0;
    }
    tokens
}

/// What passes must pass within the defaults: 5 attempts that the server names no time for, 180 s of
/// work, and what a call may wait, which each attempt may have to do for a whole minute of the quota.
fn passing(rng: &mut Rng, client: &Client, tokens: &Tokens, pages: usize) -> Passing {
    if rng.u8(0..4) == 0 {
        return Passing::default();
    }
    let of_tokens = tokens.failing.1;
    let (counted, stated, longest_stated) = if client.max_wait.is_some() {
        (4 - of_tokens, 4, 90)
    } else if pages < 6 && client.per_minute >= 50 {
        // The quota never is used up.
        (4 - of_tokens, 2, 20)
    } else {
        (2_u32.saturating_sub(of_tokens), 1, 5)
    };
    // What is likely to go wrong must not go wrong for most pages, or a run takes days.
    let share = [0.05, 0.2, 0.6][rng.usize(0..3)];
    Passing {
        share,
        counted,
        stated: if rng.bool() { stated } else { 0 },
        longest_stated,
        silence: !tokens.silence,
    }
}

fn disorder(rng: &mut Rng) -> Disorder {
    let mut share = |most: f64| {
        if rng.u8(0..3) == 0 {
            rng.f64() * most
        } else {
            0.0
        }
    };
    let mut disorder = Disorder {
        shifted: share(0.3),
        repeating: share(0.3),
        short: share(0.5),
        empty: share(0.3),
        most_empty: 1,
    };
    if rng.u8(0..4) == 0 {
        disorder.most_empty = rng.u32(2..30);
        disorder.empty /= 8.0;
    }
    disorder
}

fn caller(rng: &mut Rng) -> Caller {
    let kills = if rng.u8(0..3) == 0 { rng.u8(1..5) } else { 0 };
    let kills = (0..kills).map(|_| Kill {
        after_batches: rng.u32(0..25),
        waiting: rng.bool().then(|| Duration::from_millis(rng.u64(0..8_000))),
        new_process: rng.bool(),
        down_for: Duration::from_secs([0, 1, 65, 4_000][rng.usize(0..4)]),
        late_checkpoint: rng.bool(),
    });
    let kills = kills.collect();
    let slow = if rng.u8(0..3) == 0 { rng.f64() } else { 0.0 };
    Caller {
        kills,
        slow,
        longest_pause: Duration::from_secs([1, 10, 120][rng.usize(0..3)]),
        impatient: if rng.u8(0..4) == 0 { 0.3 } else { 0.0 },
        polls_again: rng.bool(),
    }
}
