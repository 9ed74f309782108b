//! How readers of extensions take options apart: values as sets, and one test after another.

use super::Reading;
use crate::packet::{Field, Interval, IntervalSet};
use crate::prove::block::Step;
use crate::prove::dd::{Bounded, Dd};
use crate::save::ast::{Opt, Part};
use crate::save::option::Value;
use crate::save::value;

/// Reads one option as the set of packets that satisfy it, its `!` apart; `None` where it is not understood.
pub(super) type Test = fn(&Opt, &mut Reading<'_>) -> Bounded<Option<Dd>>;

/// All options as tests, in the order written.
pub(super) fn tests(part: &Part, reading: &mut Reading<'_>, test: Test) -> Bounded<Vec<Step>> {
    let mut steps = Vec::with_capacity(part.options.len());
    for option in &part.options {
        match test(option, reading)? {
            Some(set) => steps.push(Step::Test(reading.negated_if(option.negated, set)?)),
            None => steps.push(unknown(part, option)),
        }
    }
    Ok(steps)
}

/// What to say of an option that is not understood.
pub(super) fn unknown(part: &Part, option: &Opt) -> Step {
    Step::Unknown(format!("--{} of {}", option.spec.name, part.extension.name))
}

/// What to say of a use of an extension that is not understood.
pub(super) fn not_understood(part: &Part) -> Vec<Step> {
    vec![Step::Unknown(format!("the options of {}", part.extension.name))]
}

/// A number, a range, or a list of ranges as a set.
pub(super) fn set(value: &Value) -> Option<IntervalSet> {
    let range = |lo: u64, hi: u64| (lo <= hi).then(|| Interval::new(lo.into(), hi.into()));
    match value {
        Value::Number(n) => Some(IntervalSet::point((*n).into())),
        Value::Range(lo, hi) => Some(range(*lo, *hi).into_iter().collect()),
        Value::Ranges(ranges) => Some(ranges.iter().filter_map(|&(lo, hi)| range(lo, hi)).collect()),
        Value::Addresses(ends) if ends.0 <= ends.1 => Some(IntervalSet::range(ends.0, ends.1)),
        Value::Addresses(_) => Some(IntervalSet::empty()),
        _ => None,
    }
}

/// The packets whose field is one of the option's numbers, as far as they fit into it.
pub(super) fn within(option: &Opt, reading: &mut Reading<'_>, field: Field) -> Bounded<Option<Dd>> {
    let Some(values) = set(&option.value) else { return Ok(None) };
    reading.space.within(field, &values.intersection(&IntervalSet::full(field.width()))).map(Some)
}

/// The numbers of the bits that are set, the lowest bit being 0.
pub(super) fn bit_numbers(bits: u64) -> IntervalSet {
    (0..64u32).filter(|n| bits >> n & 1 == 1).map(|n| Interval::point(n.into())).collect()
}

/// The options as they are printed, apart from those named: what tells one use of an extension from another
/// where the model knows no more of it.
pub(super) fn words(part: &Part, reading: &Reading<'_>, apart: &[&str]) -> String {
    let mut words = String::new();
    for option in part.options.iter().filter(|option| !apart.contains(&option.spec.name)) {
        words.push_str(if option.negated { " ! --" } else { " --" });
        words.push_str(option.spec.name);
        for word in value::show(&option.spec.arg, &option.value, reading.space.family()) {
            words.push(' ');
            words.push_str(&word.to_string());
        }
    }
    words.trim_start().to_owned()
}
