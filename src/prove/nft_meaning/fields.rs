//! Loading a field: what nft tests first, and which packets leave the rule there.
//!
//! nft keeps track of what a rule has said about protocols: `tcp dport` alone brings `meta l4proto tcp`;
//! behind `ip6 nexthdr tcp` it brings nothing, although that says less. `icmp type` alone in an inet
//! table brings `meta nfproto ipv4`; behind `meta l4proto icmp` it does not (`src/payload.c`).

use super::{Read, Reading, unread};
use crate::nft::ast::{Expr, Op};
use crate::packet::{CtKey, DataType, Family, Field, PayloadBase};
use crate::prove::block::Step;
use crate::prove::dd::Dd;
use crate::prove::space::Space;

/// What statements of a rule have said about protocols.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    /// The transport protocol, from whatever test.
    transport: Option<u8>,
}

impl Reading<'_> {
    /// Loads a field: tests what nft brings with it, then that the packet has it.
    pub fn load(&mut self, field: Field) -> Read<()> {
        if let Some(family) = Space::family_of(field)
            && family != self.space.family()
        {
            self.test(Dd::FALSE);
            return Ok(());
        }
        match (self.said.transport, Space::protocol_of(field)) {
            (Some(said), Some(own)) if said != own => return unread("a field of another protocol than the rule's"),
            // The kernel itself looks at the protocol when it searches for options (`nft_exthdr.c`).
            _ if matches!(field, Field::TcpOption { .. } | Field::SctpChunk { .. } | Field::DccpOption { .. }) => {
                let protocol = self.space.right_protocol(field)?;
                self.test(protocol);
            }
            (None, Some(own)) => {
                self.own_family(field);
                let protocol = self.space.right_protocol(field)?;
                self.test(protocol);
                self.said.transport = Some(own);
            }
            _ => {}
        }
        if reads_addresses(field) && self.table.changed.iter().any(|&field| is_address(field)) {
            return unread("a lookup of addresses where rules change them");
        }
        if self.slow(field) {
            let first = self.space.first_fragment()?;
            self.test(first);
        }
        self.may_find_template(field)?;
        let present = self.space.present(field)?;
        self.test(present);
        Ok(())
    }

    /// Loads of a connection's properties find those of a template where there is one (`nft_ct_get_eval`); so do writes.
    pub fn may_find_template(&mut self, field: Field) -> Read<()> {
        if matches!(field, Field::Ct(key) if !matches!(key, CtKey::State | CtKey::Helper)) {
            let packets = self.space.has_template()?;
            if packets != Dd::FALSE {
                let why = "what a template for connection tracking holds".to_owned();
                self.steps.push(Step::UnknownOn { packets, why });
            }
        }
        Ok(())
    }

    /// Control protocols belong to one family, and nft says so where nothing else does.
    fn own_family(&mut self, field: Field) {
        let family = match field {
            Field::IcmpType | Field::IcmpCode | Field::IgmpType => Family::Ip,
            Field::Icmp6Type | Field::Icmp6Code => Family::Ip6,
            _ => return,
        };
        if self.table.family == Family::Inet && family != self.space.family() {
            self.test(Dd::FALSE);
        }
    }

    /// Whether the load looks at the fragment offset: loads of 1, 2 or 4 aligned bytes of the transport
    /// header do not (`nft_payload_fast_eval`), all others do (`nft_payload_eval`, `nft_exthdr.c`).
    fn slow(&self, field: Field) -> bool {
        match field {
            Field::TcpOption { .. } | Field::SctpChunk { .. } | Field::DccpOption { .. } => true,
            Field::Payload { base: PayloadBase::Transport, offset, len } => {
                let (first, last) = (u32::from(offset) / 8, (u32::from(offset) + u32::from(len)).div_ceil(8));
                let bytes = last - first;
                !matches!(bytes, 1 | 2 | 4) || first % bytes != 0
            }
            Field::Payload { base: PayloadBase::Inner, .. } => true,
            _ => false,
        }
    }

    /// Notes what a comparison says about protocols, or what nft takes it to say: the protocol of the connection
    /// need not be the packet's (`ct_expr_pctx_update`).
    pub fn note(&mut self, left: &Expr, op: Op, right: &Expr) {
        use Field::{Ct, Ip6Nexthdr, IpProtocol, L4proto};
        let Expr::Field(L4proto | IpProtocol | Ip6Nexthdr | Ct(CtKey::Protocol(_))) = left else { return };
        if !matches!(op, Op::Implicit | Op::Eq) {
            return;
        }
        let numbers: Vec<u128> = match right {
            Expr::Number(protocol) => vec![*protocol],
            Expr::Set(elements) => elements.iter().filter_map(|element| number(element.key.as_ref())).collect(),
            _ => Vec::new(),
        };
        match numbers.as_slice() {
            [] => {}
            [first, rest @ ..] if rest.iter().all(|other| other == first) => {
                self.said.transport = u8::try_from(*first).ok();
            }
            _ => self.said.transport = Some(SEVERAL),
        }
    }
}

/// Stands for several protocols: reserved, so that no header's own.
const SEVERAL: u8 = 255;

const fn number(key: Option<&Expr>) -> Option<u128> {
    match key {
        Some(Expr::Number(number)) => Some(*number),
        _ => None,
    }
}

/// Whether a field is looked up by the packet's addresses and ports.
fn reads_addresses(field: Field) -> bool {
    matches!(field, Field::Fib { .. } | Field::Rt(_) | Field::Socket(_))
}

/// Whether a change of a field may change addresses or ports.
fn is_address(field: Field) -> bool {
    matches!(
        field,
        Field::IpSaddr
            | Field::IpDaddr
            | Field::Ip6Saddr
            | Field::Ip6Daddr
            | Field::Sport(_)
            | Field::Dport(_)
            | Field::Payload { .. }
    )
}

/// Whether a field's values are bits, so that a comparison without operator asks for any of them.
pub(super) fn is_flags(field: Field) -> bool {
    matches!(field.data_type(), DataType::CtState | DataType::CtStatus | DataType::CtLabel | DataType::TcpFlag)
}
