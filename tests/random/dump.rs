//! A dump in pieces that can be taken away one by one.
//!
//! Invariant: every piece removed leaves text of the same form; whether the tools still take it is theirs to say.

use std::fmt::{self, Write};

use ipt2nft::packet::Family;
use ipt2nft::save::ast::TableKind;

/// A dump of one family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dump {
    pub family: Family,
    pub tables: Vec<Table>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    pub kind: TableKind,
    pub chains: Vec<Chain>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    pub name: String,
    /// `None` for user-defined chains.
    pub policy: Option<&'static str>,
    pub rules: Vec<Rule>,
}

/// Head, matches and target in the order written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rule(pub Vec<Part>);

/// `-m tcp` or `-j LOG`, or nothing, and the options behind it, each with its `!` and its arguments.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part {
    pub name: Vec<String>,
    pub options: Vec<Vec<String>>,
}

impl Dump {
    /// How many rules it has.
    pub fn rules(&self) -> usize {
        self.tables.iter().flat_map(|table| &table.chains).map(|chain| chain.rules.len()).sum()
    }

    /// Removes the rules that stand on these lines of its text.
    pub fn without_lines(mut self, lines: &[u32]) -> Self {
        let mut line = 0;
        for table in &mut self.tables {
            line += 1 + u32::try_from(table.chains.len()).expect("few chains");
            for chain in &mut table.chains {
                chain.rules.retain(|_| {
                    line += 1;
                    !lines.contains(&line)
                });
            }
            line += 1;
        }
        self
    }

    /// The same dump with one rule only, and that in the base chain `base` of its table; one for each rule,
    /// with the line of the rule.
    pub fn one_by_one(&self) -> Vec<(u32, Dump)> {
        let mut out = Vec::new();
        let mut line = 0;
        for table in &self.tables {
            line += 1 + u32::try_from(table.chains.len()).expect("few chains");
            for chain in &table.chains {
                for rule in &chain.rules {
                    line += 1;
                    let alone = |c: &Chain| Chain {
                        rules: if c.name == chain.name { vec![rule.clone()] } else { Vec::new() },
                        ..c.clone()
                    };
                    let chains = table.chains.iter().map(alone).collect();
                    out.push((line, Dump { family: self.family, tables: vec![Table { kind: table.kind, chains }] }));
                }
            }
            line += 1;
        }
        out
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            writeln!(f, "*{}", table.kind.name())?;
            for chain in &table.chains {
                writeln!(f, ":{} {} [0:0]", chain.name, chain.policy.unwrap_or("-"))?;
            }
            for chain in &table.chains {
                for rule in &chain.rules {
                    writeln!(f, "-A {}{rule}", chain.name)?;
                }
            }
            writeln!(f, "COMMIT")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .flat_map(|part| part.name.iter().chain(part.options.iter().flatten()))
            .try_for_each(|w| word(w, f))
    }
}

/// A word as iptables-save writes it: in quotes where there is need.
fn word(word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char(' ')?;
    if !word.is_empty() && !word.contains([' ', '"', '\\', '\'', '\t']) {
        return f.write_str(word);
    }
    f.write_char('"')?;
    for c in word.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}
