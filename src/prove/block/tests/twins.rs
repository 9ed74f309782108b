//! Chains of two programs that are the same, and such as only look so.

use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::prove::block::chains::{summarize_both, summed};
use crate::prove::block::twins::Twins;

/// Numbers the occurrences otherwise.
fn renumbered(plans: &[Vec<Vec<Plan>>], by: usize) -> Vec<Vec<Vec<Plan>>> {
    let step = |plan: &Plan| match *plan {
        Plan::Consult(o, want) => Plan::Consult((o + by) % OCCURRENCES, want),
        ref other => other.clone(),
    };
    plans.iter().map(|rules| rules.iter().map(|rule| rule.iter().map(step).collect()).collect()).collect()
}

/// Which chains of the second program are taken from the first.
fn taken_over(left: &[Vec<Vec<Plan>>], right: &[Vec<Vec<Plan>>], buckets: [&[Bucket]; 2]) -> Vec<bool> {
    let mut dd = Arena::new(Budget::default());
    let (left, right) = (program(&mut dd, left), program(&mut dd, right));
    let mut terms = Terms::default();
    let mut shop = Workshop { dd: &mut dd, terms: &mut terms, answers: &[STATE; OCCURRENCES] };
    let (left, _) = summed(&mut shop, &left, buckets[0], None).unwrap();
    let twins = Twins::new(&left);
    let (right, _) = summed(&mut shop, &right, buckets[1], Some(&twins)).unwrap();
    let same = |id| {
        let both = left.summaries.get(id).zip(right.summaries.get(id));
        both.is_some_and(|(a, b)| Rc::ptr_eq(&a, &b))
    };
    (0..CHAINS).map(|number| same(ChainId(number))).collect()
}

#[test]
fn only_chains_that_are_alike_are_taken_over() {
    let buckets = [Bucket(0), Bucket(1), Bucket(2)];
    let calls = |target| vec![vec![Plan::Test(0, true), Plan::Go(4, target)], vec![Plan::Go(4, 1)]];
    let base = |inner: Plan| -> Vec<Vec<Vec<Plan>>> {
        vec![
            calls(0),
            vec![vec![inner], vec![Plan::Go(0, 0)]],
            vec![vec![Plan::Consult(0, true), Plan::Go(1, 0)]],
            vec![],
        ]
    };
    let all = taken_over(&base(Plan::Effect(0)), &base(Plan::Effect(0)), [&buckets, &buckets]);
    assert_eq!(all, [true, true, true, false], "the last one is called by nobody");
    let other = taken_over(&base(Plan::Effect(0)), &base(Plan::Effect(1)), [&buckets, &buckets]);
    assert_eq!(other, [false, false, true, false], "nor is a chain that calls another one");
    // What is known at the call is not asked again, in whatever form.
    let known = taken_over(&base(Plan::Test(0, true)), &base(Plan::InOne(0, true)), [&buckets, &buckets]);
    assert_eq!(known, [true, true, true, false]);
    let moved = renumbered(&base(Plan::Effect(0)), 1);
    let renamed = taken_over(&base(Plan::Effect(0)), &moved, [&buckets, &[Bucket(2), Bucket(0), Bucket(1)]]);
    assert_eq!(renamed, [true, true, true, false]);
    let strange = taken_over(&base(Plan::Effect(0)), &moved, [&buckets, &buckets]);
    assert_eq!(strange, [false, true, false, false], "the limit is another one");
}

#[test]
fn where_an_answer_came_from_matters() {
    let buckets = [Bucket(0), Bucket(0), Bucket(0)];
    // Two places of one bucket: the first answer is looked at, or the second.
    let asked = |seen: usize| -> Vec<Vec<Vec<Plan>>> {
        let rule = vec![Plan::Ask(0), Plan::Ask(1), Plan::Answer(seen), Plan::Go(0, 0)];
        vec![vec![vec![Plan::Go(4, 0)]], vec![rule], vec![], vec![]]
    };
    assert_eq!(taken_over(&asked(0), &asked(0), [&buckets, &buckets])[..2], [true, true]);
    assert_eq!(taken_over(&asked(0), &asked(1), [&buckets, &buckets])[..2], [false, false]);
    let twice = |seen: usize| -> Vec<Vec<Vec<Plan>>> {
        let rule = vec![Plan::Ask(0), Plan::Ask(0), Plan::Answer(seen), Plan::Go(0, 0)];
        vec![vec![vec![Plan::Go(4, 0)]], vec![rule], vec![], vec![]]
    };
    assert_eq!(taken_over(&asked(0), &twice(0), [&buckets, &buckets])[..2], [false, false]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn what_is_taken_over_is_what_would_be_summed_up(
        plans in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(plan(), 1..4), 0..4),
            2 * CHAINS..=2 * CHAINS,
        ),
        changed in 0..1usize << CHAINS,
        by in 0..OCCURRENCES,
    ) {
        let mut dd = Arena::new(Budget::default());
        let mut terms = Terms::default();
        let (first, second) = plans.split_at(CHAINS);
        let mixed: Vec<_> =
            (0..CHAINS).map(|i| if changed >> i & 1 == 1 { second[i].clone() } else { first[i].clone() }).collect();
        let (left, right) = (program(&mut dd, first), program(&mut dd, &renumbered(&mixed, by)));
        let buckets = [Bucket(0), Bucket(1), Bucket(2)];
        let mut moved = buckets;
        moved.rotate_right(by);
        let both = summarize_both(&mut dd, &mut terms, [&left, &right], [&buckets, &moved], &[STATE; 3]).unwrap();
        let alone = [(&left, &buckets), (&right, &moved)]
            .map(|(program, buckets)| summarize(&mut dd, &mut terms, program, buckets, &[STATE; 3]).unwrap());
        prop_assert_eq!(both, alone);
    }
}
