//! Modules that import each other in a circle: none of them can be understood without the others.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Module;

/// The circles, each with the arrows that tie it.
///
/// That a module names those inside of it is how Rust lays out a tree, and ties nothing.
pub(super) fn of(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<(String, String)>> {
    let from = |module: &Module| {
        let taken = arrows.get(module).into_iter().flatten();
        let module = module.clone();
        taken.filter(move |other| !other.starts_with(&module))
    };
    let reached = |begin: &Module| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&Module> = from(begin).collect();
        while let Some(module) = next.pop() {
            if seen.insert(module.clone()) {
                next.extend(from(module));
            }
        }
        seen
    };
    let reach: BTreeMap<&Module, BTreeSet<Module>> = arrows
        .keys()
        .map(|module| (module, reached(module)))
        .collect();
    let mut circles = Vec::new();
    let mut known = BTreeSet::new();
    for (module, far) in &reach {
        if !far.contains(*module) || known.contains(*module) {
            continue;
        }
        let is_in = |other: &&Module| reach.get(*other).is_some_and(|far| far.contains(*module));
        let members: BTreeSet<&Module> = far.iter().filter(is_in).collect();
        let ties = members.iter().flat_map(|member| {
            let others = from(member).filter(|other| members.contains(other));
            others.map(|other| (member.join("::"), other.join("::")))
        });
        circles.push(ties.collect());
        known.extend(members.into_iter().cloned());
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::super::imports;
    use super::*;

    fn of_sources(sources: &[(&str, &str)]) -> Vec<Vec<(String, String)>> {
        of(&imports::arrows(sources))
    }

    #[test]
    fn two_that_import_each_other_are_a_circle() {
        let sources = [
            ("crates/a/src/lib.rs", "mod one; mod two; mod three;"),
            ("crates/a/src/one.rs", "use crate::two::X;"),
            ("crates/a/src/two.rs", "use crate::three::Y;"),
            ("crates/a/src/three.rs", "fn f() { crate::one::g() }"),
            ("crates/a/src/four.rs", "use crate::one::g;"),
        ];
        let ties = [
            ("a::one", "a::two"),
            ("a::three", "a::one"),
            ("a::two", "a::three"),
        ];
        assert_eq!(
            of_sources(&sources),
            [ties.map(|(from, to)| (from.to_owned(), to.to_owned()))]
        );
    }

    #[test]
    fn a_tree_is_none() {
        let sources = [
            ("crates/a/src/lib.rs", "mod one;\npub use one::{X, Z};"),
            ("crates/a/src/one/mod.rs", "mod in;\npub use in::X;"),
            ("crates/a/src/one/in.rs", "use super::Z;"),
            // By way of the root, which hands it on.
            ("crates/a/src/two.rs", "use crate::X;"),
        ];
        assert!(of_sources(&sources).is_empty());
    }

    #[test]
    fn what_is_handed_on_ties_the_one_that_has_it() {
        let sources = [
            ("crates/a/src/lib.rs", "mod one;\npub use one::X;"),
            ("crates/a/src/one.rs", "use crate::two::Y;"),
            ("crates/a/src/two.rs", "use crate::X;"),
        ];
        assert_eq!(of_sources(&sources).len(), 1);
    }
}
