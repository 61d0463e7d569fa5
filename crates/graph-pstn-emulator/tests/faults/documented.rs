//! What `docs/emulator.md` says of the faults.

use graph_pstn_emulator::Fault;

#[test]
fn the_page_on_the_emulator_lists_every_fault() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/emulator.md");
    let page = std::fs::read_to_string(page).unwrap();
    let listed: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let faults: Vec<String> = Fault::ALL
        .iter()
        .map(|fault| {
            let befalls = if fault.befalls_token_requests() {
                "both"
            } else {
                "Graph"
            };
            let recoverable = if fault.is_recoverable() { "yes" } else { "no" };
            let meaning = fault.meaning();
            format!("| `{fault}` | {meaning} | {befalls} | {recoverable} |")
        })
        .collect();
    for fault in &faults {
        assert!(listed.contains(&fault.as_str()), "the page lacks\n{fault}");
    }
}
