//! What can be changed in a rule by one step: each variant with the kind of change.
//!
//! Invariant: a variant is no longer than needed to be another thing; whether nft takes it is nft's to say.

use ipt2nft::nft::ast::{
    BinaryOp, Data, Element, Expr, Limit, Log, Lookup, Nat, Op, Reject, Rule, Statement, TimeUnit, Verdict,
};
use ipt2nft::packet::{CtKey, Field, L4};

/// Variants of one thing, each with the kind of change.
pub type Variants<T> = Vec<(&'static str, T)>;

/// Variants of a rule: one of its statements changed or lost.
pub fn rule(rule: &Rule) -> Variants<Rule> {
    let mut out = Vec::new();
    for (at, statement) in rule.statements.iter().enumerate() {
        let with = |new: Option<Statement>| {
            let mut changed = rule.clone();
            changed.statements.splice(at..=at, new);
            changed
        };
        out.extend(self::statement(statement).into_iter().map(|(kind, new)| (kind, with(Some(new)))));
        match statement {
            Statement::Verdict(_) | Statement::Counter { .. } => {}
            // A rule without a statement is none.
            _ if rule.statements.len() == 1 => {}
            Statement::Match { .. } => out.push(("a lost test", with(None))),
            _ => out.push(("a lost statement", with(None))),
        }
    }
    out
}

fn statement(statement: &Statement) -> Variants<Statement> {
    match statement {
        Statement::Match { left, op, right } => comparison(left, *op, right),
        Statement::Vmap { key, map } => {
            let keys = expr(key).into_iter().map(|(kind, key)| (kind, Statement::Vmap { key, map: map.clone() }));
            let maps = lookup(map).into_iter().map(|(kind, map)| (kind, Statement::Vmap { key: key.clone(), map }));
            keys.chain(maps).collect()
        }
        Statement::Verdict(verdict) => of(self::verdict(verdict), Statement::Verdict),
        Statement::Limit(limit) => of(self::limit(limit), Statement::Limit),
        Statement::Log(log) => of(self::log(log), Statement::Log),
        Statement::Nat(nat) => of(self::nat(nat), Statement::Nat),
        Statement::Reject(reject) => vec![("another rejection", Statement::Reject(another_rejection(*reject)))],
        Statement::Quota { over, bytes, used } => {
            vec![("another quota", Statement::Quota { over: *over, bytes: bytes + 400, used: *used })]
        }
        Statement::ConnLimit { over, count } => vec![
            ("another count", Statement::ConnLimit { over: *over, count: count + 1 }),
            ("a lost negation", Statement::ConnLimit { over: !over, count: *count }),
        ],
        Statement::Queue { from, to, bypass, fanout } => {
            let (from, to) = (from ^ 1, to ^ 1);
            vec![("another queue", Statement::Queue { from, to: to.max(from), bypass: *bypass, fanout: *fanout })]
        }
        Statement::Set { target, value } => {
            let target_of = |target| Statement::Set { target, value: value.clone() };
            let value_of = |value| Statement::Set { target: target.clone(), value };
            let mut out = of(expr(target), target_of);
            out.extend(of(expr(value), value_of).into_iter().map(|(_, set)| ("another value that is set", set)));
            out
        }
        Statement::SetUpdate { op, set, key, timeout, statements } => {
            let with = |key| Statement::SetUpdate {
                op: *op,
                set: set.clone(),
                key,
                timeout: *timeout,
                statements: statements.clone(),
            };
            of(expr(key), with)
        }
        _ => Vec::new(),
    }
}

fn of<T, U>(variants: Variants<T>, make: impl Fn(T) -> U) -> Variants<U> {
    variants.into_iter().map(|(kind, new)| (kind, make(new))).collect()
}

fn comparison(left: &Expr, op: Op, right: &Expr) -> Variants<Statement> {
    let with = |left: &Expr, op, right: &Expr| Statement::Match { left: left.clone(), op, right: right.clone() };
    let mut out: Variants<Statement> = Vec::new();
    let (kind, other) = match op {
        Op::Implicit | Op::Eq => ("a new negation", Op::Ne),
        Op::Ne | Op::NoneOf => ("a lost negation", Op::Implicit),
        Op::Lt => ("another bound", Op::Le),
        Op::Le => ("another bound", Op::Lt),
        Op::Gt => ("another bound", Op::Ge),
        Op::Ge => ("another bound", Op::Gt),
    };
    out.push((kind, with(left, other, right)));
    out.extend(expr(left).into_iter().map(|(kind, left)| (kind, with(&left, op, right))));
    out.extend(expr(right).into_iter().map(|(kind, right)| (kind, with(left, op, &right))));
    let folded = |bits: u128| {
        let ones = (0..128).map(|at| 1u128 << at).filter(|bit| bits & bit != 0);
        let element = |bit| Element { key: Some(Expr::Number(bit)), ..Element::default() };
        Expr::Set(ones.map(element).collect())
    };
    match (left, right) {
        (_, Expr::Flags(bits)) => out.push(("bits as a set", with(left, op, &folded(*bits)))),
        (Expr::Binary { op: BinaryOp::And, left: field, .. }, Expr::Number(bits)) => {
            out.push(("a lost mask", with(field, op, right)));
            if bits.count_ones() > 1 {
                out.push(("bits as a set", with(field, op, &folded(*bits))));
            }
        }
        _ => {}
    }
    out
}

/// Variants of an expression: one of its leaves changed, or one element lost.
pub fn expr(expr: &Expr) -> Variants<Expr> {
    match expr {
        Expr::Field(field) => of(other_field(*field), Expr::Field),
        Expr::Number(number) => vec![("another number", Expr::Number(next(*number)))],
        Expr::Flags(bits) => vec![("another flag", Expr::Flags(bits & (bits - 1)))],
        Expr::Text { text, wildcard } => {
            let mut longer = text.clone();
            longer.push(b'x');
            vec![
                ("another name", Expr::Text { text: longer, wildcard: *wildcard }),
                ("another beginning of a name", Expr::Text { text: text.clone(), wildcard: !wildcard }),
            ]
        }
        Expr::Range(lo, hi) => match (&**lo, &**hi) {
            (Expr::Number(lo), Expr::Number(hi)) if lo + 1 < *hi => {
                let range = |lo, hi| Expr::Range(Box::new(Expr::Number(lo)), Box::new(Expr::Number(hi)));
                vec![("another end of a range", range(lo + 1, *hi)), ("another end of a range", range(*lo, hi - 1))]
            }
            _ => Vec::new(),
        },
        Expr::Prefix { address, len } => prefix(*address, *len),
        Expr::Set(all) => of(elements(all), Expr::Set),
        Expr::Concat(parts) => within(parts, self::expr).into_iter().map(|(k, p)| (k, Expr::Concat(p))).collect(),
        Expr::Binary { op, left, right } => {
            let binary = |left, right| Expr::Binary { op: *op, left, right };
            let mut out = of(self::expr(left), |left| binary(Box::new(left), right.clone()));
            if let Expr::Number(mask) = **right {
                let mask = Expr::Number(mask ^ 1 << (mask.trailing_zeros() % 32));
                out.push(("another bit of a mask", binary(left.clone(), Box::new(mask))));
            }
            out
        }
        Expr::Map { key, map } => {
            let mut out = of(self::expr(key), |key| Expr::Map { key: Box::new(key), map: map.clone() });
            out.extend(of(lookup(map), |map| Expr::Map { key: key.clone(), map }));
            out
        }
        Expr::Numgen { random, modulus, offset } => {
            let modulus = modulus.checked_add(1).unwrap_or(modulus - 1);
            vec![("another modulus", Expr::Numgen { random: *random, modulus, offset: *offset })]
        }
        _ => Vec::new(),
    }
}

/// The number after this one, or before it where it ends with a 9: so both directions occur.
const fn next(number: u128) -> u128 {
    if number % 10 == 9 { number - 1 } else { number + 1 }
}

fn prefix(address: u128, len: u8) -> Variants<Expr> {
    let width = if address >> 32 == 0 { 32 } else { 128 };
    let mut out = Vec::new();
    if u32::from(len) + 1 < width {
        out.push(("another prefix length", Expr::Prefix { address, len: len + 1 }));
    }
    if len > 1 {
        let lost = 1u128 << (width - u32::from(len)).min(127);
        out.push(("another prefix length", Expr::Prefix { address: address & !lost, len: len - 1 }));
    }
    out
}

/// Each of the first, the middle and the last of a list changed.
fn within<T: Clone>(list: &[T], variants: impl Fn(&T) -> Variants<T>) -> Variants<Vec<T>> {
    let mut out = Vec::new();
    for at in chosen(list.len()) {
        for (kind, new) in variants(&list[at]) {
            let mut changed = list.to_vec();
            changed[at] = new;
            out.push((kind, changed));
        }
    }
    out
}

fn chosen(len: usize) -> Vec<usize> {
    let mut chosen = vec![0, len / 2, len.saturating_sub(1)];
    chosen.retain(|at| *at < len);
    chosen.dedup();
    chosen
}

/// Variants of the elements of a set or map: one lost, or one of them changed.
pub fn elements(all: &[Element]) -> Variants<Vec<Element>> {
    let mut out = Vec::new();
    if all.len() > 1 {
        for at in chosen(all.len()) {
            let mut fewer = all.to_vec();
            fewer.remove(at);
            out.push(("a lost element", fewer));
        }
    }
    out.extend(within(all, element));
    out
}

fn element(element: &Element) -> Variants<Element> {
    let mut out = Vec::new();
    if let Some(key) = &element.key {
        out.extend(of(expr(key), |key| Element { key: Some(key), ..element.clone() }));
    }
    let data = match &element.data {
        Some(Data::Verdict(verdict)) => of(self::verdict(verdict), Data::Verdict),
        Some(Data::Value(value)) => {
            of(expr(value), Data::Value).into_iter().map(|(_, data)| ("another value in a map", data)).collect()
        }
        None => Vec::new(),
    };
    out.extend(of(data, |data| Element { data: Some(data), ..element.clone() }));
    out
}

fn lookup(map: &Lookup) -> Variants<Lookup> {
    match map {
        Lookup::Anonymous(all) => of(elements(all), Lookup::Anonymous),
        Lookup::Named(_) => Vec::new(),
    }
}

fn other_field(field: Field) -> Variants<Field> {
    let (kind, other) = match field {
        Field::IpSaddr => ("source for destination", Field::IpDaddr),
        Field::IpDaddr => ("source for destination", Field::IpSaddr),
        Field::Ip6Saddr => ("source for destination", Field::Ip6Daddr),
        Field::Ip6Daddr => ("source for destination", Field::Ip6Saddr),
        Field::Iifname => ("source for destination", Field::Oifname),
        Field::Oifname => ("source for destination", Field::Iifname),
        Field::Sport(L4::Tcp) => ("another protocol", Field::Sport(L4::Udp)),
        Field::Dport(L4::Tcp) => ("another protocol", Field::Dport(L4::Udp)),
        Field::Dport(L4::Udp) => ("source for destination", Field::Sport(L4::Udp)),
        Field::IcmpType => ("another field", Field::IcmpCode),
        Field::Icmp6Type => ("another field", Field::Icmp6Code),
        Field::Mark => ("another field", Field::Ct(CtKey::Mark)),
        Field::Ct(CtKey::Mark) => ("another field", Field::Mark),
        _ => return Vec::new(),
    };
    vec![(kind, other)]
}

fn verdict(verdict: &Verdict) -> Variants<Verdict> {
    match verdict {
        Verdict::Accept => vec![("another verdict", Verdict::Drop), ("another verdict", Verdict::Return)],
        Verdict::Drop => vec![("another verdict", Verdict::Accept), ("another verdict", Verdict::Continue)],
        Verdict::Return => vec![("another verdict", Verdict::Accept), ("another verdict", Verdict::Continue)],
        Verdict::Jump(chain) => vec![("goto for jump", Verdict::Goto(chain.clone()))],
        Verdict::Goto(chain) => vec![("jump for goto", Verdict::Jump(chain.clone()))],
        Verdict::Continue => vec![("another verdict", Verdict::Accept)],
    }
}

fn limit(limit: &Limit) -> Variants<Limit> {
    let unit = if limit.unit == TimeUnit::Second { TimeUnit::Minute } else { TimeUnit::Second };
    vec![
        ("another rate", Limit { rate: limit.rate * 2, ..limit.clone() }),
        ("another rate", Limit { unit, ..limit.clone() }),
        ("another burst", Limit { burst: Some(limit.burst.unwrap_or(5) + 2), ..limit.clone() }),
        ("a lost negation", Limit { over: !limit.over, ..limit.clone() }),
    ]
}

fn log(log: &Log) -> Variants<Log> {
    let mut prefix = log.prefix.clone().unwrap_or_default();
    prefix.insert(0, b'x');
    let mut out = vec![("another text in the log", Log { prefix: Some(prefix), ..log.clone() })];
    match log.group {
        Some(group) => out.push(("another group of the log", Log { group: Some(group ^ 1), ..log.clone() })),
        None => out.push(("another level of the log", Log { level: Some(log.level.unwrap_or(4) ^ 1), ..log.clone() })),
    }
    out
}

fn nat(nat: &Nat) -> Variants<Nat> {
    let mut out = Vec::new();
    if let Some(address) = &nat.address {
        out.extend(
            expr(address).into_iter().map(|(_, a)| ("another translation", Nat { address: Some(a), ..nat.clone() })),
        );
    }
    if let Some(port) = &nat.port {
        out.extend(expr(port).into_iter().map(|(_, p)| ("another translation", Nat { port: Some(p), ..nat.clone() })));
    }
    out
}

const fn another_rejection(reject: Reject) -> Reject {
    match reject {
        Reject::TcpReset => Reject::Default,
        Reject::Icmp(3) | Reject::Default => Reject::Icmp(1),
        Reject::Icmp(_) => Reject::Icmp(3),
        Reject::Icmp6(4) => Reject::Icmp6(1),
        Reject::Icmp6(_) => Reject::Icmp6(4),
        Reject::Icmpx(1) => Reject::Icmpx(2),
        Reject::Icmpx(_) => Reject::Icmpx(1),
    }
}
