//! ipsets as named sets of nft: what `-m set` asks, and the sets that answer it.
//!
//! Nets inside nets are cut apart, the most specific one deciding (net/netfilter/ipset/ip_set_hash_gen.h,
//! `mtype_test_cidrs`), so that elements never overlap. A set with ports becomes up to three: nft
//! has no one key for ports, for ICMP types, and for protocols without either.

mod boxes;
pub mod changing;
mod columns;
pub mod mapped;

use bstr::{BStr, BString, ByteSlice};

use super::lowering::{Cx, Refusal};
use crate::ir::{Carried, Fields, Set, SetData, SetId, SetRow, Step, Test};
use crate::packet::Field;
use crate::save::ipset::{Element, Ipset, Kind, PartKind};
use columns::Variant;

/// One way to be in a set; a packet goes at most one of them.
pub struct Way {
    pub steps: Vec<Step>,
    /// Whether a field may be missing, so that a negated test would break off.
    pub breaks: bool,
    /// Whether data behind the network header is read.
    pub header: bool,
}

/// Which elements answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Matching,
    /// `--return-nomatch`: the exceptions.
    Exceptions,
}

/// The ways for a packet to be in the set; none when no packet can be. `source` says for each
/// part whether the packet's source is asked.
pub fn ways(name: &BStr, source: &[bool], which: Which, cx: &mut Cx) -> Result<Vec<Way>, Refusal> {
    let ipsets = cx.ipsets;
    let Some(ipset) = ipsets.get(name) else { return Err(missing(name, cx)) };
    if ipset.kind != Kind::List {
        return of_set(name, ipset, source, which, cx);
    }
    let mut out = Vec::new();
    for (at, (ipset, _)) in members(ipset, cx).into_iter().enumerate() {
        let name = if at == 0 { name.to_owned() } else { BString::from(format!("{name}_{}", at + 1)) };
        out.append(&mut of_set(name.as_bstr(), &ipset, source, which, cx)?);
    }
    for name in ipset.members().map(|name| name.as_bstr()).filter(|name| cx.written.get(name).is_some()) {
        let Some(member) = ipsets.get(name) else { continue };
        out.append(&mut of_set(name, member, source, which, cx)?);
    }
    exclude(&mut out)?;
    Ok(out)
}

fn missing(name: &BStr, cx: &Cx) -> Refusal {
    let quoted = crate::diag::quote(name);
    if cx.ipsets.is_empty() {
        let help = "give the output of `ipset save` by --ipset FILE";
        return Refusal::new("ipset-missing", format!("the dump does not say what is in the set {quoted}"), help);
    }
    let help = "take `ipset save` and `iptables-save` from the same host at the same time";
    Refusal::new("ipset-missing", format!("the text of ipset has no set {quoted}"), help)
}

/// The members of a list that no rule writes to, as few sets as there are kinds of them; the flag says that there is an
/// address family.
fn members(list: &Ipset, cx: &Cx) -> Vec<(Ipset, bool)> {
    let mut out: Vec<(Ipset, bool)> = Vec::new();
    for name in list.members().map(|name| name.as_bstr()).filter(|name| cx.written.get(name).is_none()) {
        let Some(member) = cx.ipsets.get(name) else { continue };
        let alike = |(o, _): &&mut (Ipset, bool)| {
            o.kind == member.kind
                && o.family == member.family
                && o.netmask == member.netmask
                && o.markmask == member.markmask
        };
        match out.iter_mut().find(alike) {
            Some((same, _)) => same.elements.extend(member.elements.iter().cloned()),
            None => out.push((Ipset { counters: false, ..member.clone() }, member.family.is_some())),
        }
    }
    out
}

/// Makes the ways exclude each other: all but the last must be such that they can be negated.
fn exclude(ways: &mut [Way]) -> Result<(), Refusal> {
    if ways.iter().rev().skip(1).any(|w| w.breaks || w.steps.len() != 1) {
        ways.sort_by_key(|w| w.breaks || w.steps.len() != 1);
    }
    for at in 1..ways.len() {
        let (before, rest) = ways.split_at_mut(at);
        let Some(way) = rest.first_mut() else { continue };
        for other in before {
            let not = match other.steps.as_slice() {
                [Step::Test(only)] if !other.breaks => only.outside(),
                _ => None,
            };
            let Some(not) = not else {
                let reason = "the list holds several sets whose fields a packet may lack";
                return Err(Refusal::new("ipset-list", reason, "write one rule for each of the sets"));
            };
            way.steps.insert(0, Step::Test(not));
        }
    }
    Ok(())
}

