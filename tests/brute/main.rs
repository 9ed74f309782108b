//! The prover against counting: every packet of a tiny world through both rulesets, one rule after another.
//!
//! Small dumps are drawn, translated, and the translations changed by one step. An evaluator of the save tree and one
//! of the nft tree, written apart from `src/prove`, say what each side does with a packet. Where the prover says
//! *equivalent* of a base chain, they agree on every packet of the world; where it says *different*, they do not agree
//! on its example.

mod draw;
#[path = "../mutants/edits.rs"]
#[expect(dead_code, reason = "shared with the test of mutants, which counts kinds")]
mod edits;
mod nft;
mod packet;
mod save;
#[path = "../mutants/variants.rs"]
mod variants;

use ipt2nft::diag::Source;
use ipt2nft::kernel::Chance;
use ipt2nft::nft::ast::Ruleset;
use ipt2nft::nft::print::{Style, print};
use ipt2nft::nft::read::{Resolved, read, resolve};
use ipt2nft::packet::Family;
use ipt2nft::prove::compare::{Answer, BaseAnswer, Options as Compare, compare};
use ipt2nft::prove::nft_meaning::NftRules;
use ipt2nft::prove::save_meaning::SaveRules;
use ipt2nft::save::{self as dumps, ast::Dump};
use ipt2nft::translate::{Options, translate};

use packet::{Outcome, Packet};

/// Dumps, and mutants of the translation of each.
const DUMPS: u64 = 12;
const MUTANTS: usize = 10;

/// What was compared.
#[derive(Default)]
struct Tally {
    equivalent: usize,
    different: usize,
    undecided: usize,
    /// Rulesets that an evaluator has no words for.
    unread: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn compare(&mut self, world: &[Packet], dump: &Dump, new: &Ruleset) {
        let text = print(new, &Style::default()).expect("it prints");
        let resolved = resolve(read("test", &text).expect("it is read")).expect("it is whole");
        let rules = NftRules { tables: &resolved.tables, unknown: &resolved.unknown };
        let options = Compare { families: vec![Family::Ip], ..Compare::default() };
        let report = compare(&SaveRules(dump), &rules, &options);
        for base in &report.bases {
            if let Err(why) = self.base(world, dump, &resolved, base) {
                let text = String::from_utf8_lossy(&text);
                self.wrong.push(format!("{why}\n{}\n{text}", String::from_utf8_lossy(&dumps::print::print(dump))));
            }
        }
    }

    fn base(&mut self, world: &[Packet], dump: &Dump, new: &Resolved, base: &BaseAnswer) -> Result<(), String> {
        let both = |packet: &Packet| -> Option<[Outcome; 2]> {
            Some([save::outcome(dump, base.key, packet)?, nft::outcome(&new.tables, base.key, packet)?])
        };
        match base.outcome.answer() {
            Answer::Undecided => self.undecided += 1,
            Answer::Equivalent => {
                for packet in world {
                    let Some([old, new]) = both(packet) else {
                        self.unread += 1;
                        return Ok(());
                    };
                    if old != new {
                        return Err(format!("called equivalent: {packet:?}: {old:?}, {new:?}"));
                    }
                }
                self.equivalent += 1;
            }
            Answer::Different => {
                for difference in &base.outcome.differences {
                    let Some([old, new]) = both(&difference.example) else {
                        self.unread += 1;
                        return Ok(());
                    };
                    if old == new {
                        return Err(format!(
                            "called different: {:?}: {old:?}\n{}",
                            difference.example, difference.witness
                        ));
                    }
                }
                self.different += 1;
            }
        }
        Ok(())
    }
}

#[test]
fn the_prover_counts_right() {
    let world = packet::world();
    let mut tally = Tally::default();
    for seed in 0..DUMPS {
        let mut chance = Chance::new(seed);
        let text = draw::dump(&mut chance);
        let source = Source::new(0, "drawn", text.clone().into_bytes()).unwrap();
        let parsed = dumps::parse(&source, Some(Family::Ip));
        assert!(parsed.diagnostics.is_empty(), "{text}{:?}", parsed.diagnostics);
        let translation = translate(&[source], &Options { family: Some(Family::Ip), ..Options::default() });
        assert!(translation.diagnostics.iter().all(|d| !d.is_error()), "{text}{:?}", translation.diagnostics);
        tally.compare(&world, &parsed.dump, &translation.ruleset);
        assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
        let mut edits = edits::edits(&translation.ruleset);
        for _ in 0..MUTANTS.min(edits.len()) {
            let edit = edits.swap_remove(chance.below(edits.len()));
            tally.compare(&world, &parsed.dump, &edit.of(&translation.ruleset));
        }
    }
    let Tally { equivalent, different, undecided, unread, wrong } = tally;
    println!(
        "{} packets: {equivalent} base chains equivalent, {different} different, {undecided} undecided, \
         {unread} not evaluated",
        world.len()
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(different > 30 && equivalent > 30 && (undecided + unread) * 10 < equivalent + different);
}
