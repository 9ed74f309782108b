//! Aims from iptables-save text: one for each rule and each way that leads to it.
//!
//! The text is read here word by word, not through the tree that the translator reads: a replay shall
//! look at what stands in the file, also where that tree should be wrong or not know an extension. An
//! option that is not known here is passed over.
//!
//! Invariant: any text gives aims; nothing is refused.

use std::collections::BTreeMap;

use super::aim::Aim;
use super::from_save_option::RuleReader;
use crate::packet::Family;
use crate::save::ast::TableKind;
use crate::save::words;

/// Ways to a rule that are followed, and how deep.
const MOST_WAYS: usize = 3;
const DEEPEST: usize = 8;

/// A rule: where it stands, what it asks for, where it jumps.
struct Line {
    chain: (usize, String),
    aim: Aim,
    jump: Option<String>,
}

/// The aims of a dump of one family.
pub fn aims(text: &str, family: Family) -> Vec<Aim> {
    let mut lines = Vec::new();
    let mut table = TableKind::Filter;
    let mut aims = Vec::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('*') {
            let kind = TableKind::ALL.into_iter().find(|kind| kind.name() == name.trim());
            table = kind.unwrap_or(TableKind::Filter);
        } else if let Some(chain) = line.strip_prefix(':') {
            let name = chain.split_whitespace().next().unwrap_or_default();
            if let Some(hook) = table.hook(name.as_bytes()) {
                aims.push(Aim { label: format!("line {number}: {line}"), hook: Some(hook), ..Aim::default() });
            }
        } else if let Some(rule) = read(line, number, table, family) {
            lines.push(rule);
        }
    }
    let callers = callers(&lines);
    for line in &lines {
        aims.extend(ways(line, &lines, &callers));
    }
    aims
}

fn read(line: &str, number: u32, table: TableKind, family: Family) -> Option<Line> {
    let mut found = Vec::new();
    words::split(line.as_bytes(), 0, &mut found).ok()?;
    let found: Vec<String> = found.iter().map(|word| String::from_utf8_lossy(&word.text).into_owned()).collect();
    let start = found.iter().position(|word| matches!(word.as_str(), "-A" | "-I" | "--append" | "--insert"))?;
    let chain = found.get(start + 1)?.clone();
    let reader = RuleReader::read(found.get(start + 2..)?, family);
    let mut aim = reader.aim;
    aim.label = format!("line {number}: {line}");
    aim.hook = table.hook(chain.as_bytes());
    let place = TableKind::ALL.iter().position(|kind| *kind == table)?;
    Some(Line { chain: (place, chain), aim, jump: reader.jump })
}

type Callers = BTreeMap<(usize, String), Vec<usize>>;

fn callers(lines: &[Line]) -> Callers {
    let mut out = Callers::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(to) = &line.jump {
            out.entry((line.chain.0, to.clone())).or_default().push(at);
        }
    }
    out
}

/// The rule's aim behind the tests of each way to it; a rule that nothing leads to gets none.
fn ways(line: &Line, lines: &[Line], callers: &Callers) -> Vec<Aim> {
    let mut open = vec![(line, line.aim.clone(), 0)];
    let mut done = Vec::new();
    while let Some((at, aim, depth)) = open.pop() {
        if at.aim.hook.is_some() {
            done.push(Aim { hook: at.aim.hook, ..aim });
            if done.len() == MOST_WAYS {
                break;
            }
            continue;
        }
        let above = callers.get(&at.chain).map(Vec::as_slice).unwrap_or_default();
        for caller in above.iter().take(MOST_WAYS).filter_map(|at| lines.get(*at)) {
            if depth < DEEPEST {
                // What the rule itself asks for is set last and wins.
                let wants = caller.aim.wants.iter().chain(&aim.wants).cloned().collect();
                open.push((caller, Aim { wants, ..aim.clone() }, depth + 1));
            }
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::aim::Values;
    use crate::packet::{Field, Hook, IntervalSet, L4};

    #[test]
    fn ways_join_what_they_ask_for() {
        let text = "*filter\n:INPUT ACCEPT [0:0]\n:web - [0:0]\n-A INPUT -s 10.0.0.0/8 -j web\n\
                    -A web -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n";
        let aims = aims(text, Family::Ip);
        assert_eq!(aims.iter().map(|aim| aim.hook).collect::<Vec<_>>(), [Some(Hook::Input); 3]);
        let wants = &aims[2].wants;
        assert_eq!(wants[0], (Field::IpSaddr, Values::range(0x0a00_0000, 0x0aff_ffff)));
        assert_eq!(wants[1], (Field::L4proto, Values::one(6)));
        assert_eq!(wants[2], (Field::Dport(L4::Tcp), Values::Numbers(IntervalSet::point(80))));
    }

    #[test]
    fn loops_and_dead_chains_end() {
        let text = "*filter\n-A a -j b\n-A b -j a\n-A INPUT -j a\nCOMMIT\n";
        assert!(!aims(text, Family::Ip).is_empty());
        assert_eq!(aims("*filter\n-A dead -j DROP\n", Family::Ip).len(), 0);
    }
}
