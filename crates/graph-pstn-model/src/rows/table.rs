//! One table makes a row type: its fields, how it is read and written, and its columns.

use crate::unknown::NoteUnknown;

/// A row type of this crate: reads itself, and says which properties it did not know.
pub(crate) trait KnownRow: Sized {
    fn read<'de, D, N>(deserializer: D, unknown: &mut N) -> Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
        N: NoteUnknown;
}

/// Defines a row type. Each line is a property: its docs, its field, its type, Graph's name.
///
/// Reading: `null`, `""`, year-1 times and missing properties are `None`, unknown properties are
/// skipped, and a property that comes twice is an error. Writing: every property, in this order,
/// `null` for `None`.
macro_rules! log_row {
    (
        $(#[$meta:meta])*
        pub struct $Row:ident {
            $( $(#[$doc:meta])* $field:ident: $Type:ty = $name:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct $Row {
            $( $(#[$doc])* pub $field: Option<$Type>, )*
        }

        const _: () = {
            use $crate::{
                Cell, Column, Tabular,
                property::{FieldSeed, Property},
                reader::{Cursor, Scan, ScanRow},
                rows::KnownRow,
                unknown::NoteUnknown,
            };
            use serde_with::ser::SerializeAsWrap;

            const NAMES: &[&str] = &[$($name),*];

            #[allow(non_camel_case_types, reason = "named after the fields")]
            #[derive(Clone, Copy)]
            enum Field {
                $($field,)*
                Unknown,
            }

            impl Tabular for $Row {
                const COLUMNS: &'static [Column] =
                    &[$(Column::new($name, <$Type as Property>::KIND)),*];

                fn cell(&self, column: usize) -> Cell<'_> {
                    const FIELDS: &[Field] = &[$(Field::$field),*];
                    match FIELDS.get(column) {
                        $( Some(Field::$field) => {
                            self.$field.as_ref().map_or(Cell::Absent, Property::cell)
                        } )*
                        Some(Field::Unknown) | None => Cell::Absent,
                    }
                }
            }

            impl serde::Serialize for $Row {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeStruct as _;

                    let mut row = serializer.serialize_struct(stringify!($Row), NAMES.len())?;
                    $( row.serialize_field(
                        $name,
                        &SerializeAsWrap::<_, <$Type as Property>::Adapter>::new(&self.$field),
                    )?; )*
                    row.end()
                }
            }

            impl ScanRow for $Row {
                const MEMBERS: usize = NAMES.len();

                fn scan_straight(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
                    let mut open = b'{';
                    $(
                        cursor.eat_member(open, concat!("\"", $name, "\":"))?;
                        <$Type as Scan>::scan(cursor, &mut self.$field)?;
                        open = b',';
                    )*
                    let _ = open;
                    cursor.close()
                }

                fn place(name: &str) -> Option<u8> {
                    match name {
                        $( $name => Some(Field::$field as u8), )*
                        _ => None,
                    }
                }

                fn scan_member(
                    &mut self,
                    place: u8,
                    cursor: &mut Cursor<'_>,
                    named: bool,
                ) -> Option<bool> {
                    match place {
                        $( n if n == Field::$field as u8 => {
                            let name = concat!("\"", $name, "\":");
                            if named && cursor.eat_name(name).is_none() {
                                return Some(false);
                            }
                            <$Type as Scan>::scan(cursor, &mut self.$field)?;
                        } )*
                        _ => return None,
                    }
                    Some(true)
                }
            }

            struct NameSeed<'a, N>(&'a mut N);

            impl<'de, N: NoteUnknown> serde::de::DeserializeSeed<'de> for NameSeed<'_, N> {
                type Value = Field;

                fn deserialize<D: serde::Deserializer<'de>>(
                    self,
                    deserializer: D,
                ) -> Result<Field, D::Error> {
                    deserializer.deserialize_identifier(self)
                }
            }

            impl<N: NoteUnknown> serde::de::Visitor<'_> for NameSeed<'_, N> {
                type Value = Field;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("the name of a property")
                }

                fn visit_str<E>(self, name: &str) -> Result<Field, E> {
                    match name {
                        $( $name => Ok(Field::$field), )*
                        _ => {
                            self.0.note(name);
                            Ok(Field::Unknown)
                        }
                    }
                }
            }

            struct RowVisitor<'a, N>(&'a mut N);

            impl<'de, N: NoteUnknown> serde::de::Visitor<'de> for RowVisitor<'_, N> {
                type Value = $Row;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a row: a JSON object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<$Row, A::Error> {
                    let mut row = $Row::default();
                    let mut seen = 0_u64;
                    while let Some(field) = map.next_key_seed(NameSeed(&mut *self.0))? {
                        match field {
                            $( Field::$field => {
                                let bit = 1_u64 << (Field::$field as u8);
                                if seen & bit != 0 {
                                    return Err(serde::de::Error::duplicate_field($name));
                                }
                                seen |= bit;
                                map.next_value_seed(FieldSeed(&mut row.$field))?;
                            } )*
                            Field::Unknown => {
                                map.next_value::<serde::de::IgnoredAny>()?;
                            }
                        }
                    }
                    Ok(row)
                }

                // Formats that write no names.
                fn visit_seq<A: serde::de::SeqAccess<'de>>(
                    self,
                    mut seq: A,
                ) -> Result<$Row, A::Error> {
                    let mut row = $Row::default();
                    let mut read = 0_usize;
                    $(
                        if seq.next_element_seed(FieldSeed(&mut row.$field))?.is_none() {
                            return Err(serde::de::Error::invalid_length(read, &self));
                        }
                        read += 1;
                    )*
                    let _ = read;
                    Ok(row)
                }
            }

            impl KnownRow for $Row {
                fn read<'de, D, N>(deserializer: D, unknown: &mut N) -> Result<Self, D::Error>
                where
                    D: serde::Deserializer<'de>,
                    N: NoteUnknown,
                {
                    if deserializer.is_human_readable() {
                        // Not `deserialize_struct`, for which `serde_json` also takes arrays.
                        deserializer.deserialize_map(RowVisitor(unknown))
                    } else {
                        deserializer.deserialize_struct(stringify!($Row), NAMES, RowVisitor(unknown))
                    }
                }
            }

            impl<'de> serde::Deserialize<'de> for $Row {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
                    Self::read(deserializer, &mut ())
                }
            }
        };
    };
}

pub(crate) use log_row;
