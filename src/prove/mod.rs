//! Decides, over all packets, whether two rulesets mean the same.

pub mod dd;
pub mod space;
