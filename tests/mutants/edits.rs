//! A ruleset with one thing changed.
//!
//! Invariant: an edit changes one rule, one base chain, one set, or the order of two neighbours, and nothing else.

use ipt2nft::nft::ast::{
    BaseChain, Chain, ChainKind, Element, Entry, Item, Limit, Object, ObjectBody, ObjectKind, ObjectName, Policy, Rule,
    Ruleset, Statement,
};

use crate::variants::{self, Variants};

/// One change: where, and what stands there then.
pub struct Edit {
    pub kind: &'static str,
    item: usize,
    entry: usize,
    change: Change,
}

enum Change {
    /// These rules instead of so many from there.
    Rules {
        from: usize,
        many: usize,
        with: Vec<Rule>,
    },
    Base(BaseChain),
    Elements(Vec<Element>),
    /// Two rules ask one limit, which stands in the table.
    OneLimit {
        rules: [usize; 2],
        limit: Limit,
    },
}

/// All edits of a ruleset.
pub fn edits(ruleset: &Ruleset) -> Vec<Edit> {
    let mut out = Vec::new();
    for (item, table) in ruleset.items.iter().enumerate() {
        let Item::Table(table) = table else { continue };
        for (entry, found) in table.entries.iter().enumerate() {
            let changes = match found {
                Entry::Chain(chain) => of_chain(chain),
                Entry::Set(set) => {
                    let changed = variants::elements(&set.elements).into_iter();
                    changed.map(|(kind, elements)| (kind, Change::Elements(elements))).collect()
                }
                Entry::Comment(_) | Entry::Object(_) | Entry::Opaque(_) => Vec::new(),
            };
            out.extend(changes.into_iter().map(|(kind, change)| Edit { kind, item, entry, change }));
        }
    }
    out
}

fn of_chain(chain: &Chain) -> Variants<Change> {
    let mut out: Variants<Change> = Vec::new();
    if let Some(base) = &chain.base {
        out.extend(of_base(base).into_iter().map(|(kind, base)| (kind, Change::Base(base))));
    }
    for (from, rule) in chain.rules.iter().enumerate() {
        let rules = |many, with| Change::Rules { from, many, with };
        out.push(("a lost rule", rules(1, Vec::new())));
        out.push(("a rule twice", rules(1, vec![rule.clone(), rule.clone()])));
        if let Some(next) = chain.rules.get(from + 1) {
            out.push(("two rules swapped", rules(2, vec![next.clone(), rule.clone()])));
        }
        if let Some(rest) = chain.rules.get(from + 1..).filter(|rest| rest.len() > 1) {
            let with = rest.iter().chain([rule]).cloned().collect();
            out.push(("a rule moved to the end", rules(rest.len() + 1, with)));
        }
        out.extend(variants::rule(rule).into_iter().map(|(kind, new)| (kind, rules(1, vec![new]))));
    }
    out.extend(shared_limits(chain).into_iter().map(|change| ("one limit for two", change)));
    out
}

fn of_base(base: &BaseChain) -> Variants<BaseChain> {
    let policy = if base.policy == Policy::Drop { Policy::Accept } else { Policy::Drop };
    let kind = match base.kind {
        ChainKind::Filter => ChainKind::Route,
        ChainKind::Nat | ChainKind::Route => ChainKind::Filter,
    };
    vec![
        ("another policy", BaseChain { policy, ..base.clone() }),
        ("another priority", BaseChain { priority: base.priority + 7, ..base.clone() }),
        ("another chain type", BaseChain { kind, ..base.clone() }),
    ]
}

/// Pairs of rules of a chain, next to each other among those with limits, that have equal ones.
fn shared_limits(chain: &Chain) -> Vec<Change> {
    let limit_of = |rule: &Rule| {
        rule.statements.iter().find_map(|s| if let Statement::Limit(limit) = s { Some(limit.clone()) } else { None })
    };
    let limited: Vec<(usize, Limit)> =
        chain.rules.iter().enumerate().filter_map(|(at, rule)| Some((at, limit_of(rule)?))).collect();
    let pairs = limited.windows(2).filter(|pair| pair[0].1 == pair[1].1);
    pairs.map(|pair| Change::OneLimit { rules: [pair[0].0, pair[1].0], limit: pair[0].1.clone() }).collect()
}

impl Edit {
    /// The ruleset with the change.
    pub fn of(&self, ruleset: &Ruleset) -> Ruleset {
        let mut changed = ruleset.clone();
        let Some(Item::Table(table)) = changed.items.get_mut(self.item) else { return changed };
        match (&self.change, &mut table.entries[self.entry]) {
            (Change::Rules { from, many, with }, Entry::Chain(chain)) => {
                chain.rules.splice(*from..from + many, with.iter().cloned());
            }
            (Change::Base(base), Entry::Chain(chain)) => chain.base = Some(base.clone()),
            (Change::Elements(elements), Entry::Set(set)) => set.elements.clone_from(elements),
            (Change::OneLimit { rules, limit }, Entry::Chain(chain)) => {
                for rule in rules {
                    for statement in &mut chain.rules[*rule].statements {
                        if matches!(statement, Statement::Limit(_)) {
                            let name = ObjectName::Literal("shared".into());
                            *statement = Statement::ObjectRef { kind: ObjectKind::Limit, name };
                        }
                    }
                }
                let body = ObjectBody::Limit(limit.clone());
                let object = Object { name: "shared".into(), comment: None, body, line: 0 };
                table.entries.insert(0, Entry::Object(object));
            }
            _ => {}
        }
        changed
    }
}
