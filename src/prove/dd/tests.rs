//! Diagrams against truth tables.

use proptest::prelude::*;

use super::*;

const VARS: u32 = 6;

/// Variables in three bands, so that band masks are exercised.
fn var(i: u32) -> Var {
    Var::new(i % 3 * 5, i / 3)
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(u32),
    Var(u32),
    Ite(Box<Tree>, Box<Tree>, Box<Tree>),
}

fn value(tree: &Tree, row: u32) -> u32 {
    match tree {
        Tree::Leaf(leaf) => *leaf,
        Tree::Var(i) => row >> i & 1,
        Tree::Ite(f, g, h) => value(if value(f, row) != 0 { g } else { h }, row),
    }
}

fn diagram(arena: &mut Arena, tree: &Tree) -> Dd {
    match tree {
        Tree::Leaf(leaf) => Dd::leaf(*leaf),
        Tree::Var(i) => arena.var(var(*i)).unwrap(),
        Tree::Ite(f, g, h) => {
            let (f, g, h) = (diagram(arena, f), diagram(arena, g), diagram(arena, h));
            let zero = arena.is(f, 0).unwrap();
            arena.ite(zero, h, g).unwrap()
        }
    }
}

fn assignment(row: u32) -> impl Fn(Var) -> bool {
    move |v| (0..VARS).any(|i| var(i) == v && row >> i & 1 == 1)
}

fn tree(leaves: u32) -> impl Strategy<Value = Tree> {
    let atom = prop_oneof![(0..leaves).prop_map(Tree::Leaf), (0..VARS).prop_map(Tree::Var)];
    atom.prop_recursive(5, 40, 3, |inner| {
        (inner.clone(), inner.clone(), inner).prop_map(|(f, g, h)| Tree::Ite(f.into(), g.into(), h.into()))
    })
}

fn rows() -> std::ops::Range<u32> {
    0..1 << VARS
}

