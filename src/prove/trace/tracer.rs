//! Walks one packet through one ruleset, choosing what it leaves open only where a rule asks.

use bstr::BString;
use rustc_hash::FxHashSet;

use super::{BaseVisit, RuleVisit, Way};
use crate::nft::ast::{ChainKind, NatKind};
use crate::packet::{CtKey, Family, Field, Hook, IntervalSet, L4};
use crate::prove::block::{
    Base, ChainId, DEEPEST, Effect, Flow, KEEP, NatAction, NatAddress, OccurrenceId, Program, Step, Verdict,
    local_answer,
};
use crate::prove::dd::{Bounded, Cube, Dd, Var};
use crate::prove::space::{Shown, Slot, Space, bands};

/// `ct state`: new or related, the states in which nat rules see a packet.
const FIRST_PACKETS: u128 = 8 | 4;
/// Before this priority connection tracking has not run (`NF_IP_PRI_CONNTRACK`).
const CONNTRACK: i32 = -200;

pub(super) struct Tracer<'a> {
    space: &'a mut Space,
    program: &'a Program,
    /// The packets that are as was said and assumed.
    set: Dd,
    /// What rules have changed.
    changed: Cube,
    /// That, and what the hook and the answers of state fix.
    now: Cube,
    /// Assumptions since the last rule that told them.
    assumed: Vec<String>,
    all_assumed: Vec<String>,
    way: Way,
}

/// Where to go on: the next rule of a chain.
struct Frame {
    chain: ChainId,
    next: usize,
    depth: usize,
    /// The visit of the rule that this chain is a part of: chains that the reader made have no name of their own.
    part_of: Option<usize>,
}

impl<'a> Tracer<'a> {
    pub fn new(space: &'a mut Space, program: &'a Program, set: Dd) -> Self {
        Tracer {
            space,
            program,
            set,
            changed: Cube::default(),
            now: Cube::default(),
            assumed: Vec::new(),
            all_assumed: Vec::new(),
            way: Way::default(),
        }
    }

    /// The packets that are left after all assumptions.
    pub fn set(&self) -> Dd {
        self.set
    }

    /// Everything that was assumed.
    pub fn all_assumed(&self) -> Vec<String> {
        self.all_assumed.clone()
    }

    /// The way through the hooks, until the packet ends.
    pub fn run(&mut self, hooks: &[Hook]) -> Bounded<Way> {
        let program = self.program;
        for &hook in hooks {
            let mut bases: Vec<&Base> = program.bases.iter().filter(|base| base.key.hook == hook).collect();
            bases.sort_by_key(|base| base.key.priority);
            for base in bases {
                let verdict = self.base(base)?;
                if let Some(end) = ending(&verdict) {
                    self.way.end = format!("{end} at {}", hook.name());
                    self.way.unknown = matches!(verdict, Verdict::Unknown { .. });
                    return self.finish();
                }
            }
        }
        self.way.end = match (hooks.first(), hooks.last()) {
            (Some(Hook::Prerouting), Some(Hook::Input)) => "accepted: delivered to this host",
            (Some(Hook::Prerouting), Some(Hook::Postrouting)) => "accepted: forwarded",
            (Some(Hook::Output), Some(Hook::Postrouting)) => "accepted: sent",
            _ => "accepted",
        }
        .to_owned();
        if let Some(what) = program.unread.first() {
            self.way.end = format!("unknown: {what} is not understood");
            self.way.unknown = true;
        }
        self.finish()
    }

    fn finish(&mut self) -> Bounded<Way> {
        let changed = self.changed.clone();
        self.way.changes = self.values(&changed)?;
        Ok(std::mem::take(&mut self.way))
    }

    fn base(&mut self, base: &Base) -> Bounded<Verdict> {
        let chain = self.program.chains.get(base.chain.0);
        let name = chain.map(|chain| chain.name.clone()).unwrap_or_default();
        let visit = BaseVisit {
            key: base.key,
            chain: name,
            rules: Vec::new(),
            skipped: None,
            verdict: base.policy.to_string(),
            policy: true,
        };
        self.way.bases.push(visit);
        self.at_hook(base.key.hook, base.key.priority)?;
        if base.key.kind == ChainKind::Nat && chain.is_some_and(|chain| !chain.rules.is_empty()) {
            let first = self.space.any_bit(Field::Ct(CtKey::State), FIRST_PACKETS)?;
            if !self.decide(first)? {
                let why = "nat chains see the first packet of a connection only";
                self.here().skipped = Some(why.to_owned());
                self.assumed.clear();
                return Ok(Verdict::Accept);
            }
        }
        let verdict = self.rules(base.chain)?.map(|verdict| (verdict, false)).unwrap_or((base.policy.clone(), true));
        let (verdict, policy) = verdict;
        self.here().verdict = verdict.to_string();
        self.here().policy = policy;
        if let Verdict::Nat(action) = &verdict {
            self.translate(action);
        }
        Ok(verdict)
    }

