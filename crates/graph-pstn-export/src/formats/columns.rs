//! Which columns are written, and in which order.

use graph_pstn_model::Tabular;

use crate::{Error, ErrorKind};

/// The places of columns of this name in a row type, in the order that is asked for.
///
/// # Errors
///
/// A name is that of no column, or stands twice, or there is none.
pub(crate) fn places<T: Tabular>(names: &[String]) -> Result<Vec<usize>, Error> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let place = T::COLUMNS
            .iter()
            .position(|column| column.name() == name.as_str());
        match place {
            None => return Err(unknown::<T>(name)),
            Some(place) if places.contains(&place) => {
                let message = format!("the column {name} is asked for twice");
                return Err(Error::new(ErrorKind::NoColumn, message));
            }
            Some(place) => places.push(place),
        }
    }
    if places.is_empty() {
        return Err(Error::new(ErrorKind::NoColumn, "no column is asked for"));
    }
    Ok(places)
}

/// The places of all columns.
pub(crate) fn all<T: Tabular>() -> Vec<usize> {
    (0..T::COLUMNS.len()).collect()
}

fn unknown<T: Tabular>(name: &str) -> Error {
    let names: Vec<&str> = T::COLUMNS.iter().map(|column| column.name()).collect();
    let close = names.iter().find(|known| known.eq_ignore_ascii_case(name));
    let message = match close {
        Some(close) => format!("there is no column {name}; there is {close}"),
        None => format!("there is no column {name}; there are {}", names.join(", ")),
    };
    Error::new(ErrorKind::NoColumn, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_model::PstnCallLogRow;

    fn of(names: &[&str]) -> Result<Vec<usize>, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        places::<PstnCallLogRow>(&names).map_err(|error| error.to_string())
    }

    #[test]
    fn the_order_is_the_callers() {
        assert_eq!(of(&["charge", "id"]), Ok(vec![8, 0]));
    }

    #[test]
    fn what_is_no_column_says_what_there_is() {
        assert_eq!(
            of(&["Charge"]).unwrap_err(),
            "there is no column Charge; there is charge"
        );
        assert!(of(&["cost"]).unwrap_err().contains("there are id, callId,"));
        assert_eq!(
            of(&["id", "id"]).unwrap_err(),
            "the column id is asked for twice"
        );
        assert_eq!(of(&[]).unwrap_err(), "no column is asked for");
    }
}
