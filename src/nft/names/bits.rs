//! Names of single bits, for the types whose values are sets of bits.

use crate::packet::DataType;

type Names = &'static [(u128, &'static str)];

/// `include/uapi/linux/netfilter/nf_conntrack_common.h`, as nft numbers the states.
const CT_STATE: Names = &[(1, "invalid"), (2, "established"), (4, "related"), (8, "new"), (64, "untracked")];

/// IPS_* of the same file.
const CT_STATUS: Names = &[
    (0x001, "expected"),
    (0x002, "seen-reply"),
    (0x004, "assured"),
    (0x008, "confirmed"),
    (0x010, "snat"),
    (0x020, "dnat"),
    (0x200, "dying"),
];

const TCP_FLAG: Names = &[
    (0x01, "fin"),
    (0x02, "syn"),
    (0x04, "rst"),
    (0x08, "psh"),
    (0x10, "ack"),
    (0x20, "urg"),
    (0x40, "ecn"),
    (0x80, "cwr"),
];

/// Splits `value` into the names of its bits, lowest first. `None` when the type is not one of
/// bits, when the value is 0, or when a bit has no name. Bits of `ct label` are their numbers.
pub fn bit_names(data: DataType, value: u128) -> Option<Vec<String>> {
    if value == 0 {
        return None;
    }
    let names = match data {
        DataType::CtState => CT_STATE,
        DataType::CtStatus => CT_STATUS,
        DataType::TcpFlag => TCP_FLAG,
        DataType::CtLabel => {
            return Some((0..128).filter(|bit| value >> bit & 1 == 1).map(|bit| bit.to_string()).collect());
        }
        _ => return None,
    };
    let known = names.iter().fold(0, |all, (bit, _)| all | bit);
    (value & !known == 0)
        .then(|| names.iter().filter(|(bit, _)| value & bit != 0).map(|(_, name)| (*name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: DataType, value: u128, expect: Option<&str>) {
        assert_eq!(bit_names(data, value).map(|names| names.join(",")).as_deref(), expect, "{data:?} {value}");
    }

    #[test]
    fn bits_have_names() {
        check(DataType::CtState, 6, Some("established,related"));
        check(DataType::CtState, 64, Some("untracked"));
        check(DataType::CtState, 16, None);
        check(DataType::CtState, 0, None);
        check(DataType::CtStatus, 0x30, Some("snat,dnat"));
        check(DataType::TcpFlag, 0x12, Some("syn,ack"));
        check(DataType::CtLabel, 1 << 127 | 1, Some("0,127"));
        check(DataType::Mark, 1, None);
    }
}
