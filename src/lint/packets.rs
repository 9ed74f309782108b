//! What the prover says about the packets of a ruleset, in the numbers of the dump.

use super::ruleset::{RuleAt, Ruleset};
use crate::packet::{CtKey, Field, IntervalSet};
use crate::prove::block::ChainId;
use crate::prove::dd::{Bounded, Budget, Dd};
use crate::prove::reach::{At, Reach, Use};
use crate::prove::save_meaning::SaveRules;
use crate::save::ast::Dump;

/// `ct state` of such a packet, as nft numbers it.
const NEW: u128 = 8;

/// The prover's view of a ruleset, and what it says about each rule.
pub struct Packets {
    pub reach: Reach,
    /// The program's chain, by table and chain of the dump.
    ids: Vec<Vec<ChainId>>,
    /// By table, chain and rule; chains that nothing enters have none.
    uses: Vec<Vec<Vec<Use>>>,
}

impl Packets {
    /// Asks the prover about every rule.
    pub fn new(ruleset: &Ruleset<'_>) -> Option<Packets> {
        let deadline = ruleset.options.time.and_then(|time| std::time::Instant::now().checked_add(time));
        let budget = Budget { nodes: ruleset.options.nodes, deadline, ..Budget::default() };
        let dump = Dump { documents: vec![ruleset.document.clone()] };
        let mut reach = Reach::new(&SaveRules(&dump), ruleset.family(), budget).ok()?;
        let ids = ids(ruleset, &reach)?;
        let mut uses = Vec::with_capacity(ids.len());
        for (chains, view) in ids.iter().zip(&ruleset.tables) {
            let of_table = chains.iter().zip(&view.chains).map(|(&chain, view)| {
                if !reach.is_entered(chain) {
                    return Vec::new();
                }
                (0..view.chain.rules.len()).map(|rule| reach.usefulness(At { chain, rule })).collect()
            });
            uses.push(of_table.collect());
        }
        Some(Packets { reach, ids, uses })
    }

    /// The rule as the prover calls it.
    pub fn at(&self, at: RuleAt) -> Option<At> {
        Some(At { chain: *self.ids.get(at.table)?.get(at.chain)?, rule: at.rule })
    }

    /// The chain as the prover calls it.
    pub fn chain(&self, table: usize, chain: usize) -> Option<ChainId> {
        self.ids.get(table)?.get(chain).copied()
    }

    /// First packets of connections.
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn new_connections(&mut self) -> Bounded<Dd> {
        self.reach.space.within(Field::Ct(CtKey::State), &IntervalSet::point(NEW))
    }

    /// First packets of TCP connections.
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn new_tcp(&mut self) -> Bounded<Dd> {
        let (new, tcp) = (self.new_connections()?, self.reach.space.protocol(&IntervalSet::point(6))?);
        let syn = self.reach.space.masked(Field::TcpFlags, 0x17, 0x02)?;
        let whole = self.reach.space.first_fragment()?;
        self.reach.space.dd.all(&[new, tcp, syn, whole])
    }

    /// Whether all packets of a set match; one of them answers for most rules.
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn all_match(&mut self, matching: Dd, all: Dd) -> Bounded<bool> {
        let dd = &mut self.reach.space.dd;
        let misses = dd.member(all).is_some_and(|one| dd.eval(matching, |var| one.get(var).unwrap_or(false)) == 0);
        Ok(!misses && dd.minus(all, matching)? == Dd::FALSE)
    }

    /// What is told of a rule; `None` in a chain that no packet enters.
    pub fn use_of(&self, at: RuleAt) -> Option<&Use> {
        self.uses.get(at.table)?.get(at.chain)?.get(at.rule)
    }
}

/// The reader makes a program chain for each chain of each table, in order; those it makes for itself have
/// a blank in their name, which no chain of a dump can.
fn ids(ruleset: &Ruleset<'_>, reach: &Reach) -> Option<Vec<Vec<ChainId>>> {
    let mut made = reach.program().chains.iter().enumerate().filter(|(_, chain)| !chain.name.contains(&b' '));
    let mut all = Vec::new();
    for table in &ruleset.tables {
        let mut ids = Vec::new();
        for view in &table.chains {
            let (id, chain) = made.next()?;
            if chain.name != *view.chain.name || chain.rules.len() != view.chain.rules.len() {
                return None;
            }
            ids.push(ChainId(id));
        }
        all.push(ids);
    }
    Some(all)
}
