//! Dumps from numbers: the same seed gives the same dump.
//!
//! Rules are drawn alone and in runs that differ in one value or in the target only, since it is those that are merged.
//! Invariant: each rule alone is one that `is_fit` takes; a chain jumps only to chains behind it, and every
//! user-defined chain belongs to one base chain, so that what a target asks of its hook holds.

use ipt2nft::kernel::Chance;
use ipt2nft::packet::{Family, Hook};
use ipt2nft::save::ast::TableKind;
use ipt2nft::save::ext::registry::standard;

use crate::dump::{Chain, Dump, Part, Rule, Table};
use crate::values;
use crate::vocabulary::{Given, Shape, Use, Vocabulary};

/// Names that iptables takes: words of nft, and letters that nft does not take.
const NAMES: &[&str] = &[
    "web",
    "reject",
    "log",
    "tcp",
    "Drop-It",
    "a.b",
    "x:y",
    "\u{e9}t\u{e9}",
    "accept",
    "{",
    "1st",
    "c;d",
    "ip",
    "web_",
];

/// How often a rule that does not fit is drawn again.
const TRIES: usize = 12;

/// Draws a dump of about `size` rules per table.
pub fn draw(
    seed: u64,
    family: Family,
    size: usize,
    vocabulary: &Vocabulary,
    is_fit: &mut dyn FnMut(&Dump) -> bool,
) -> Dump {
    let mut drawer = Drawer { chance: Chance::new(seed), family, size, vocabulary, is_fit };
    let share = *[30, 50, 80].get(drawer.chance.below(3)).unwrap_or(&50);
    let mut tables: Vec<Table> = Vec::new();
    for kind in TableKind::ALL {
        let often = if kind == TableKind::Filter { 90 } else { share };
        if drawer.chance.percent(often) {
            let table = drawer.table(kind);
            tables.push(table);
        }
    }
    if tables.is_empty() {
        tables.push(drawer.table(TableKind::Filter));
    }
    Dump { family, tables }
}

/// A dump with nothing but one use, as the example shows it, in the first chain where it fits.
pub fn example(found: &Use, family: Family, is_fit: &mut dyn FnMut(&Dump) -> bool) -> Option<Dump> {
    let protocol = standard().options.iter().find(|spec| spec.name == "protocol")?;
    let given =
        |(negated, name): &(bool, String)| Given { spec: protocol, negated: *negated, words: vec![name.clone()] };
    let head = found.head.iter().cloned().chain(found.protocol.iter().map(given)).collect();
    let draft = Draft { head, matches: found.matches.clone(), target: found.target.clone(), jump: None };
    let places = TableKind::ALL.into_iter().flat_map(|kind| kind.builtins().iter().map(move |base| (kind, base.0)));
    let dumps = places.map(|(kind, base)| {
        let chain = Chain { name: base.into(), policy: Some("ACCEPT"), rules: vec![draft.rule()] };
        Dump { family, tables: vec![Table { kind, chains: vec![chain] }] }
    });
    dumps.into_iter().find(|dump| is_fit(dump))
}

struct Drawer<'a> {
    chance: Chance,
    family: Family,
    size: usize,
    vocabulary: &'a Vocabulary,
    is_fit: &'a mut dyn FnMut(&Dump) -> bool,
}

/// A rule before it is text.
#[derive(Clone, Debug, Default)]
struct Draft {
    head: Vec<Given>,
    matches: Vec<Shape>,
    target: Option<Shape>,
    /// `-j` or `-g` and a chain.
    jump: Option<(bool, String)>,
}

/// Where a rule stands.
#[derive(Clone, Debug)]
struct Place<'p> {
    kind: TableKind,
    base: &'static str,
    hook: Hook,
    /// Chains that it may jump to.
    below: &'p [String],
}

