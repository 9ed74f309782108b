//! The nft syntax tree: what the emitter writes and the reader reads.
//!
//! Values are numbers and strings, never spellings: names (`established`, `ssh`, `eth0`) are
//! resolved by the reader and chosen by the printer from the data type of the field beside them.
//! Invariant: the tree holds no text that would be copied into a ruleset unquoted, except
//! `Opaque`, which only the reader makes and the printer refuses.

use bstr::BString;

use crate::packet::{DataType, Family, Field, Hook};

/// A file, or the answer of `nft list ruleset`: commands in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ruleset {
    pub items: Vec<Item>,
}

/// One command or block at the top level.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// A `#` line, without the `#`.
    Comment(BString),
    /// `table ip name` with no body: make sure it exists.
    Declare(TableName),
    /// `delete table ip name` (or `destroy`)
    DeleteTable(TableName),
    /// `flush ruleset`
    FlushRuleset,
    /// `flush table` or `flush chain`
    Flush { table: TableName, chain: Option<BString> },
    /// `flush set` or `flush map`
    FlushSet { table: TableName, set: BString },
    /// `delete chain`, `delete set`, `delete counter` ... (or `destroy`)
    Delete { table: TableName, kind: EntryKind, name: BString },
    /// A `table` block; also `add chain`, `add set` and `add counter`, as a block with one entry.
    Table(Table),
    /// `add rule`, at the end of its chain, or `insert rule`, at its `front`.
    Rule { table: TableName, chain: BString, front: bool, rule: Rule },
    /// `add element`, or `delete element` with `remove`.
    Elements { table: TableName, set: BString, remove: bool, elements: Vec<Element> },
    /// Something the reader does not know.
    Opaque(Opaque),
}

/// What a name inside a table names; sets and maps share one space of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EntryKind {
    Chain,
    Set,
    Object(ObjectKind),
}

/// Family and name of a table.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TableName {
    pub family: Family,
    pub name: BString,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    pub name: TableName,
    pub comment: Option<BString>,
    /// `flags dormant` and the like, kept as words.
    pub flags: Vec<String>,
    /// In the order of the text.
    pub entries: Vec<Entry>,
}

/// What stands in a table.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    Comment(BString),
    Chain(Chain),
    Set(Set),
    Object(Object),
    Opaque(Opaque),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Chain {
    pub name: BString,
    pub base: Option<BaseChain>,
    pub comment: Option<BString>,
    pub rules: Vec<Rule>,
    /// 1-based line of the text; 0 when the tree was not read.
    pub line: u32,
}

