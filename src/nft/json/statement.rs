//! Statements, except address translation.

use serde_json::{Value, json};

use super::Json;
use super::constant::utf8;
use super::expr::Beside;
use super::field::tcp_option;
use crate::nft::ast::{
    Expr, Limit, Log, LogFlags, ObjectKind, ObjectName, Reject, SetOp, Statement, TimeUnit, Verdict,
};
use crate::nft::names::{Kind, kinds_of, log_level, name_of};
use crate::nft::print::Why;
use crate::packet::DataType;

impl Json<'_> {
    pub(super) fn statement(&mut self, statement: &Statement) -> Result<Value, Why> {
        self.nested(|json| json.any_statement(statement))
    }

    fn any_statement(&mut self, statement: &Statement) -> Result<Value, Why> {
        Ok(match statement {
            Statement::Match { left, op, right } => self.matching(left, *op, right)?,
            Statement::Vmap { key, map } => self.map(key, map, None, "vmap")?,
            Statement::Verdict(verdict) => Self::verdict(verdict),
            Statement::Counter { packets: 0, bytes: 0 } => json!({ "counter": null }),
            Statement::Counter { packets, bytes } => json!({ "counter": { "packets": packets, "bytes": bytes } }),
            Statement::ObjectRef { kind, name } => self.object_ref(*kind, name)?,
            Statement::Limit(limit) => json!({ "limit": limit_members(limit) }),
            Statement::Quota { over, bytes, used } => {
                json!({ "quota": { "val": bytes, "val_unit": "bytes", "inv": over, "used": used, "used_unit": "bytes" } })
            }
            Statement::ConnLimit { over, count } => json!({ "ct count": { "val": count, "inv": over } }),
            Statement::Last => json!({ "last": null }),
            Statement::Log(log) => log_object(log)?,
            Statement::Set { target, value } => {
                let kinds = kinds_of(target, self.family);
                let key = self.expr(target, Beside::NOTHING)?;
                json!({ "mangle": { "key": key, "value": self.expr(value, Beside::of(&kinds))? } })
            }
            Statement::ResetTcpOption { kind } => match tcp_option(*kind) {
                Some(name) => json!({ "reset": { "tcp option": { "name": name } } }),
                None => return Err(Why::Shape("JSON has no number for a TCP option without a name")),
            },
            Statement::Notrack => json!({ "notrack": null }),
            Statement::Reject(reject) => reject_object(*reject),
            Statement::Nat(nat) => self.nat(nat)?,
            Statement::Queue { from, to, bypass, fanout } => queue(*from, *to, *bypass, *fanout),
            Statement::Tproxy { family, address, port } => self.tproxy(*family, address.as_ref(), port.as_ref())?,
            Statement::Dup { address, device } => self.dup(address, device.as_ref())?,
            Statement::Synproxy { mss, wscale, timestamp, sack_perm } => {
                synproxy(*mss, *wscale, *timestamp, *sack_perm)
            }
            Statement::SetUpdate { op, set, key, timeout, statements } => {
                let op = match op {
                    SetOp::Add => "add",
                    SetOp::Update => "update",
                    SetOp::Delete => "delete",
                };
                let (elem, stmt) = (self.timed(key, *timeout)?, self.statements(statements)?);
                let mut update = json!({ "op": op, "elem": elem, "set": format!("@{set}") });
                if !stmt.is_empty() {
                    update["stmt"] = json!(stmt);
                }
                json!({ "set": update })
            }
            Statement::Meter { name, size, key, timeout, statements } => {
                let [only] = statements.as_slice() else {
                    return Err(Why::Shape("JSON has one statement in a meter"));
                };
                let (key, stmt) = (self.timed(key, *timeout)?, self.statement(only)?);
                let size = size.unwrap_or(METER_SIZE);
                json!({ "meter": { "name": utf8(name)?, "key": key, "stmt": stmt, "size": size } })
            }
            Statement::Opaque(opaque) => return Err(Why::Opaque { line: opaque.line, text: opaque.text.clone() }),
        })
    }

    pub(super) fn statements(&mut self, statements: &[Statement]) -> Result<Vec<Value>, Why> {
        statements.iter().map(|statement| self.statement(statement)).collect()
    }

    pub(super) fn verdict(verdict: &Verdict) -> Value {
        match verdict {
            Verdict::Accept => json!({ "accept": null }),
            Verdict::Drop => json!({ "drop": null }),
            Verdict::Return => json!({ "return": null }),
            Verdict::Continue => json!({ "continue": null }),
            Verdict::Jump(chain) => json!({ "jump": { "target": chain.to_string() } }),
            Verdict::Goto(chain) => json!({ "goto": { "target": chain.to_string() } }),
        }
    }

    fn object_ref(&mut self, kind: ObjectKind, name: &ObjectName) -> Result<Value, Why> {
        let value = match name {
            ObjectName::Literal(name) => json!(utf8(name)?),
            ObjectName::Map { key, map } => self.map(key, map, None, "map")?,
        };
        Ok(json!({ object_word(kind): value }))
    }

    fn dup(&mut self, address: &Expr, device: Option<&Expr>) -> Result<Value, Why> {
        let kinds: Vec<Kind> = Kind::address(self.family).into_iter().collect();
        let mut dup = json!({ "addr": self.expr(address, Beside::of(&kinds))? });
        if let Some(device) = device {
            dup["dev"] = self.expr(device, Beside::of(&[Kind { data: DataType::IfIndex, width: 32 }]))?;
        }
        Ok(json!({ "dup": dup }))
    }

    /// The key of an update, wrapped where it carries a timeout.
    fn timed(&mut self, key: &Expr, timeout: Option<u64>) -> Result<Value, Why> {
        let key = self.expr(key, Beside::NOTHING)?;
        Ok(match timeout {
            Some(timeout) => json!({ "elem": { "val": key, "timeout": timeout } }),
            None => key,
        })
    }
}

