//! What decoding a page allocates, and what its rows keep. Its times are in `decode`.

use std::{alloc::System, error::Error};

use pages::{ROWS, Style};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use ways::{Scratch, Way, decode};

#[path = "decode/pages.rs"]
mod pages;
#[path = "decode/ways.rs"]
mod ways;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    let mut scratch = Scratch::default();
    for (style, name) in Style::ALL {
        let page = pages::page(1, style);
        println!(
            "\n{name:34} {:>16} {:>15}",
            "allocations/row", "bytes kept/row"
        );
        for way in Way::ALL {
            // Once to fill what is kept between pages.
            decode(way, &page, &mut scratch, |_| ())?;
            let before = ALLOCATOR.stats();
            decode(way, &page, &mut scratch, |rows| {
                let used = ALLOCATOR.stats() - before;
                let allocations = used.allocations + used.reallocations;
                let kept = used.bytes_allocated as f64 - used.bytes_deallocated as f64;
                println!(
                    "{:34} {:>16.2} {:>15.0}",
                    way.name(),
                    allocations as f64 / ROWS as f64,
                    kept / rows as f64,
                );
            })?;
        }
    }
    Ok(())
}
