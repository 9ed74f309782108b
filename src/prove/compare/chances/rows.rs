//! Distributions told draw by draw, whatever the packet: how often each row of functions is what is done.
//!
//! A row is what is left of all parts when every draw is made: functions of the packet. Two sides that have each row
//! equally often have the same distribution for every packet (the reverse does not hold). Where 32 bits of a mark are
//! copied at once, a row is 32 small diagrams, while one diagram of everything together would tell each mark apart.

use std::collections::BTreeMap;

use crate::prove::chance::{Chance, Ratio};
use crate::prove::dd::{Arena, Bands, Bounded, Cube, Dd, Draw, Var};

/// So many rows are told apart, ...
const MOST_ROWS: usize = 512;
/// ... and so many numbers that one draw may come out as.
const MOST_NUMBERS: u32 = 64;

/// How often each row is what is done.
pub(super) type Rows = BTreeMap<Vec<Dd>, Ratio>;

/// The rows of some parts over draws, whose variables are in `bands`; `None` where there are too many, or where their
/// probabilities are too fine.
pub(super) fn rows(
    dd: &mut Arena,
    draw_of: &dyn Fn(Var) -> Option<Draw>,
    bands: Bands,
    parts: &[Dd],
) -> Bounded<Option<Rows>> {
    let mut draws: Vec<Draw> = dd.variables(parts, bands).into_iter().filter_map(draw_of).collect();
    draws.dedup_by_key(|draw| draw.first);
    let mut rows = Rows::from([(parts.to_vec(), Ratio::ONE)]);
    for draw in draws {
        let Some(ways) = ways(draw) else { return Ok(None) };
        let mut finer = Rows::new();
        for (row, weight) in rows {
            for (cube, share) in ways.iter().filter(|(_, share)| !share.is_zero()) {
                let row = row.iter().map(|&part| dd.restrict(part, cube)).collect::<Bounded<Vec<Dd>>>()?;
                let so_far = finer.get(&row).copied().unwrap_or(Ratio::new(0, 1));
                let Some(sum) = weight.times(*share).and_then(|more| so_far.plus(more)) else { return Ok(None) };
                finer.insert(row, sum);
            }
        }
        if finer.len() > MOST_ROWS {
            return Ok(None);
        }
        rows = finer;
    }
    Ok(Some(rows))
}

/// What a draw may come out as, and how often.
fn ways(draw: Draw) -> Option<Vec<(Cube, Ratio)>> {
    let cube = |value: u32| -> Cube {
        let bit = |at: u32| (Var(draw.first.0 + at), value >> (draw.width - 1 - at) & 1 == 1);
        (0..draw.width).map(bit).collect()
    };
    match draw.chance {
        Chance::Yes { part, whole } => {
            let (part, whole) = (u128::from(part), u128::from(whole));
            let shares = [(0, whole.saturating_sub(part)), (1, part)];
            Some(shares.map(|(value, share)| (cube(value), Ratio::new(share, whole))).to_vec())
        }
        Chance::Below(modulus) if modulus <= MOST_NUMBERS => {
            Some((0..modulus).map(|value| (cube(value), Ratio::new(1, modulus.into()))).collect())
        }
        Chance::Below(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::dd::Budget;

    const DRAWN: Bands = Bands(1 << 4);

    fn drawn(var: Var) -> Option<Draw> {
        let chance = if var.index() < 2 { Chance::Below(3) } else { Chance::Yes { part: 1, whole: 3 } };
        let (first, width) = if var.index() < 2 { (Var::new(4, 0), 2) } else { (var, 1) };
        (var.band() == 4).then_some(Draw { first, width, chance })
    }

    /// Bits copied where the draw says so.
    fn copied(dd: &mut Arena, draw: Dd) -> Vec<Dd> {
        let bit = |dd: &mut Arena, at| {
            let bit = dd.var(Var::new(7, at))?;
            dd.ite(draw, bit, Dd::leaf(2))
        };
        (0..32).map(|at| bit(dd, at)).collect::<Bounded<Vec<Dd>>>().unwrap()
    }

    #[test]
    fn many_bits_copied_by_chance_are_two_rows() {
        let mut dd = Arena::new(Budget { nodes: 4000, ..Budget::default() });
        let third = dd.var(Var::new(4, 2)).unwrap();
        let parts = copied(&mut dd, third);
        let yes_or_no = rows(&mut dd, &drawn, DRAWN, &parts).unwrap().unwrap();
        assert_eq!(yes_or_no.values().map(|ratio| ratio.parts()).collect::<Vec<_>>().len(), 2);
        // One number of three is one case in three.
        let zero = dd.masked(&[Var::new(4, 0), Var::new(4, 1)], 3, 0).unwrap();
        let parts = copied(&mut dd, zero);
        assert_eq!(rows(&mut dd, &drawn, DRAWN, &parts).unwrap().unwrap(), yes_or_no);
        let others = dd.not(zero).unwrap();
        let parts = copied(&mut dd, others);
        assert_ne!(rows(&mut dd, &drawn, DRAWN, &parts).unwrap().unwrap(), yes_or_no);
        assert!(dd.len() < 1000, "{}", dd.len());
    }

    #[test]
    fn what_goes_hand_in_hand_stays_together() {
        let mut dd = Arena::new(Budget::default());
        let [a, b] = [3, 4].map(|at| dd.var(Var::new(4, at)).unwrap());
        let together = rows(&mut dd, &drawn, DRAWN, &[a, a]).unwrap().unwrap();
        let apart = rows(&mut dd, &drawn, DRAWN, &[a, b]).unwrap().unwrap();
        assert_eq!((together.len(), apart.len()), (2, 4));
        assert_eq!(apart[&vec![Dd::TRUE, Dd::TRUE]].parts(), (1, 9));
    }
}
