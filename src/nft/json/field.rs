//! Fields as JSON objects (libnftables-json(5), section *EXPRESSIONS*).

use serde_json::{Value, json};

use crate::nft::names::field_words;
use crate::nft::print::Why;
use crate::packet::{
    ExthdrPart, Family, FibFlags, FibResult, Field, IpsecDirection, IpsecKey, PayloadBase, SctpChunkPart, TcpOptionPart,
};

/// The object for a field. Words are those of the text form, cut apart.
pub(super) fn field(field: Field, family: Family) -> Result<Value, Why> {
    let words = field_words(field, family).ok_or(Why::Field(field))?;
    let (first, rest) = words.split_once(' ').unwrap_or(("", &words));
    Ok(match field {
        Field::Payload { base, offset, len } => {
            json!({ "payload": { "base": payload_base(base), "offset": offset, "len": len } })
        }
        Field::Ct(_) => match rest.split_once(' ') {
            Some((dir @ ("original" | "reply"), key)) => json!({ "ct": { "key": key, "dir": dir } }),
            _ => json!({ "ct": { "key": rest } }),
        },
        Field::Exthdr(_, ExthdrPart::Exists) => json!({ "exthdr": { "name": rest } }),
        Field::Exthdr(..) => json!({ "exthdr": { "name": first, "field": rest } }),
        Field::TcpOption { kind, part: TcpOptionPart::Exists } => {
            json!({ "tcp option": { "name": tcp_option(kind).ok_or(Why::Field(field))? } })
        }
        Field::TcpOption { part: TcpOptionPart::MaxsegSize, .. } => {
            json!({ "tcp option": { "name": "maxseg", "field": "size" } })
        }
        Field::SctpChunk { part, .. } => sctp_chunk(rest, part),
        Field::DccpOption { kind } => json!({ "dccp option": { "type": kind } }),
        Field::Fib { flags, result } => json!({ "fib": { "result": fib_result(result), "flags": fib_flags(flags) } }),
        Field::Ipsec { dir, spnum, key } => ipsec(dir, spnum, key),
        Field::Osf { .. } => match rest.strip_prefix("ttl ").and_then(|rest| rest.split_once(' ')) {
            Some((ttl, key)) => json!({ "osf": { "key": key, "ttl": ttl } }),
            None => json!({ "osf": { "key": rest } }),
        },
        Field::Socket(_) | Field::Rt(_) => json!({ first: { "key": rest } }),
        Field::SocketCgroupv2 { .. } => return Err(Why::Field(field)),
        _ if first == "meta" || first.is_empty() => json!({ "meta": { "key": rest } }),
        _ => json!({ "payload": { "protocol": first, "field": rest } }),
    })
}

/// A TCP option by the name that 1.0.6 and newer know; JSON has no number for the others.
pub(super) fn tcp_option(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "eol",
        1 => "nop",
        2 => "maxseg",
        3 => "window",
        4 => "sack-perm",
        5 => "sack",
        8 => "timestamp",
        19 => "md5sig",
        30 => "mptcp",
        34 => "fastopen",
        _ => return None,
    })
}

fn sctp_chunk(words: &str, part: SctpChunkPart) -> Value {
    // `chunk name` or `chunk name flags`
    let name = words.split(' ').nth(1).unwrap_or_default();
    match part {
        SctpChunkPart::Exists => json!({ "sctp chunk": { "name": name } }),
        SctpChunkPart::Flags => json!({ "sctp chunk": { "name": name, "field": "flags" } }),
    }
}

const fn payload_base(base: PayloadBase) -> &'static str {
    match base {
        PayloadBase::Link => "ll",
        PayloadBase::Network => "nh",
        PayloadBase::Transport => "th",
        PayloadBase::Inner => "ih",
    }
}

const fn fib_result(result: FibResult) -> &'static str {
    match result {
        FibResult::Type => "type",
        FibResult::Oif | FibResult::Exists => "oif",
        FibResult::Oifname => "oifname",
    }
}

fn fib_flags(flags: FibFlags) -> Vec<&'static str> {
    let FibFlags { saddr, daddr, mark, iif, oif } = flags;
    let words = [(saddr, "saddr"), (daddr, "daddr"), (mark, "mark"), (iif, "iif"), (oif, "oif")];
    words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect()
}

fn ipsec(dir: IpsecDirection, spnum: u8, key: IpsecKey) -> Value {
    let dir = match dir {
        IpsecDirection::In => "in",
        IpsecDirection::Out => "out",
    };
    let (family, key) = match key {
        IpsecKey::Reqid => (None, "reqid"),
        IpsecKey::Spi => (None, "spi"),
        IpsecKey::IpSaddr => (Some("ip"), "saddr"),
        IpsecKey::IpDaddr => (Some("ip"), "daddr"),
        IpsecKey::Ip6Saddr => (Some("ip6"), "saddr"),
        IpsecKey::Ip6Daddr => (Some("ip6"), "daddr"),
    };
    match family {
        Some(family) => json!({ "ipsec": { "key": key, "family": family, "dir": dir, "spnum": spnum } }),
        None => json!({ "ipsec": { "key": key, "dir": dir, "spnum": spnum } }),
    }
}
