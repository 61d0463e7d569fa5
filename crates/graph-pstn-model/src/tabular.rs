//! Rows as cells in columns: what CSV and Parquet writers need.

use std::fmt;

use rust_decimal::Decimal;
use time::OffsetDateTime;

use crate::{AdministrativeUnitInfo, format_time};

/// A row whose properties can be walked as columns, in the order of Microsoft's page.
///
/// ```
/// use graph_pstn_model::{Cell, PstnCallLogRow, Tabular};
///
/// let mut row = PstnCallLogRow::default();
/// row.duration = Some(219);
/// let at = PstnCallLogRow::COLUMNS.iter().position(|c| c.name() == "duration");
/// assert_eq!(at.map(|at| row.cell(at)), Some(Cell::Integer(219)));
/// ```
pub trait Tabular {
    /// The columns, one a property.
    const COLUMNS: &'static [Column];

    /// The cell in a column, absent or of the column's [kind](Column::kind); [`Cell::Absent`] past the
    /// last column.
    fn cell(&self, column: usize) -> Cell<'_>;
}

/// Name and kind of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    name: &'static str,
    kind: ColumnKind,
}

impl Column {
    pub(crate) const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self { name, kind }
    }

    /// Graph's name of the property, `startDateTime` for instance.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What its cells hold where they are not absent.
    #[must_use]
    pub const fn kind(&self) -> ColumnKind {
        self.kind
    }
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Text (`Edm.String`, and enumerations).
    Text,
    /// An integer of 32 bits (`Edm.Int32`).
    Integer,
    /// An exact decimal (`Edm.Decimal`).
    Decimal,
    /// A point in time, UTC (`Edm.DateTimeOffset`).
    Time,
    /// `Edm.Boolean`.
    Boolean,
    /// The administrative units of a user: a list of ids.
    AdministrativeUnits,
}

/// One value of a row.
///
/// `Display` gives the canonical text: nothing for what is absent, times as [`format_time`] has
/// them, decimals with their scale, ids of administrative units separated by `;`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell<'a> {
    /// No value: `null`, an empty string, or the property was not there.
    Absent,
    /// Text.
    Text(&'a str),
    /// An integer.
    Integer(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// A point in time, UTC.
    Time(OffsetDateTime),
    /// Yes or no.
    Boolean(bool),
    /// The administrative units of a user.
    AdministrativeUnits(&'a [AdministrativeUnitInfo]),
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Decimal(number) => write!(f, "{number}"),
            Self::Time(time) => write!(f, "{}", format_time(*time)),
            Self::Boolean(yes) => write!(f, "{yes}"),
            Self::AdministrativeUnits(units) => {
                for (at, unit) in units.iter().enumerate() {
                    if at > 0 {
                        f.write_str(";")?;
                    }
                    f.write_str(unit.id.as_deref().unwrap_or_default())?;
                }
                Ok(())
            }
        }
    }
}
