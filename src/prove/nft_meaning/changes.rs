//! Statements that change the packet or its connection: `meta mark set ...`, `ip dscp set ...`.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::values::number;
use super::{Read, Reading, unread};
use crate::nft::ast::{Expr, Lookup};
use crate::packet::{CtDirection, CtKey, Field, RtKey, TcpOptionPart};
use crate::prove::block::{Effect, KEEP, Step, When};
use crate::prove::dd::{Bounded, Dd, Ranges, Var};
use crate::prove::space::Slot;
use crate::prove::vocabulary;

impl Reading<'_> {
    /// `target set value`
    pub fn assignment(&mut self, target: &Expr, value: &Expr) -> Read<()> {
        let Expr::Field(field) = target else { return unread("a change of something that is no field") };
        match *field {
            // Tracing shows, and does nothing else.
            Field::Nftrace => Ok(()),
            Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize } => self.set_mss(value),
            Field::Ct(key @ (CtKey::Zone | CtKey::ZoneIn(_))) => match number(value) {
                Some(zone) => self.set_zone(key, zone),
                None => unread("a zone that is no number"),
            },
            Field::Ct(CtKey::Helper | CtKey::Expiration) => match number(value) {
                Some(number) => {
                    self.effect(vocabulary::set_of_connection(&format!("{field:?}"), number));
                    Ok(())
                }
                None => unread("a change of a connection by something that is no number"),
            },
            Field::Ct(CtKey::Mark | CtKey::Secmark) => {
                self.may_find_template(*field)?;
                let tracked = self.space.tracked()?;
                self.assign(*field, value, tracked, None)
            }
            Field::Ct(CtKey::Label) => {
                self.may_find_template(*field)?;
                let tracked = self.space.tracked()?;
                let bits = number(value);
                if bits.is_none() {
                    return unread("a label that is no number");
                }
                self.assign(*field, value, tracked, bits)
            }
            Field::Ct(_) => unread("a change of this property of a connection"),
            field if is_miscompiled(field, value) => {
                unread("two operations on a part of a byte, of which nft 1.1.3 to 1.1.7 shift the first constant only")
            }
            field if is_header(field) => {
                self.load(field)?;
                if matches!(field, Field::Payload { .. }) {
                    // Only fields that nft knows bring their checksum with them (`payload_needs_adjustment`).
                    self.effect("writes to a header and leaves its checksum".to_owned());
                }
                self.assign(field, value, Dd::TRUE, None)
            }
            Field::Mark | Field::Priority | Field::Secmark | Field::Pkttype => {
                self.assign(*field, value, Dd::TRUE, None)
            }
            _ => unread("a change of this field"),
        }
    }

    /// Gives a field's bits new values for some packets; with `only`, just these bits.
    fn assign(&mut self, field: Field, value: &Expr, packets: Dd, only: Option<u128>) -> Read<()> {
        let slot = self.space.slot(field);
        let Slot::Bits(vars) = &*slot else { return unread("a change of this field") };
        let bits = self.bits(value, vars.len())?;
        let mut changes: Vec<(Var, Dd)> = Vec::with_capacity(vars.len());
        for ((&var, &bit), weight) in vars.iter().zip(&bits).zip((0..vars.len()).rev()) {
            if only.is_some_and(|mask| mask >> weight & 1 == 0) {
                continue;
            }
            if bit != self.space.dd.var(var)? {
                changes.push((var, self.space.dd.ite(packets, bit, Dd::leaf(KEEP))?));
            }
        }
        self.steps.push(Step::Assign(changes));
        Ok(())
    }

    /// `ct zone set`: packets that have a connection, or a zone, keep it (`nft_ct_set_zone_eval`).
    fn set_zone(&mut self, key: CtKey, zone: u128) -> Read<()> {
        let tracked = self.space.tracked()?;
        let packets = self.space.dd.not(tracked)?;
        // Zone 0 is where connections are anyway.
        if zone != 0 {
            let which = match key {
                CtKey::ZoneIn(CtDirection::Original) => "original zone",
                CtKey::ZoneIn(CtDirection::Reply) => "reply zone",
                _ => "zone",
            };
            let effect = Effect::Other(vocabulary::set_of_connection(which, zone));
            self.steps.push(Step::EffectOn { packets, effect });
        }
        self.steps.push(Step::Assign(self.space.give_template(packets)?));
        Ok(())
    }

    /// `tcp option maxseg size set`: only lowers one that is there (`nft_exthdr_tcp_set_eval`).
    fn set_mss(&mut self, value: &Expr) -> Read<()> {
        let size = Field::TcpOption { kind: 2, part: TcpOptionPart::MaxsegSize };
        let tcp = self.space.right_protocol(size)?;
        self.test(tcp);
        let first = self.space.first_fragment()?;
        self.test(first);
        let packets = self.space.present(size)?;
        let words = match value {
            Expr::Field(Field::Rt(RtKey::Mtu)) => vocabulary::clamp_mss_to_route(),
            value => match number(value).and_then(|size| u16::try_from(size).ok()) {
                Some(size) => vocabulary::clamp_mss(size),
                None => return unread("an MSS that is no number"),
            },
        };
        self.steps.push(Step::EffectOn { packets, effect: Effect::Other(words) });
        Ok(())
    }

    /// The bits of a map's datum; packets that the map does not have leave the rule.
    pub fn mapped_bits(&mut self, key: &Expr, map: &Lookup, width: usize) -> Read<Vec<Dd>> {
        let mut numbered = Vec::new();
        for (when, parts) in self.value_cases(key, map)? {
            let [Some(datum)] = parts.iter().map(number).collect::<Vec<_>>()[..] else {
                return unread("a map to something that is no number");
            };
            numbered.push((when, datum));
        }
        let data: IndexSet<u128, FxBuildHasher> = numbered.iter().map(|&(_, datum)| datum).collect();
        let leaf = |datum: u128| Dd::leaf(data.get_index_of(&datum).map_or(0, |at| at as u32 + 1));
        let mut entries: Vec<(Ranges, Dd)> = Vec::new();
        let mut all = Dd::FALSE;
        for (when, datum) in numbered {
            match when {
                When::Ranges(ranges) => entries.push((ranges, leaf(datum))),
                When::Set(set) => all = self.space.dd.ite(set, leaf(datum), all)?,
            }
        }
        let Some(listed) = self.space.dd.table(&entries, 0)? else { return unread("elements that overlap") };
        let all = self.space.dd.otherwise(listed, 0, all)?;
        let dd = &mut self.space.dd;
        let mut of = |wanted: &dyn Fn(u128) -> bool| {
            dd.map(all, &mut |leaf| {
                let datum = leaf.checked_sub(1).and_then(|at| data.get_index(at as usize));
                u32::from(datum.is_some_and(|&datum| wanted(datum)))
            })
        };
        let any = of(&|_| true)?;
        let bits: Bounded<Vec<Dd>> =
            (0..width).rev().map(|weight| of(&|datum| weight < 128 && datum >> weight & 1 == 1)).collect();
        let bits = bits?;
        self.test(any);
        Ok(bits)
    }
}

/// Whether nft writes something else than the text says: `ip dscp set ip dscp & 0x30 | 0x04` sets the bit 0x04 of the
/// whole byte, and of what is loaded with the TTL for the checksum's sake.
fn is_miscompiled(field: Field, value: &Expr) -> bool {
    let twice = matches!(value, Expr::Binary { left, .. } if matches!(**left, Expr::Binary { .. }));
    twice && matches!(field, Field::IpDscp | Field::IpTtl | Field::Ip6Dscp | Field::Ip6Ecn)
}

fn is_header(field: Field) -> bool {
    matches!(
        field,
        Field::IpDscp
            | Field::IpEcn
            | Field::IpTtl
            | Field::Ip6Dscp
            | Field::Ip6Ecn
            | Field::Ip6Hoplimit
            | Field::Ip6Flowlabel
            | Field::IpSaddr
            | Field::IpDaddr
            | Field::Ip6Saddr
            | Field::Ip6Daddr
            | Field::TcpFlags
            | Field::Sport(_)
            | Field::Dport(_)
            | Field::Payload { .. }
    )
}
