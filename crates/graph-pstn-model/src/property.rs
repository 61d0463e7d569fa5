//! What a type must know to be a property of a row.

use rust_decimal::Decimal;
use serde::{Deserializer, de::DeserializeSeed};
use serde_with::Same;
use time::OffsetDateTime;

use crate::{
    AdministrativeUnitInfo, CallDurationSource, CallType, Cell, ColumnKind, Text, UserBlockMode,
    adapt::{Exact, Instant, Int, NonEmpty, ReadField},
};

/// A type of a property: how it is read and written, and what it is in a table.
pub(crate) trait Property: Sized {
    /// How serde reads and writes an `Option<Self>`.
    type Adapter: ReadField<Self>;

    const KIND: ColumnKind;

    fn cell(&self) -> Cell<'_>;
}

/// Reads the value of a property into its field.
pub(crate) struct FieldSeed<'a, T>(pub(crate) &'a mut Option<T>);

impl<'de, T: Property> DeserializeSeed<'de> for FieldSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::Adapter::read(deserializer, self.0)
    }
}

impl Property for i32 {
    type Adapter = Int;

    const KIND: ColumnKind = ColumnKind::Integer;

    fn cell(&self) -> Cell<'_> {
        Cell::Integer(i64::from(*self))
    }
}

impl Property for bool {
    type Adapter = Same;

    const KIND: ColumnKind = ColumnKind::Boolean;

    fn cell(&self) -> Cell<'_> {
        Cell::Boolean(*self)
    }
}

impl Property for Decimal {
    type Adapter = Exact;

    const KIND: ColumnKind = ColumnKind::Decimal;

    fn cell(&self) -> Cell<'_> {
        Cell::Decimal(*self)
    }
}

impl Property for OffsetDateTime {
    type Adapter = Instant;

    const KIND: ColumnKind = ColumnKind::Time;

    fn cell(&self) -> Cell<'_> {
        Cell::Time(*self)
    }
}

impl Property for Vec<AdministrativeUnitInfo> {
    type Adapter = Same;

    const KIND: ColumnKind = ColumnKind::AdministrativeUnits;

    fn cell(&self) -> Cell<'_> {
        Cell::AdministrativeUnits(self)
    }
}

macro_rules! text_property {
    ($($Type:ty),*) => {$(
        impl Property for $Type {
            type Adapter = NonEmpty;

            const KIND: ColumnKind = ColumnKind::Text;

            fn cell(&self) -> Cell<'_> {
                Cell::Text(self.as_str())
            }
        }
    )*};
}

text_property!(Text, CallType, CallDurationSource, UserBlockMode);
