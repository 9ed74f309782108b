//! How nft spells numbers: names, data types of expressions, and literals, one file each.
//!
//! Written for output only. Invariant: a name stands in these tables only when nft 0.9.8, 1.0.6,
//! 1.1.3 and 1.1.7 all take it with no help from the host's files (`/etc/protocols`,
//! `/etc/services`, `/etc/iproute2`), measured with all four; what has no such name is a number.

mod bits;
mod field;
mod icmp;
mod kind;
mod priority;
mod span;
mod value;
mod words;

pub use bits::bit_names;
pub(in crate::nft) use field::tcp_option;
pub use field::{field_words, loopback_words};
pub use kind::{Kind, kinds_of};
pub use priority::priority_name;
pub use span::Span;
pub use value::{Place, Spelling, duration, spell};
pub use words::{log_level, name_of, type_name};
