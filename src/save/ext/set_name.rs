//! `NAME src,dst,...`, as `-m set` and `-j SET` name a set and what of the packet is its key (libxt_set.h, `parse_dirs`).
//!
//! Held as the name, then 1 for each source and 0 for each destination.

use bstr::BString;

use crate::diag::quote;
use crate::packet::Family;
use crate::save::option::Value;

/// Bytes of a name, and directions (include/uapi/linux/netfilter/ipset/ip_set.h, `IPSET_MAXNAMELEN`, `IPSET_DIM_MAX`).
const LONGEST: usize = 31;
const MOST: usize = 6;

/// Reads both words.
///
/// # Errors
/// What is wrong with them, for people.
pub fn read(words: &[&[u8]], _: Family) -> Result<Value, String> {
    let [name, directions] = words else { return Err("the name of a set and its directions are needed".into()) };
    if name.is_empty() || name.len() > LONGEST {
        return Err(format!("{} is no name of a set: 1 to {LONGEST} bytes", quote(name)));
    }
    let direction = |word: &[u8]| match word {
        b"src" => Ok(Value::Number(1)),
        b"dst" => Ok(Value::Number(0)),
        other => Err(format!("{} is neither src nor dst", quote(other))),
    };
    let directions: Vec<Value> = directions.split(|&b| b == b',').map(direction).collect::<Result<_, _>>()?;
    if directions.len() > MOST {
        return Err(format!("a set has at most {MOST} directions"));
    }
    Ok(Value::List(vec![Value::Text((*name).into()), Value::List(directions)]))
}

/// The name, and for each direction whether it is the source.
pub fn parts(value: &Value) -> Option<(&BString, Vec<bool>)> {
    let Value::List(parts) = value else { return None };
    match parts.as_slice() {
        [Value::Text(name), Value::List(directions)] => {
            Some((name, directions.iter().map(|d| *d == Value::Number(1)).collect()))
        }
        _ => None,
    }
}

/// Both words again.
pub fn show(value: &Value, _: Family) -> Vec<BString> {
    let Some((name, directions)) = parts(value) else { return Vec::new() };
    let words: Vec<&str> = directions.iter().map(|source| if *source { "src" } else { "dst" }).collect();
    vec![name.clone(), words.join(",").into()]
}
