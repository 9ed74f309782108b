//! How many rules, sets, elements and jumps go in and come out: `fixtures/metrics` holds a line for each
//! dump and level. A change for the worse fails; `SNAPSHOTS=overwrite cargo test --test metrics` takes the
//! numbers as they are, and so it does with dumps that are new. Dumps are those of `fixtures/translate`, of
//! the shapes that large firewalls have, and of the folder that IPT2NFT_CORPUS names.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use ipt2nft::diag::Source;
use ipt2nft::nft::ast::{Data, Element, Entry, Expr, Item, Lookup, Ruleset, Statement, Verdict};
use ipt2nft::optimize::Level;
use ipt2nft::translate::{Options, translate};
use support::dumps::{self, Dump};

/// What is counted in a ruleset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Count {
    rules: usize,
    sets: usize,
    elements: usize,
    jumps: usize,
}

impl Count {
    fn of(ruleset: &Ruleset) -> Self {
        let mut count = Count::default();
        let tables = ruleset.items.iter().filter_map(|item| match item {
            Item::Table(table) => Some(table),
            _ => None,
        });
        for entry in tables.flat_map(|table| &table.entries) {
            match entry {
                Entry::Set(set) => {
                    count.sets += 1;
                    count.elements(&set.elements);
                }
                Entry::Chain(chain) => {
                    count.rules += chain.rules.len();
                    chain.rules.iter().flat_map(|rule| &rule.statements).for_each(|s| count.statement(s));
                }
                _ => {}
            }
        }
        count
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Match { left, right, .. } => [left, right].into_iter().for_each(|e| self.expression(e)),
            Statement::Vmap { map, .. } => self.lookup(map),
            Statement::Verdict(verdict) => self.verdict(verdict),
            Statement::Set { value, .. } => self.expression(value),
            Statement::Nat(nat) => nat.address.iter().chain(&nat.port).for_each(|e| self.expression(e)),
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Set(elements) => self.elements(elements),
            Expr::Map { map, .. } => self.lookup(map),
            _ => {}
        }
    }

    fn lookup(&mut self, map: &Lookup) {
        if let Lookup::Anonymous(elements) = map {
            self.elements(elements);
        }
    }

    fn elements(&mut self, elements: &[Element]) {
        self.elements += elements.len();
        for element in elements {
            if let Some(Data::Verdict(verdict)) = &element.data {
                self.verdict(verdict);
            }
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.jumps += usize::from(matches!(verdict, Verdict::Jump(_) | Verdict::Goto(_)));
    }
}

const HEAD: &str = "dump\tlevel\trules in\trules\tsets\telements\tjumps in\tjumps\n";

/// The numbers of dumps, by dump and level.
type Table = BTreeMap<(String, String), [usize; 6]>;

/// The rows of a dump; none when it cannot be translated whole.
fn measure(name: &str, text: Vec<u8>, table: &mut Table) {
    let mut jumps_in = 0;
    for (level, word) in [(Level::None, "none"), (Level::Safe, "safe"), (Level::Full, "full")] {
        let source = Source::new(0, name.to_owned(), text.clone()).unwrap();
        let mut options = Options::default();
        options.merge.level = level;
        let translation = translate(&[source], &options);
        if translation.diagnostics.iter().any(|d| d.is_error()) {
            return;
        }
        let count = Count::of(&translation.ruleset);
        if level == Level::None {
            jumps_in = count.jumps;
        }
        let row = [translation.counts.rules, count.rules, count.sets, count.elements, jumps_in, count.jumps];
        table.insert((name.to_owned(), word.to_owned()), row);
    }
}

fn read(file: &Path) -> Table {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let row = |line: &str| {
        let words: Vec<&str> = line.split('\t').collect();
        let numbers: Vec<usize> = words.iter().skip(2).map(|word| word.parse().unwrap()).collect();
        ((words[0].to_owned(), words[1].to_owned()), numbers.try_into().unwrap())
    };
    text.lines().skip(1).map(row).collect()
}

fn write(file: &Path, table: &Table) {
    let mut text = HEAD.to_owned();
    for ((dump, level), row) in table {
        let numbers = row.map(|number| number.to_string()).join("\t");
        writeln!(text, "{dump}\t{level}\t{numbers}").unwrap();
    }
    std::fs::write(file, text).unwrap();
}

