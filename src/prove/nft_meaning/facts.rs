//! What must be known of the whole ruleset first: interface names, and whether connections are tracked.

use crate::nft::ast::{
    BaseChain, Data, Element, Entry, Expr, Lookup, ObjectBody, ObjectKind, ObjectName, Rule, Statement, Table,
};
use crate::packet::{CtKey, Family, Field};
use crate::prove::Facts;
use crate::prove::space::Space;

/// Facts of the tables that see a family's packets.
pub(super) fn facts(tables: &[Table], family: Family) -> Facts {
    let mut facts = Facts::default();
    for table in tables.iter().filter(|table| table.name.family == family || table.name.family == Family::Inet) {
        for entry in &table.entries {
            match entry {
                Entry::Chain(chain) => {
                    chain.rules.iter().for_each(|rule| facts.rule(rule));
                    let early = |base: &BaseChain| base.hook.is_some_and(|hook| Space::is_early(hook, base.priority));
                    facts.early |= chain.base.as_ref().is_some_and(early);
                }
                Entry::Set(set) => {
                    set.elements.iter().for_each(|element| facts.element(element));
                    set.statements.iter().for_each(|statement| facts.statement(statement));
                }
                Entry::Object(object) => facts.tracks |= matches!(object.body, ObjectBody::CtHelper { .. }),
                Entry::Comment(_) | Entry::Opaque(_) => {}
            }
        }
    }
    facts
}

impl Facts {
    fn rule(&mut self, rule: &Rule) {
        rule.statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Match { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            Statement::Vmap { key, map } => {
                self.expr(key);
                self.lookup(map);
            }
            Statement::Set { target, value } => {
                self.templates |= matches!(target, Expr::Field(Field::Ct(CtKey::Zone | CtKey::ZoneIn(_))));
                self.expr(target);
                self.expr(value);
            }
            Statement::Nat(nat) => {
                self.tracks = true;
                nat.address.iter().chain(&nat.port).for_each(|expr| self.expr(expr));
            }
            Statement::ConnLimit { .. } | Statement::Synproxy { .. } => self.tracks = true,
            Statement::ObjectRef { kind, name } => {
                self.tracks |= matches!(
                    kind,
                    ObjectKind::CtHelper | ObjectKind::CtTimeout | ObjectKind::CtExpectation | ObjectKind::Synproxy
                );
                if let ObjectName::Map { key, map } = name {
                    self.expr(key);
                    self.lookup(map);
                }
            }
            Statement::SetUpdate { key, statements, .. } | Statement::Meter { key, statements, .. } => {
                self.expr(key);
                statements.iter().for_each(|statement| self.statement(statement));
            }
            // It asks for whole packets only, but it asks (`nf_defrag_ipv4_enable` in `nft_tproxy_init`).
            Statement::Tproxy { address, port, .. } => {
                self.tracks = true;
                address.iter().chain(port).for_each(|expr| self.expr(expr));
            }
            Statement::Dup { address, device } => {
                self.expr(address);
                device.iter().for_each(|expr| self.expr(expr));
            }
            Statement::Verdict(_)
            | Statement::Counter { .. }
            | Statement::Limit(_)
            | Statement::Quota { .. }
            | Statement::Last
            | Statement::Log(_)
            | Statement::ResetTcpOption { .. }
            | Statement::Notrack
            | Statement::Reject(_)
            | Statement::Queue { .. }
            | Statement::Opaque(_) => {}
        }
    }

    fn lookup(&mut self, lookup: &Lookup) {
        if let Lookup::Anonymous(elements) = lookup {
            elements.iter().for_each(|element| self.element(element));
        }
    }

    fn element(&mut self, element: &Element) {
        element.key.iter().for_each(|key| self.expr(key));
        if let Some(Data::Value(value)) = &element.data {
            self.expr(value);
        }
        element.statements.iter().for_each(|statement| self.statement(statement));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Field(field) => self.tracks |= matches!(field, Field::Ct(_)),
            // Names of other things are noted as well; they do no harm.
            Expr::Text { text, wildcard } => self.names.push((text.to_vec(), *wildcard)),
            Expr::Range(a, b) | Expr::Binary { left: a, right: b, .. } => {
                self.expr(a);
                self.expr(b);
            }
            Expr::Set(elements) => elements.iter().for_each(|element| self.element(element)),
            Expr::Concat(parts) => parts.iter().for_each(|part| self.expr(part)),
            Expr::Map { key, map } => {
                self.expr(key);
                self.lookup(map);
            }
            Expr::Jhash { key, .. } => self.expr(key),
            Expr::Number(_)
            | Expr::Flags(_)
            | Expr::Prefix { .. }
            | Expr::SetName(_)
            | Expr::Numgen { .. }
            | Expr::Symhash { .. }
            | Expr::Opaque(_) => {}
        }
    }
}