impl Drawer<'_> {
    fn table(&mut self, kind: TableKind) -> Table {
        let mut chains: Vec<Chain> = Vec::new();
        let mut left = self.size;
        for &(base, hook) in kind.builtins() {
            let names = self.names(base, hook);
            let policy = if kind != TableKind::Nat && self.chance.percent(25) { "DROP" } else { "ACCEPT" };
            for at in 0..=names.len() {
                let below = names.get(at..).unwrap_or_default();
                let rules = self.rules(&Place { kind, base, hook, below }, &mut left);
                match at.checked_sub(1).and_then(|at| names.get(at)) {
                    None => chains.push(Chain { name: base.into(), policy: Some(policy), rules }),
                    Some(name) => chains.push(Chain { name: name.clone(), policy: None, rules }),
                }
            }
        }
        Table { kind, chains }
    }

    /// Names of user-defined chains, none taken in the table.
    fn names(&mut self, base: &str, hook: Hook) -> Vec<String> {
        let count = self.chance.below(4);
        let first = self.chance.below(NAMES.len());
        let name = |at: usize| {
            let name = NAMES.get((first + at) % NAMES.len()).unwrap_or(&"c");
            format!("{name}{}", &base[..hook as usize % 3])
        };
        let mut names: Vec<String> = (0..count).map(name).collect();
        names.iter_mut().for_each(|name| name.push_str(base.get(..1).unwrap_or_default()));
        names
    }

    fn rules(&mut self, place: &Place, left: &mut usize) -> Vec<Rule> {
        let mut out = Vec::new();
        let wanted = self.chance.below(7).min(*left);
        while out.len() < wanted {
            let Some(draft) = self.fitting(place) else { break };
            let alike = if self.chance.percent(35) { 1 + self.chance.below(6) } else { 0 };
            let place_of = self.choose_option(&draft);
            out.push(draft.rule());
            for _ in 0..alike {
                let twin = self.twin(&draft, place_of, place);
                if self.fits(&twin, place) {
                    out.push(twin.rule());
                }
            }
        }
        *left = left.saturating_sub(out.len());
        out
    }

    fn fitting(&mut self, place: &Place) -> Option<Draft> {
        (0..TRIES).find_map(|_| {
            let draft = self.draft(place);
            self.fits(&draft, place).then_some(draft)
        })
    }

    fn fits(&mut self, draft: &Draft, place: &Place) -> bool {
        let base = Chain { name: place.base.into(), policy: Some("ACCEPT"), rules: vec![draft.rule()] };
        let below = place.below.iter().map(|name| Chain { name: name.clone(), policy: None, rules: Vec::new() });
        let chains = std::iter::once(base).chain(below).collect();
        (self.is_fit)(&Dump { family: self.family, tables: vec![Table { kind: place.kind, chains }] })
    }

    fn draft(&mut self, place: &Place) -> Draft {
        let vocabulary = self.vocabulary;
        let mut draft = Draft::default();
        let mut protocol: Option<(bool, String)> = None;
        let mut take = |chance: &mut Chance, found: &Use, draft: &mut Draft| {
            if protocol.is_some() && found.protocol.is_some() && protocol != found.protocol {
                return false;
            }
            protocol = protocol.take().or_else(|| found.protocol.clone());
            let new = |given: &&Given| draft.head.iter().all(|had| had.spec.name != given.spec.name);
            let new: Vec<Given> = found.head.iter().filter(new).cloned().collect();
            draft.head.extend(new);
            for shape in &found.matches {
                if draft.matches.iter().all(|m| m.extension.name != shape.extension.name || chance.percent(5)) {
                    draft.matches.push(shape.clone());
                }
            }
            true
        };
        self.target(&mut draft, place, &mut take);
        for _ in 0..self.chance.one_of(&[0, 0, 1, 1, 1, 2, 2, 3]).unwrap_or(1) {
            let at = self.chance.below(vocabulary.matches.len());
            if let Some(found) = vocabulary.matches.get(at) {
                take(&mut self.chance, found, &mut draft);
            }
        }
        self.head(&mut draft, place, protocol);
        for given in draft.matches.iter_mut().chain(&mut draft.target).flat_map(|shape| &mut shape.options) {
            if self.chance.percent(70) {
                given.redraw(&mut self.chance, self.family);
            }
        }
        draft
    }

    fn target(
        &mut self,
        draft: &mut Draft,
        place: &Place,
        take: &mut dyn FnMut(&mut Chance, &Use, &mut Draft) -> bool,
    ) {
        let at = self.chance.below(place.below.len());
        match (self.chance.below(10), place.below.get(at)) {
            (0..4, Some(chain)) => draft.jump = Some((self.chance.percent(30), chain.clone())),
            (4..7, _) => {
                let at = self.chance.below(self.vocabulary.targets.len());
                if let Some(found) = self.vocabulary.targets.get(at)
                    && take(&mut self.chance, found, draft)
                {
                    draft.target.clone_from(&found.target);
                }
            }
            (7, _) => {}
            _ => draft.target = self.verdict(),
        }
    }

    fn verdict(&mut self) -> Option<Shape> {
        let name = self.chance.one_of(&["ACCEPT", "DROP", "RETURN", "DROP", "ACCEPT"])?;
        self.vocabulary.targets.iter().find(|found| found.extension.name == name)?.target.clone()
    }

    fn head(&mut self, draft: &mut Draft, place: &Place, protocol: Option<(bool, String)>) {
        for (name, share, possible) in [
            ("source", 30, true),
            ("destination", 30, true),
            ("in-interface", 25, place.hook.has_input()),
            ("out-interface", 25, place.hook.has_output()),
            ("fragments", 2, self.family == Family::Ip),
        ] {
            if possible
                && draft.head.iter().all(|given| given.spec.name != name)
                && self.chance.percent(share)
                && let Some(spec) = standard().options.iter().find(|spec| spec.name == name)
            {
                let mut given = Given { spec, negated: false, words: Vec::new() };
                given.redraw(&mut self.chance, self.family);
                draft.head.push(given);
            }
        }
        let protocol = protocol.or_else(|| {
            let name = self.chance.one_of(&["tcp", "udp", "icmp", "47", "tcp"])?;
            self.chance.percent(20).then(|| (self.chance.percent(20), name.to_owned()))
        });
        if let Some((negated, name)) = protocol
            && let Some(spec) = standard().options.iter().find(|spec| spec.name == "protocol")
        {
            draft.head.push(Given { spec, negated, words: vec![name] });
        }
    }

    /// The option in which a run of rules shall differ: of the head, or of a match.
    fn choose_option(&mut self, draft: &Draft) -> Option<usize> {
        let count = draft.head.len() + draft.matches.iter().map(|shape| shape.options.len()).sum::<usize>();
        (count > 0).then(|| self.chance.below(count))
    }

    /// The same rule with another value in one place, and now and then another verdict.
    fn twin(&mut self, draft: &Draft, at: Option<usize>, place: &Place) -> Draft {
        let mut twin = draft.clone();
        let options = twin.matches.iter_mut().flat_map(|shape| &mut shape.options);
        if let Some(at) = at
            && let Some(given) = twin.head.iter_mut().chain(options).nth(at)
            && given.spec.name != "protocol"
        {
            let negated = given.negated;
            given.redraw(&mut self.chance, self.family);
            given.negated = negated;
        }
        if self.chance.percent(25) {
            let below = self.chance.below(place.below.len());
            match place.below.get(below) {
                Some(chain) if self.chance.percent(60) => {
                    (twin.target, twin.jump) = (None, Some((false, chain.clone())));
                }
                _ => (twin.target, twin.jump) = (self.verdict(), None),
            }
        }
        twin
    }
}

