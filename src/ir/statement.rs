//! Statements: what a rule does besides deciding. They keep their order.

use bstr::BString;

use super::{Fields, MapRow, ObjectId, SetId};
use crate::nft::ast::{Limit, Log, ObjectKind, SetOp};
use crate::packet::{Family, Field};

/// One thing done to the packet, its connection, a set, or the log.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Statement {
    Log(Log),
    /// Lets pass at a rate: a rule goes on only while tokens last. State of its own.
    Limit(Limit),
    /// Goes on until so many bytes have passed. State of its own.
    Quota {
        over: bool,
        bytes: u64,
    },
    /// A named object: counter, quota, ct helper, ct timeout ...
    Object {
        kind: ObjectKind,
        object: ObjectId,
    },
    /// Changes a field.
    Assign {
        field: Field,
        value: Assigned,
    },
    /// `reset tcp option`
    ResetTcpOption {
        kind: u8,
    },
    Notrack,
    /// `meta nftrace set 1`
    Trace,
    /// Hands the packet to a local socket; the rule breaks off when there is none.
    Tproxy {
        address: Option<u128>,
        port: Option<u16>,
    },
    /// A copy to another host (`address`), perhaps by a device.
    Dup {
        address: u128,
        device: Option<BString>,
    },
    Synproxy {
        mss: Option<u16>,
        wscale: Option<u8>,
        timestamp: bool,
        sack_perm: bool,
    },
    /// Adds the packet's fields to a set; what stands in `inner` is state per element and decides
    /// whether the rule goes on.
    SetUpdate {
        op: SetOp,
        set: SetId,
        key: Vec<KeyPart>,
        timeout: Option<u64>,
        inner: Vec<Statement>,
    },
    /// `ct count [over] N`, inside a set update.
    ConnLimit {
        over: bool,
        count: u32,
    },
}

/// A field of a key, perhaps seen through a mask.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct KeyPart {
    pub field: Field,
    /// The bits that are looked at; all when `None`.
    pub mask: Option<u128>,
}

impl From<Field> for KeyPart {
    fn from(field: Field) -> Self {
        KeyPart { field, mask: None }
    }
}

/// What a field is changed to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Assigned {
    Constant(u128),
    /// `(field & keep) ^ flip`
    Bits {
        keep: u128,
        flip: u128,
    },
    /// `(field & keep) ^ (from & take)`
    Mix {
        keep: u128,
        from: Field,
        take: u128,
    },
    /// The value that a map gives for the key; no row, no change and the rule breaks off.
    Map {
        key: Fields,
        rows: Vec<MapRow<u128>>,
    },
    /// The same with a named map.
    MapNamed {
        key: Fields,
        set: SetId,
    },
    /// `offset + hash(key) mod modulus`
    Hash {
        key: Vec<KeyPart>,
        modulus: u32,
        seed: u32,
        offset: u32,
    },
    /// `rt mtu`: what the route allows.
    RouteMtu,
}

/// What a named object is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ObjectBody {
    Counter {
        packets: u64,
        bytes: u64,
    },
    Quota {
        over: bool,
        bytes: u64,
        used: u64,
    },
    Limit(Limit),
    CtHelper {
        helper: BString,
        protocol: u8,
        l3proto: Option<Family>,
    },
    CtTimeout {
        protocol: u8,
        l3proto: Option<Family>,
        policy: Vec<(String, u32)>,
    },
    /// A context of a security module.
    Secmark(BString),
}

impl Statement {
    /// Whether it keeps state of its own, so that it must never be merged, copied or moved.
    pub fn is_stateful(&self) -> bool {
        match self {
            Statement::Limit(_)
            | Statement::Quota { .. }
            | Statement::ConnLimit { .. }
            | Statement::SetUpdate { .. } => true,
            Statement::Object { kind, .. } => matches!(kind, ObjectKind::Quota | ObjectKind::Limit),
            Statement::Assign { .. }
            | Statement::Log(_)
            | Statement::ResetTcpOption { .. }
            | Statement::Notrack
            | Statement::Trace
            | Statement::Tproxy { .. }
            | Statement::Dup { .. }
            | Statement::Synproxy { .. } => false,
        }
    }

    /// Whether the rest of the rule may be skipped after it, though iptables would go on.
    pub fn may_break(&self) -> bool {
        match self {
            Statement::Log(_) | Statement::Trace | Statement::Notrack => false,
            Statement::Assign { field, value } => assignment_may_break(*field, value),
            _ => true,
        }
    }

    /// The field it changes, when that is a field tests can read.
    pub const fn changes(&self) -> Option<Field> {
        match self {
            Statement::Assign { field, .. } => Some(*field),
            Statement::Object { kind: ObjectKind::Secmark, .. } => Some(Field::Secmark),
            _ => None,
        }
    }
}

/// `meta mark set ct mark` breaks on a packet without conntrack; so does a map without the key.
fn assignment_may_break(field: Field, value: &Assigned) -> bool {
    let own = !matches!(field, Field::Mark | Field::Priority);
    match value {
        Assigned::Constant(_) | Assigned::Bits { .. } => own,
        Assigned::Mix { from, .. } => own || *from != Field::Mark,
        Assigned::Map { .. } | Assigned::MapNamed { .. } | Assigned::Hash { .. } | Assigned::RouteMtu => true,
    }
}
