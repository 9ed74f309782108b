//! Small pieces that several extensions use.

use super::CheckCx;
use crate::save::ast::Part;

/// For extensions whose options need nothing of each other.
pub fn no_check(_: &Part, _: &CheckCx) -> Result<(), String> {
    Ok(())
}

/// For matches and targets that exist for one protocol only.
pub fn needs_protocol(cx: &CheckCx, protocol: u8, name: &str) -> Result<(), String> {
    match cx.protocol {
        Some((p, false)) if p == protocol => Ok(()),
        _ => Err(format!("it needs `-p {name}` before it")),
    }
}

/// An option that must be there.
pub fn needs(part: &Part, option: &str) -> Result<(), String> {
    if part.has(option) { Ok(()) } else { Err(format!("`--{option}` must be given")) }
}