    fn here(&mut self) -> &mut BaseVisit {
        if self.way.bases.is_empty() {
            // Never: rules are visited behind their base chain.
            let key = crate::prove::block::BaseKey { hook: Hook::Input, priority: 0, kind: ChainKind::Filter };
            let (verdict, chain) = (String::new(), BString::default());
            self.way.bases.push(BaseVisit { key, chain, rules: Vec::new(), skipped: None, verdict, policy: true });
        }
        let last = self.way.bases.len() - 1;
        &mut self.way.bases[last]
    }

    /// What the kernel knows at a hook: interfaces, and whether connection tracking has run.
    fn at_hook(&mut self, hook: Hook, priority: i32) -> Bounded<()> {
        self.now = self.changed.clone();
        let local = matches!(hook, Hook::Output);
        for (field, missing) in [(Field::Iifname, local), (Field::Oifname, !hook.has_output())] {
            if let (true, Slot::Bits(bits)) = (missing, &*self.space.slot(field)) {
                bits.iter().for_each(|&bit| self.now.set(bit, false));
            }
        }
        if let Slot::Codes(bits, codes) = &*self.space.slot(Field::Ct(CtKey::State)) {
            let code = |state: u128| codes.iter().position(|&code| code == state).unwrap_or(0);
            let number = bits.iter().fold(0, |n, &bit| n << 1 | usize::from(self.changed.get(bit) == Some(true)));
            let untracked = bits.iter().any(|&bit| self.changed.get(bit).is_some()) && number == code(64);
            let early = priority < CONNTRACK && matches!(hook, Hook::Prerouting | Hook::Output);
            for (&bit, weight) in bits.iter().zip((0..bits.len()).rev()) {
                match (untracked, early) {
                    (true, _) => {}
                    (false, true) => self.now.set(bit, code(1) >> weight & 1 == 1),
                    (false, false) => {
                        self.now.retain(|var| var != bit);
                        self.changed.retain(|var| var != bit);
                    }
                }
            }
        }
        Ok(())
    }

    fn rules(&mut self, start: ChainId) -> Bounded<Option<Verdict>> {
        let mut stack = vec![Frame { chain: start, next: 0, depth: 0, part_of: None }];
        while let Some(frame) = stack.pop() {
            let program = self.program;
            let Some(chain) = program.chains.get(frame.chain.0) else { continue };
            let Some(rule) = chain.rules.get(frame.next) else { continue };
            let after = |frame: &Frame| Frame { next: frame.next + 1, ..*frame };
            let visit = RuleVisit {
                chain: chain.name.clone(),
                depth: frame.depth,
                line: rule.line,
                matches: false,
                assumed: Vec::new(),
                does: Vec::new(),
                goes: None,
            };
            let (visit, flow) = self.rule(visit, &rule.steps)?;
            let (to, goes) = match &flow {
                Flow::Jump(to) | Flow::Goto(to) => (Some(*to), program.chains.get(to.0)),
                _ => (None, None),
            };
            let inner = goes.is_some_and(|goes| goes.name == format!("{} line {}", chain.name, rule.line));
            let mut visit = visit;
            if !inner {
                visit.goes = match &flow {
                    Flow::Continue => None,
                    Flow::Return => Some("return".to_owned()),
                    Flow::Jump(_) => goes.map(|chain| format!("jump {}", chain.name)),
                    Flow::Goto(_) => goes.map(|chain| format!("goto {}", chain.name)),
                    Flow::Verdict(verdict) => Some(verdict.to_string()),
                };
            }
            let at = self.told(visit, frame.part_of);
            match flow {
                Flow::Continue => stack.push(after(&frame)),
                Flow::Return => {}
                Flow::Verdict(verdict) => return Ok(Some(verdict)),
                Flow::Jump(_) | Flow::Goto(_) => {
                    if matches!(flow, Flow::Jump(_)) {
                        stack.push(after(&frame));
                    }
                    let depth = frame.depth + usize::from(!inner);
                    let part_of = if inner { at } else { None };
                    stack.extend(to.map(|chain| Frame { chain, next: 0, depth, part_of }));
                }
            }
            if stack.len() > DEEPEST {
                return Ok(Some(Verdict::Unknown { line: rule.line, why: "a chain calls itself".to_owned() }));
            }
        }
        Ok(None)
    }

    /// Notes a visit that says something; its place.
    fn told(&mut self, visit: RuleVisit, part_of: Option<usize>) -> Option<usize> {
        let rules = &mut self.here().rules;
        if let Some(whole) = part_of.and_then(|at| rules.get_mut(at)) {
            whole.assumed.extend(visit.assumed);
            whole.does.extend(visit.does);
            if visit.matches {
                whole.goes = visit.goes.filter(|goes| goes != "return").or(whole.goes.take());
            }
            return part_of;
        }
        if !visit.matches && visit.does.is_empty() && visit.assumed.is_empty() {
            return None;
        }
        rules.push(visit);
        Some(rules.len() - 1)
    }

