//! `meta KEY`, and the keys that need no `meta` before them (nft(8), *META EXPRESSIONS*).

use crate::nft::read::cursor::{Parsed, Reader, Unread};
use crate::packet::Field;

impl Reader<'_> {
    /// One key; `qualified` when `meta` was read before it.
    pub fn meta_field(&mut self, qualified: bool) -> Parsed<Field> {
        let word = self.word()?;
        let field = unqualified(word).or_else(|| if qualified { only_qualified(word) } else { None });
        field.ok_or(Unread)
    }
}

fn unqualified(word: &str) -> Option<Field> {
    Some(match word {
        "cgroup" => Field::Cgroup,
        "cpu" => Field::Cpu,
        "day" => Field::Day,
        "hour" => Field::Hour,
        "ibrname" | "ibriport" => Field::Ibrname,
        "iifgroup" => Field::Iifgroup,
        "iif" | "iifname" => Field::Iifname,
        "mark" => Field::Mark,
        "nftrace" => Field::Nftrace,
        "obrname" | "obriport" => Field::Obrname,
        "oifgroup" => Field::Oifgroup,
        "oif" | "oifname" => Field::Oifname,
        "pkttype" => Field::Pkttype,
        "rtclassid" => Field::Rtclassid,
        "skgid" => Field::Skgid,
        "skuid" => Field::Skuid,
        "time" => Field::Time,
        _ => return None,
    })
}

fn only_qualified(word: &str) -> Option<Field> {
    Some(match word {
        "ipsec" | "secpath" => Field::Secpath,
        "l4proto" => Field::L4proto,
        "length" => Field::Length,
        "nfproto" => Field::Nfproto,
        "priority" => Field::Priority,
        "protocol" => Field::Protocol,
        "secmark" => Field::Secmark,
        _ => return None,
    })
}
