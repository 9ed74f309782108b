//! Sets that rules write to: sets of nft with the flag `dynamic`, and the statements that change them.
//!
//! What a packet adds is one element (net/netfilter/ipset/ip_set_*.c, `*_kadt`), so every element is a single value
//! here, where sets that nothing writes to hold ranges. A packet that cannot be in the set adds nothing.

mod elements;
mod times;

use super::Way;
use super::columns::{self, Variant};
use crate::ir::{Bits, KeyPart, Origin, Rule, Set, SetId, Statement, Step, Test, Verdict, fragments};
use crate::packet::{Family, Field, IntervalSet};
use crate::save::ext::dynamic::{self, address_width};
use crate::save::ext::lowering::{Cx, Refusal};
use crate::save::ext::written::Uses;
use crate::save::ipset::{Element, Ipset, Kind, Part, PartKind};
use bstr::{BStr, BString};

/// What a rule does to a set.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Add {
        /// `--exist`: an element that is there already gets its time anew.
        anew: bool,
        /// `--timeout`; the set's own when `None`.
        timeout: Option<u64>,
    },
    Delete,
}

/// Most elements of a set of ipset that says nothing (`IPSET_DEFAULT_MAXELEM`).
const USUAL_ROOM: u32 = 65536;

/// A set that rules write to, with what they do.
struct Changing<'a> {
    name: &'a BStr,
    ipset: &'a Ipset,
    uses: &'a Uses,
    hash: bool,
    parts: &'a [PartKind],
}

/// The ways for a packet to be in the set; `source` as for [`super::ways`].
pub fn ways(name: &BStr, ipset: &Ipset, uses: &Uses, source: &[bool], cx: &mut Cx) -> Result<Vec<Way>, Refusal> {
    let set = Changing::new(name, ipset, uses)?;
    let mut out = Vec::new();
    for variant in set.variants(cx.family) {
        if columns::fields(set.parts, source, variant, cx).is_none() || !may_have(variant, cx.protocol, cx.family) {
            continue;
        }
        let id = set.install(variant, cx)?;
        let lookup = Test::in_set(&set.key(source, variant, cx), id);
        let header = matches!(variant, Variant::Ports | Variant::Icmp);
        let steps = set.protocols(variant, cx).into_iter().chain([Step::Test(lookup)]).collect();
        out.push(Way { steps, breaks: header || set.parts.contains(&PartKind::Mac), header });
    }
    Ok(out)
}

/// The rules that do to the set what one rule of iptables does; none where no packet changes it.
pub fn rules(name: &BStr, source: &[bool], change: Change, cx: &mut Cx) -> Result<Vec<Rule>, Refusal> {
    let (ipsets, written) = (cx.ipsets, cx.written);
    let Some(ipset) = ipsets.get(name) else { return Err(super::missing(name, cx)) };
    let Some(uses) = written.get(name) else { return Ok(Vec::new()) };
    let set = Changing::new(name, ipset, uses)?;
    if source.len() < set.parts.len() || ipset.family.is_some_and(|family| family != cx.family) {
        return Ok(Vec::new());
    }
    let Some(variant) = set.variant_of_rule(cx.protocol, cx.family)? else { return Ok(Vec::new()) };
    set.tell(change, cx)?;
    let id = set.install(variant, cx)?;
    let key = set.key(source, variant, cx);
    let (op, timeout) = set.operation(change)?;
    let mut steps = set.protocols(variant, cx);
    if matches!(change, Change::Add { .. }) {
        steps.extend(set.bounds(&key));
    }
    let (before, fragments) = later_fragments(variant, cx);
    steps.splice(0..0, fragments);
    steps.push(Statement::SetUpdate { op, set: id, key, timeout, inner: Vec::new() }.into());
    Ok(before.into_iter().chain([Rule::new(steps, Verdict::Continue, Origin::default())]).collect())
}

/// Other programs have to fill this set from now on.
fn tell_of(name: &BString, notes: &mut Vec<BString>) {
    const WHAT: &str = "Rules write to these sets. Programs that filled them by ipset have to use `nft add element`: ";
    match notes.iter_mut().find(|note| note.starts_with(WHAT.as_bytes())) {
        Some(note) => note.extend_from_slice(format!(", {name}").as_bytes()),
        None => notes.push(format!("{WHAT}{name}").into()),
    }
}

/// Whether packets of a rule's protocol can have what the variant stands for.
fn may_have(variant: Variant, protocol: Option<(u8, bool)>, family: Family) -> bool {
    match protocol {
        Some((protocol, false)) => {
            variant == Variant::Plain || columns::variant_of_protocol(protocol, family) == Some(variant)
        }
        _ => true,
    }
}

