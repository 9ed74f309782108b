//! Statements that not every kernel or listing keeps.

use ipt2nft::nft::ast::*;
use ipt2nft::packet::{Field, PayloadBase};

use super::tree::*;

/// What kernels are built without at times, or nft lists as something else, or our reader leaves alone.
pub fn optional_statements() -> Vec<Statement> {
    let queue = |from, to, bypass, fanout| Statement::Queue { from, to, bypass, fanout };
    let secmark = Statement::ObjectRef { kind: ObjectKind::Secmark, name: ObjectName::Literal("x".into()) };
    let expectation = Statement::ObjectRef { kind: ObjectKind::CtExpectation, name: ObjectName::Literal("x".into()) };
    vec![
        queue(0, 0, false, false),
        queue(1, 1, true, false),
        queue(1, 3, false, true),
        queue(1, 3, true, true),
        secmark,
        expectation,
        is(Field::Ibrname, text("br0")),
        is(Field::L4proto, number(108)),
        is(Field::Payload { base: PayloadBase::Network, offset: 0, len: 128 }, number(u128::MAX - 1)),
    ]
}