proptest! {
    #[test]
    fn equal_functions_are_the_same_diagram(a in tree(3), b in tree(3)) {
        let mut arena = Arena::new(Budget::default());
        let (x, y) = (diagram(&mut arena, &a), diagram(&mut arena, &b));
        prop_assert_eq!(x == y, rows().all(|r| value(&a, r) == value(&b, r)));
        prop_assert!(rows().all(|r| arena.eval(x, assignment(r)) == value(&a, r)));
    }

    #[test]
    fn operations_work_leaf_by_leaf(a in tree(4), b in tree(4), f in tree(2)) {
        let mut arena = Arena::new(Budget::default());
        let (x, y, set) = (diagram(&mut arena, &a), diagram(&mut arena, &b), diagram(&mut arena, &f));
        let sum = arena.add(x, y).unwrap();
        let differ = arena.differ(x, y).unwrap();
        let ite = arena.ite(set, x, y).unwrap();
        let gaps: Vec<_> = (0..4).map(|gap| arena.otherwise(x, gap, y).unwrap()).collect();
        let wheres: Vec<_> = (0..4).map(|elsewhere| arena.where_zero(x, y, elsewhere).unwrap()).collect();
        for r in rows() {
            let (p, q, s) = (value(&a, r), value(&b, r), value(&f, r));
            let eval = |d| arena.eval(d, assignment(r));
            prop_assert_eq!(eval(sum), p + q);
            prop_assert_eq!(eval(differ), u32::from(p != q));
            prop_assert_eq!(eval(ite), if s == 1 { p } else { q });
            for (elsewhere, &d) in wheres.iter().enumerate() {
                prop_assert_eq!(eval(d), if p == 0 { q } else { elsewhere as u32 });
            }
            for (gap, &d) in gaps.iter().enumerate() {
                prop_assert_eq!(eval(d), if p == gap as u32 { q } else { p });
            }
        }
    }

    #[test]
    fn sets_are_a_boolean_algebra(a in tree(2), b in tree(2)) {
        let mut arena = Arena::new(Budget::default());
        let (x, y) = (diagram(&mut arena, &a), diagram(&mut arena, &b));
        let (and, or, xor) = (arena.and(x, y).unwrap(), arena.or(x, y).unwrap(), arena.xor(x, y).unwrap());
        let (not, minus) = (arena.not(x).unwrap(), arena.minus(x, y).unwrap());
        for r in rows() {
            let (p, q) = (value(&a, r) == 1, value(&b, r) == 1);
            let eval = |d| arena.eval(d, assignment(r)) == 1;
            prop_assert_eq!((eval(and), eval(or), eval(xor), eval(not), eval(minus)), (p && q, p || q, p != q, !p, p && !q));
        }
    }

    #[test]
    fn substitution_is_simultaneous(a in tree(3), fs in proptest::collection::vec((0..VARS, tree(2)), 0..4)) {
        let mut arena = Arena::new(Budget::default());
        let x = diagram(&mut arena, &a);
        let mut by_var = std::collections::BTreeMap::new();
        let mut substitution = Substitution::default();
        for (v, f) in &fs {
            let function = diagram(&mut arena, f);
            substitution.insert(var(*v), function);
            by_var.insert(*v, f.clone());
        }
        let rewritten = substitution.apply(&mut arena, x).unwrap();
        for r in rows() {
            let moved = (0..VARS).fold(0, |row, i| {
                let bit = by_var.get(&i).map_or(r >> i & 1, |f| value(f, r));
                row | bit << i
            });
            prop_assert_eq!(arena.eval(rewritten, assignment(r)), value(&a, moved));
        }
    }

    /// Only where a diagram has other leaves is anything replaced.
    #[test]
    fn substitution_keeps_to_its_places(
        a in tree(3),
        fs in proptest::collection::vec((0..VARS, tree(2), tree(3)), 0..4),
    ) {
        let mut arena = Arena::new(Budget::default());
        let x = diagram(&mut arena, &a);
        let mut by_var = std::collections::BTreeMap::new();
        let mut substitution = Substitution::default();
        for (v, f, place) in &fs {
            let (function, place_of) = (diagram(&mut arena, f), diagram(&mut arena, place));
            let (idle, itself) = (arena.is(place_of, 0).unwrap(), arena.var(var(*v)).unwrap());
            let function = arena.ite(idle, itself, function).unwrap();
            substitution.insert_where(var(*v), function, (place_of, 0));
            by_var.insert(*v, (f.clone(), place.clone()));
        }
        let rewritten = substitution.apply(&mut arena, x).unwrap();
        for r in rows() {
            let moved = (0..VARS).fold(0, |row, i| {
                let busy = by_var.get(&i).filter(|(_, place)| value(place, r) != 0);
                row | busy.map_or(r >> i & 1, |(f, _)| value(f, r)) << i
            });
            prop_assert_eq!(arena.eval(rewritten, assignment(r)), value(&a, moved));
        }
    }

    #[test]
    fn restriction_fixes_variables(a in tree(3), fixed in proptest::collection::vec((0..VARS, any::<bool>()), 0..4)) {
        let mut arena = Arena::new(Budget::default());
        let x = diagram(&mut arena, &a);
        let mut cube = Cube::default();
        for &(v, bit) in &fixed {
            cube.set(var(v), bit);
        }
        let restricted = arena.restrict(x, &cube).unwrap();
        for r in rows() {
            let fixed_row = (0..VARS).fold(r, |row, i| match cube.get(var(i)) {
                Some(true) => row | 1 << i,
                Some(false) => row & !(1 << i),
                None => row,
            });
            prop_assert_eq!(arena.eval(restricted, assignment(r)), value(&a, fixed_row));
        }
        let left = arena.support(restricted, 1000).unwrap();
        prop_assert!(left.iter().all(|&v| cube.get(v).is_none()));
    }

    #[test]
    fn simplifying_keeps_what_is_cared_for(a in tree(2), c in tree(2)) {
        let mut arena = Arena::new(Budget::default());
        let (x, care) = (diagram(&mut arena, &a), diagram(&mut arena, &c));
        let simple = arena.simplify(x, care).unwrap();
        for r in rows().filter(|&r| value(&c, r) == 1) {
            prop_assert_eq!(arena.eval(simple, assignment(r)), value(&a, r));
        }
    }

    #[test]
    fn paths_cover_the_function(a in tree(3)) {
        let mut arena = Arena::new(Budget::default());
        let x = diagram(&mut arena, &a);
        let paths = arena.paths(x, 1000);
        for r in rows() {
            let on: Vec<_> = paths
                .iter()
                .filter(|(cube, _)| cube.literals().iter().all(|&(v, bit)| assignment(r)(v) == bit))
                .map(|&(_, leaf)| leaf)
                .collect();
            let expected = value(&a, r);
            prop_assert_eq!(on, if expected == 0 { vec![] } else { vec![expected] });
        }
        prop_assert_eq!(arena.member(x).is_some(), x != Dd::FALSE);
    }

    #[test]
    fn piecewise_is_membership(cuts in proptest::collection::btree_set(0u128..64, 0..8), shuffled in any::<bool>()) {
        let mut arena = Arena::new(Budget::default());
        let mut bits: Vec<Var> = (0..6).map(|i| Var::new(1, i)).collect();
        if shuffled {
            bits.reverse();
        }
        let cuts: Vec<u128> = cuts.into_iter().collect();
        let pieces: Vec<Piece> = cuts
            .windows(2)
            .enumerate()
            .map(|(i, w)| Piece { lo: w[0], hi: w[1] - 1, value: Dd::leaf(i as u32 + 1) })
            .collect();
        let d = arena.piecewise(&bits, &pieces, Dd::leaf(0)).unwrap();
        for n in 0..64u128 {
            let got = arena.eval(d, |v| bits.iter().position(|&b| b == v).is_some_and(|i| n >> (5 - i) & 1 == 1));
            let want = pieces.iter().position(|p| p.lo <= n && n <= p.hi).map_or(0, |i| i as u32 + 1);
            prop_assert_eq!(got, want);
        }
        let functions: Vec<Dd> = bits.iter().map(|&bit| arena.var(bit).unwrap()).collect();
        prop_assert_eq!(arena.piecewise_of(&functions, &pieces, Dd::leaf(0)).unwrap(), d);
    }
}

