//! What an nft ruleset does with one packet, rule by rule (nft(8); `nft_do_chain` in `net/netfilter/nf_tables_core.c`).

use bstr::BString;
use ipt2nft::nft::ast::{
    BinaryOp, Chain, Data, Element, Entry, Expr, Lookup, Op, Policy, Rule, Statement, Table, Verdict,
};
use ipt2nft::packet::{CtKey, Field, L4};
use ipt2nft::prove::block::BaseKey;

use crate::packet::{Outcome, Packet, TCP, Travel, UDP, WARNING, has_connection};

/// Something that this evaluator has no words for.
struct Unread;

/// A value, or nothing where the packet has none and the rule breaks off.
type Value = Option<Known>;

#[derive(Clone, PartialEq, Debug)]
enum Known {
    Number(u128),
    Name(String),
    Several(Vec<Known>),
}

/// What the base chains at a key do; `None` where there is something unread.
pub fn outcome(tables: &[Table], key: BaseKey, packet: &Packet) -> Option<Outcome> {
    let mut travel = Travel::new(packet);
    for table in tables {
        for chain in chains(table) {
            let Some(base) = chain.base.as_ref() else { continue };
            if (base.hook, base.priority, base.kind) != (Some(key.hook), key.priority, key.kind) {
                continue;
            }
            let mut host = Host { table, travel };
            let end = host.chain(chain).ok()?;
            travel = host.travel;
            let accepted = match end {
                Verdict::Accept => true,
                Verdict::Drop => false,
                _ => base.policy == Policy::Accept,
            };
            if !accepted {
                return Some(travel.end(false));
            }
        }
    }
    Some(travel.end(true))
}

fn chains(table: &Table) -> impl Iterator<Item = &Chain> {
    table.entries.iter().filter_map(|entry| if let Entry::Chain(chain) = entry { Some(chain) } else { None })
}

struct Host<'a> {
    table: &'a Table,
    travel: Travel,
}

impl<'a> Host<'a> {
    /// Accept, drop, or return at its end.
    fn chain(&mut self, chain: &Chain) -> Result<Verdict, Unread> {
        for rule in &chain.rules {
            match self.rule(rule)? {
                Verdict::Continue => {}
                Verdict::Jump(name) => match self.chain(self.named(&name)?)? {
                    Verdict::Return => {}
                    end => return Ok(end),
                },
                Verdict::Goto(name) => return self.chain(self.named(&name)?),
                end @ (Verdict::Accept | Verdict::Drop | Verdict::Return) => return Ok(end),
            }
        }
        Ok(Verdict::Return)
    }

