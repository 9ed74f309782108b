//! What the routing table says of the packet's addresses: `addrtype` (`xt_addrtype.c`).

use crate::packet::{Family, FibFlags, FibResult, Field, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::prove::save_meaning::{Reading, options};
use crate::save::ast::Part;
use crate::save::option::Value;

/// Types as bits, by their `RTN_` numbers.
const UNSPEC: u64 = 1;
const UNICAST: u64 = 1 << 1;
const MULTICAST: u64 = 1 << 5;
const LOCAL: u64 = 1 << 2;
const ANYCAST: u64 = 1 << 4;
const UNREACHABLE: u64 = 1 << 7;
/// Types that the kernel looks up for IPv6; it takes no others.
const LOOKED_UP: u64 = LOCAL | ANYCAST | UNREACHABLE;
/// Every route that rejects counts as unreachable: blackhole, unreachable, prohibit, throw.
const REJECTED: u64 = 0b1111 << 6;

pub fn addrtype(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let (iif, oif) = (part.has("limit-iface-in"), part.has("limit-iface-out"));
    let mut steps = Vec::new();
    for option in part.options.iter().filter(|option| !option.spec.name.starts_with("limit-iface")) {
        let source = match option.spec.name {
            "src-type" => true,
            "dst-type" => false,
            _ => {
                steps.push(options::unknown(part, option));
                continue;
            }
        };
        let Value::Number(types) = option.value else {
            steps.push(options::unknown(part, option));
            continue;
        };
        let flags = FibFlags { saddr: source, daddr: !source, mark: false, iif, oif };
        let set = match reading.space.family() {
            Family::Ip => Some(looked_up(reading, flags, types)?),
            _ => ip6(reading, flags, types)?,
        };
        steps.push(match set {
            Some(set) => Step::Test(reading.negated_if(option.negated, set)?),
            None => options::unknown(part, option),
        });
    }
    Ok(steps)
}

/// The address is of any of these types.
fn looked_up(reading: &mut Reading<'_>, flags: FibFlags, types: u64) -> Bounded<Dd> {
    let field = Field::Fib { flags, result: FibResult::Type };
    reading.space.within(field, &options::bit_numbers(types))
}

/// `match_type6`: what can be seen of the address itself must hold *all*; then any of the types that are
/// looked up, if there are some.
fn ip6(reading: &mut Reading<'_>, flags: FibFlags, types: u64) -> Bounded<Option<Dd>> {
    if types & !(UNSPEC | UNICAST | MULTICAST | LOOKED_UP) != 0 {
        return Ok(None);
    }
    let address = if flags.saddr { Field::Ip6Saddr } else { Field::Ip6Daddr };
    let multicast = IntervalSet::range(0xff << 120, u128::MAX);
    let any = IntervalSet::point(0);
    let mapped = IntervalSet::range(0xffff_0000_0000, 0xffff_ffff_ffff);
    let unicast = multicast.union(&any).union(&mapped).complement(128);
    let mut set = Dd::TRUE;
    for (bit, addresses) in [(MULTICAST, multicast), (UNICAST, unicast), (UNSPEC, any)] {
        if types & bit != 0 {
            let inside = reading.space.within(address, &addresses)?;
            set = reading.space.dd.and(set, inside)?;
        }
    }
    if types & LOOKED_UP != 0 {
        let rejected = if types & UNREACHABLE != 0 { REJECTED } else { 0 };
        let found = looked_up(reading, flags, types & LOOKED_UP | rejected)?;
        set = reading.space.dd.and(set, found)?;
    }
    Ok(Some(set))
}

/// The realm of the packet's route; a number with bits that the mask hides is never found.
pub fn realm(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    options::tests(part, reading, |option, reading| match option.value {
        Value::Masked { value, mask } if value & !mask == 0 => {
            reading.space.masked(Field::Rtclassid, mask.into(), value.into()).map(Some)
        }
        Value::Masked { .. } => Ok(Some(Dd::FALSE)),
        _ => Ok(None),
    })
}

/// There is a route back to the sender (by the interface it came from, unless `--loose`); always one to `::`.
/// Packets from 0.0.0.0 to broadcasts and local multicasts have one on both sides (`ipt_rpfilter.c`,
/// `nft_fib_ipv4.c`), so the lookup's answer stands for that, too.
pub fn rpfilter(part: &Part, reading: &mut Reading<'_>) -> Bounded<Vec<Step>> {
    let flags = FibFlags { saddr: true, iif: !part.has("loose"), mark: part.has("validmark"), ..FibFlags::default() };
    let mut back = reading.space.masked(Field::Fib { flags, result: FibResult::Exists }, 1, 1)?;
    if part.has("accept-local") {
        // With a mark too the host's own addresses are the same ones; IPv6 takes those of all interfaces.
        let iif = flags.iif && reading.space.family() == Family::Ip;
        let local = looked_up(reading, FibFlags { mark: false, iif, ..flags }, LOCAL)?;
        back = reading.space.dd.or(back, local)?;
    }
    if reading.space.family() == Family::Ip6 {
        let unspecified = reading.space.masked(Field::Ip6Saddr, u128::MAX, 0)?;
        back = reading.space.dd.or(back, unspecified)?;
    }
    Ok(vec![Step::Test(reading.negated_if(part.has("invert"), back)?)])
}
