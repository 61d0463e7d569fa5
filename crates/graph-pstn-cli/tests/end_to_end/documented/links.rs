//! Links between the pages, and from them into the tree.

use std::collections::BTreeSet;
use std::path::Path;

use super::page::{Page, workspace};

#[test]
fn every_link_into_the_tree_leads_somewhere() {
    let mut seen = 0;
    for page in Page::all() {
        for link in links(&page.prose()) {
            if link.contains("://") {
                continue;
            }
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let folder = Path::new(&page.name).parent().unwrap();
            let target = match file {
                "" => Path::new(&page.name).to_owned(),
                file => folder.join(file),
            };
            assert!(
                workspace().join(&target).exists(),
                "{}: {link} leads nowhere",
                page.name
            );
            if !place.is_empty() {
                let places = places(&Page::read(target.to_str().unwrap()).prose());
                assert!(
                    places.contains(place),
                    "{}: {link} is none of {places:?}",
                    page.name
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} were found");
}

/// Where `[text](link)` leads.
fn links(prose: &str) -> Vec<String> {
    let after = prose.split("](").skip(1);
    let links = after.filter_map(|rest| rest.split(')').next());
    links.map(str::to_owned).collect()
}

/// The headings, as GitHub makes anchors of them.
fn places(prose: &str) -> BTreeSet<String> {
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter })
                .collect()
        })
        .collect()
}

/// A page that begins with links to its sections has one to each of them.
#[test]
fn a_table_of_contents_is_whole() {
    let mut seen = 0;
    for page in Page::all() {
        let prose = page.prose();
        let (before, _) = prose.split_once("\n## ").unwrap_or((&prose, ""));
        let listed: BTreeSet<String> = links(before)
            .iter()
            .filter_map(|link| link.strip_prefix('#').map(str::to_owned))
            .collect();
        if listed.len() < 3 {
            continue;
        }
        let sections = prose.lines().filter(|line| line.starts_with("## "));
        let sections = places(&sections.collect::<Vec<_>>().join("\n"));
        assert_eq!(listed, sections, "{}", page.name);
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn a_heading_is_a_place() {
    let places = places("# The `check` command's way\nx\n## On Windows\n");
    assert!(places.contains("the-check-commands-way"), "{places:?}");
    assert!(places.contains("on-windows"));
    assert_eq!(links("[a](b.md#c), ![d](e)"), ["b.md#c", "e"]);
}
