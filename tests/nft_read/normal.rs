//! What a listing may change in a ruleset without changing its meaning, undone on both sides.

use std::collections::{BTreeMap, BTreeSet};

use bstr::BString;

use ipt2nft::nft::ast::{
    BinaryOp, Data, Element, Entry, Expr, Limit, Lookup, ObjectBody, ObjectName, Op, Reject, Set, SetOp, Statement,
    Table,
};
use ipt2nft::packet::{CtKey, Family, FibResult, Field, Interval, IntervalSet};

/// One line for each rule, set and object, under a path that names it.
pub fn lines(tables: &[Table]) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    let mut meters = BTreeSet::new();
    for table in tables {
        let family = table.name.family;
        let path = format!("{} {}", family.name(), table.name.name);
        lines.insert(path.clone(), format!("{:?} {:?}", table.comment, table.flags));
        for entry in &table.entries {
            match entry {
                Entry::Comment(_) => {}
                Entry::Chain(chain) => {
                    let path = format!("{path} chain {}", chain.name);
                    lines.insert(path.clone(), format!("{:?} {:?}", chain.base, chain.comment));
                    for (index, rule) in chain.rules.iter().enumerate() {
                        let mut statements: Vec<Statement> =
                            rule.statements.iter().map(|found| statement(found, family)).collect();
                        drop_dependency(&mut statements);
                        for meter in rule.statements.iter().filter_map(meter_set) {
                            meters.insert(format!("{} {} set {meter}", family.name(), table.name.name));
                        }
                        lines.insert(format!("{path} {index:03}"), format!("{:?} {:?}", statements, rule.comment));
                    }
                }
                Entry::Set(found) => {
                    drop(lines.insert(format!("{path} set {}", found.name), format!("{:?}", set(found, family))))
                }
                Entry::Object(found) => {
                    let body = match &found.body {
                        ObjectBody::Counter { .. } => ObjectBody::Counter { packets: 0, bytes: 0 },
                        ObjectBody::Quota { over, bytes, .. } => {
                            ObjectBody::Quota { over: *over, bytes: *bytes, used: 0 }
                        }
                        ObjectBody::Limit(found) => ObjectBody::Limit(limit(found)),
                        body => body.clone(),
                    };
                    lines.insert(format!("{path} object {}", found.name), format!("{body:?} {:?}", found.comment));
                }
                Entry::Opaque(opaque) => drop(lines.insert(format!("{path} opaque"), opaque.text.to_string())),
            }
        }
    }
    // Newer versions list the set that a meter makes; the older ones do not.
    lines.retain(|path, _| !meters.contains(path));
    lines
}

fn meter_set(statement: &Statement) -> Option<&BString> {
    match statement {
        Statement::Meter { name, .. } => Some(name),
        Statement::SetUpdate { set, .. } if set == "mm" || set == "nn" => Some(set),
        _ => None,
    }
}

/// 0.9.8 lists the test of the family that a reject adds in an inet table.
fn drop_dependency(statements: &mut Vec<Statement>) {
    if let [
        Statement::Match { left: Expr::Field(Field::Nfproto), .. },
        Statement::Reject(Reject::Icmp(_) | Reject::Icmp6(_)),
    ] = statements.as_slice()
    {
        statements.remove(0);
    }
}

/// What stands on one side only, or is opaque on either.
pub fn difference(expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, line) in expected {
        match found.get(path) {
            Some(other) if other == line && !line.contains("Opaque") => {}
            Some(other) => wrong.push(format!("{path}\n  loaded {line}\n  listed {other}")),
            None => wrong.push(format!("{path}\n  loaded {line}\n  not listed")),
        }
    }
    wrong
        .extend(found.keys().filter(|path| !expected.contains_key(*path)).map(|path| format!("{path}\n  only listed")));
    wrong
}

/// Counters and quotas have run.
fn statement(found: &Statement, family: Family) -> Statement {
    match found {
        Statement::Match { left, op, right } => comparison(left, *op, right),
        Statement::Vmap { key, map } => Statement::Vmap { key: expr(key), map: lookup(map) },
        Statement::Counter { .. } => Statement::Counter { packets: 0, bytes: 0 },
        Statement::Quota { over, bytes, .. } => Statement::Quota { over: *over, bytes: *bytes, used: 0 },
        Statement::Limit(found) => Statement::Limit(limit(found)),
        Statement::Reject(found) => Statement::Reject(reject(*found, family)),
        Statement::ObjectRef { kind, name: ObjectName::Map { key, map } } => {
            let name = ObjectName::Map { key: expr(key), map: lookup(map) };
            Statement::ObjectRef { kind: *kind, name }
        }
        Statement::Log(found) => {
            let mut log = found.clone();
            // The kernel's default level.
            log.level = log.level.filter(|level| *level != 4);
            Statement::Log(log)
        }
        Statement::Set { target, value } => Statement::Set { target: target.clone(), value: expr(value) },
        Statement::SetUpdate { op, set, key, timeout, statements } => Statement::SetUpdate {
            op: *op,
            set: set.clone(),
            key: expr(key),
            timeout: *timeout,
            statements: statements.iter().map(|found| statement(found, family)).collect(),
        },
        Statement::Meter { name, key, timeout, statements, .. } => Statement::SetUpdate {
            op: if timeout.is_some() { SetOp::Update } else { SetOp::Add },
            set: name.clone(),
            key: expr(key),
            timeout: *timeout,
            statements: statements.iter().map(|found| statement(found, family)).collect(),
        },
        Statement::Nat(found) => {
            let mut nat = found.clone();
            // Listings leave `addr . port` out, and say the family of a map's addresses.
            nat.flags.interval = false;
            nat.family = nat.family.filter(|_| family == Family::Inet);
            nat.address = nat.address.as_ref().map(expr);
            nat.port = nat.port.as_ref().map(expr);
            Statement::Nat(nat)
        }
        Statement::Tproxy { family: said, address, port } => {
            // A table of one family leaves no doubt.
            let said = said.filter(|_| family == Family::Inet);
            Statement::Tproxy { family: said, address: address.clone(), port: port.clone() }
        }
        other => other.clone(),
    }
}

