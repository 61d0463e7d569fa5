//! The two versions of Graph.

/// The version of the API, the first segment of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl Version {
    /// The version that a segment names; its case does not matter, as nowhere in a path.
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        [Self::V1, Self::Beta]
            .into_iter()
            .find(|version| version.segment().eq_ignore_ascii_case(segment))
    }

    pub(crate) const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}
