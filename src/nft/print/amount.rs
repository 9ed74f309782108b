//! The words of limits, quotas and synproxy, which stand in rules and in objects alike.

use super::Why;
use crate::nft::ast::{Limit, TimeUnit};

/// What follows `limit`.
pub(super) fn limit_words(limit: &Limit) -> Result<String, Why> {
    let unit = match limit.unit {
        TimeUnit::Second => "second",
        TimeUnit::Minute => "minute",
        TimeUnit::Hour => "hour",
        TimeUnit::Day => "day",
        TimeUnit::Week => "week",
    };
    if limit.rate == 0 {
        return Err(Why::Shape("a limit of rate 0"));
    }
    if limit.burst == Some(0) && !limit.bytes {
        return Err(Why::Shape("a burst of 0 packets"));
    }
    let over = if limit.over { "over " } else { "" };
    let rate = if limit.bytes { byte_words(limit.rate) + "/" } else { format!("{}/", limit.rate) };
    let burst = match limit.burst {
        None => String::new(),
        // What nothing means too, except to 0.9.8, which cannot say it.
        Some(0) => String::new(),
        Some(burst) if limit.bytes => format!(" burst {}", byte_words(burst)),
        Some(burst) => format!(" burst {burst} packets"),
    };
    Ok(format!("rate {over}{rate}{unit}{burst}"))
}

/// What follows `quota`.
pub(super) fn quota_words(over: bool, bytes: u64, used: u64) -> String {
    let used = if used == 0 { String::new() } else { format!(" used {}", byte_words(used)) };
    format!("{} {}{used}", if over { "over" } else { "until" }, byte_words(bytes))
}

/// An amount in the largest of nft's units that divides it.
fn byte_words(bytes: u64) -> String {
    match bytes {
        0 => "0 bytes".to_owned(),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} mbytes", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{} kbytes", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// What follows `synproxy`, each word after a space.
pub(super) fn synproxy_words(mss: Option<u16>, wscale: Option<u8>, timestamp: bool, sack_perm: bool) -> String {
    let mss = mss.map(|mss| format!(" mss {mss}")).unwrap_or_default();
    let wscale = wscale.map(|wscale| format!(" wscale {wscale}")).unwrap_or_default();
    let timestamp = if timestamp { " timestamp" } else { "" };
    let sack_perm = if sack_perm { " sack-perm" } else { "" };
    format!("{mss}{wscale}{timestamp}{sack_perm}")
}
