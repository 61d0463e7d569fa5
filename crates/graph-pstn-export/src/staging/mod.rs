//! Files in the making: the folder that they are in, and what is noted so that another process can go on.

pub(crate) mod checkpoint;
pub(crate) mod part;
pub(crate) mod stage;
pub(crate) mod staged;
