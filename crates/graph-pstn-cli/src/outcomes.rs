//! What a run over several tenants came to.

use serde_json::{Map, Value, json};

use crate::exit::Exit;

/// How it ended for each tenant, in the order of their file.
#[derive(Debug)]
pub(crate) struct Outcomes(Vec<(String, Exit)>);

impl Outcomes {
    /// Nothing has been done for any of them yet.
    pub(crate) fn interrupted(names: impl Iterator<Item = String>) -> Self {
        Self(names.map(|name| (name, Exit::Interrupted)).collect())
    }

    /// It has ended for the tenant in this place.
    pub(crate) fn set(&mut self, place: usize, exit: Exit) {
        if let Some((_, outcome)) = self.0.get_mut(place) {
            *outcome = exit;
        }
    }

    /// `{"tenants": {NAME: EXIT CODE, …}}`
    pub(crate) fn json(&self) -> Value {
        let codes = self.0.iter();
        let codes = codes.map(|(name, exit)| (name.clone(), json!(*exit as u8)));
        json!({ "tenants": codes.collect::<Map<_, _>>() })
    }

    /// The same in words; `done` says that all went well.
    pub(crate) fn line(&self, done: &str) -> String {
        format!("{} tenants: {}", self.0.len(), self.each(done).join(", "))
    }

    /// The same with a line for each.
    pub(crate) fn lines(&self, done: &str) -> String {
        format!("{} tenants:\n{}", self.0.len(), self.each(done).join("\n"))
    }

    fn each(&self, done: &str) -> Vec<String> {
        let each = self.0.iter().map(|(name, exit)| match exit {
            Exit::Done => format!("{name} {done}"),
            exit => format!("{name} {}", exit.words()),
        });
        each.collect()
    }

    /// The code for all: that of the interruption, or of the failures where they are of one kind.
    pub(crate) fn exit(&self) -> Exit {
        let is_failure = |exit: Exit| !matches!(exit, Exit::Done | Exit::SetAside);
        let exits = self.0.iter().map(|(_, exit)| *exit);
        exits.fold(Exit::Done, |all, exit| match (all, exit) {
            (Exit::Interrupted, _) | (_, Exit::Interrupted) => Exit::Interrupted,
            (all, exit) if is_failure(all) && is_failure(exit) && all != exit => Exit::Other,
            (all, _) if is_failure(all) => all,
            (Exit::SetAside, Exit::Done) => Exit::SetAside,
            (_, exit) => exit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(exits: &[Exit]) -> Outcomes {
        let names = ["a", "b", "c"].map(str::to_owned);
        let mut outcomes = Outcomes::interrupted(names.into_iter().take(exits.len()));
        for (place, exit) in exits.iter().enumerate() {
            outcomes.set(place, *exit);
        }
        outcomes
    }

    #[test]
    fn failures_of_one_kind_keep_their_code() {
        use Exit::{Done, Interrupted, NotAuthorised, Other, SetAside, Unavailable};
        for (exits, all) in [
            (&[Done, Done][..], Done),
            (&[Done, SetAside, Done], SetAside),
            (&[Done, NotAuthorised, SetAside], NotAuthorised),
            (&[NotAuthorised, Done, NotAuthorised], NotAuthorised),
            (&[NotAuthorised, Unavailable, Unavailable], Other),
            (&[NotAuthorised, Interrupted, Done], Interrupted),
            (&[], Done),
        ] {
            assert_eq!(outcomes(exits).exit(), all, "{exits:?}");
        }
    }

    #[test]
    fn each_is_told_by_its_name() {
        let two = outcomes(&[Exit::Done, Exit::Unavailable]);
        assert_eq!(two.line("done"), "2 tenants: a done, b not reached");
        assert_eq!(two.lines("done"), "2 tenants:\na done\nb not reached");
        assert_eq!(two.json(), json!({"tenants": {"a": 0, "b": 4}}));
    }
}