impl Given {
    fn redraw(&mut self, chance: &mut Chance, family: Family) {
        self.words = values::words(chance, self.spec, &self.words, family);
        if self.spec.negatable && chance.percent(25) {
            self.negated = !self.negated;
        }
    }

    fn written(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.negated {
            out.push("!".to_owned());
        }
        let letter = self.spec.aliases.iter().find(|alias| alias.len() == 1);
        out.push(letter.map_or_else(|| format!("--{}", self.spec.name), |letter| format!("-{letter}")));
        out.extend(self.words.iter().cloned());
        out
    }
}

impl Shape {
    fn part(&self, flag: &str) -> Part {
        let name = vec![flag.to_owned(), self.extension.name.to_owned()];
        Part { name, options: self.options.iter().map(Given::written).collect() }
    }
}

impl Draft {
    fn rule(&self) -> Rule {
        let mut parts = vec![Part { name: Vec::new(), options: self.head.iter().map(Given::written).collect() }];
        parts.extend(self.matches.iter().map(|shape| shape.part("-m")));
        parts.extend(self.target.iter().map(|shape| shape.part("-j")));
        if let Some((goto, chain)) = &self.jump {
            let flag = if *goto { "-g" } else { "-j" };
            parts.push(Part { name: vec![flag.to_owned(), chain.clone()], options: Vec::new() });
        }
        Rule(parts)
    }
}