/// What keeps fragments without a transport header away: rules before, or tests in the rule. IPv6 has no one test for it.
fn later_fragments(variant: Variant, cx: &Cx) -> (Vec<Rule>, Vec<Step>) {
    let asked = match variant {
        Variant::Ports | Variant::Icmp => true,
        Variant::Others => cx.family == Family::Ip6,
        Variant::Plain => false,
    };
    let seen = cx.family == Family::Ip6 || fragments::are_seen_at_any(cx.family, cx.hooks);
    match fragments::is_not_later(cx.family) {
        _ if !asked || !seen || cx.reassembled => (Vec::new(), Vec::new()),
        Some(whole) => (Vec::new(), vec![Step::Test(whole)]),
        None => {
            let later = Step::Test(fragments::is_later(cx.family));
            (vec![Rule::new([later], Verdict::Return, Origin::default())], Vec::new())
        }
    }
}

impl<'a> Changing<'a> {
    fn new(name: &'a BStr, ipset: &'a Ipset, uses: &'a Uses) -> Result<Self, Refusal> {
        let Kind::Parts { hash, parts } = &ipset.kind else {
            let reason = "a list hands what is added on to the first of its sets that takes it";
            return Err(Refusal::new("ipset-list", reason, "name the set that it shall go to"));
        };
        let set = Changing { name, ipset, uses, hash: *hash, parts };
        set.check().map(|()| set)
    }

    fn check(&self) -> Result<(), Refusal> {
        let refuse = |code, reason: &str, help: &str| Err(Refusal::new(code, reason, help));
        if self.uses.are_in_several_tables() {
            let reason =
                "rules of several tables use the set, which is one for all of them; a set of nft is its table's own";
            return refuse("ipset-tables", reason, "move these rules into one table, if what they do allows it");
        }
        if self.parts.contains(&PartKind::Iface) {
            let reason = "rules add interfaces to the set, and not every packet has one";
            return refuse("ipset-iface", reason, "write the interfaces into rules, and only addresses into the set");
        }
        if !self.hash && self.parts.contains(&PartKind::Mac) {
            let reason = "the set holds one MAC address for each address, where nft would hold many";
            return refuse("ipset-mac", reason, "use a set of the type hash:ip,mac");
        }
        let all = u128::MAX >> (128 - address_width(self.ipset.family.unwrap_or(Family::Ip)));
        let is_wide = |part: &Part| match part {
            Part::Net(net) => net.mask != all,
            Part::Addresses(lo, hi) => lo != hi,
            _ => false,
        };
        let wide = |element: &Element| element.nomatch || element.parts.iter().any(is_wide);
        let nets = self.parts.contains(&PartKind::Net);
        if nets && (self.ipset.netmask.is_some() || self.ipset.elements.iter().any(wide)) {
            let reason = "rules add networks as long as the longest prefix that the set holds at the time";
            return refuse(
                "ipset-nets",
                reason,
                "let rules add to a set of addresses (hash:ip), and ask for both sets",
            );
        }
        Ok(())
    }

    /// What stands for ports in the elements that there are, and in those that rules add.
    fn variants(&self, family: Family) -> Vec<Variant> {
        if !self.parts.contains(&PartKind::Port) {
            return vec![Variant::Plain];
        }
        if !self.hash {
            return vec![Variant::Ports];
        }
        let mut out = match self.ipset.elements.is_empty() {
            true => Vec::new(),
            false => columns::variants(self.parts, self.hash, self.ipset, family),
        };
        let added = self.uses.writes.iter().filter(|write| write.adds).filter_map(|write| write.protocol);
        for (protocol, _) in added.filter(|(_, negated)| !negated) {
            out.extend(columns::variant_of_protocol(protocol, family).filter(|variant| !out.contains(variant)));
        }
        if out.is_empty() { vec![Variant::Ports] } else { out }
    }

    /// What stands for the port in what the rule adds or deletes; `None` where no packet has it.
    fn variant_of_rule(&self, protocol: Option<(u8, bool)>, family: Family) -> Result<Option<Variant>, Refusal> {
        match protocol {
            _ if !self.parts.contains(&PartKind::Port) => Ok(Some(Variant::Plain)),
            _ if !self.hash => Ok(Some(Variant::Ports)),
            Some((protocol, false)) => Ok(columns::variant_of_protocol(protocol, family)),
            _ => {
                let reason = "packets of every protocol change the set, and elements with ports, with ICMP types and with \
                              neither are sets of their own";
                Err(Refusal::new("ipset-protocols", reason, "give the rule -p, one rule for each protocol"))
            }
        }
    }