/// What nft takes when a meter's size is not said.
const METER_SIZE: u32 = 65535;

pub(super) const fn object_word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Counter => "counter",
        ObjectKind::Quota => "quota",
        ObjectKind::Limit => "limit",
        ObjectKind::CtHelper => "ct helper",
        ObjectKind::CtTimeout => "ct timeout",
        ObjectKind::CtExpectation => "ct expectation",
        ObjectKind::Synproxy => "synproxy",
        ObjectKind::Secmark => "secmark",
    }
}

/// Members of a limit, which a statement and an object share.
pub(super) fn limit_members(limit: &Limit) -> Value {
    let per = match limit.unit {
        TimeUnit::Second => "second",
        TimeUnit::Minute => "minute",
        TimeUnit::Hour => "hour",
        TimeUnit::Day => "day",
        TimeUnit::Week => "week",
    };
    let mut members = json!({ "rate": limit.rate, "per": per, "inv": limit.over });
    if limit.bytes {
        members["rate_unit"] = json!("bytes");
    }
    if let Some(burst) = limit.burst.filter(|burst| *burst != 0) {
        members["burst"] = json!(burst);
        if limit.bytes {
            members["burst_unit"] = json!("bytes");
        }
    }
    members
}

fn log_object(log: &Log) -> Result<Value, Why> {
    let Log { prefix, level, flags, group, snaplen, queue_threshold } = log;
    let mut members = serde_json::Map::new();
    if let Some(prefix) = prefix {
        members.insert("prefix".to_owned(), json!(utf8(prefix)?));
    }
    if let Some(level) = level.and_then(log_level) {
        members.insert("level".to_owned(), json!(level));
    }
    let flags = log_flags(*flags);
    if !flags.is_empty() {
        members.insert("flags".to_owned(), json!(flags));
    }
    let numbers =
        [("group", group.map(u32::from)), ("snaplen", *snaplen), ("queue-threshold", queue_threshold.map(u32::from))];
    for (name, number) in numbers {
        if let Some(number) = number {
            members.insert(name.to_owned(), json!(number));
        }
    }
    Ok(if members.is_empty() { json!({ "log": null }) } else { json!({ "log": members }) })
}

fn log_flags(flags: LogFlags) -> Vec<&'static str> {
    let LogFlags { tcp_sequence, tcp_options, ip_options, skuid, ether } = flags;
    let words = [
        (tcp_sequence, "tcp sequence"),
        (tcp_options, "tcp options"),
        (ip_options, "ip options"),
        (skuid, "skuid"),
        (ether, "ether"),
    ];
    words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect()
}

fn reject_object(reject: Reject) -> Value {
    let with = |kind: &str, data, code: u8| match name_of(data, code.into()) {
        Some(name) => json!({ "reject": { "type": kind, "expr": name } }),
        None => json!({ "reject": { "type": kind, "expr": code } }),
    };
    match reject {
        Reject::Default => json!({ "reject": null }),
        Reject::TcpReset => json!({ "reject": { "type": "tcp reset" } }),
        Reject::Icmp(code) => with("icmp", DataType::IcmpCode, code),
        Reject::Icmp6(code) => with("icmpv6", DataType::Icmp6Code, code),
        Reject::Icmpx(code) => {
            let names = ["no-route", "port-unreachable", "host-unreachable", "admin-prohibited"];
            json!({ "reject": { "type": "icmpx", "expr": names.get(usize::from(code)) } })
        }
    }
}

fn queue(from: u16, to: u16, bypass: bool, fanout: bool) -> Value {
    let num = if from == to { json!(from) } else { json!({ "range": [from, to] }) };
    let mut queue = json!({ "num": num });
    let flags = [(bypass, "bypass"), (fanout, "fanout")];
    let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    if !flags.is_empty() {
        queue["flags"] = json!(flags);
    }
    json!({ "queue": queue })
}

pub(super) fn synproxy(mss: Option<u16>, wscale: Option<u8>, timestamp: bool, sack_perm: bool) -> Value {
    let mut members = serde_json::Map::new();
    if let Some(mss) = mss {
        members.insert("mss".to_owned(), json!(mss));
    }
    if let Some(wscale) = wscale {
        members.insert("wscale".to_owned(), json!(wscale));
    }
    let flags = [(timestamp, "timestamp"), (sack_perm, "sack-perm")];
    let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    if !flags.is_empty() {
        members.insert("flags".to_owned(), json!(flags));
    }
    if members.is_empty() { json!({ "synproxy": null }) } else { json!({ "synproxy": members }) }
}
