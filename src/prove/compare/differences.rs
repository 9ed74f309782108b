//! The comparison of one base chain: where blocks differ, and what that means for packets.

use super::answer::{Difference, Direction, Doubt, Fate, Outcome, Region, What};
use super::bases::{self, Side};
use super::chances::{self, Drawn};
use super::{Example, Options, example, fading, regions};
use crate::prove::block::{Answers, BaseKey, Block, Effect, KEEP, Key, Terms, Trace, Verdict, walk};
use crate::prove::dd::{Arena, Bands, Bounded, Cube, Dd, OutOfBudget, Substitution, Var};
use crate::prove::space::{Space, bands};

/// The packets whose treatment is compared.
#[derive(Clone, Copy)]
struct Care {
    /// Those whose treatment is known on both sides.
    known: Dd,
    /// Those of them for which what chance decides has different distributions.
    drawn: Drawn,
    /// All packets that there can be at the hook.
    possible: Dd,
}

/// One base chain of two rulesets.
pub(super) struct Comparison<'a> {
    pub space: &'a mut Space,
    pub terms: &'a mut Terms,
    pub sides: &'a [Side<'a>; 2],
    /// What each bucket is.
    pub contents: &'a [String],
    pub answers: &'a [Answers],
    pub options: &'a Options,
    pub key: BaseKey,
    /// What was found out where chance decides: base chains often do the same at several hooks.
    pub chances: &'a mut chances::Found,
    /// Whether something hangs on what a lookup says of a packet that was changed before.
    pub doubtful: bool,
}

const LOOKED_UP: &str = "a lookup reads what an earlier rule has changed";

const ORDER: &str = "several base chains share hook and priority, and their order matters";

/// Kinds of difference that are told apart, at most.
const MOST_KINDS: usize = 24;

