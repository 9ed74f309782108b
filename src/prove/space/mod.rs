//! The packet as Boolean variables: which bits there are, in which order, and how tests become diagrams.
//!
//! A [`Space`] belongs to one family (IPv4 or IPv6): an `inet` table is looked at twice. It knows
//! - header fields as bits of the headers themselves, so that `icmp type`, `th sport` and `@th,0,8`
//!   speak of the same bits ([`header`]);
//! - what the kernel knows about the packet, as numbers (`meta`, `ct`, `fib` ...: [`slots`]);
//! - interface names as classes of names that the two rulesets can tell apart ([`names`]);
//! - everything else as opaque predicates, equal only to themselves.
//!
//! What holds between variables (an impossible code, a hook without an input interface) is stated
//! once, in [`constraints`]. Assumptions of the model:
//! - headers are complete: packets cut short inside a header that a rule reads are not modelled;
//! - the layer-4 protocol of IPv6 packets (`meta l4proto`) and `ip6 nexthdr` are independent;
//! - raw payload beyond the fixed headers is what it is: bits without relation to other fields.

pub mod bands;
mod constraints;
mod header;
mod names;
mod plain;
mod shown;
mod slots;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::dd::{Arena, Bounded, Budget, Dd, Piece, Range, Var};
use crate::packet::{CtKey, Family, Field, Interval, IntervalSet};

pub use names::Names;
pub use shown::Shown;
pub use slots::Slot;

/// Sets of so many intervals are better made at once than taken apart into the values of long lists.
const FEW: usize = 64;
/// Bits of numbers that have few values, such as protocols and ports.
const SHORT: u32 = 16;

/// The variables of one family's packets, and the arena of all diagrams over them.
pub struct Space {
    /// All diagrams of the comparison.
    pub dd: Arena,
    family: Family,
    names: Names,
    reassembled: bool,
    early: bool,
    templates: bool,
    slots: FxHashMap<Field, Rc<Slot>>,
    texts: FxHashMap<(Field, Vec<u8>), u128>,
    /// Sets of one interval of a short number, which rules ask for over and over.
    short: FxHashMap<(Field, Interval), Dd>,
    opaque: FxHashMap<String, Var>,
    opaque_names: Vec<(Var, String)>,
    /// What each bucket of state is, for people.
    states: Vec<String>,
    next_meta: u32,
}

impl Space {
    /// The packets of `family`, which is `Ip` or `Ip6`.
    ///
    /// `reassembled`: something in the family tracks connections, so no rule sees a later fragment.
    pub fn new(family: Family, names: Names, reassembled: bool, budget: Budget) -> Self {
        Space {
            dd: Arena::new(budget),
            family,
            names,
            reassembled,
            early: false,
            templates: false,
            slots: FxHashMap::default(),
            texts: FxHashMap::default(),
            short: FxHashMap::default(),
            opaque: FxHashMap::default(),
            opaque_names: Vec::new(),
            states: Vec::new(),
            next_meta: 0,
        }
    }

    /// Says what the buckets of state are, so that their answers can be shown.
    pub fn name_states(&mut self, contents: &[String]) {
        self.states = contents.to_vec();
    }

    /// Some base chain sees packets before the kernel puts fragments together (`NF_IP_PRI_CONNTRACK_DEFRAG`), so
    /// whatever asks for a transport header has to say what it does with fragments.
    #[must_use]
    pub fn with_early_chains(self, early: bool) -> Self {
        Space { early, ..self }
    }

    /// Rules give packets templates for connection tracking, which are told from connections then.
    #[must_use]
    pub fn with_templates(self, templates: bool) -> Self {
        Space { templates, ..self }
    }

    /// `Ip` or `Ip6`.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The packets whose `field`, where they have it, is in `values`.
    ///
    /// Whether they have it is the separate question [`Space::present`].
    pub fn within(&mut self, field: Field, values: &IntervalSet) -> Bounded<Dd> {
        let short = match values.intervals() {
            [only] if field.width() <= SHORT => Some((field, *only)),
            _ => None,
        };
        if let Some(known) = short.and_then(|short| self.short.get(&short)) {
            return Ok(*known);
        }
        let set = self.made_within(field, values)?;
        self.short.extend(short.map(|short| (short, set)));
        Ok(set)
    }

