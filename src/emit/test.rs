//! Tests: the operator and the spelling that say a set of values best.

use std::cell::OnceCell;

use bstr::BString;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::Table;
use crate::ir::{self, Component, Name, Row, Step, Test};
use crate::nft::ast::{Element, Expr, Op, Reject, Statement};
use crate::nft::quoted;
use crate::packet::{
    CtDirection, CtKey, DataType, ExthdrPart, Field, Interval, IntervalSet, SctpChunkPart, TcpOptionPart,
};

/// The rest of a rule. What its first stretch implies is found out when a test asks, and most do not. A stretch ends
/// where something is done or counted: who gets there must have passed all tests that stood before.
pub(crate) struct Rest<'r> {
    steps: &'r [Step],
    verdict: &'r ir::Verdict,
    implied: OnceCell<Implied>,
}

impl<'r> Rest<'r> {
    /// These steps, and what comes behind them.
    pub(crate) const fn new(steps: &'r [Step], verdict: &'r ir::Verdict) -> Self {
        Rest { steps, verdict, implied: OnceCell::new() }
    }

    fn implied(&self) -> &Implied {
        self.implied.get_or_init(|| Implied::of_stretch(self.steps, self.verdict))
    }
}

/// What tests need not say of the transport protocol, since others of their stretch do by reading its header.
#[derive(Default)]
struct Implied {
    protocols: SmallVec<[u8; 2]>,
    /// Tests of the connection's protocol and ports are near. They mislead nft about the packet's protocol, so
    /// that stays written, in front of them.
    written: bool,
    /// Something is near that nft takes beside a test of the packet's protocol only.
    needed: bool,
}

impl Implied {
    /// What the tests at the head of these steps, up to the first statement or count, imply; the key of a map counts where
    /// no statement stands before it.
    fn of_stretch(steps: &[Step], verdict: &ir::Verdict) -> Self {
        let mut implied = Implied::default();
        let mut tests = 0;
        for step in steps {
            let Step::Test(test) = step else { break };
            if counts(test) {
                break;
            }
            implied.see(test);
            tests += 1;
        }
        if tests == steps.len() {
            implied.see_protocol(verdict.key().iter().find_map(|field| field.protocol()));
            implied.written |= verdict.key().iter().any(misleads);
        }
        implied.needed |= !implied.protocols.is_empty()
            || verdict.key().iter().any(is_of_a_header)
            || matches!(verdict, ir::Verdict::Reject(Reject::TcpReset))
            || steps.iter().any(|step| step.fields().iter().any(is_of_a_header) || keyed_by_header(step));
        implied
    }

    /// Takes a test of the stretch in.
    fn see(&mut self, test: &Test) {
        self.see_protocol(match test {
            Test::In { field, set } if !set.is_full(field.width()) => field.protocol(),
            Test::Bits(bits) => bits.field.protocol(),
            Test::Tuple { fields, .. } | Test::Lookup { fields, .. } => fields.iter().find_map(|f| f.protocol()),
            _ => None,
        });
        self.written |= test.fields().iter().any(misleads);
    }

    fn see_protocol(&mut self, protocol: Option<u8>) {
        if let Some(protocol) = protocol {
            self.protocols.push(protocol);
        }
    }

    /// Whether another test says so of the protocol.
    fn says(&self, protocol: u8) -> bool {
        !self.written && self.protocols.contains(&protocol)
    }
}

/// Whether nft takes the packet's protocol for tested behind a comparison with it.
const fn misleads(field: &Field) -> bool {
    matches!(field, Field::Ct(CtKey::Protocol(_) | CtKey::ProtoSrc(_) | CtKey::ProtoDst(_)))
}

/// Whether nft takes a test of it beside a test of the packet's protocol only.
fn is_of_a_header(field: &Field) -> bool {
    field.protocol().is_some() || matches!(field, Field::TcpOption { .. } | Field::SctpChunk { .. })
}

/// Whether a set is written to under a key with a field of a transport header.
fn keyed_by_header(step: &Step) -> bool {
    let Step::Do(statement) = step else { return false };
    matches!(&**statement, ir::Statement::SetUpdate { key, .. } if key.iter().any(|part| part.field.protocol().is_some()))
}

