//! Targets that hand packets to somebody else: `NFQUEUE`, `TPROXY`, `SYNPROXY`
//! (`xt_NFQUEUE.c`, `xt_TPROXY.c`, `ipt_SYNPROXY.c`, `ip6t_SYNPROXY.c`).

use crate::packet::{Field, IntervalSet};
use crate::prove::block::{Effect, Flow, Step, Verdict};
use crate::prove::dd::{Bands, Bounded};
use crate::prove::save_meaning::words::Word;
use crate::prove::save_meaning::{Reading, options};
use crate::prove::vocabulary;
use crate::save::ast::Part;
use crate::save::option::Value;

/// Queue 0 where nothing is said; a balance over several.
pub fn nfqueue(part: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let (from, to) = match part.get("queue-balance").map(|option| &option.value) {
        Some(&Value::Range(from, to)) => (from, to),
        Some(_) => return Ok(options::not_understood(part)),
        None => {
            let number = part.number("queue-num").unwrap_or(0);
            (number, number)
        }
    };
    let verdict = Verdict::Queue {
        from: from as u16,
        to: to as u16,
        bypass: part.has("queue-bypass"),
        fanout: part.has("queue-cpu-fanout"),
    };
    Ok(vec![Step::Flow(Flow::Verdict(verdict))])
}

/// Where a transparent socket takes the packet: the mark, and accepted. Where none does: dropped.
pub fn tproxy(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let address = match part.get("on-ip").map(|option| &option.value) {
        Some(Value::Addresses(addresses)) => Some(addresses.0).filter(|&address| address != 0),
        Some(_) => return Ok(options::not_understood(part)),
        None => None,
    };
    // Port 0 is the packet's own.
    let port = part.number("on-port").map(|port| port as u16).filter(|&port| port != 0);
    let (mask, value) = match part.get("tproxy-mark").map(|option| &option.value) {
        Some(&Value::Masked { value, mask }) => (u128::from(mask), u128::from(value)),
        Some(_) => return Ok(options::not_understood(part)),
        None => (0, 0),
    };
    let words = vocabulary::tproxy(address, port);
    let socket = reading.space.opaque(&vocabulary::finds_a_socket(&words))?;
    let mark = Word::of(Field::Mark, reading)?.and(!mask).xor(value, reading)?;
    let taken = vec![
        Step::Test(socket),
        mark.assigned(Field::Mark, reading)?,
        Step::Effect { effect: Effect::Other(words), reads: Bands::default() },
        Step::Flow(Flow::Verdict(Verdict::Accept)),
    ];
    let lost = vec![Step::Flow(Flow::Verdict(Verdict::Drop))];
    Ok(vec![reading.chain(vec![taken, lost])])
}

/// FIN, SYN, RST and ACK.
const FLAGS: u128 = 0x17;
const SYN: u128 = 0x02;
const ACK: u128 = 0x10;

/// Takes what opens a connection, a SYN or an ACK without any other of these flags; the rest goes on.
pub fn synproxy(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let verdict = if part.has("ecn") {
        Verdict::Other(vocabulary::xtables("SYNPROXY", &options::words(part, reading, &[])))
    } else {
        Verdict::Synproxy {
            mss: part.number("mss").map(|mss| mss as u16),
            wscale: part.number("wscale").map(|scale| scale as u8),
            timestamp: part.has("timestamp"),
            sack_perm: part.has("sack-perm"),
        }
    };
    let tcp = reading.space.protocol(&IntervalSet::point(6))?;
    let syn = reading.space.masked(Field::TcpFlags, FLAGS, SYN)?;
    let ack = reading.space.masked(Field::TcpFlags, FLAGS, ACK)?;
    let taken = reading.space.dd.or(syn, ack)?;
    Ok(vec![Step::Test(tcp), Step::Test(taken), Step::Flow(Flow::Verdict(verdict))])
}