/// `==` is the default except for flags, where it means *exactly these*; tests of bits against 0 have short forms.
fn comparison(left: &Expr, op: Op, right: &Expr) -> Statement {
    let right = expr(right);
    match (left, op, &right) {
        (Expr::Binary { op: BinaryOp::And, left: field, right: mask }, Op::Eq | Op::Ne, Expr::Number(0))
            if is_flags(field) =>
        {
            let op = if op == Op::Eq { Op::NoneOf } else { Op::Implicit };
            Statement::Match { left: expr(field), op, right: expr(mask) }
        }
        _ => {
            let op = if op == Op::Eq && !is_flags(left) { Op::Implicit } else { op };
            Statement::Match { left: expr(left), op, right }
        }
    }
}

fn is_flags(expr: &Expr) -> bool {
    matches!(expr, Expr::Field(Field::TcpFlags | Field::Ct(CtKey::State | CtKey::Status | CtKey::Label)))
}

fn expr(found: &Expr) -> Expr {
    match found {
        Expr::Flags(bits) => Expr::Number(*bits),
        Expr::Set(elements) => Expr::Set(sorted(elements)),
        Expr::Concat(parts) => Expr::Concat(parts.iter().map(expr).collect()),
        Expr::Binary { op, left, right } => masked(*op, expr(left), expr(right)),
        Expr::Map { key, map } => Expr::Map { key: Box::new(expr(key)), map: lookup(map) },
        // With -n, older versions list `exists` as an index of 1, `missing` as 0.
        Expr::Field(Field::Fib { flags, result: FibResult::Exists }) => {
            Expr::Field(Field::Fib { flags: *flags, result: FibResult::Oif })
        }
        other => other.clone(),
    }
}

/// `x & a | b`: the kernel holds a mask and bits to flip, and lists them with `b` in the mask.
fn masked(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    if let (
        BinaryOp::Or | BinaryOp::Xor,
        Expr::Binary { op: BinaryOp::And, left: field, right: mask },
        Expr::Number(bits),
    ) = (op, &left, &right)
        && let Expr::Number(mask) = **mask
        && (op == BinaryOp::Or || mask & bits == 0)
    {
        let mask = Box::new(Expr::Number(mask | bits));
        let kept = Expr::Binary { op: BinaryOp::And, left: field.clone(), right: mask };
        return Expr::Binary { op: BinaryOp::Or, left: Box::new(kept), right: Box::new(right) };
    }
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

fn lookup(found: &Lookup) -> Lookup {
    match found {
        Lookup::Anonymous(elements) => Lookup::Anonymous(sorted(elements)),
        Lookup::Named(name) => Lookup::Named(name.clone()),
    }
}

/// The kernel keeps elements in an order of its own, and joins neighbours where intervals are allowed.
fn sorted(elements: &[Element]) -> Vec<Element> {
    if elements.len() > 1
        && elements.iter().any(|element| matches!(element.key, Some(Expr::Range(..))))
        && let Some(joined) = elements.iter().map(plain_interval).collect::<Option<Vec<Interval>>>()
    {
        let joined: IntervalSet = joined.into_iter().collect();
        return vec![Element { comment: Some(format!("{joined:?}").into()), ..Element::default() }];
    }
    let mut elements: Vec<Element> = elements
        .iter()
        .map(|element| Element {
            key: element.key.as_ref().map(expr),
            data: element.data.as_ref().map(|data| match data {
                Data::Value(value) => Data::Value(expr(value)),
                verdict => verdict.clone(),
            }),
            counter: element.counter.map(|_| (0, 0)),
            expires: None,
            ..element.clone()
        })
        .collect();
    elements.sort_by_key(|element| format!("{element:?}"));
    elements
}

fn plain_interval(element: &Element) -> Option<Interval> {
    let bare = Element { key: None, ..element.clone() } == Element::default();
    match element.key.as_ref().filter(|_| bare)? {
        Expr::Number(value) => Some(Interval::point(*value)),
        Expr::Range(low, high) => match (&**low, &**high) {
            (Expr::Number(low), Expr::Number(high)) => Some(Interval::new(*low, *high)),
            _ => None,
        },
        Expr::Prefix { address, len } => Some(Interval::new(*address, *address | (u128::from(u32::MAX) >> len))),
        _ => None,
    }
}

fn set(found: &Set, family: Family) -> Set {
    Set {
        elements: sorted(&found.elements),
        statements: found.statements.iter().map(|found| statement(found, family)).collect(),
        line: 0,
        ..found.clone()
    }
}

/// Five packets are the default burst.
fn limit(found: &Limit) -> Limit {
    let burst = found.burst.or(if found.bytes { None } else { Some(5) });
    Limit { burst, ..found.clone() }
}

/// Port unreachable is the default of each family.
fn reject(found: Reject, family: Family) -> Reject {
    match (found, family) {
        (Reject::Icmp(3), Family::Ip) | (Reject::Icmp6(4), Family::Ip6) | (Reject::Icmpx(1), Family::Inet) => {
            Reject::Default
        }
        (other, _) => other,
    }
}
