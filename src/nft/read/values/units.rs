//! Units of rates and quotas.

use crate::nft::ast::TimeUnit;

/// Bytes in `bytes`, `kbytes`, `mbytes`.
pub fn byte_unit(word: &str) -> Option<u64> {
    match word {
        "bytes" => Some(1),
        "kbytes" => Some(1 << 10),
        "mbytes" => Some(1 << 20),
        _ => None,
    }
}

pub fn time_unit(word: &str) -> Option<TimeUnit> {
    match word {
        "second" => Some(TimeUnit::Second),
        "minute" => Some(TimeUnit::Minute),
        "hour" => Some(TimeUnit::Hour),
        "day" => Some(TimeUnit::Day),
        "week" => Some(TimeUnit::Week),
        _ => None,
    }
}