#[derive(Clone, PartialEq, Debug)]
pub struct BaseChain {
    pub kind: ChainKind,
    /// `None` for hooks outside our field (ingress, egress).
    pub hook: Option<Hook>,
    pub priority: i32,
    pub policy: Policy,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ChainKind {
    Filter,
    Nat,
    Route,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Policy {
    Accept,
    Drop,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rule {
    pub statements: Vec<Statement>,
    pub comment: Option<BString>,
    /// `#` lines printed above the rule, without the `#`.
    pub notes: Vec<BString>,
    /// 1-based line of the text; 0 when the tree was not read.
    pub line: u32,
}

/// Text the reader could not understand, with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Opaque {
    pub text: BString,
    pub line: u32,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Statement {
    /// `left op right`
    Match {
        left: Expr,
        op: Op,
        right: Expr,
    },
    /// `key vmap { ... }` or `key vmap @name`
    Vmap {
        key: Expr,
        map: Lookup,
    },
    Verdict(Verdict),
    /// Anonymous counter; the numbers are printed when not both zero.
    Counter {
        packets: u64,
        bytes: u64,
    },
    /// `counter name "x"`, `quota name "x"`, `limit name "x"`, `ct helper set "x"`, `ct timeout set "x"`, `synproxy name "x"`
    ObjectRef {
        kind: ObjectKind,
        name: ObjectName,
    },
    Limit(Limit),
    Quota {
        over: bool,
        bytes: u64,
        used: u64,
    },
    /// `ct count [over] N`
    ConnLimit {
        over: bool,
        count: u32,
    },
    /// `last`
    Last,
    Log(Log),
    /// `target set value`: `meta mark set ...`, `ct mark set ...`, `ip dscp set ...`, `tcp option maxseg size set ...`
    Set {
        target: Expr,
        value: Expr,
    },
    /// `reset tcp option ...`
    ResetTcpOption {
        kind: u8,
    },
    Notrack,
    Reject(Reject),
    Nat(Nat),
    Queue {
        from: u16,
        to: u16,
        bypass: bool,
        fanout: bool,
    },
    Tproxy {
        family: Option<Family>,
        address: Option<Expr>,
        port: Option<Expr>,
    },
    Dup {
        address: Expr,
        device: Option<Expr>,
    },
    Synproxy {
        mss: Option<u16>,
        wscale: Option<u8>,
        timestamp: bool,
        sack_perm: bool,
    },
    /// `add @set { key timeout .. statements }`, `update`, `delete`
    SetUpdate {
        op: SetOp,
        set: BString,
        key: Expr,
        timeout: Option<u64>,
        statements: Vec<Statement>,
    },
    /// `meter name size N { key timeout .. statements }`: the older way to say `add @name` (`update`
    /// with a timeout) on a dynamic set that the statement itself declares.
    Meter {
        name: BString,
        size: Option<u32>,
        key: Expr,
        timeout: Option<u64>,
        statements: Vec<Statement>,
    },
    Opaque(Opaque),
}

/// How the object of a reference is named.
#[derive(Clone, PartialEq, Debug)]
pub enum ObjectName {
    Literal(BString),
    /// `counter name ip saddr map @m`
    Map {
        key: Expr,
        map: Lookup,
    },
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Verdict {
    Accept,
    Drop,
    Return,
    Continue,
    Jump(BString),
    Goto(BString),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Op {
    /// No operator in the text: equality, membership, or *any of these bits* for flag types
    /// (ct state, ct status, tcp flags ...) when the right side is not a set.
    Implicit,
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
    /// `field ! value`: none of these bits.
    NoneOf,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    Field(Field),
    /// A number of the type of what it is compared with or assigned to.
    Number(u128),
    /// Several flags written with commas (`new,established`): the bits as written, or'ed.
    Flags(u128),
    /// A string: interface, helper, os name. `wildcard` is a trailing, unescaped `*`.
    Text {
        text: BString,
        wildcard: bool,
    },
    Range(Box<Expr>, Box<Expr>),
    Prefix {
        address: u128,
        len: u8,
    },
    /// `{ ... }`
    Set(Vec<Element>),
    /// `@name`
    SetName(BString),
    /// `a . b`
    Concat(Vec<Expr>),
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `key map { ... }`
    Map {
        key: Box<Expr>,
        map: Lookup,
    },
    /// `numgen inc|random mod N offset M`
    Numgen {
        random: bool,
        modulus: u32,
        offset: u32,
    },
    /// `jhash key mod N seed 0x.. offset M`
    Jhash {
        key: Box<Expr>,
        modulus: u32,
        seed: Option<u32>,
        offset: u32,
    },
    /// `symhash mod N offset M`
    Symhash {
        modulus: u32,
        offset: u32,
    },
    Opaque(Opaque),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum BinaryOp {
    And,
    Or,
    Xor,
    Lshift,
    Rshift,
}

/// What a map or vmap looks up in.
#[derive(Clone, PartialEq, Debug)]
pub enum Lookup {
    Anonymous(Vec<Element>),
    Named(BString),
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Element {
    /// `Number`, `Text`, `Range`, `Prefix`, `Concat` of these, or `Wildcard` as `None` (`*`).
    pub key: Option<Expr>,
    pub data: Option<Data>,
    pub comment: Option<BString>,
    /// Seconds.
    pub timeout: Option<u64>,
    pub expires: Option<u64>,
    pub counter: Option<(u64, u64)>,
    /// What the element carries besides a counter (`limit rate ...`, `ct count ...`).
    pub statements: Vec<Statement>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Data {
    Verdict(Verdict),
    /// `Number`, `Text`, `Concat`, `Range`, or the name of an object as `Text`
    Value(Expr),
}

/// A named set or map.
#[derive(Clone, PartialEq, Debug)]
pub struct Set {
    pub name: BString,
    pub comment: Option<BString>,
    pub key: Vec<KeyType>,
    pub data: Option<DataKind>,
    pub flags: SetFlags,
    /// Seconds.
    pub timeout: Option<u64>,
    pub gc_interval: Option<u64>,
    pub size: Option<u32>,
    pub auto_merge: bool,
    /// Statements every element carries (`counter`, `limit rate ...`, `ct count ...`).
    pub statements: Vec<Statement>,
    pub elements: Vec<Element>,
    pub line: u32,
}

/// One component of a set's key: `type ipv4_addr` or `typeof ip saddr`.
#[derive(Clone, PartialEq, Debug)]
pub enum KeyType {
    Type(DataType),
    Typeof(Field),
}

#[derive(Clone, PartialEq, Debug)]
pub enum DataKind {
    Verdict,
    Value(Vec<KeyType>),
    Object(ObjectKind),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SetFlags {
    pub constant: bool,
    pub interval: bool,
    pub dynamic: bool,
    pub timeout: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SetOp {
    Add,
    Update,
    Delete,
}

/// A named object.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    pub name: BString,
    pub comment: Option<BString>,
    pub body: ObjectBody,
    pub line: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ObjectKind {
    Counter,
    Quota,
    Limit,
    CtHelper,
    CtTimeout,
    CtExpectation,
    Synproxy,
    Secmark,
}

#[derive(Clone, PartialEq, Debug)]
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
    /// `type "ftp" protocol tcp; l3proto ip`
    CtHelper {
        helper: BString,
        protocol: u8,
        l3proto: Option<Family>,
    },
    /// `protocol tcp; l3proto ip; policy = { established: 100 }`, seconds
    CtTimeout {
        protocol: u8,
        l3proto: Option<Family>,
        policy: Vec<(String, u32)>,
    },
    Synproxy {
        mss: u16,
        wscale: u8,
        timestamp: bool,
        sack_perm: bool,
    },
    Secmark(BString),
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Limit {
    pub over: bool,
    pub rate: u64,
    /// Bytes per unit when true, packets otherwise.
    pub bytes: bool,
    pub unit: TimeUnit,
    /// `None` when the text says nothing (5 packets, or 0 bytes).
    pub burst: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Log {
    pub prefix: Option<BString>,
    /// syslog level 0-7; `None` is the default, 4 (warn). 8 is `audit`.
    pub level: Option<u8>,
    pub flags: LogFlags,
    pub group: Option<u16>,
    pub snaplen: Option<u32>,
    pub queue_threshold: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct LogFlags {
    pub tcp_sequence: bool,
    pub tcp_options: bool,
    pub ip_options: bool,
    pub skuid: bool,
    pub ether: bool,
}

/// `reject [with ...]`
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Reject {
    TcpReset,
    /// ICMP code of type 3.
    Icmp(u8),
    /// ICMPv6 code of type 1.
    Icmp6(u8),
    /// 0 no-route, 1 port-unreachable, 2 host-unreachable, 3 admin-prohibited
    Icmpx(u8),
    /// No `with`: port unreachable of the packet's family.
    Default,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Nat {
    pub kind: NatKind,
    /// `ip` or `ip6` written after the keyword (needed in inet).
    pub family: Option<Family>,
    /// `None` for masquerade and redirect; a map or a concatenation may hold the port too.
    pub address: Option<Expr>,
    pub port: Option<Expr>,
    pub flags: NatFlags,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum NatKind {
    Snat,
    Dnat,
    Masquerade,
    Redirect,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct NatFlags {
    pub random: bool,
    pub fully_random: bool,
    pub persistent: bool,
    /// `prefix`: map networks one to one.
    pub prefix: bool,
    /// `addr . port` data in a map (`dnat ip addr . port to ...`, `interval` in old listings).
    pub interval: bool,
}
