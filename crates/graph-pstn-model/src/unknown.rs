//! Properties of rows that this version does not know: they are counted by name, so that somebody sees that Graph has added one.

use std::collections::BTreeMap;

/// Hears of each property that a row has and its type does not.
pub(crate) trait NoteUnknown {
    fn note(&mut self, property: &str);
}

/// Plain deserialization has nobody to tell.
impl NoteUnknown for () {
    fn note(&mut self, _: &str) {}
}

/// How often each property came.
#[derive(Default)]
pub(crate) struct Counting(pub(crate) BTreeMap<String, u64>);

impl NoteUnknown for Counting {
    fn note(&mut self, property: &str) {
        if property.contains('@') {
            return;
        }
        match self.0.get_mut(property) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(property.to_owned(), 1);
            }
        }
    }
}