    fn made_within(&mut self, field: Field, values: &IntervalSet) -> Bounded<Dd> {
        match &*self.slot(field) {
            Slot::Constant(value) => Ok(Dd::constant(values.contains(*value))),
            Slot::Codes(bits, codes) => self.in_codes(bits, codes, |code| values.contains(code)),
            Slot::Bits(bits) => self.in_bits(bits, values),
        }
    }

    /// The same as [`Space::within`], for one interval of a number in variables in a row.
    pub fn range(&mut self, field: Field, values: &IntervalSet) -> Option<Range> {
        let [interval] = values.intervals() else { return None };
        let (first, width) = self.row(field)?;
        let most = if width >= 128 { u128::MAX } else { (1 << width) - 1 };
        (interval.lo <= most).then(|| Range { first, width, lo: interval.lo, hi: interval.hi.min(most) })
    }

    /// The same as [`Space::within`], for a few intervals of a number in variables in a row.
    pub fn ranges(&mut self, field: Field, values: &IntervalSet) -> Option<Vec<Range>> {
        if values.intervals().len() > FEW {
            return None;
        }
        let intervals = values.intervals().iter();
        intervals.map(|&interval| self.range(field, &interval.into())).collect()
    }

    /// Where a field is a number in variables in a row: the first of them and their number.
    pub fn row(&mut self, field: Field) -> Option<(Var, u32)> {
        let slot = self.slot(field);
        let Slot::Bits(bits) = &*slot else { return None };
        let first = *bits.first()?;
        let in_row = bits.iter().zip(first.0..).all(|(bit, number)| bit.0 == number);
        (in_row && bits.len() <= 128).then_some((first, bits.len() as u32))
    }

    /// The packets whose `field`, where they have it, seen through `mask` is `value`.
    pub fn masked(&mut self, field: Field, mask: u128, value: u128) -> Bounded<Dd> {
        match &*self.slot(field) {
            Slot::Constant(constant) => Ok(Dd::constant(constant & mask == value)),
            Slot::Codes(bits, codes) => self.in_codes(bits, codes, |code| code & mask == value),
            Slot::Bits(bits) => self.dd.masked(bits, mask, value),
        }
    }

    /// The packets whose `field`, where they have it, has any of the bits of `mask`.
    pub fn any_bit(&mut self, field: Field, mask: u128) -> Bounded<Dd> {
        if let Slot::Codes(bits, codes) = &*self.slot(field) {
            return self.in_codes(bits, codes, |code| code & mask != 0);
        }
        let none = self.masked(field, mask, 0)?;
        self.dd.not(none)
    }

    /// The packets whose interface name (`Iifname`, `Oifname`) is `text`, or begins with it.
    pub fn name(&mut self, field: Field, text: &[u8], wildcard: bool) -> Bounded<Dd> {
        let classes = self.names.classes(text, wildcard);
        self.in_names(field, &classes)
    }

    /// The packets whose interface name is in a set of classes, as [`Names`] numbers them.
    pub fn in_names(&mut self, field: Field, classes: &IntervalSet) -> Bounded<Dd> {
        match &*self.slot(field) {
            Slot::Constant(value) => Ok(Dd::constant(classes.contains(*value))),
            Slot::Bits(bits) | Slot::Codes(bits, _) => self.in_bits(bits, classes),
        }
    }

    /// The number that stands for a string in a field of strings other than interface names.
    pub fn text(&mut self, field: Field, text: &[u8]) -> u128 {
        let next = self.texts.keys().filter(|(of, _)| *of == field).count() as u128 + 1;
        *self.texts.entry((field, text.to_vec())).or_insert(next)
    }

    /// A pure condition that the model has no bits for; the same text is the same condition.
    pub fn opaque(&mut self, condition: &str) -> Bounded<Dd> {
        let var = self.opaque_in(bands::OPAQUE, condition);
        self.dd.var(var)
    }

    /// An opaque condition whose value may change when marks or header fields are changed.
    pub fn volatile(&mut self, condition: &str) -> Bounded<Dd> {
        let var = self.opaque_in(bands::VOLATILE, condition);
        self.dd.var(var)
    }

