//! Targets that only decide: `ACCEPT`, `DROP`, `RETURN`, `QUEUE`, `REJECT`
//! (`x_tables.h`, `ipt_REJECT.c`, `ip6t_REJECT.c`).

use crate::packet::Family;
use crate::prove::block::{Flow, Rejection, Step, Verdict};
use crate::prove::dd::Bounded;
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::Part;
use crate::save::option::Value;

pub fn accept(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Flow(Flow::Verdict(Verdict::Accept))])
}

pub fn drop(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Flow(Flow::Verdict(Verdict::Drop))])
}

/// Back to the calling chain; in a built-in chain to the policy.
pub fn back(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Flow(Flow::Return)])
}

/// Queue 0; packets are dropped when nobody listens.
pub fn queue(_: &Part, _: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    Ok(vec![Step::Flow(Flow::Verdict(Verdict::Queue { from: 0, to: 0, bypass: false, fanout: false }))])
}

/// How the tree says `tcp-reset`; other numbers are ICMP codes.
const TCP_RESET: u64 = 256;

/// Port unreachable where nothing else is said.
pub fn reject(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let v4 = reading.space.family() == Family::Ip;
    let answer = match part.get("reject-with").map(|option| &option.value) {
        None if v4 => Rejection::Icmp(3),
        None => Rejection::Icmp6(4),
        Some(&Value::Number(TCP_RESET)) => Rejection::TcpReset,
        Some(&Value::Number(code)) => match u8::try_from(code) {
            Ok(code) if v4 => Rejection::Icmp(code),
            Ok(code) => Rejection::Icmp6(code),
            Err(_) => return Ok(options::not_understood(part)),
        },
        Some(_) => return Ok(options::not_understood(part)),
    };
    Ok(vec![Step::Flow(Flow::Verdict(Verdict::Reject(answer)))])
}
