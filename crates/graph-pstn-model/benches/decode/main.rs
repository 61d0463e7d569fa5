//! How fast a page is decoded and dropped, against what a user would reach for.
//!
//! One process, one thread, the system's allocator, ways interleaved, medians. `decode_memory` counts
//! what they allocate: counting costs time, so it is a program of its own.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use pages::{ROWS, Style};
use ways::{Scratch, Way, decode};

mod pages;
mod ways;

const PAGES: u64 = 16;
const ROUNDS: usize = 41;

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "decode and drop of a page of {ROWS} rows, medians of {ROUNDS} rounds of {PAGES} pages"
    );
    for (style, name) in Style::ALL {
        let pages: Vec<Vec<u8>> = (0..PAGES).map(|n| pages::page(n, style)).collect();
        let bytes = pages.iter().map(Vec::len).sum::<usize>() as f64 / PAGES as f64;
        println!("\n{name}, {:.0} kB a page", bytes / 1e3);
        report(&measure(&pages)?, bytes);
    }
    Ok(())
}

/// The median time that each way takes for a page.
///
/// Each way goes through all pages before it is the next one's turn, so that no way finds a page in
/// the processor's caches because another has just read it.
fn measure(pages: &[Vec<u8>]) -> Result<Vec<(Way, Duration)>, Box<dyn Error>> {
    let mut scratch = Scratch::default();
    let mut times = Way::ALL.map(|way| (way, Vec::with_capacity(ROUNDS * pages.len())));
    // The first round warms up.
    for round in 0..=ROUNDS {
        for (way, times) in &mut times {
            for page in pages {
                let time = time(*way, page, &mut scratch)?;
                if round > 0 {
                    times.push(time);
                }
            }
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    Ok(times
        .into_iter()
        .map(|(way, times)| (way, median(times)))
        .collect())
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is the clock that is asked for"
)]
fn time(way: Way, page: &[u8], scratch: &mut Scratch) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    decode(way, page, scratch, |rows| assert_eq!(rows, ROWS))?;
    Ok(start.elapsed())
}

/// Times for a page of so many bytes.
fn report(medians: &[(Way, Duration)], bytes: f64) {
    let naive = medians.iter().find(|(way, _)| *way == Way::Naive);
    let naive = naive.map_or(f64::NAN, |(_, time)| time.as_secs_f64());
    println!(
        "{:34} {:>9} {:>8} {:>8}",
        "way", "ms/page", "MB/s", "× naive"
    );
    for (way, time) in medians {
        let seconds = time.as_secs_f64();
        println!(
            "{:34} {:>9.3} {:>8.0} {:>8.2}",
            way.name(),
            seconds * 1e3,
            bytes / seconds / 1e6,
            naive / seconds,
        );
    }
}
