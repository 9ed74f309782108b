//! Every statement, and the objects that statements refer to.

use bstr::BString;

use super::{Read, Reading, unread};
use crate::nft::ast::{ObjectBody, ObjectKind, ObjectName, Statement};
use crate::packet::{CtKey, Field, Interval, IntervalSet};
use crate::prove::block::{Branch, Effect, Flow, Step, Verdict, log_line};
use crate::prove::dd::Bands;
use crate::prove::space::Slot;
use crate::prove::vocabulary;

/// `ct state` of packets that open a connection.
const NEW: u128 = 8;
const RELATED: u128 = 4;

impl Reading<'_> {
    /// Reads one statement into steps.
    pub fn statement(&mut self, statement: &Statement) -> Read<()> {
        match statement {
            Statement::Match { left, op, right } => self.comparison(left, *op, right),
            Statement::Vmap { key, map } => {
                let cases = self.verdict_cases(key, map)?;
                self.open = cases.iter().any(|(_, flow)| *flow == Flow::Continue);
                let branches = cases.into_iter().map(|(when, flow)| Branch { when, flow });
                self.steps.push(Step::Dispatch(branches.collect()));
                Ok(())
            }
            // The kernel goes on with the rule (`nft_do_chain`).
            Statement::Verdict(crate::nft::ast::Verdict::Continue) => Ok(()),
            Statement::Verdict(verdict) => {
                let flow = self.flow(verdict)?;
                self.steps.push(Step::Flow(flow));
                Ok(())
            }
            Statement::Counter { .. } | Statement::Last => Ok(()),
            Statement::ObjectRef { kind, name: ObjectName::Literal(name) } => self.object(*kind, name),
            Statement::ObjectRef { kind: ObjectKind::Counter, .. } => unread("a map of counters"),
            Statement::ObjectRef { name: ObjectName::Map { .. }, .. } => unread("a map of objects"),
            Statement::Limit(_) | Statement::Quota { .. } | Statement::ConnLimit { .. } => {
                self.stateful(statement, None)
            }
            Statement::Log(log) => {
                self.steps.push(Step::Effect { effect: log_line(log), reads: Bands::default() });
                Ok(())
            }
            Statement::Set { target, value } => self.assignment(target, value),
            Statement::ResetTcpOption { kind } => {
                // Where there is no header, nothing is done (`nft_tcp_header_pointer` in nft_exthdr.c).
                let whole = self.space.first_fragment()?;
                let effect = Effect::Other(vocabulary::strip_tcp_option(*kind));
                self.steps.push(Step::EffectOn { packets: whole, effect });
                Ok(())
            }
            Statement::Notrack => {
                let changes = self.space.untrack()?;
                self.steps.push(Step::Assign(changes));
                Ok(())
            }
            Statement::Reject(reject) => self.reject(*reject),
            Statement::Nat(nat) => self.nat(nat),
            Statement::Queue { from, to, bypass, fanout } => {
                let verdict = Verdict::Queue { from: *from, to: *to, bypass: *bypass, fanout: *fanout };
                self.steps.push(Step::Flow(Flow::Verdict(verdict)));
                Ok(())
            }
            Statement::Tproxy { family, address, port } => self.tproxy(*family, address.as_ref(), port.as_ref()),
            Statement::Dup { address, device } => self.duplicate(address, device.as_ref()),
            Statement::Synproxy { mss, wscale, timestamp, sack_perm } => {
                self.synproxy(*mss, *wscale, *timestamp, *sack_perm)
            }
            Statement::SetUpdate { op, set, key, timeout, statements } => {
                self.set_update(*op, set, key, *timeout, statements)
            }
            Statement::Meter { name, size, key, timeout, statements } => {
                self.meter(name, key, (*timeout, *size), statements)
            }
            Statement::Opaque(opaque) => unread(opaque.text.to_string()),
        }
    }

    fn object(&mut self, kind: ObjectKind, name: &BString) -> Read<()> {
        if kind == ObjectKind::Counter {
            return Ok(());
        }
        let bodies = self.table.objects.get(name).map(Vec::as_slice).unwrap_or_default();
        for object in bodies {
            let place = || Some(format!("object {kind:?} {name}"));
            match (kind, &object.body) {
                (ObjectKind::Limit, ObjectBody::Limit(limit)) => {
                    return self.stateful(&Statement::Limit(limit.clone()), place());
                }
                (ObjectKind::Quota, ObjectBody::Quota { over, bytes, used }) => {
                    let quota = Statement::Quota { over: *over, bytes: *bytes, used: *used };
                    return self.stateful(&quota, place());
                }
                (ObjectKind::CtHelper, ObjectBody::CtHelper { helper, protocol, .. }) => {
                    // Connections of other protocols are left alone, and those that are confirmed
                    // (`nft_ct_helper_obj_eval`): what has seen an answer is.
                    let protocol = self.space.protocol(&IntervalSet::point((*protocol).into()))?;
                    let states = [NEW, RELATED].into_iter().map(Interval::point).collect();
                    let opening = self.space.within(Field::Ct(CtKey::State), &states)?;
                    let template = self.space.has_template()?;
                    let opening = self.space.dd.minus(opening, template)?;
                    let packets = self.space.dd.and(protocol, opening)?;
                    let effect = crate::prove::block::Effect::Other(vocabulary::helper(&helper.to_string()));
                    self.steps.push(Step::EffectOn { packets, effect });
                    return Ok(());
                }
                (ObjectKind::Secmark, ObjectBody::Secmark(context)) => return self.mark_for(&context.to_string()),
                (ObjectKind::Synproxy, ObjectBody::Synproxy { mss, wscale, timestamp, sack_perm }) => {
                    return self.synproxy(Some(*mss), Some(*wscale), *timestamp, *sack_perm);
                }
                _ => {}
            }
        }
        unread(format!("the object {name}"))
    }

    /// The packet gets the number of a context, which only the kernel knows.
    fn mark_for(&mut self, context: &str) -> Read<()> {
        let slot = self.space.slot(Field::Secmark);
        let Slot::Bits(vars) = &*slot else { return unread("security marks") };
        let mut changes = Vec::with_capacity(vars.len());
        for (bit, &var) in (0..Field::Secmark.width()).rev().zip(vars) {
            changes.push((var, self.space.opaque(&vocabulary::security_mark(context, bit))?));
        }
        self.steps.push(Step::Assign(changes));
        Ok(())
    }
}
