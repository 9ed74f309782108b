//! Targets: `-j NAME`. One file each.

pub mod accept;
pub mod drop;
pub mod log;
pub mod r#return;
