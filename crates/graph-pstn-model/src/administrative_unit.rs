//! The administrative units of a user, as beta rows carry them.

use serde::{Deserialize, Serialize};

use crate::Text;

/// One administrative unit of a user (`administrativeUnitInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AdministrativeUnitInfo {
    /// The unit's id in the directory, a GUID.
    #[serde(default)]
    pub id: Option<Text>,
}
