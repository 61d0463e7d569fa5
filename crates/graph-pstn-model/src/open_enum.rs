//! Enumerations that keep the values they do not know.

/// Defines an enumeration over Graph's member names, with an arm for any other.
///
/// Members are matched in any case, and written as the schema spells them.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $Name:ident {
            $( $(#[$member_meta:meta])* $Member:ident = $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $Name {
            $( $(#[$member_meta])* $Member, )*
            /// A value that this version does not know, as Graph wrote it.
            Unknown($crate::Text),
        }

        impl $Name {
            /// The value as the schema spells it; one that is not known, as it came.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$Member => $text, )*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $Name {
            fn from(text: &str) -> Self {
                $( if text.eq_ignore_ascii_case($text) { return Self::$Member; } )*
                Self::Unknown($crate::Text::from(text))
            }
        }

        impl AsRef<str> for $Name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $Name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $Name {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::Text::deserialize(deserializer).map(|text| Self::from(text.as_str()))
            }
        }
    };
}

open_enum! {
    /// Where the duration of a call was taken from (`pstnCallDurationSource`).
    ///
    /// The schema has no `unknownFutureValue`, so a new member can come without notice.
    pub enum CallDurationSource {
        /// Microsoft measured it.
        Microsoft = "microsoft",
        /// The carrier measured it.
        Operator = "operator",
    }
}

open_enum! {
    /// Whether a user was blocked or let back (`pstnUserBlockMode`, beta).
    ///
    /// The schema spells the members in lower case, Microsoft's example with a capital.
    pub enum UserBlockMode {
        /// The user may not make calls.
        Blocked = "blocked",
        /// The user may make calls again.
        Unblocked = "unblocked",
        /// The service has a value that it shows only to clients that ask for it, with
        /// `Prefer: include-unknown-enum-members`.
        UnknownFutureValue = "unknownFutureValue",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignores_case_and_keeps_the_unknown() {
        assert_eq!(
            CallDurationSource::from("Microsoft"),
            CallDurationSource::Microsoft
        );
        assert_eq!(CallDurationSource::from("operator").as_str(), "operator");
        assert_eq!(UserBlockMode::from("Unblocked"), UserBlockMode::Unblocked);
        let unknown = CallDurationSource::from("Carrier");
        assert_eq!(unknown, CallDurationSource::Unknown("Carrier".into()));
        assert_eq!(serde_json::to_string(&unknown).unwrap(), "\"Carrier\"");
        assert_eq!(
            serde_json::from_str::<CallDurationSource>("\"Carrier\"").unwrap(),
            unknown
        );
    }
}
