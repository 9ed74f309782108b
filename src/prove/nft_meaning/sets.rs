//! Named sets: membership, and rules that write to them.

use std::collections::BTreeMap;

use bstr::BString;

use super::expressions::{Operand, key_fields};
use super::tables::plain;
use super::{Read, Reading, unread};
use crate::nft::ast::{Element, Expr, Op, Set, SetOp, Statement};
use crate::prove::block::{Effect, Step};
use crate::prove::dd::Dd;
use crate::prove::vocabulary::{self, FirstElement};

/// What a set holds that rules add to and that names no size (`nft_dynset_init` in `net/netfilter/nft_dynset.c`).
const USUAL_SIZE: u32 = 65_535;

impl Reading<'_> {
    /// `key @name`
    pub fn in_named_set(&mut self, key: &Expr, op: Op, name: &BString) -> Read<()> {
        let Some(&set) = self.table.sets.get(name) else { return unread(format!("no set {name}")) };
        let operands = self.operands(key)?;
        let elements = plain(set)?;
        let words = vocabulary::member(&self.own(name), &self.key_words(key)?);
        if self.table.is_written(set) {
            let wanted = match op {
                Op::Implicit | Op::Eq => true,
                Op::Ne => false,
                _ => return unread("an order among the elements of a set"),
            };
            // Asking and writing share one state, whatever the key, so their order counts.
            let reads = self.space.bands_of(&key_fields(key)?);
            self.steps.push(Step::Effect { effect: Effect::Other(format!("asks for {words}")), reads });
            let contents = self.contents(name, &operands);
            self.consult(contents, Some(format!("elements of set {}", self.own(name))), wanted)?;
            return Ok(());
        }
        let members = if elements.is_empty() && !set.flags.constant {
            // Filled by somebody else; who knows when.
            self.condition(&words, &key_fields(key)?)?
        } else {
            self.still_among(&operands, set, elements)?
        };
        let members = self.equal_or_not(op, members)?;
        self.test(members);
        Ok(())
    }

    /// The packets in a set whose elements may go, each in its time.
    fn still_among(&mut self, operands: &[Operand], set: &Set, elements: &[Element]) -> Read<Dd> {
        let mut by_time: BTreeMap<u64, Vec<Element>> = BTreeMap::new();
        let left = |element: &Element| element.expires.or(element.timeout).or(set.timeout).unwrap_or(0);
        if elements.iter().all(|element| left(element) == 0) {
            return self.among(operands, elements);
        }
        for element in elements {
            by_time.entry(left(element)).or_default().push(element.clone());
        }
        let mut members = Dd::FALSE;
        for (seconds, elements) in by_time {
            let mut group = self.among(operands, &elements)?;
            if seconds > 0 {
                let there = self.space.opaque(&vocabulary::lasting(seconds))?;
                group = self.space.dd.and(group, there)?;
            }
            members = self.space.dd.or(members, group)?;
        }
        Ok(members)
    }

    /// A set's name, which other tables may use for other sets.
    fn own(&self, set: &BString) -> String {
        let all = self.table.sets.keys().map(|name| name.as_slice());
        format!("{}.{}", self.table.stands_for, vocabulary::name_among(set, all))
    }

    /// What holds a changing set's elements, whose keys are like these operands.
    fn contents(&mut self, set: &BString, operands: &[Operand]) -> String {
        let own = self.own(set);
        let Some(&declared) = self.table.sets.get(set) else { return vocabulary::elements(&own, Vec::new()) };
        let mut first = Vec::with_capacity(declared.elements.len());
        for element in &declared.elements {
            match self.first_element(element, declared, operands) {
                Some(element) => first.push(element),
                None => return format!("elements of set {own}, at first {:?}", declared.elements),
            }
        }
        vocabulary::elements(&own, first)
    }

    /// `None` where it is no interval in each of its parts, or has data.
    fn first_element(&mut self, element: &Element, set: &Set, operands: &[Operand]) -> Option<FirstElement> {
        let left = element.expires.or(element.timeout).or(set.timeout).unwrap_or(0);
        let parts = match element.key.as_ref()? {
            Expr::Concat(parts) => parts.as_slice(),
            part => std::slice::from_ref(part),
        };
        if parts.len() != operands.len() || element.data.is_some() {
            return None;
        }
        let mut key = Vec::with_capacity(parts.len());
        for (operand, part) in operands.iter().zip(parts) {
            let numbers = self.numbers(operand, part).ok()?;
            let [only] = numbers.intervals() else { return None };
            key.push((only.lo, only.hi));
        }
        Some((key, left))
    }

    /// Whether a set, which holds so many, is not full.
    fn room(&self, set: &BString, size: Option<u32>) -> String {
        let size = size.or_else(|| self.table.sets.get(set)?.size);
        vocabulary::room(&self.own(set), size.unwrap_or(USUAL_SIZE))
    }

    /// `add @set { key timeout .. statements }` and its kin (`nft_dynset_eval`).
    pub fn set_update(
        &mut self,
        op: SetOp,
        set: &BString,
        key: &Expr,
        timeout: Option<u64>,
        statements: &[Statement],
    ) -> Read<()> {
        let Some(&declared) = self.table.sets.get(set) else { return unread(format!("no set {set}")) };
        self.write(op, set, key, (timeout.or(declared.timeout), None), statements)
    }

    /// `meter name size N { .. }`: a set of the rule's own.
    pub fn meter(
        &mut self,
        name: &BString,
        key: &Expr,
        (timeout, size): (Option<u64>, Option<u32>),
        statements: &[Statement],
    ) -> Read<()> {
        let op = if timeout.is_some() { SetOp::Update } else { SetOp::Add };
        self.write(op, name, key, (timeout, size), statements)
    }

    fn write(
        &mut self,
        op: SetOp,
        set: &BString,
        key: &Expr,
        (timeout, size): (Option<u64>, Option<u32>),
        statements: &[Statement],
    ) -> Read<()> {
        let words = self.key_words(key)?;
        let reads = self.space.bands_of(&key_fields(key)?);
        let operands = self.operands(key)?;
        let state: Vec<&Statement> =
            statements.iter().filter(|s| !matches!(s, Statement::Counter { .. } | Statement::Last)).collect();
        match state.as_slice() {
            [] => {
                let timeout = timeout.filter(|&seconds| seconds > 0);
                // Where there are no times, none is given anew.
                let timed = timeout.is_some() || self.table.sets.get(set).is_some_and(|set| set.flags.timeout);
                let (op_word, timeout) = match op {
                    SetOp::Update if timed => ("update", timeout),
                    SetOp::Add | SetOp::Update => ("add", timeout),
                    SetOp::Delete => ("delete", None),
                };
                let effect = vocabulary::set_update(op_word, &self.own(set), &words, timeout);
                self.steps.push(Step::Effect { effect: Effect::Other(effect), reads });
                // Whoever asks afterwards gets another answer.
                let contents = self.contents(set, &operands);
                let changed = self.occurrence(contents, Some(format!("elements of set {}", self.own(set))), 1);
                self.steps.push(Step::Consult(changed));
                if op != SetOp::Delete {
                    // A set that is full breaks the rule.
                    self.consult(self.room(set, size), Some(format!("set {} room", self.own(set))), true)?;
                }
                Ok(())
            }
            [only] => {
                let (state, wanted) = self.state_words(only)?;
                let content = vocabulary::per_key(&words, &state, timeout);
                // Which bucket is asked depends on the key as it is now.
                let effect = Effect::Other(format!("asks per {words}"));
                self.steps.push(Step::Effect { effect, reads });
                self.consult(content, Some(format!("set {set}")), wanted)?;
                Ok(())
            }
            _ => unread("a set whose elements hold several kinds of state"),
        }
    }
}