impl Comparison<'_> {
    /// Compares the two sides.
    pub fn outcome(&mut self) -> Bounded<Outcome> {
        let mut blocks = Vec::new();
        for side in self.sides {
            match bases::block_at(&mut self.space.dd, self.terms, self.answers, side, self.key)? {
                Some(block) => blocks.push(block),
                None => return Ok(Outcome::undecided(ORDER.to_owned())),
            }
            if bases::order_matters(&mut self.space.dd, self.terms, self.answers, side, self.key)? {
                return Ok(Outcome::undecided(ORDER.to_owned()));
            }
        }
        fading::fade(self.space, self.sides, self.key, &mut blocks)?;
        let [left, right] = blocks.as_slice() else { return Ok(Outcome::default()) };
        let mut outcome = Outcome::default();
        let possible = self.possible()?;
        let known = self.known([left, right], possible, &mut outcome)?;
        let drawn = self.drawn([left, right], known, &mut outcome)?;
        let care = Care { known, drawn, possible };
        self.verdicts(left, right, care, &mut outcome)?;
        self.changes(left, right, care, &mut outcome)?;
        self.effects(left, right, care, &mut outcome)?;
        if self.doubtful {
            outcome.doubts.push(Doubt { why: LOOKED_UP.to_owned(), line: None });
        }
        Ok(outcome)
    }

    /// The packets that there can be. Those that no base chain has seen yet have no template.
    fn possible(&mut self) -> Bounded<Dd> {
        let possible = self.space.possible_at(self.key.hook, self.key.priority)?;
        let mut keys = self.sides.iter().flat_map(|side| &side.program.bases).map(|base| base.key);
        if keys.any(|key| key.hook == self.key.hook && key != self.key && key.priority <= self.key.priority) {
            return Ok(possible);
        }
        let template = self.space.has_template()?;
        self.space.dd.minus(possible, template)
    }

    /// The packets whose treatment is known on both sides; the others are doubts.
    fn known(&mut self, blocks: [&Block; 2], possible: Dd, outcome: &mut Outcome) -> Bounded<Dd> {
        let mut known = possible;
        for leaf in self.terms.unknowns() {
            for (block, right) in blocks.iter().zip([false, true]) {
                let unknown = self.space.dd.is(block.verdict, leaf)?;
                let unknown = self.space.dd.and(unknown, possible)?;
                if unknown == Dd::FALSE {
                    continue;
                }
                known = self.space.dd.minus(known, unknown)?;
                if let Some(Verdict::Unknown { line, why }) = self.terms.verdict(leaf) {
                    outcome.doubts.push(Doubt { why: why.clone(), line: (*line > 0).then_some((*line, right)) });
                }
            }
        }
        outcome.doubts.sort();
        outcome.doubts.dedup();
        Ok(known)
    }

    fn verdicts(&mut self, left: &Block, right: &Block, care: Care, outcome: &mut Outcome) -> Bounded<()> {
        let verdicts = [left.verdict, right.verdict];
        let mut rest = self.difference_of(verdicts, care)?;
        for _ in 0..MOST_KINDS {
            let Some(packet) = self.space.dd.member(rest) else { break };
            let value = |var: Var| packet.get(var).unwrap_or(false);
            let [a, b] = verdicts.map(|verdict| self.space.dd.eval(verdict, value));
            let (like_a, like_b) = (self.space.dd.is(left.verdict, a)?, self.space.dd.is(right.verdict, b)?);
            let alike = self.space.dd.and(like_a, like_b)?;
            let alike = self.space.dd.and(rest, alike)?;
            let direction = match (self.terms.verdict(a), self.terms.verdict(b)) {
                (Some(a), Some(b)) if a.stops() && b.lets_through() => Direction::Opening,
                (Some(a), Some(b)) if a.lets_through() && b.stops() => Direction::Closing,
                _ => Direction::Other,
            };
            let difference = self.difference(What::Verdict, direction, alike, care.possible)?;
            outcome.differences.push(difference);
            rest = self.space.dd.minus(rest, alike)?;
        }
        if rest != Dd::FALSE {
            let difference = self.difference(What::Verdict, Direction::Other, rest, care.possible)?;
            outcome.differences.push(Difference { more: true, ..difference });
        }
        Ok(())
    }

    fn changes(&mut self, left: &Block, right: &Block, care: Care, outcome: &mut Outcome) -> Bounded<()> {
        let dropped = [self.dropped(left)?, self.dropped(right)?];
        // Where the verdict differs, that is told, and what a packet carries is the least of it.
        let told = match outcome.differences.is_empty() {
            true => Dd::FALSE,
            false => self.space.dd.differ(left.verdict, right.verdict)?,
        };
        let mut by_field: Vec<(String, Vec<Dd>)> = Vec::new();
        for var in changed(left, right) {
            let gone_alike = dropped[0] == dropped[1] || Bands::of(var).meets(bands::OF_CONNECTION);
            if gone_alike && left.change(var) == right.change(var) {
                continue;
            }
            let finals = self.finals(var, [left, right], dropped)?;
            let differ = self.difference_of(finals, care)?;
            let differ = self.space.dd.minus(differ, told)?;
            let name = self.space.shown(var, None).name;
            if differ == Dd::FALSE {
                continue;
            }
            match by_field.iter_mut().find(|(field, _)| *field == name) {
                Some((_, bits)) => bits.push(differ),
                None => by_field.push((name, vec![differ])),
            }
        }
        for (name, bits) in by_field {
            let shown = self.any_bit_differs(&bits)?;
            let of = (shown, bits.first().copied().unwrap_or(shown));
            let difference = self.difference_among(What::Change(name), Direction::Other, of, care.possible)?;
            outcome.differences.push(difference);
        }
        Ok(())
    }

    /// The packets for which any of these bits ends up different, for some values of what rules can change
    /// where there are many bits: which of 32 bits differ is a condition that no diagram holds. So it is where each bit
    /// hangs on conditions of its own, which are left out then.
    fn any_bit_differs(&mut self, bits: &[Dd]) -> Bounded<Dd> {
        const FEW: usize = 4;
        const STEPS: u64 = 1 << 20;
        let dependent = bits.iter().filter(|&&bit| self.space.dd.bands(bit).meets(bands::CHANGEABLE)).count();
        let forgotten = if dependent > FEW { bands::CHANGEABLE } else { Bands::default() };
        match self.space.dd.with_steps(STEPS, |dd| any_of(dd, bits, forgotten)) {
            Err(OutOfBudget::Steps) => any_of(&mut self.space.dd, bits, bands::CHANGEABLE.union(CONDITIONS)),
            any => any,
        }
    }

    fn effects(&mut self, left: &Block, right: &Block, care: Care, outcome: &mut Outcome) -> Bounded<()> {
        for (key, what) in self.counted(left, right) {
            let rest = if chances::is_lone([left, right], key) { care.drawn.all } else { care.drawn.rest };
            let care = Care { drawn: Drawn { rest, ..care.drawn }, ..care };
            let differ = self.difference_of([left.effect(key), right.effect(key)], care)?;
            if differ != Dd::FALSE {
                let difference = self.difference(what, Direction::Other, differ, care.possible)?;
                outcome.differences.push(difference);
            }
        }
        Ok(())
    }

    /// The packets for which a difference between two functions counts.
    fn difference_of(&mut self, [a, b]: [Dd; 2], care: Care) -> Bounded<Dd> {
        if a == b {
            return Ok(Dd::FALSE);
        }
        let packets = if self.has_draws([a, b]) { care.drawn.rest } else { care.known };
        if packets == Dd::FALSE {
            return Ok(Dd::FALSE);
        }
        let differ = self.space.dd.differ(a, b)?;
        let differ = self.space.dd.and(differ, packets)?;
        self.certain(differ)
    }

    /// The packets that differ even where lookups say the same however the packet was changed before.
    fn certain(&mut self, differ: Dd) -> Bounded<Dd> {
        let mut unchanged = Substitution::default();
        for lookup in self.space.dd.variables(&[differ], bands::LOOKUPS) {
            let first = self.space.dd.var(self.terms.first_lookup(lookup))?;
            unchanged.insert(lookup, first);
        }
        let certain = unchanged.apply(&mut self.space.dd, differ)?;
        self.doubtful |= certain == Dd::FALSE && differ != Dd::FALSE;
        Ok(certain)
    }

    /// Packets that a side drops. One that is rejected comes back in part, in the answer.
    pub(super) fn dropped(&mut self, block: &Block) -> Bounded<Dd> {
        let leaf = self.terms.leaf(&Verdict::Drop);
        self.space.dd.is(block.verdict, leaf)
    }

    /// The final value of a bit on either side; 0 where it ends with the packet.
    pub(super) fn finals(&mut self, var: Var, blocks: [&Block; 2], dropped: [Dd; 2]) -> Bounded<[Dd; 2]> {
        let itself = self.space.dd.var(var)?;
        let mut finals = [Dd::FALSE; 2];
        for ((value, block), dropped) in finals.iter_mut().zip(blocks).zip(dropped) {
            *value = self.space.dd.otherwise(block.change(var), KEEP, itself)?;
            if !Bands::of(var).meets(bands::OF_CONNECTION) {
                *value = self.space.dd.minus(*value, dropped)?;
            }
        }
        Ok(finals)
    }

    /// Effects that are compared, with what a difference in them is called.
    pub(super) fn counted(&self, left: &Block, right: &Block) -> Vec<(Key, What)> {
        let mut keys: Vec<Key> = left.effects.iter().chain(&right.effects).map(|&(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        let what = |&key: &Key| match (key, self.terms.effect(key)) {
            (_, Some(Effect::Log(_))) if self.options.ignore_logs => None,
            (_, Some(effect)) => Some((key, What::Effect(effect.to_string()))),
            (Key::Consult(bucket), None) => {
                Some((key, What::Asks(self.contents.get(bucket as usize).cloned().unwrap_or_default())))
            }
            (Key::Effect(_), None) => None,
        };
        keys.iter().filter_map(what).collect()
    }

    fn difference(&mut self, what: What, direction: Direction, set: Dd, possible: Dd) -> Bounded<Difference> {
        self.difference_among(what, direction, (set, set), possible)
    }

    /// A difference of packets, with an example out of some of them.
    fn difference_among(
        &mut self,
        what: What,
        direction: Direction,
        (set, examples): (Dd, Dd),
        possible: Dd,
    ) -> Bounded<Difference> {
        let simple = self.space.dd.simplify(set, possible)?;
        let (packet, told) = example::example(self.space, examples, simple, self.key.hook)?;
        let (texts, more) = regions::regions(self.space, self.key.hook, simple, self.options.regions);
        let [left, right] = self.sides;
        Ok(Difference {
            what,
            direction,
            packets: set,
            regions: texts.into_iter().map(Region).collect(),
            more,
            witness: regions::packet(self.space, &told),
            example: Example::new(self.space, &packet),
            happens: [self.fate(left, &packet), self.fate(right, &packet)],
        })
    }

    fn fate(&self, side: &Side<'_>, packet: &Cube) -> Fate {
        let value = |var: Var| packet.get(var).unwrap_or(false);
        let bases = side.program.bases.iter().filter(|base| base.key == self.key);
        let traces: Vec<Trace> =
            bases.map(|base| walk(&self.space.dd, side.program, side.buckets, base, &value)).collect();
        let last = traces.iter().find(|trace| trace.verdict != Verdict::Accept).or(traces.last());
        let Some(trace) = last else {
            let verdict = Verdict::Accept.to_string();
            return Fate { verdict, line: None, chain: String::new(), also: Vec::new() };
        };
        let effects = traces.iter().flat_map(|trace| &trace.effects);
        let mut also: Vec<String> = effects.map(|(effect, line)| format!("{effect} (line {line})")).collect();
        let asked = traces.iter().flat_map(|trace| &trace.consulted);
        also.extend(asked.map(|(bucket, line)| {
            let content = self.contents.get(bucket.0 as usize).map_or("state", String::as_str);
            format!("asks {content} (line {line})")
        }));
        also.extend(self.new_values(trace, &value));
        Fate { verdict: trace.verdict.to_string(), line: trace.line, chain: trace.chain.to_string(), also }
    }

    fn new_values(&self, trace: &Trace, packet: &dyn Fn(Var) -> bool) -> Vec<String> {
        let mut vars: Vec<Var> = trace.changed.keys().copied().collect();
        vars.sort_unstable();
        let mut fields: Vec<(String, Vec<Var>)> = Vec::new();
        for var in vars {
            let shown = self.space.shown(var, None);
            if fields.iter().all(|(name, _)| *name != shown.name) {
                fields.push((shown.name, shown.bits));
            }
        }
        let bit = |var: &Var| trace.changed.get(var).copied().unwrap_or_else(|| packet(*var));
        let number = |bits: &[Var]| bits.iter().fold(0u128, |n, var| n << 1 | u128::from(bit(var)));
        fields.iter().map(|(name, bits)| format!("{name} becomes {:#x}", number(bits))).collect()
    }
}

/// The bits that either side may change.
pub(super) fn changed(left: &Block, right: &Block) -> Vec<Var> {
    let mut vars: Vec<Var> = left.changes.iter().chain(&right.changes).map(|&(var, _)| var).collect();
    vars.sort_unstable();
    vars.dedup();
    vars
}

/// Conditions that the model has no bits for.
const CONDITIONS: Bands = Bands(bands::LOOKUPS.0 | 1 << bands::OPAQUE);

/// The packets in any of these sets, for some values of the variables in `forgotten`.
fn any_of(dd: &mut Arena, sets: &[Dd], forgotten: Bands) -> Bounded<Dd> {
    let mut any = Dd::FALSE;
    for &set in sets {
        let set = dd.exists(set, forgotten, &|_| true)?;
        any = dd.or(any, set)?;
    }
    Ok(any)
}
