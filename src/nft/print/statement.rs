//! Statements; those with much to say have files of their own.

use bstr::BString;

use super::amount::{limit_words, quota_words, synproxy_words};
use super::expr::{Beside, not_understood};
use super::{Printer, Why};
use crate::nft::ast::{Expr, ObjectKind, ObjectName, Reject, SetOp, Statement, Verdict};
use crate::nft::identifier::check_name;
use crate::nft::names::{Kind, duration, kinds_of, name_of, tcp_option};
use crate::packet::{DataType, Family};

impl<'a> Printer<'a> {
    pub(super) fn statement(&mut self, statement: &'a Statement) -> Result<(), Why> {
        self.nested(|printer| printer.any_statement(statement))
    }

    fn any_statement(&mut self, statement: &'a Statement) -> Result<(), Why> {
        match statement {
            Statement::Match { left, op, right } => self.matching(left, *op, right),
            Statement::Vmap { key, map } => self.map(key, map, None, "vmap"),
            Statement::Verdict(verdict) => self.verdict(verdict),
            Statement::Counter { packets: 0, bytes: 0 } => self.plain("counter"),
            Statement::Counter { packets, bytes } => self.plain(format!("counter packets {packets} bytes {bytes}")),
            Statement::ObjectRef { kind, name } => self.object_ref(*kind, name),
            Statement::Limit(limit) => self.plain(format!("limit {}", limit_words(limit)?)),
            Statement::Quota { over, bytes, used } => {
                self.plain(format!("quota {}", quota_words(*over, *bytes, *used)))
            }
            Statement::ConnLimit { over: true, count } => self.plain(format!("ct count over {count}")),
            Statement::ConnLimit { over: false, count } => self.plain(format!("ct count {count}")),
            Statement::Last => self.plain("last"),
            Statement::Log(log) => self.log(log),
            Statement::Set { target, value } => self.set_value(target, value),
            Statement::ResetTcpOption { kind } => self.plain(format!("reset tcp option {}", tcp_option(*kind))),
            Statement::Notrack => self.plain("notrack"),
            Statement::Reject(reject) => self.reject(*reject),
            Statement::Nat(nat) => self.nat(nat),
            Statement::Queue { from, to, bypass, fanout } => self.queue(*from, *to, *bypass, *fanout),
            Statement::Tproxy { family, address, port } => self.tproxy(*family, address.as_ref(), port.as_ref()),
            Statement::Dup { address, device } => self.dup(address, device.as_ref()),
            Statement::Synproxy { mss, wscale, timestamp, sack_perm } => {
                self.plain(format!("synproxy{}", synproxy_words(*mss, *wscale, *timestamp, *sack_perm)))
            }
            Statement::SetUpdate { op, set, key, timeout, statements } => {
                self.out.put(match op {
                    SetOp::Add => "add @",
                    SetOp::Update => "update @",
                    SetOp::Delete => "delete @",
                });
                self.name(set)?;
                self.update(key, *timeout, statements)
            }
            Statement::Meter { name, size, key, timeout, statements } => {
                self.out.put("meter ");
                self.name(name)?;
                if let Some(size) = size {
                    self.out.put(format!(" size {size}"));
                }
                self.update(key, *timeout, statements)
            }
            Statement::Opaque(opaque) => Err(not_understood(opaque)),
        }
    }

    fn plain(&mut self, text: impl AsRef<[u8]>) -> Result<(), Why> {
        self.out.put(text);
        Ok(())
    }

    pub(super) fn verdict(&mut self, verdict: &Verdict) -> Result<(), Why> {
        match verdict {
            Verdict::Accept => self.plain("accept"),
            Verdict::Drop => self.plain("drop"),
            Verdict::Return => self.plain("return"),
            Verdict::Continue => self.plain("continue"),
            Verdict::Jump(chain) => {
                self.out.put("jump ");
                self.name(chain)
            }
            Verdict::Goto(chain) => {
                self.out.put("goto ");
                self.name(chain)
            }
        }
    }

