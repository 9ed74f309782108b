//! Negated tests of neighbouring fields, kept apart.
//!
//! nft before 1.1.3 (seen in 0.9.8 and 1.0.6) reads two neighbouring fields of a header at once where a rule tests
//! each by `!=` for one value, whatever stands between the tests, and then holds where either differs: of
//! `tcp sport != 22 tcp dport != 22` both tests must hold. A set of all other values is read by itself. So is a field
//! behind a mask, but a listing loses that mask.
//!
//! Invariant: of the `!=` with one value that a rule has for fields of one header, all but the first are such sets.

use smallvec::SmallVec;

use super::test::{interval, list};
use crate::nft::ast::{Expr, Op, Statement};
use crate::packet::{Field, IntervalSet, PayloadBase};

/// The headers of which the rule has negated a field so far.
#[derive(Default)]
pub(crate) struct Apart(SmallVec<[PayloadBase; 2]>);

impl Apart {
    /// The test, so that nft does not join it to an earlier one.
    pub(crate) fn keep(&mut self, statement: Statement) -> Statement {
        let Statement::Match { left: Expr::Field(field), op: Op::Ne, right: Expr::Number(value) } = statement else {
            return statement;
        };
        match header(field) {
            Some(base) if self.0.contains(&base) => others(field, value),
            base => {
                self.0.extend(base);
                Statement::Match { left: Expr::Field(field), op: Op::Ne, right: Expr::Number(value) }
            }
        }
    }
}

/// A test for all other values than this one.
fn others(field: Field, value: u128) -> Statement {
    let right = match IntervalSet::point(value).complement(field.width()).intervals() {
        [only] => interval(field, *only),
        many => list(field, many),
    };
    Statement::Match { left: Expr::Field(field), op: Op::Implicit, right }
}

/// The header that nft reads the field from, where it may read it together with a neighbour: whole words it does not.
const fn header(field: Field) -> Option<PayloadBase> {
    use Field as F;
    if field.width() == 0 || field.width().is_multiple_of(32) {
        return None;
    }
    match field {
        F::Payload { base, .. } => Some(base),
        F::EtherSaddr | F::EtherDaddr | F::EtherType => Some(PayloadBase::Link),
        F::IpLength | F::IpId | F::IpFragOff | F::IpTtl | F::IpProtocol => Some(PayloadBase::Network),
        F::Ip6Length | F::Ip6Nexthdr | F::Ip6Hoplimit => Some(PayloadBase::Network),
        F::Sport(_) | F::Dport(_) | F::TcpWindow | F::UdpLength | F::UdpliteCscov => Some(PayloadBase::Transport),
        F::IcmpType | F::IcmpCode | F::Icmp6Type | F::Icmp6Code | F::IgmpType => Some(PayloadBase::Transport),
        F::TcpFlags | F::AhHdrlength | F::AhReserved | F::CompCpi => Some(PayloadBase::Transport),
        _ => None,
    }
}