/// Whether the packets that come to the test are counted by it.
pub(crate) const fn counts(test: &Test) -> bool {
    matches!(test, Test::Numgen { random: false, .. })
}

/// Protocols that nft 1.0.6 can name the ports of when only the connection's is tested.
const PORTS_KNOWN: [u128; 9] = [1, 6, 17, 33, 50, 51, 108, 132, 136];

/// Whether nft knows what the ports of a connection are: before 1.1 it reads a number beside
/// `ct original proto-dst` only behind a test of the protocol.
pub(crate) struct PortContext {
    /// Nothing needs to be written: nft knows, or nothing of the rule reads them.
    known: bool,
    /// The protocol that nft may take for tested: the one whose header the rule reads.
    protocol: u8,
}

impl PortContext {
    pub(crate) fn of(rule: &ir::Rule) -> Self {
        const TCP: u8 = 6;
        let reads_ports = |fields: &[Field]| fields.iter().any(|field| port_of_connection(field).is_some());
        if !rule.steps.iter().any(|step| reads_ports(step.fields())) && !reads_ports(rule.verdict.key()) {
            return PortContext { known: true, protocol: TCP };
        }
        let read = rule.tests().flat_map(|test| test.fields()).find_map(|field| field.protocol());
        PortContext { known: false, protocol: read.unwrap_or(TCP) }
    }

    /// What must stand before something that reads these fields: a test of the connection's
    /// protocol that every connection passes, where no test names the protocol.
    pub(crate) fn before(&mut self, fields: &[Field]) -> Option<Statement> {
        if self.known {
            return None;
        }
        let direction = fields.iter().find_map(port_of_connection)?;
        self.known = true;
        let range = |lo, hi| Expr::Range(Box::new(Expr::Number(lo)), Box::new(Expr::Number(hi)));
        let one = u128::from(self.protocol);
        let all = [range(0, one - 1), Expr::Number(one), range(one + 1, 255)].map(element);
        let protocol = Expr::Field(Field::Ct(CtKey::Protocol(direction)));
        Some(compare(protocol, Op::Implicit, Expr::Set(all.into())))
    }

    /// Takes a test in that is written, or left out because another one says it.
    pub(crate) fn behind(&mut self, test: &Test, written: bool, rest: &Rest) {
        if self.known {
            return;
        }
        let names_protocol = |t: &Test| match t {
            Test::In { field: Field::L4proto, set } => set.as_point().is_some(),
            // Written behind a mask, it tells nft nothing.
            Test::In { field: Field::Ct(CtKey::Protocol(_)), set } => {
                !rest.implied().needed && set.as_point().is_some_and(|protocol| PORTS_KNOWN.contains(&protocol))
            }
            other => other.fields().iter().any(|f| f.protocol().is_some()),
        };
        self.known |= written && names_protocol(test);
    }
}

/// The direction of the connection whose port the field is.
const fn port_of_connection(field: &Field) -> Option<CtDirection> {
    match field {
        Field::Ct(CtKey::ProtoSrc(direction) | CtKey::ProtoDst(direction)) => Some(*direction),
        _ => None,
    }
}

/// Whether a packet may lack the field although it has the headers, so that a test of all values
/// still says something.
const fn may_be_missing(field: Field) -> bool {
    match field {
        Field::Ct(key) => !matches!(key, CtKey::State),
        Field::Skuid | Field::Skgid | Field::Cgroup | Field::SocketCgroupv2 { .. } => true,
        Field::EtherSaddr | Field::EtherDaddr | Field::EtherType => true,
        Field::Socket(_) | Field::Ipsec { .. } | Field::Rt(_) | Field::Payload { .. } => true,
        Field::Exthdr(_, part) => !matches!(part, ExthdrPart::Exists),
        Field::TcpOption { part, .. } => !matches!(part, TcpOptionPart::Exists),
        Field::SctpChunk { part, .. } => !matches!(part, SctpChunkPart::Exists),
        _ => false,
    }
}

/// The comments of merged values: the first one that fits for each value.
pub(crate) type Labels<'a> = FxHashMap<&'a [Component], &'a BString>;

/// The rule's labels by value.
pub(crate) fn labels(rule: &ir::Rule) -> Labels<'_> {
    let mut out = Labels::default();
    for (row, text) in rule.labels().iter().filter(|(_, text)| quoted::fits_comment(text)) {
        out.entry(row.as_slice()).or_insert(text);
    }
    out
}

