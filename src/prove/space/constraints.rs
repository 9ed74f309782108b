//! What holds between variables: the packets that can exist at a hook.
//!
//! Two rulesets are compared on these packets only. The list errs on the side of too many packets:
//! a relation left out can make equal rulesets look different, never different ones equal.

use super::{Space, bands, header};
use crate::packet::{CtKey, Family, Field, Hook, Interval, IntervalSet, PayloadBase};
use crate::prove::dd::{Bounded, Dd};

/// Where connection tracking takes templates away (`NF_IP_PRI_CONNTRACK`, `nf_conntrack_in`).
const CONNTRACK: i32 = -200;
/// Where fragments are put together (`NF_IP_PRI_CONNTRACK_DEFRAG`).
const DEFRAG: i32 = -400;

impl Space {
    /// The packets that can be seen at `hook`, behind the place where fragments are put together.
    pub fn possible(&mut self, hook: Hook) -> Bounded<Dd> {
        self.possible_at(hook, 0)
    }

    /// Whether base chains there see packets before the kernel puts fragments together.
    pub fn is_early(hook: Hook, priority: i32) -> bool {
        matches!(hook, Hook::Prerouting | Hook::Output) && priority <= DEFRAG
    }

    /// The packets that can be seen by a base chain.
    pub fn possible_at(&mut self, hook: Hook, priority: i32) -> Bounded<Dd> {
        let parts = [
            self.known_state()?,
            self.templates(hook, priority)?,
            self.interface(Field::Iifname, hook.has_input(), hook == Hook::Postrouting)?,
            self.interface(Field::Oifname, hook.has_output(), false)?,
            self.fragments(hook, Self::is_early(hook, priority))?,
            self.version()?,
            self.calendar()?,
        ];
        self.dd.all(&parts)
    }

    /// `ct state` is one of five values.
    fn known_state(&mut self) -> Bounded<Dd> {
        self.within(Field::Ct(CtKey::State), &IntervalSet::full(32))
    }

    /// Only packets that connection tracking has not seen yet have templates, where rules give any.
    fn templates(&mut self, hook: Hook, priority: i32) -> Bounded<Dd> {
        if self.templates && matches!(hook, Hook::Prerouting | Hook::Output) && priority <= CONNTRACK {
            return Ok(Dd::TRUE);
        }
        let having = self.template_state()?;
        self.dd.not(having)
    }

    /// An interface that is there has a name; one that is not has none. Packets that leave a host may
    /// have been forwarded, and keep their input interface since kernel 5.7.
    fn interface(&mut self, field: Field, present: bool, either: bool) -> Bounded<Dd> {
        let last = self.names.len() as u128 - 1;
        let classes = match (present, either) {
            (_, true) => Interval::new(0, last),
            (true, false) => Interval::new(1, last),
            (false, false) => Interval::point(0),
        };
        self.in_names(field, &classes.into())
    }

    /// Nobody sees later fragments where connections are tracked, nor IPv4 ones where packets are
    /// delivered (`ip_local_deliver` reassembles before the hook).
    fn fragments(&mut self, hook: Hook, early: bool) -> Bounded<Dd> {
        let delivered = self.family == Family::Ip && hook == Hook::Input;
        if !delivered && (!self.reassembled || early) {
            return Ok(Dd::TRUE);
        }
        let offset = self.masked(self.fragment_offset(), u128::MAX >> (128 - 13), 0)?;
        let header = self.present(self.fragment_offset())?;
        let without = self.dd.not(header)?;
        self.dd.or(offset, without)
    }

    /// A week has seven days, and a day 86,400 seconds.
    fn calendar(&mut self) -> Bounded<Dd> {
        let mut times = Dd::TRUE;
        for (field, last) in [(Field::Day, 6), (Field::Hour, 86_399)] {
            if self.slots.contains_key(&field) {
                let known = self.within(field, &IntervalSet::range(0, last))?;
                times = self.dd.and(times, known)?;
            }
        }
        Ok(times)
    }

    /// The version field says the family.
    fn version(&mut self) -> Bounded<Dd> {
        let version = if self.family == Family::Ip { 4 } else { 6 };
        let bits: Vec<_> = (0..4).map(|i| header::bit(self.family, PayloadBase::Network, i)).collect();
        debug_assert!(bits.iter().all(|bit| bit.band() == bands::HEADER));
        self.dd.masked(&bits, 0xf, version)
    }
}