fn of_set(name: &BStr, ipset: &Ipset, source: &[bool], which: Which, cx: &mut Cx) -> Result<Vec<Way>, Refusal> {
    let Kind::Parts { hash, parts } = &ipset.kind else { return Ok(Vec::new()) };
    let family = ipset.family.unwrap_or(cx.family);
    if source.len() < parts.len() || family != cx.family {
        return Ok(Vec::new());
    }
    // Of sets that have no exceptions the kernel takes the option for not said (`ip_set_core.c`, `ip_set_test`).
    let which = if parts.contains(&PartKind::Net) { which } else { Which::Matching };
    let written = cx.written;
    match written.get(name) {
        Some(_) if which == Which::Exceptions => return Ok(Vec::new()),
        Some(uses) => return changing::ways(name, ipset, uses, source, cx),
        None => {}
    }
    let mut out = Vec::new();
    for variant in columns::variants(parts, *hash, ipset, family) {
        let Some(fields) = columns::fields(parts, source, variant, cx) else { continue };
        let set = install(name, ipset, variant, which, cx)?;
        let Some(set) = set else { continue };
        out.push(way(fields, set, variant, *hash));
    }
    Ok(out)
}

fn way(fields: Fields, set: SetId, variant: Variant, hash: bool) -> Way {
    let header = matches!(variant, Variant::Ports | Variant::Icmp);
    let breaks = header || fields.iter().any(|f| matches!(f, Field::EtherSaddr | Field::EtherDaddr));
    let mut steps: Vec<Step> = Vec::new();
    if variant == Variant::Ports && !hash {
        // A bitmap of ports has no protocol in it: TCP and UDP are asked.
        steps.push(Step::Test(Test::In { field: Field::L4proto, set: columns::tcp_and_udp() }));
    }
    steps.push(Step::Test(Test::lookup(&fields, set, false)));
    Way { steps, breaks, header }
}

/// The nft set of a variant, made when the table has none yet; `None` when nothing would be in it.
fn install(name: &BStr, ipset: &Ipset, variant: Variant, which: Which, cx: &mut Cx) -> Result<Option<SetId>, Refusal> {
    let exceptions = if which == Which::Exceptions { "_nomatch" } else { "" };
    let name = BString::from(format!("{name}{}{exceptions}", variant.suffix()));
    if let Some(set) = cx.sets.find(&name) {
        return Ok(Some(set));
    }
    let Kind::Parts { parts, .. } = &ipset.kind else { return Ok(None) };
    let elements: Vec<&Element> = ipset.elements.iter().filter(|e| columns::variant_of(e) == variant).collect();
    let Some(key) = columns::fields(parts, &[true; 6], variant, cx) else { return Ok(None) };
    let rows = boxes::rows(&elements, ipset, variant, which, cx.family)?;
    // A set without elements waits for somebody to fill it, and is asked until then.
    let waits = variant == Variant::Plain || ipset.elements.is_empty();
    if rows.is_empty() && (!waits || which == Which::Exceptions) {
        return Ok(None);
    }
    let interval = rows.iter().flat_map(|r| &r.key).any(|c| match c {
        crate::ir::Component::Interval(i) => !i.is_point(),
        crate::ir::Component::Name(name) => name.wildcard,
    });
    let net_like = parts.iter().any(|p| matches!(p, PartKind::Net));
    let set = cx.table.add_set(Set {
        name: name.clone(),
        key: key.to_vec(),
        comment: None,
        dynamic: false,
        interval: interval || net_like,
        auto_merge: false,
        timeout: timeout(ipset),
        size: None,
        data: SetData::None,
        counter: ipset.counters,
        rows,
    });
    cx.sets.add(name, set);
    Ok(Some(set))
}

/// The set's own timeout where each element has one, else only the ability to have them.
fn timeout(ipset: &Ipset) -> Option<u64> {
    let own = ipset.timeout?;
    let each = ipset.elements.iter().all(|e| e.timeout.unwrap_or(own) > 0);
    Some(if each { own } else { 0 })
}

/// What a row keeps of its element.
fn row(key: crate::ir::Row, element: &Element, ipset: &Ipset) -> SetRow {
    let timeout = element.timeout.or(ipset.timeout).filter(|&t| t > 0);
    let comment = element.comment.clone().filter(|c| fits(c.as_bstr()));
    let counters = element.counters.map(|(packets, bytes)| crate::ir::Counters { packets, bytes });
    let counters = counters.filter(|_| ipset.counters);
    SetRow::carrying(key, Carried { comment, timeout, counters, ..Carried::default() })
}

/// Whether nft can hold the comment of an element.
fn fits(comment: &BStr) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '"' | '\\' | '$');
    !comment.is_empty() && comment.len() <= 127 && comment.to_str().is_ok_and(|c| c.chars().all(plain))
}