/// Sunday to Saturday.
const DAYS: [u128; 7] = [0, 1, 2, 3, 4, 5, 6];

impl Table<'_> {
    /// Nothing when another test says it already.
    pub(crate) fn test(&self, test: &Test, rest: &Rest, labels: &Labels) -> Option<Statement> {
        Some(match test {
            Test::In { field: Field::L4proto, set } if set.as_point().is_some_and(|p| rest.implied().says(p as u8)) => {
                return None;
            }
            // Any value will do: only a connection must be there.
            Test::In { field: field @ Field::Ct(key), set } if *key != CtKey::State && set.is_full(field.width()) => {
                ct_state(&TRACKED.into_iter().map(Interval::point).collect())
            }
            // There is no eighth day, so all seven are any.
            Test::In { field: Field::Day, set } if DAYS.iter().all(|day| set.contains(*day)) => return None,
            // Any value will do: only the header must be there, which its protocol says.
            Test::In { field, set } if set.is_full(field.width()) && !may_be_missing(*field) => {
                match field.protocol() {
                    Some(protocol) if !rest.implied().says(protocol) => {
                        compare(Expr::Field(Field::L4proto), Op::Implicit, Expr::Number(protocol.into()))
                    }
                    _ => return None,
                }
            }
            Test::In { field: Field::Ct(CtKey::State), set } => ct_state(set),
            // Behind a comparison with the bare field nft takes the packet's protocol for tested.
            Test::In { field: field @ Field::Ct(CtKey::Protocol(_)), set } if rest.implied().needed => {
                let (op, right) = choose(*field, set, labels);
                compare(and(*field, 0xff), if op == Op::Implicit { Op::Eq } else { op }, right)
            }
            Test::In { field, set } => {
                let (op, right) = choose(*field, set, labels);
                compare(Expr::Field(*field), op, right)
            }
            Test::Bits(test) => bits(test),
            Test::Named { field, names, negated } => {
                let right = match names.as_slice() {
                    [only] => text(only),
                    many => Expr::Set(many.iter().map(|n| labelled(text(n), &[n.clone().into()], labels)).collect()),
                };
                compare(Expr::Field(*field), if *negated { Op::Ne } else { Op::Implicit }, right)
            }
            Test::Tuple { fields, rows, negated } => {
                let set = Expr::Set(rows.iter().map(|r| labelled(row(fields, r), r, labels)).collect());
                compare(key(fields), if *negated { Op::Ne } else { Op::Implicit }, set)
            }
            Test::Lookup { fields, masks, set, negated } => {
                let masks = masks.iter().copied().chain(std::iter::repeat(None));
                let part = |(&field, mask)| ir::KeyPart { field, mask };
                let parts: Vec<ir::KeyPart> = fields.iter().zip(masks).map(part).collect();
                let name = Expr::SetName(self.names.set(*set));
                compare(masked_key(&parts), if *negated { Op::Ne } else { Op::Implicit }, name)
            }
            Test::Numgen { random, modulus, set } => {
                let (op, right) = values(set, *modulus);
                compare(Expr::Numgen { random: *random, modulus: *modulus, offset: 0 }, op, right)
            }
            Test::Hash { fields, modulus, seed, set } => {
                let (op, right) = values(set, *modulus);
                compare(hash(key(fields), *modulus, *seed, 0), op, right)
            }
        })
    }
}

fn compare(left: Expr, op: Op, right: Expr) -> Statement {
    Statement::Match { left, op, right }
}

/// A field, or several joined by dots.
pub(crate) fn key(fields: &[Field]) -> Expr {
    match fields {
        [only] => Expr::Field(*only),
        many => Expr::Concat(many.iter().copied().map(Expr::Field).collect()),
    }
}

/// The key of an element that a rule adds: fields, each perhaps seen through a mask.
pub(crate) fn masked_key(parts: &[ir::KeyPart]) -> Expr {
    let part = |part: &ir::KeyPart| match part.mask {
        None => Expr::Field(part.field),
        Some(mask) => and(part.field, mask),
    };
    match parts {
        [only] => part(only),
        many => Expr::Concat(many.iter().map(part).collect()),
    }
}