    /// The fields of the packet that are its key, each behind the mask that the set has for it.
    fn key(&self, source: &[bool], variant: Variant, cx: &Cx) -> Vec<KeyPart> {
        let (netmask, markmask) = (self.ipset.netmask, self.ipset.markmask.filter(|&mask| mask != u32::MAX));
        let mask = |field: Field| match field {
            Field::IpSaddr | Field::IpDaddr | Field::Ip6Saddr | Field::Ip6Daddr => netmask,
            Field::Mark => markmask.map(u128::from),
            _ => None,
        };
        let fields = columns::fields(self.parts, source, variant, cx).unwrap_or_default();
        fields.into_iter().map(|field| KeyPart { field, mask: mask(field) }).collect()
    }

    /// The test that the packet is of a protocol whose ports are read, where the rule does not say so.
    fn protocols(&self, variant: Variant, cx: &Cx) -> Vec<Step> {
        if variant != Variant::Ports {
            return Vec::new();
        }
        let set = if self.hash { columns::with_ports() } else { columns::tcp_and_udp() };
        let said = matches!(cx.protocol, Some((protocol, false)) if set.contains(protocol.into()));
        (!said).then(|| Test::In { field: Field::L4proto, set }.into()).into_iter().collect()
    }

    /// The tests that the key is one that the set can hold.
    fn bounds(&self, key: &[KeyPart]) -> Vec<Step> {
        key.iter().filter_map(|part| self.bound(part)).map(Step::Test).collect()
    }

    fn bound(&self, part: &KeyPart) -> Option<Test> {
        let width = part.field.width();
        let within = |set: IntervalSet| (!set.is_full(width)).then_some(Test::In { field: part.field, set });
        let host = part.mask.map_or(0, |mask| u128::MAX >> (128 - width) & !mask);
        match (self.hash, self.parts, self.ipset.range) {
            // The address 0 stands for a free place.
            (true, [PartKind::Ip], _) if host & host.wrapping_add(1) == 0 => {
                within(IntervalSet::range(0, host).complement(width))
            }
            (true, [PartKind::Ip], _) => {
                Some(Test::from(Bits { field: part.field, mask: part.mask?, value: 0, negated: true }))
            }
            (false, [PartKind::Ip | PartKind::Port], Some((lo, hi))) => within(IntervalSet::range(lo, hi | host)),
            (_, parts, _)
                if parts.contains(&PartKind::Mac) && matches!(part.field, Field::EtherSaddr | Field::EtherDaddr) =>
            {
                within(IntervalSet::point(0).complement(width))
            }
            _ => None,
        }
    }

    /// Tells how the set of nft differs, where that is asked for; else refuses.
    fn tell(&self, change: Change, cx: &mut Cx) -> Result<(), Refusal> {
        let adds = matches!(change, Change::Add { .. });
        let several = self.variants(cx.family).len() > 1;
        let differences = [
            (
                several,
                "elements with ports, with ICMP types and with neither are sets of their own, each with room for all",
            ),
            (adds && self.ipset.forceadd, "a full ipset drops an element for a new one, a full set of nft takes none"),
            (self.ipset.family.is_none(), "the ipset is one for IPv4 and IPv6, a set of nft is its table's own"),
            (adds && self.ipset.counters, "nft counts a packet whose element is there, ipset does not or begins anew"),
        ];
        for (_, how) in differences.into_iter().filter(|(differs, _)| *differs) {
            if !cx.approximate {
                return Err(Refusal::new("ipset-differs", how, "give --approximate to take nft's way"));
            }
            cx.differs(how);
        }
        Ok(())
    }

    /// How many elements there is room for. A bitmap has room for all.
    fn room(&self) -> u32 {
        let host = self.ipset.netmask.map_or(0, |mask| u128::from(u32::MAX) & !mask);
        let places = self.ipset.range.filter(|_| !self.hash).map(|(lo, hi)| (hi - lo) / (host + 1) + 1);
        let places = places.and_then(|places| u32::try_from(places).ok());
        places.or(self.ipset.maxelem).filter(|&room| room > 0).unwrap_or(USUAL_ROOM)
    }

    /// The nft set of a variant, made when the table has none yet.
    fn install(&self, variant: Variant, cx: &mut Cx) -> Result<SetId, Refusal> {
        let name = BString::from(format!("{}{}", self.name, variant.suffix()));
        if let Some(set) = cx.sets.find(&name) {
            return Ok(set);
        }
        let rows = self.rows(variant, cx.family)?;
        let key = columns::fields(self.parts, &[true; 6], variant, cx).unwrap_or_default();
        tell_of(&name, &mut cx.table.notes);
        let empty = dynamic::empty(name.clone(), &key, self.declared(), self.room());
        let set = cx.table.add_set(Set { counter: self.ipset.counters, rows, ..empty });
        cx.sets.add(name, set);
        Ok(set)
    }
}