    fn named(&self, name: &BString) -> Result<&'a Chain, Unread> {
        chains(self.table).find(|chain| chain.name == *name).ok_or(Unread)
    }

    fn rule(&mut self, rule: &Rule) -> Result<Verdict, Unread> {
        for statement in &rule.statements {
            match statement {
                Statement::Match { left, op, right } => {
                    if !self.compared(left, *op, right)? {
                        return Ok(Verdict::Continue);
                    }
                }
                Statement::Vmap { key, map } => {
                    let Some(key) = self.value(key)? else { return Ok(Verdict::Continue) };
                    return match self.found(map, &key)? {
                        Some(Data::Verdict(verdict)) => Ok(verdict),
                        Some(Data::Value(_)) => Err(Unread),
                        None => Ok(Verdict::Continue),
                    };
                }
                Statement::Verdict(verdict) => return Ok(verdict.clone()),
                Statement::Counter { .. } => {}
                Statement::Log(log) if log.group.is_some() => return Err(Unread),
                Statement::Log(log) => {
                    let level = log.level.map_or(WARNING, u64::from);
                    self.travel.logs.push((log.prefix.clone().unwrap_or_default(), level));
                }
                Statement::Set { target, value } => {
                    let Some(Known::Number(value)) = self.value(value)? else { return Ok(Verdict::Continue) };
                    match target {
                        Expr::Field(Field::Mark) => self.travel.packet.mark = value as u32,
                        Expr::Field(Field::Ct(CtKey::Mark)) => {
                            if has_connection(&self.travel.packet) {
                                self.travel.packet.ct_mark = value as u32;
                            }
                        }
                        _ => return Err(Unread),
                    }
                }
                _ => return Err(Unread),
            }
        }
        Ok(Verdict::Continue)
    }

    fn compared(&self, left: &Expr, op: Op, right: &Expr) -> Result<bool, Unread> {
        let flags = has_flags(left);
        let Some(value) = self.value(left)? else { return Ok(false) };
        if let (Expr::Number(bits) | Expr::Flags(bits), Known::Number(number)) = (right, &value) {
            match op {
                Op::Implicit if flags => return Ok(number & bits != 0),
                Op::NoneOf => return Ok(number & bits == 0),
                Op::Lt => return Ok(number < bits),
                Op::Le => return Ok(number <= bits),
                Op::Gt => return Ok(number > bits),
                Op::Ge => return Ok(number >= bits),
                Op::Implicit | Op::Eq | Op::Ne => {}
            }
        }
        match op {
            Op::Implicit | Op::Eq => self.is_in(right, &value),
            Op::Ne => Ok(!self.is_in(right, &value)?),
            _ => Err(Unread),
        }
    }

    /// Whether a value is a constant, or in a range or set.
    fn is_in(&self, right: &Expr, value: &Known) -> Result<bool, Unread> {
        Ok(match (right, value) {
            (Expr::Number(wanted) | Expr::Flags(wanted), Known::Number(number)) => number == wanted,
            (Expr::Text { text, wildcard: false }, Known::Name(name)) => name.as_bytes() == text.as_slice(),
            (Expr::Text { text, wildcard: true }, Known::Name(name)) => name.as_bytes().starts_with(text),
            (Expr::Range(lo, hi), Known::Number(number)) => match (&**lo, &**hi) {
                (Expr::Number(lo), Expr::Number(hi)) => (lo..=hi).contains(&number),
                _ => return Err(Unread),
            },
            (Expr::Prefix { address, len }, Known::Number(number)) => {
                let host = 32u32.checked_sub((*len).into()).ok_or(Unread)?;
                number >> host == address >> host
            }
            (Expr::Concat(parts), Known::Several(values)) if parts.len() == values.len() => {
                for (part, value) in parts.iter().zip(values) {
                    if !self.is_in(part, value)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Expr::Set(elements), _) => self.element(elements, value)?.is_some(),
            (Expr::SetName(name), _) => self.element(self.elements(name)?, value)?.is_some(),
            _ => return Err(Unread),
        })
    }

    fn elements(&self, name: &BString) -> Result<&[Element], Unread> {
        let named = |entry: &'_ Entry| matches!(entry, Entry::Set(set) if set.name == *name);
        match self.table.entries.iter().find(|entry| named(entry)) {
            Some(Entry::Set(set)) if set.timeout.is_none() && !set.flags.dynamic => Ok(&set.elements),
            _ => Err(Unread),
        }
    }

    /// The element that holds the value; `*` only where no other does.
    fn element<'e>(&self, elements: &'e [Element], value: &Known) -> Result<Option<&'e Element>, Unread> {
        for element in elements {
            if let Some(key) = &element.key
                && self.is_in(key, value)?
            {
                return Ok(Some(element));
            }
        }
        Ok(elements.iter().find(|element| element.key.is_none()))
    }

    fn found(&self, map: &Lookup, key: &Known) -> Result<Option<Data>, Unread> {
        let elements = match map {
            Lookup::Anonymous(elements) => elements,
            Lookup::Named(name) => self.elements(name)?,
        };
        Ok(self.element(elements, key)?.and_then(|element| element.data.clone()))
    }

    fn value(&self, expr: &Expr) -> Result<Value, Unread> {
        let number = |value: Value| match value {
            Some(Known::Number(number)) => Ok(Some(number)),
            None => Ok(None),
            Some(_) => Err(Unread),
        };
        Ok(match expr {
            Expr::Field(field) => field_of(*field, &self.travel.packet)?,
            Expr::Number(number) | Expr::Flags(number) => Some(Known::Number(*number)),
            Expr::Concat(parts) => {
                let mut values = Vec::new();
                for part in parts {
                    let Some(value) = self.value(part)? else { return Ok(None) };
                    values.push(value);
                }
                Some(Known::Several(values))
            }
            Expr::Binary { op, left, right } => {
                let (left, right) = (number(self.value(left)?)?, number(self.value(right)?)?);
                let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
                Some(Known::Number(match op {
                    BinaryOp::And => left & right,
                    BinaryOp::Or => left | right,
                    BinaryOp::Xor => left ^ right,
                    BinaryOp::Lshift | BinaryOp::Rshift => return Err(Unread),
                }))
            }
            Expr::Map { key, map } => {
                let Some(key) = self.value(key)? else { return Ok(None) };
                match self.found(map, &key)? {
                    Some(Data::Value(value)) => self.value(&value)?,
                    Some(Data::Verdict(_)) => return Err(Unread),
                    None => None,
                }
            }
            _ => return Err(Unread),
        })
    }
}

/// Whether no operator asks for any of the bits.
fn has_flags(expr: &Expr) -> bool {
    match expr {
        Expr::Field(field) => matches!(field, Field::Ct(CtKey::State | CtKey::Status) | Field::TcpFlags),
        Expr::Binary { left, .. } => has_flags(left),
        _ => false,
    }
}

fn field_of(field: Field, packet: &Packet) -> Result<Value, Unread> {
    let of = |l4: L4| match l4 {
        L4::Tcp => Ok(packet.protocol == TCP),
        L4::Udp => Ok(packet.protocol == UDP),
        L4::Th => Ok(true),
        _ => Err(Unread),
    };
    let number = |number: u128| Some(Known::Number(number));
    Ok(match field {
        Field::Iifname => Some(Known::Name(packet.iif.clone())),
        Field::Oifname => Some(Known::Name(packet.oif.clone())),
        Field::IpSaddr => number(packet.source),
        Field::IpDaddr => number(packet.destination),
        Field::L4proto | Field::IpProtocol => number(packet.protocol.into()),
        Field::IpFragOff => number(packet.fragment.into()),
        Field::Sport(l4) => of(l4)?.then_some(Known::Number(packet.sport.into())),
        Field::Dport(l4) => of(l4)?.then_some(Known::Number(packet.dport.into())),
        Field::TcpFlags => of(L4::Tcp)?.then_some(Known::Number(packet.tcp_flags.into())),
        Field::Ct(CtKey::State) => number(packet.ct_state.into()),
        Field::Ct(CtKey::Mark) => has_connection(packet).then_some(Known::Number(packet.ct_mark.into())),
        Field::Mark => number(packet.mark.into()),
        _ => return Err(Unread),
    })
}