#[test]
fn masked_comparison() {
    let mut arena = Arena::new(Budget::default());
    let bits: Vec<Var> = (0..8).map(|i| Var::new(2, i)).collect();
    let d = arena.masked(&bits, 0b0110, 0b0100).unwrap();
    for n in 0..256u32 {
        assert_eq!(arena.eval(d, |v| n >> (7 - v.index()) & 1 == 1) == 1, n & 0b0110 == 0b0100);
    }
    assert_eq!(arena.masked(&bits, 0b0110, 0b0001).unwrap(), Dd::FALSE);
}

#[test]
fn budgets_end_the_work() {
    let mut arena = Arena::new(Budget { nodes: 10, ..Budget::default() });
    let vars: Vec<_> = (0..20).map(|i| arena.var(Var::new(0, i))).collect();
    assert!(vars.contains(&Err(OutOfBudget::Nodes(10))));

    let mut arena = Arena::new(Budget { depth: 5, ..Budget::default() });
    let literals: Vec<_> = (0..20).map(|i| (Var::new(0, i), true)).collect();
    let long = arena.conjunction(&literals).unwrap();
    assert_eq!(arena.not(long), Err(OutOfBudget::Depth(5)));
    let short = arena.conjunction(&literals[..3]).unwrap();
    assert!(arena.not(short).is_ok(), "an error leaves the arena usable");
}