    fn opaque_in(&mut self, band: u32, condition: &str) -> Var {
        if let Some(&var) = self.opaque.get(condition) {
            return var;
        }
        let var = Var::new(band, self.opaque.len() as u32);
        self.opaque.insert(condition.to_owned(), var);
        self.opaque_names.push((var, condition.to_owned()));
        var
    }

    /// The packets that have a tracked connection: neither invalid nor untracked.
    pub fn tracked(&mut self) -> Bounded<Dd> {
        self.any_bit(Field::Ct(CtKey::State), slots::TRACKED_STATES)
    }

    /// The packets that have a template for connection tracking instead of a connection: what it holds (no addresses, no
    /// protocol, the mark of whoever wrote to it last) is not modelled.
    pub fn has_template(&mut self) -> Bounded<Dd> {
        if self.templates { self.template_state() } else { Ok(Dd::FALSE) }
    }

    /// The packets whose `ct state` is that of a template.
    fn template_state(&mut self) -> Bounded<Dd> {
        self.dd.conjunction(&slots::numbered(slots::TEMPLATE))
    }

    /// What `notrack` does to `ct state`: a packet that conntrack has not seen becomes untracked
    /// (`net/netfilter/nft_ct.c`, `nft_notrack_eval`; `xt_CT.c`, `xt_ct_target`).
    pub fn untrack(&mut self) -> Bounded<Vec<(Var, Dd)>> {
        let fresh = self.within(Field::Ct(CtKey::State), &IntervalSet::point(slots::INVALID))?;
        self.state_becomes(fresh, &slots::code(slots::UNTRACKED))
    }

    /// What a template for conntrack does to `ct state` of `packets`: they seem to be new until conntrack runs
    /// (`nft_ct.c`, `nft_ct_set_zone_eval`; `xt_CT.c`, `xt_ct_target`).
    pub fn give_template(&mut self, packets: Dd) -> Bounded<Vec<(Var, Dd)>> {
        let code = if self.templates { slots::numbered(slots::TEMPLATE) } else { slots::code(slots::NEW) };
        self.state_becomes(packets, &code)
    }

    /// The values of the variables of `ct state` for a packet that is out of tracking.
    pub fn untracked_code(&self) -> Vec<(Var, bool)> {
        slots::code(slots::UNTRACKED)
    }

    fn state_becomes(&mut self, packets: Dd, code: &[(Var, bool)]) -> Bounded<Vec<(Var, Dd)>> {
        let keep = Dd::leaf(crate::prove::block::KEEP);
        code.iter().map(|&(bit, value)| Ok((bit, self.dd.ite(packets, Dd::constant(value), keep)?))).collect()
    }

    /// The numbers of the classes of an interface name, or of the names that begin with it.
    pub fn name_classes(&self, text: &[u8], wildcard: bool) -> IntervalSet {
        self.names.classes(text, wildcard)
    }

    /// The packets of one of these layer-4 protocols.
    pub fn protocol(&mut self, protocols: &IntervalSet) -> Bounded<Dd> {
        self.within(Field::L4proto, protocols)
    }

    /// The packets that are whole or a first fragment, so that their transport header is there.
    pub fn first_fragment(&mut self) -> Bounded<Dd> {
        if self.reassembled && !self.early {
            return Ok(Dd::TRUE);
        }
        let offset = self.masked(self.fragment_offset(), u128::MAX, 0)?;
        if self.family == Family::Ip {
            return Ok(offset);
        }
        let header = self.present(self.fragment_offset())?;
        let none = self.dd.not(header)?;
        self.dd.or(offset, none)
    }

    fn in_codes(&mut self, bits: &[Var], codes: &[u128], wanted: impl Fn(u128) -> bool) -> Bounded<Dd> {
        let numbers = codes.iter().zip(0u128..).filter(|&(&code, _)| wanted(code));
        let numbers: IntervalSet = numbers.map(|(_, number)| Interval::point(number)).collect();
        self.in_bits(bits, &numbers)
    }

    fn in_bits(&mut self, bits: &[Var], values: &IntervalSet) -> Bounded<Dd> {
        let pieces: Vec<Piece> =
            values.intervals().iter().map(|i| Piece { lo: i.lo, hi: i.hi, value: Dd::TRUE }).collect();
        self.dd.piecewise(bits, &pieces, Dd::FALSE)
    }
}