    fn rule(&mut self, mut visit: RuleVisit, steps: &[Step]) -> Bounded<(RuleVisit, Flow)> {
        let mut flow = None;
        let mut steps = steps.iter().peekable();
        while let Some(step) = steps.next() {
            // Tests in a row are one: what one of them rules out, no other has to ask.
            let mut all = None;
            let mut last = step;
            while let Some(set) = last.tested(&mut self.space.dd)? {
                all = Some(self.space.dd.and(all.unwrap_or(Dd::TRUE), set)?);
                match steps.next_if(|next| next.is_test()) {
                    Some(next) => last = next,
                    None => break,
                }
            }
            if let Some(set) = all {
                if self.decide(set)? {
                    continue;
                }
                visit.assumed.append(&mut self.assumed);
                return Ok((visit, Flow::Continue));
            }
            match step {
                Step::Test(_) | Step::In(_) | Step::Among(_) => {}
                Step::Consult(occurrence) => self.consult(*occurrence, &mut visit),
                Step::Effect { effect, .. } => self.effect(effect, &mut visit),
                Step::EffectOn { packets, effect } => {
                    if self.decide(*packets)? {
                        self.effect(effect, &mut visit);
                    }
                }
                Step::Assign(changes) => self.assign(changes, &mut visit)?,
                Step::Flow(to) => {
                    flow = Some(to.clone());
                    break;
                }
                Step::Dispatch(branches) => {
                    for branch in branches {
                        let set = branch.when.set(&mut self.space.dd)?;
                        if self.decide(set)? {
                            flow = Some(branch.flow.clone());
                            break;
                        }
                    }
                    if flow.is_none() {
                        visit.assumed.append(&mut self.assumed);
                        return Ok((visit, Flow::Continue));
                    }
                    break;
                }
                Step::UnknownOn { packets, .. } if !self.decide(*packets)? => {}
                Step::Unknown(why) | Step::UnknownOn { why, .. } => {
                    flow = Some(Flow::Verdict(Verdict::Unknown { line: visit.line, why: why.clone() }));
                    break;
                }
            }
        }
        visit.assumed.append(&mut self.assumed);
        visit.matches = true;
        Ok((visit, flow.unwrap_or(Flow::Continue)))
    }

    fn effect(&mut self, effect: &Effect, visit: &mut RuleVisit) {
        visit.does.push(effect.to_string());
        self.way.effects.push(effect.to_string());
    }

    /// Asks state or chance. Nobody knows the answer: it is assumed to be yes (within the limit, room left), or 0.
    fn consult(&mut self, occurrence: OccurrenceId, visit: &mut RuleVisit) {
        let Some(asked) = self.program.occurrences.get(occurrence.0) else { return };
        for bit in 0..asked.width {
            self.now.set(local_answer(occurrence, bit), asked.width == 1);
        }
        let answer = if asked.width == 1 { "says yes" } else { "is 0" };
        self.assume(format!("[{}] {answer}", asked.content));
        visit.does.push(format!("asks {}", asked.content));
        self.way.effects.push(format!("asks {}", asked.content));
    }

    fn assign(&mut self, changes: &[(Var, Dd)], visit: &mut RuleVisit) -> Bounded<()> {
        let mut values = Cube::default();
        for &(var, function) in changes {
            let keeps = self.space.dd.is(function, KEEP)?;
            if !self.decide(keeps)? {
                let one = self.space.dd.is(function, 1)?;
                values.set(var, self.decide(one)?);
            }
        }
        for &(var, value) in values.literals() {
            self.changed.set(var, value);
            self.now.set(var, value);
        }
        visit.does.extend(self.values(&values)?);
        Ok(())
    }

    /// Whether the packet is in a set, if need be after assuming something of it.
    fn decide(&mut self, set: Dd) -> Bounded<bool> {
        let set = self.space.dd.restrict(set, &self.now)?;
        let mut fixed = FxHashSet::default();
        loop {
            if self.space.dd.and(self.set, set)? == Dd::FALSE {
                return Ok(false);
            }
            if self.space.dd.minus(self.set, set)? == Dd::FALSE || !self.pin(set, &mut fixed)? {
                return Ok(true);
            }
        }
    }