fn and(field: Field, mask: u128) -> Expr {
    Expr::Binary {
        op: crate::nft::ast::BinaryOp::And,
        left: Box::new(Expr::Field(field)),
        right: Box::new(Expr::Number(mask)),
    }
}

/// `jhash` of a key.
pub(crate) fn hash(key: Expr, modulus: u32, seed: u32, offset: u32) -> Expr {
    Expr::Jhash { key: Box::new(key), modulus, seed: Some(seed), offset }
}

/// A key value as an element without data.
pub(crate) const fn element(key: Expr) -> Element {
    Element {
        key: Some(key),
        data: None,
        comment: None,
        timeout: None,
        expires: None,
        counter: None,
        statements: Vec::new(),
    }
}

/// The values of a row in the order of the fields.
pub(crate) fn row(fields: &[Field], row: &Row) -> Expr {
    match (fields, row.as_slice()) {
        ([field], [only]) => component(*field, only),
        _ => Expr::Concat(fields.iter().zip(row).map(|(&field, c)| component(field, c)).collect()),
    }
}

pub(crate) fn component(field: Field, component: &Component) -> Expr {
    match component {
        Component::Interval(i) => interval(field, *i),
        Component::Name(name) => text(name),
    }
}

pub(crate) fn text(name: &Name) -> Expr {
    Expr::Text { text: name.text.clone(), wildcard: name.wildcard }
}

/// A value, a prefix where people write prefixes, or a range.
pub(super) fn interval(field: Field, i: Interval) -> Expr {
    if i.is_point() {
        return Expr::Number(i.lo);
    }
    match i.prefix_len(field.width()).filter(|_| is_prefixed(field)) {
        Some(len) => Expr::Prefix { address: i.lo, len: len as u8 },
        None => Expr::Range(Box::new(Expr::Number(i.lo)), Box::new(Expr::Number(i.hi))),
    }
}

/// Intervals as a set, each as it is.
pub(super) fn list(field: Field, intervals: &[Interval]) -> Expr {
    Expr::Set(intervals.iter().map(|&i| element(interval(field, i))).collect())
}

/// Whether people write its values as networks.
fn is_prefixed(field: Field) -> bool {
    matches!(field.data_type(), DataType::Ipv4Addr | DataType::Ipv6Addr)
        || matches!(field, Field::Ct(CtKey::Saddr(_) | CtKey::Daddr(_)))
}

/// From a value on, or up to one: nft writes whole seconds, and a range could not say where the
/// last one ends.
fn one_ended(set: &IntervalSet) -> Option<(Op, Expr)> {
    match set.intervals() {
        [only] if only.hi == u128::from(u64::MAX) => Some((Op::Ge, Expr::Number(only.lo))),
        [only] if only.lo == 0 => Some((Op::Lt, Expr::Number(only.hi + 1))),
        _ => None,
    }
}

/// Whether times start and end at whole seconds, which is how nft writes them.
fn is_written(set: &IntervalSet) -> bool {
    const NANOSECONDS: u128 = 1_000_000_000;
    set.intervals().iter().all(|i| i.lo.is_multiple_of(NANOSECONDS) && i.hi.is_multiple_of(NANOSECONDS))
}

/// Times as they are, where nft can write their ends, else all others.
fn times(set: &IntervalSet) -> (Op, Expr) {
    one_ended(set).unwrap_or_else(|| match is_written(set) {
        true => (Op::Implicit, list(Field::Time, set.intervals())),
        false => (Op::Ne, list(Field::Time, set.complement(Field::Time.width()).intervals())),
    })
}

/// The shorter of the set and its complement; comments need the values themselves.
fn choose(field: Field, set: &IntervalSet, labels: &Labels) -> (Op, Expr) {
    if field == Field::Time {
        return times(set);
    }
    if let Some(only) = short(field, set).filter(|_| labels.is_empty()) {
        return plain(field, interval(field, only));
    }
    let complement = if short(field, set).is_some() { IntervalSet::empty() } else { set.complement(field.width()) };
    let own = || labels.keys().any(|c| matches!(c, [Component::Interval(i)] if set.contains(i.lo)));
    let shorter = || effort(field, &complement) < effort(field, set);
    let but_one = || complement.as_point().is_some() && set.as_point().is_none();
    let negate = !complement.is_empty() && (but_one() || shorter()) && !own();
    match negate {
        true => (Op::Ne, shown_set(field, &complement, labels)),
        false => plain(field, shown_set(field, set, labels)),
    }
}