    fn object_ref(&mut self, kind: ObjectKind, name: &'a ObjectName) -> Result<(), Why> {
        self.out.put(match kind {
            ObjectKind::Counter => "counter name ",
            ObjectKind::Quota => "quota name ",
            ObjectKind::Limit => "limit name ",
            ObjectKind::CtHelper => "ct helper set ",
            ObjectKind::CtTimeout => "ct timeout set ",
            ObjectKind::CtExpectation => "ct expectation set ",
            ObjectKind::Synproxy => "synproxy name ",
            ObjectKind::Secmark => "meta secmark set ",
        });
        match name {
            ObjectName::Literal(name) => self.quoted_name(name),
            ObjectName::Map { key, map } => self.map(key, map, None, "map"),
        }
    }

    /// The name of an object, which stands in quotes.
    pub(super) fn quoted_name(&mut self, name: &BString) -> Result<(), Why> {
        check_name(name).map_err(|why| Why::Name { name: name.clone(), why })?;
        self.out.put("\"");
        self.out.put(name);
        self.plain("\"")
    }

    fn set_value(&mut self, target: &'a Expr, value: &'a Expr) -> Result<(), Why> {
        if !matches!(target, Expr::Field(_)) {
            return Err(Why::Shape("a value set into something other than a field"));
        }
        let kinds = kinds_of(target, self.family);
        self.expr(target, Beside::NOTHING)?;
        self.out.put(" set ");
        self.expr(value, Beside::of(&kinds))
    }

    /// With `type`, which 0.9.8 wants; it knows codes by name only.
    fn reject(&mut self, reject: Reject) -> Result<(), Why> {
        let (word, name, code) = match reject {
            Reject::Default => return self.plain("reject"),
            Reject::TcpReset => return self.plain("reject with tcp reset"),
            Reject::Icmp(code) => ("icmp", name_of(DataType::IcmpCode, code.into()), code),
            Reject::Icmp6(code) => ("icmpv6", name_of(DataType::Icmp6Code, code.into()), code),
            Reject::Icmpx(code) => {
                let names = ["no-route", "port-unreachable", "host-unreachable", "admin-prohibited"];
                let name = names.get(usize::from(code)).ok_or(Why::Shape("an icmpx code above 3"))?;
                ("icmpx", Some(*name), code)
            }
        };
        self.out.put("reject with ");
        self.out.put(word);
        self.out.put(" type ");
        match name {
            Some(name) => self.out.put(name),
            None => self.out.decimal(code.into()),
        }
        Ok(())
    }

    fn queue(&mut self, from: u16, to: u16, bypass: bool, fanout: bool) -> Result<(), Why> {
        if from > to {
            return Err(Why::Shape("a range of queues that ends before it begins"));
        }
        let flags = match (bypass, fanout) {
            (false, false) => "",
            (true, false) => " bypass",
            (false, true) => " fanout",
            (true, true) => " bypass,fanout",
        };
        let to = if from == to { String::new() } else { format!("-{to}") };
        self.plain(format!("queue num {from}{to}{flags}"))
    }

    fn tproxy(&mut self, family: Option<Family>, address: Option<&'a Expr>, port: Option<&'a Expr>) -> Result<(), Why> {
        self.out.put("tproxy ");
        if let Some(family) = family {
            self.out.put(format!("{} ", family.name()));
        }
        self.endpoint(family, address, port)
    }

    fn dup(&mut self, address: &'a Expr, device: Option<&'a Expr>) -> Result<(), Why> {
        let kinds: Vec<Kind> = Kind::address(self.family).into_iter().collect();
        self.out.put("dup to ");
        self.expr(address, Beside::of(&kinds))?;
        if let Some(device) = device {
            self.out.put(" device ");
            self.expr(device, Beside::of(&[Kind { data: DataType::IfIndex, width: 32 }]))?;
        }
        Ok(())
    }

    /// The braces of `add @set { ... }` and `meter`.
    fn update(&mut self, key: &'a Expr, timeout: Option<u64>, statements: &'a [Statement]) -> Result<(), Why> {
        self.out.put(" { ");
        self.expr(key, Beside::NOTHING)?;
        if let Some(seconds) = timeout {
            self.out.put(format!(" timeout {}", duration(seconds)));
        }
        for statement in statements {
            self.out.put(" ");
            self.statement(statement)?;
        }
        self.plain(" }")
    }
}
