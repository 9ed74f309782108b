//! Targets: `-j NAME`. One file each.

pub mod accept;
pub mod connmark;
pub mod ct;
pub mod dnat;
pub mod drop;
pub mod log;
pub mod mark;
pub mod masquerade;
pub mod nflog;
pub mod notrack;
pub mod queue;
pub mod redirect;
pub mod reject;
pub mod r#return;
pub mod snat;
pub mod tcpmss;
pub mod trace;
