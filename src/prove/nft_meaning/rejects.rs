//! Verdicts that say more than accept or drop: reject, queue, synproxy, tproxy.

use super::values::number;
use super::{Read, Reading, unread};
use crate::nft::ast::{Expr, Reject};
use crate::packet::{Family, Field, L4};
use crate::prove::block::{Flow, Rejection, Step, Verdict};
use crate::prove::dd::Dd;
use crate::prove::vocabulary;

impl Reading<'_> {
    /// `reject [with ...]`: what nft brings with it, then the end (`nft_reject_inet.c`).
    pub fn reject(&mut self, reject: Reject) -> Read<()> {
        let v4 = self.space.family() == Family::Ip;
        let rejection = match reject {
            Reject::TcpReset => {
                let tcp = self.space.right_protocol(Field::Dport(L4::Tcp))?;
                self.test(tcp);
                Rejection::TcpReset
            }
            Reject::Icmp(code) => {
                self.test(Dd::constant(v4));
                Rejection::Icmp(code)
            }
            Reject::Icmp6(code) => {
                self.test(Dd::constant(!v4));
                Rejection::Icmp6(code)
            }
            Reject::Default => either(v4, 1)?,
            Reject::Icmpx(code) => either(v4, code)?,
        };
        self.steps.push(Step::Flow(Flow::Verdict(Verdict::Reject(rejection))));
        Ok(())
    }

    /// `synproxy`: ends the way of SYN and ACK packets (`nft_synproxy_eval_v4`).
    pub fn synproxy(&mut self, mss: Option<u16>, wscale: Option<u8>, timestamp: bool, sack_perm: bool) -> Read<()> {
        let tcp = self.space.right_protocol(Field::TcpFlags)?;
        self.test(tcp);
        let handled = self.space.any_bit(Field::TcpFlags, 0x02 | 0x10)?;
        let verdict = Verdict::Synproxy { mss, wscale, timestamp, sack_perm };
        self.test(handled);
        self.steps.push(Step::Flow(Flow::Verdict(verdict)));
        Ok(())
    }

    /// `tproxy to ...`: leaves the rule where no socket takes the packet (`nft_tproxy.c`).
    pub fn tproxy(&mut self, family: Option<Family>, address: Option<&Expr>, port: Option<&Expr>) -> Read<()> {
        if family.is_some_and(|family| family != Family::Inet && family != self.space.family()) {
            self.test(Dd::FALSE);
            return Ok(());
        }
        let tcp_or_udp = [6, 17].map(crate::packet::Interval::point).into_iter().collect();
        let protocol = self.space.protocol(&tcp_or_udp)?;
        self.test(protocol);
        let address = match address.map(number) {
            Some(None) => return unread("a proxy at something that is no address"),
            address => address.flatten(),
        };
        let port = match port.map(|port| number(port).and_then(|port| u16::try_from(port).ok())) {
            Some(None) => return unread("a proxy at something that is no port"),
            port => port.flatten(),
        };
        let words = vocabulary::tproxy(address, port);
        let socket = self.space.opaque(&vocabulary::finds_a_socket(&words))?;
        self.test(socket);
        self.effect(words);
        Ok(())
    }

    /// `dup to ADDRESS [device NAME]`
    pub fn duplicate(&mut self, address: &Expr, device: Option<&Expr>) -> Read<()> {
        let device = match device {
            None => None,
            Some(Expr::Text { text, wildcard: false }) => Some(text.to_string()),
            Some(_) => return unread("a copy to a device that is looked up"),
        };
        match number(address) {
            Some(address) => {
                self.effect(vocabulary::duplicate(address, device.as_deref()));
                Ok(())
            }
            None => unread("a copy to an address that is looked up"),
        }
    }
}

/// `icmpx` codes: no-route, port-unreachable, host-unreachable, admin-prohibited (`nft_reject.c`).
fn either(v4: bool, code: u8) -> Read<Rejection> {
    let (icmp, icmp6) = match code {
        0 => (0, 0),
        1 => (3, 4),
        2 => (1, 3),
        3 => (13, 1),
        _ => return unread("an unknown reason to reject"),
    };
    Ok(if v4 { Rejection::Icmp(icmp) } else { Rejection::Icmp6(icmp6) })
}
