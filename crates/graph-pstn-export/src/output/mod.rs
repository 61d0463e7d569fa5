//! Where files go when they are whole: one file, or a folder with one for each day.

pub(crate) mod calendar;
pub(crate) mod days;
pub(crate) mod destination;
pub(crate) mod folder;
#[cfg(feature = "object-store")]
pub(crate) mod folder_url;
pub(crate) mod layout;
pub(crate) mod merge;
pub(crate) mod output_file;