/// Compares with the committed table, and the levels with each other.
fn check(name: &str, now: &Table) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/metrics").join(name);
    if std::env::var_os("SNAPSHOTS").is_some_and(|v| v == "overwrite") {
        write(&file, now);
    }
    let before = read(&file);
    let mut worse = Vec::new();
    for (key @ (dump, level), row) in now {
        let [_, rules, .., jumps] = *row;
        let of = |level: &str| now.get(&(dump.clone(), level.to_owned())).map_or(rules, |row| row[1]);
        // Rule for rule some lines need more than one rule; merging never adds to that.
        if level != "none" && rules > of("none") || level == "full" && rules > of("safe") {
            worse.push(format!("{dump} {level}: {rules} rules, more than went in or than with less merging"));
        }
        match before.get(key) {
            Some(old) if rules > old[1] || jumps > old[5] => {
                worse.push(format!("{dump} {level}: {} rules and {} jumps became {rules} and {jumps}", old[1], old[5]))
            }
            Some(old) if old != row => println!("{dump} {level}: {old:?} is {row:?} now"),
            Some(_) => {}
            None => println!("{dump} {level}: not in {name} yet"),
        }
    }
    assert!(worse.is_empty(), "worse than before:\n{}", worse.join("\n"));
}

fn all(dumps: Vec<Dump>) -> Table {
    let mut table = Table::new();
    dumps.into_iter().for_each(|dump| measure(&dump.name, dump.text, &mut table));
    table
}

#[test]
fn fixtures_get_no_worse() {
    check("fixtures.tsv", &all(dumps::fixtures()));
}

#[test]
fn corpus_gets_no_worse() {
    let dumps = dumps::corpus();
    if !dumps.is_empty() {
        check("corpus.tsv", &all(dumps));
    }
}

#[test]
fn shapes_get_no_worse() {
    let mut table = Table::new();
    measure("blocklist 500", blocklist(500).into_bytes(), &mut table);
    measure("jail 500", jail(500).into_bytes(), &mut table);
    measure("ports 500", ports(500).into_bytes(), &mut table);
    measure("services 100", services(100).into_bytes(), &mut table);
    check("shapes.tsv", &table);
}

fn address(n: usize) -> String {
    format!("{}.{}.{}.{}", 20 + n % 97, n / 7 % 256, n / 3 % 256, n % 251)
}

/// Addresses that are logged and dropped.
fn blocklist(count: usize) -> String {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n".to_owned();
    for n in 0..count {
        let address = address(n);
        writeln!(text, "-A INPUT -s {address}/32 -j LOG --log-prefix \"blocked: \"").unwrap();
        writeln!(text, "-A INPUT -s {address}/32 -j DROP").unwrap();
    }
    text + "COMMIT\n"
}

/// What fail2ban writes.
fn jail(count: usize) -> String {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n".to_owned();
    text += "-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n";
    for n in 0..count {
        writeln!(text, "-A f2b-sshd -s {}/32 -j REJECT --reject-with icmp-port-unreachable", address(n)).unwrap();
    }
    text + "-A f2b-sshd -j RETURN\nCOMMIT\n"
}

/// Hosts with ports of their own, and what is refused between them.
fn ports(count: usize) -> String {
    let mut text = "*filter\n:FORWARD DROP [0:0]\n".to_owned();
    for n in 0..count {
        let (protocol, verdict) = (["tcp", "udp"][n % 2], ["ACCEPT", "ACCEPT", "DROP"][n % 3]);
        let (host, port) = (n / 8 % 250 + 1, 1000 + n * 7);
        writeln!(text, "-A FORWARD -d 10.0.0.{host}/32 -p {protocol} -m {protocol} --dport {port} -j {verdict}")
            .unwrap();
    }
    text + "COMMIT\n"
}

/// What kube-proxy writes for services of three endpoints.
fn services(count: usize) -> String {
    let (mut chains, mut rules) = (String::new(), String::new());
    for n in 0..count {
        writeln!(chains, ":SVC-{n} - [0:0]").unwrap();
        writeln!(rules, "-A SERVICES -d 10.96.{}.{}/32 -p tcp -m tcp --dport 80 -j SVC-{n}", n / 250, n % 250 + 1)
            .unwrap();
        for (endpoint, part) in ["0.33333333349", "0.50000000000", ""].into_iter().enumerate() {
            let by_chance = if part.is_empty() {
                "".to_owned()
            } else {
                format!("-m statistic --mode random --probability {part} ")
            };
            writeln!(chains, ":SEP-{n}-{endpoint} - [0:0]").unwrap();
            writeln!(rules, "-A SVC-{n} {by_chance}-j SEP-{n}-{endpoint}").unwrap();
            writeln!(
                rules,
                "-A SEP-{n}-{endpoint} -p tcp -m tcp -j DNAT --to-destination 10.{}.{}.{endpoint}:8080",
                n / 250,
                n % 250
            )
            .unwrap();
        }
    }
    format!(
        "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:SERVICES - [0:0]\n{chains}-A PREROUTING -j SERVICES\n\
         -A OUTPUT -j SERVICES\n{rules}COMMIT\n"
    )
}
