//! What the system says this process has used. Linux only; elsewhere nothing is known.

use std::fs;

/// Clock ticks a second in `/proc`: 100 on every architecture that Linux has (`man 5 proc_pid_stat`,
/// `USER_HZ`).
const TICKS: f64 = 100.0;

/// Seconds of processor time of this process so far, user and system.
pub(crate) fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the name, may hold spaces, and ends with the last parenthesis.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let ticks = |field: Option<&str>| field?.parse::<f64>().ok();
    Some((ticks(fields.next())? + ticks(fields.next())?) / TICKS)
}

/// The most memory that this process has held, in kB.
pub(crate) fn peak_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