/// Values that are not negated, with their operator.
const fn plain(field: Field, values: Expr) -> (Op, Expr) {
    let op = if matches!(values, Expr::Number(_)) { eq_for(field) } else { Op::Implicit };
    (op, values)
}

/// What nothing says shorter: a value, or a network where people think in networks.
fn short(field: Field, set: &IntervalSet) -> Option<Interval> {
    match set.intervals() {
        [only] if only.is_point() || (is_prefixed(field) && only.is_block()) => Some(*only),
        _ => None,
    }
}

/// How much there is to read: networks where people think in networks, else ranges.
fn effort(field: Field, set: &IntervalSet) -> u32 {
    match is_prefixed(field) {
        true => set.intervals().iter().map(|i| i.blocks().count() as u32).sum(),
        false => set.intervals().len() as u32,
    }
}

fn shown_set(field: Field, set: &IntervalSet, labels: &Labels) -> Expr {
    if let Some(only) = short(field, set).filter(|_| labels.is_empty()) {
        return interval(field, only);
    }
    match pieces(field, set, labels).as_slice() {
        [only] => interval(field, *only),
        many => Expr::Set(many.iter().map(|&i| labelled(interval(field, i), &[i.into()], labels)).collect()),
    }
}

/// The set in the pieces that are written: values that have a comment or a name of their own stand
/// alone, and two neighbouring ports read better than a range of two.
fn pieces(field: Field, set: &IntervalSet, labels: &Labels) -> Vec<Interval> {
    let mut alone: Vec<Interval> = Vec::new();
    let mut ends: Option<u128> = None;
    let mut wanted: Vec<Interval> = labels
        .keys()
        .filter_map(|c| match c {
            [Component::Interval(i)] if set.contains(i.lo) && set.contains(i.hi) => Some(*i),
            _ => None,
        })
        .collect();
    wanted.sort_unstable();
    for i in wanted {
        if ends.is_none_or(|end| i.lo > end) {
            ends = Some(i.hi);
            alone.push(i);
        }
    }
    let rest = if alone.is_empty() { set.clone() } else { set.difference(&alone.iter().copied().collect()) };
    let several = alone.len() + rest.intervals().len() > 1;
    let most = match field.data_type() {
        DataType::Icmp6Type | DataType::IcmpType | DataType::DccpType => 16,
        DataType::Icmp6Code | DataType::IcmpCode => 16,
        DataType::InetProto | DataType::PktType | DataType::FibAddrType => 16,
        DataType::InetService if several => 2,
        DataType::Boolean => 2,
        _ => 1,
    };
    let addresses = is_prefixed(field);
    let cut =
        rest.intervals().iter().flat_map(|&i| if addresses { networks(i, field.width()) } else { points(i, most) });
    let mut all: Vec<Interval> = alone.iter().copied().chain(cut).collect();
    all.sort_unstable();
    all
}

/// The interval, or the few networks or hosts of one size that it is made of, which read better than its ends.
/// What is wider than a /8 nobody lists one by one: those networks are as large as they can be (224.0.0.0/4).
fn networks(i: Interval, width: u32) -> Vec<Interval> {
    const FEW: usize = 4;
    let size = i.lo.trailing_zeros().min((!i.hi).trailing_zeros()).min(127);
    if size + 8 > width {
        let blocks: Vec<Interval> = i.blocks().take(FEW + 1).collect();
        return if blocks.len() > FEW { vec![i] } else { blocks };
    }
    let step = 1u128 << size;
    match (i.hi - i.lo) / step {
        last if last < FEW as u128 => {
            (0..=last).map(|n| i.lo + n * step).map(|lo| Interval::new(lo, lo + (step - 1))).collect()
        }
        _ => vec![i],
    }
}

/// The interval, or its values one by one when there are at most `most`.
fn points(i: Interval, most: u128) -> Vec<Interval> {
    if i.hi - i.lo < most { (i.lo..=i.hi).map(Interval::point).collect() } else { vec![i] }
}