    /// Fixes one more field that a set depends on; whether there was one.
    fn pin(&mut self, set: Dd, fixed: &mut FxHashSet<Var>) -> Bounded<bool> {
        let open = self.space.dd.support(set, usize::MAX).unwrap_or_default();
        let mut shown: Vec<_> =
            open.into_iter().filter(|var| !fixed.contains(var)).map(|var| (self.space.shown(var, None), var)).collect();
        shown.sort_by_key(|(shown, var)| (shown.rank, *var));
        for (field, var) in shown {
            if !fixed.insert(var) {
                continue;
            }
            fixed.extend(field.bits.iter().copied());
            let common = self.space.common_field(var);
            let (chosen, value) = self.space.choose(self.set, common, &field.bits)?;
            if chosen == self.set {
                continue;
            }
            self.set = chosen;
            let text = match field.is_fragment_offset() && value == 0 {
                true => "no later fragment".to_owned(),
                false => self.space.show_values(&field.of_one_packet(), &IntervalSet::point(value)),
            };
            self.assume(text);
            return Ok(true);
        }
        Ok(false)
    }

    fn assume(&mut self, text: String) {
        if !self.all_assumed.contains(&text) {
            self.all_assumed.push(text.clone());
        }
        self.assumed.push(text);
    }

    /// What a translation makes of the packet, for the chains that come after.
    fn translate(&mut self, action: &NatAction) {
        let v4 = self.space.family() == Family::Ip;
        let source = matches!(action.kind, NatKind::Snat | NatKind::Masquerade);
        let address = match (source, v4) {
            (true, true) => Field::IpSaddr,
            (true, false) => Field::Ip6Saddr,
            (false, true) => Field::IpDaddr,
            (false, false) => Field::Ip6Daddr,
        };
        let port = if source { Field::Sport(L4::Th) } else { Field::Dport(L4::Th) };
        match &action.address {
            Some(NatAddress::Range(lo, _)) => self.becomes(address, *lo, u32::MAX),
            Some(NatAddress::Network(network, len)) => self.becomes(address, *network, u32::from(*len)),
            None => {}
        }
        if let Some((lo, _)) = action.ports {
            self.becomes(port, lo.into(), u32::MAX);
        }
        // `ct status snat` and `dnat` are bits 4 and 5.
        if let Slot::Bits(bits) = &*self.space.slot(Field::Ct(CtKey::Status)) {
            let bit = bits.iter().rev().nth(if source { 4 } else { 5 });
            bit.into_iter().for_each(|&bit| self.changed.set(bit, true));
        }
    }

    /// Gives the first `len` bits of a field the value that a number has there.
    fn becomes(&mut self, field: Field, number: u128, len: u32) {
        if let Slot::Bits(bits) = &*self.space.slot(field) {
            let weights = (0..bits.len()).rev();
            for (&bit, weight) in bits.iter().zip(weights).take(len.min(128) as usize) {
                self.changed.set(bit, number >> weight & 1 == 1);
            }
        }
    }

    /// New values of fields, in words: of a field that the packet says nothing about, only the bits that are known.
    fn values(&mut self, changes: &Cube) -> Bounded<Vec<String>> {
        let mut fields: Vec<Shown> = Vec::new();
        let told = |var: &Var| ![bands::LOCAL_ANSWER, bands::CT_STATUS].contains(&var.band());
        for &(var, _) in changes.literals().iter().filter(|(var, _)| told(var)) {
            let shown = self.space.shown(var, None);
            if fields.iter().all(|field| field.name != shown.name) {
                fields.push(shown);
            }
        }
        fields.iter().map(|field| self.value(field, changes)).collect()
    }

    fn value(&mut self, field: &Shown, changes: &Cube) -> Bounded<String> {
        let (mut mask, mut number) = (0u128, 0u128);
        for &var in &field.bits {
            let known = match changes.get(var).or(self.now.get(var)) {
                Some(value) => Some(value),
                None => self.said(var)?,
            };
            mask = mask << 1 | u128::from(known.is_some());
            number = number << 1 | u128::from(known == Some(true));
        }
        if mask.count_ones() as usize != field.bits.len() {
            return Ok(format!("{} & {mask:#x} becomes {number:#x}", field.name));
        }
        let value = self.space.show_values(field, &IntervalSet::point(number));
        Ok(value.replacen(&field.name, &format!("{} becomes", field.name), 1))
    }

    /// The value of a bit, if the packet has only one.
    fn said(&mut self, var: Var) -> Bounded<Option<bool>> {
        let one = self.space.dd.var(var)?;
        let (with, without) = (self.space.dd.and(self.set, one)?, self.space.dd.minus(self.set, one)?);
        Ok(match (with == Dd::FALSE, without == Dd::FALSE) {
            (true, _) => Some(false),
            (_, true) => Some(true),
            _ => None,
        })
    }
}

/// How a verdict ends the way; `None` when the packet goes on.
fn ending(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Accept | Verdict::Nat(_) => None,
        Verdict::Drop => Some("dropped".to_owned()),
        Verdict::Unknown { line, why } => Some(format!("unknown ({why}, line {line})")),
        other => Some(other.to_string()),
    }
}
