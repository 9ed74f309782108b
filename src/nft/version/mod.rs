//! What the nft and the kernel that a ruleset is for can do.
//!
//! The printer writes each construct in the oldest spelling there is; whether a construct may be used
//! at all is decided before, with the tables here. Invariant: `Feature::ALL` holds every feature once,
//! and `tests/nft_features.rs` tries each on every nft at hand.

mod feature;
mod number;
mod target;

pub use feature::{Evidence, Feature, Need};
pub use number::{BadVersion, Version};
pub use target::{BadTarget, DISTRIBUTIONS, Distribution, Target};