fn labelled(key: Expr, values: &[Component], labels: &Labels) -> Element {
    Element { comment: labels.get(values).map(|text| (*text).clone()), ..element(key) }
}

/// Comments of merged values that found no element to stand on.
pub(crate) fn unplaced_labels(rule: &ir::Rule, labels: &Labels) -> Vec<BString> {
    if rule.labels().is_empty() {
        return Vec::new();
    }
    let mut placed: FxHashSet<Row> = FxHashSet::default();
    for test in rule.tests() {
        match test {
            Test::In { field, set } => placed.extend(pieces(*field, set, labels).into_iter().map(|i| one(i.into()))),
            Test::Named { names, .. } => placed.extend(names.iter().map(|n| one(n.clone().into()))),
            Test::Tuple { rows, .. } => placed.extend(rows.iter().cloned()),
            _ => {}
        }
    }
    let stands = |row: &Row, text: &BString| {
        placed.contains(row) && labels.get(row.as_slice()).is_some_and(|shown| *shown == text)
    };
    rule.labels().iter().filter(|(row, text)| !stands(row, text)).map(|(_, text)| text.clone()).collect()
}

fn one(component: Component) -> Row {
    [component].into_iter().collect()
}

/// Values of something computed below `modulus`: `< N` and `!= N` read better than ranges.
fn values(set: &IntervalSet, modulus: u32) -> (Op, Expr) {
    let below = IntervalSet::range(0, u128::from(modulus.saturating_sub(1)));
    let others = below.difference(set);
    match set.intervals() {
        [only] if only.lo == 0 && !only.is_point() => (Op::Lt, Expr::Number(only.hi + 1)),
        [only] if only.is_point() => (Op::Implicit, Expr::Number(only.lo)),
        many => match others.as_point() {
            Some(but) => (Op::Ne, Expr::Number(but)),
            None => (Op::Implicit, list(Field::Mark, many)),
        },
    }
}

/// The states a packet can have, each a bit of its own (include/uapi/linux/netfilter/nf_conntrack_common.h).
const CT_STATES: [u128; 5] = [1, 2, 4, 8, 64];

/// Those of packets that have a connection.
const TRACKED: [u128; 3] = [2, 4, 8];

/// A packet is in exactly one state, so a set of states is a test of bits, and its negation is
/// written as a set.
fn ct_state(set: &IntervalSet) -> Statement {
    let left = Expr::Field(Field::Ct(CtKey::State));
    let (inside, outside): (Vec<u128>, Vec<u128>) = CT_STATES.into_iter().partition(|&s| set.contains(s));
    match outside.as_slice() {
        [only] => compare(left, Op::Ne, Expr::Number(*only)),
        // Where there is a connection people name its states, even all three.
        [a, b] if inside.len() > 2 && inside != TRACKED => {
            compare(left, Op::Ne, Expr::Set([*a, *b].map(|s| element(Expr::Number(s))).into()))
        }
        _ => compare(left, Op::Implicit, Expr::Flags(inside.iter().sum())),
    }
}

fn bits(&ir::Bits { field, mask, value, negated }: &ir::Bits) -> Statement {
    let full = IntervalSet::full(field.width()).intervals().first().is_some_and(|all| all.hi == mask);
    // nft takes a number beside a security mark only behind a mask.
    let bare = !matches!(field, Field::Secmark | Field::Ct(CtKey::Secmark));
    if full && bare {
        return compare(Expr::Field(field), if negated { Op::Ne } else { eq_for(field) }, Expr::Number(value));
    }
    let single = mask.is_power_of_two();
    if field == Field::Ct(CtKey::Label) && single && value == 0 && negated {
        return compare(Expr::Field(field), Op::Implicit, Expr::Number(mask));
    }
    if field == Field::Ct(CtKey::Status) && ((value == 0 && negated) || (single && value == mask && !negated)) {
        return compare(Expr::Field(field), Op::Implicit, Expr::Flags(mask));
    }
    compare(and(field, mask), if negated { Op::Ne } else { Op::Eq }, Expr::Number(value))
}

/// Flag types need the operator: without one nft tests for any of the bits.
const fn eq_for(field: Field) -> Op {
    match field.data_type() {
        DataType::TcpFlag | DataType::CtStatus | DataType::CtState | DataType::CtLabel => Op::Eq,
        _ => Op::Implicit,
    }
}
