//! From the save tree to the intermediate form.
//!
//! Extensions say what must hold and what is done; this room turns that into rules and, where
//! one rule is not enough, into helper chains. Rules that cannot be said are reported and leave
//! a marked gap: nothing is dropped without a diagnostic.
//! Invariant: the rules of the dump appear in the order in which iptables evaluates them.

mod alone;
mod assemble;
mod buckets;
mod depth;
mod fragments;
mod helpers;
mod numbers;
mod patterns;
mod reach;
#[cfg(test)]
mod tests;
pub mod tracking;

use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::diag::{Diagnostic, Place, Severity, SourceId, Span, Trouble, quote};
use crate::ir::{self, Base, Chain, ChainId, Counters, Join, Origin, Verdict};
use crate::nft::ast::{ChainKind, Policy};
use crate::packet::{Family, Hook};
use crate::parallel;
use crate::save::ast::{self, ChainName, Document, Dump, Part, Target};
use crate::save::ext::lowering::{Action, Cond, Cx, Refusal};
use crate::save::ext::written::Written;
use crate::save::ext::{Extension, Lower, dynamic};
use crate::save::forms::{Entry, Forms, Skimmed};
use crate::save::mentioned::Mentioned;
use crate::save::order;
use crate::save::owners::{Shape, owner};
use assemble::Builder;
use fragments::Guard;
use numbers::Numbers;

/// What the user chose about lowering.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What will load the output.
    pub target: crate::nft::version::Target,
    /// The sets that rules may name.
    pub ipsets: crate::save::ipset::Ipsets,
    /// Keep `[packets:bytes]`.
    pub counters: bool,
    /// Accept translations that are close and not equal.
    pub approximate: bool,
    /// Take it that no fragment after the first is ever seen.
    pub assume_reassembled: bool,
}

/// The intermediate form and what there is to say about it.
#[derive(Debug, Default)]
pub struct Lowered {
    pub ruleset: ir::Ruleset,
    pub diagnostics: Vec<Diagnostic>,
    /// How many rules of the dump were lowered.
    pub rules: usize,
    /// The families whose rules make the kernel track connections.
    pub tracked: Vec<Family>,
}

/// Lowers all documents of one input; each table is let go once it is lowered.
pub fn lower(dump: Dump, source: SourceId, options: &Options) -> Lowered {
    lower_skimmed(Skimmed::whole(dump, source), options, None)
}

/// The same where rules are kept as what they are like, and neighbours in long chains may be joined at once.
pub fn lower_skimmed(Skimmed { dump, forms }: Skimmed, options: &Options, join: Option<Join>) -> Lowered {
    let mut lowered = Lowered::default();
    let written = Written::of(&dump, &options.ipsets);
    for document in dump.documents {
        lower_document(document, &forms, (options, &written, join), &mut lowered);
    }
    lowered
}

fn lower_document(
    document: Document<Entry>,
    forms: &Forms,
    (options, written, join): (&Options, &Written, Option<Join>),
    lowered: &mut Lowered,
) {
    let by_table: Vec<Mentioned> = document.tables.iter().map(|table| Mentioned::in_table(table, forms)).collect();
    let mentioned = Mentioned::of_all(&by_table);
    let tracked = tracking::is_tracked(&document, &mentioned);
    lowered.tracked.extend(tracked.then_some(document.family));
    let reassembled = options.assume_reassembled || tracked;
    let shared_buckets = buckets::shared(&document, &mentioned);
    for (table, mentioned) in document.tables.into_iter().zip(by_table) {
        let mut work = TableWork {
            family: document.family,
            kind: table.kind,
            source: forms.source,
            forms,
            options,
            guard: fragments::guard(&mentioned, reassembled),
            reassembled,
            shared_buckets: &shared_buckets,
            written,
            join,
            skipped: FxHashMap::default(),
            templates: helpers::needs_templates(&table, &mentioned),
            gives_helpers: mentioned.any(|name| name == "CT"),
            said_behind: FxHashSet::default(),
            ids: Arc::default(),
            numbers: Arc::default(),
            sets: dynamic::KnownSets::default(),
            spans: Vec::new(),
            out: empty(document.family, table.kind),
            diagnostics: Vec::new(),
        };
        let chains = order::into_chains(table, document.family, &forms.names);
        lowered.rules += chains.iter().map(|c| c.rules.len()).sum::<usize>();
        work.run(chains);
        lowered.diagnostics.append(&mut work.diagnostics);
        lowered.ruleset.tables.push(work.out);
    }
}

struct TableWork<'a> {
    family: Family,
    kind: ast::TableKind,
    source: SourceId,
    options: &'a Options,
    guard: Guard,
    reassembled: bool,
    shared_buckets: &'a BTreeSet<BString>,
    /// Sets of ipset that rules of the dump write to.
    written: &'a Written,
    /// What becomes of neighbours in long chains.
    join: Option<Join>,
    /// Rules that later fragments skip, by chain.
    skipped: FxHashMap<ChainId, Vec<usize>>,
    /// It matters whether a rule of the table has said already how a packet is to be tracked.
    templates: bool,
    /// Rules may give connections helpers.
    gives_helpers: bool,
    /// Lines of rules that were lowered behind connection tracking, and have nothing to say in their own places.
    said_behind: FxHashSet<u32>,
    forms: &'a Forms<'a>,
    ids: Arc<FxHashMap<ChainName, ChainId>>,
    /// The chains by the numbers of their names.
    numbers: Arc<Numbers>,
    sets: dynamic::KnownSets,
    /// The first rule of each of the dump's chains, in their order.
    spans: Vec<Option<Span>>,
    out: ir::Table,
    diagnostics: Vec<Diagnostic>,
}

/// A chain of the dump that is to be lowered.
type DumpChain = order::Chain<Entry>;

/// The chain that a rule of the dump stands in.
struct Within<'a> {
    name: ChainName,
    /// When it is a base chain.
    hook: Option<Hook>,
    /// From which it can be reached.
    hooks: &'a [Hook],
    /// How many rules it has.
    rules: usize,
}

impl Within<'_> {
    /// A number for all that lowering a rule asks of its place, but for the chain's name.
    fn kind(&self, last: bool) -> u32 {
        let hook = self.hook.map_or(0, |hook| 1 + hook as u32);
        let hooks = self.hooks.iter().map(|&hook| 1 << hook as u32).fold(0, std::ops::BitOr::bitor);
        hook << 16 | u32::from(last) << 8 | hooks
    }
}

fn empty(family: Family, kind: ast::TableKind) -> ir::Table {
    ir::Table {
        family,
        name: kind.name().into(),
        chains: Vec::new(),
        sets: Vec::new(),
        objects: Vec::new(),
        notes: Vec::new(),
    }
}

impl TableWork<'_> {
    fn run(&mut self, chains: Vec<DumpChain>) {
        let mut ids = FxHashMap::with_capacity_and_hasher(chains.len() + 2, FxBuildHasher);
        let foreign = parallel::map_slice(&chains, |chain| {
            chain.hook.is_none() && owner(chain.name.as_bstr(), &Shape::default()).is_some()
        });
        self.out.chains.reserve(chains.len());
        self.spans.reserve(chains.len());
        for (chain, foreign) in chains.iter().zip(foreign) {
            let base = chain.hook.map(|hook| self.base(hook, chain));
            let name = (*chain.name).clone();
            let id = self.out.add_chain(Chain { name, base, rules: Vec::new(), helper: false, foreign });
            ids.insert(ChainName::clone(&chain.name), id);
            self.spans.push(chain.rules.first().map(Entry::span));
        }
        self.numbers = Arc::new(Numbers::of(self.forms.names.of(self.family, self.kind), &ids));
        ids.extend(Numbers::stand_ins());
        self.ids = Arc::new(ids);
        let reach = match reach::hooks(&chains, |rule| Some(self.callee(rule)?.0 as usize)) {
            Ok(reach) => reach,
            Err(cycle) => {
                self.report_cycle(&cycle);
                return;
            }
        };
        let mut chains = if self.gives_helpers { self.behind_tracking(chains, &reach) } else { chains };
        self.lower_rules(&mut chains, &reach);
        parallel::let_go(chains.len(), chains);
        fragments::divert(&mut self.out, &self.skipped);
        self.report_depth();
    }

    /// The chain that a rule goes to.
    fn callee(&self, rule: &Entry) -> Option<ChainId> {
        match rule {
            Entry::Like(like) => self.numbers.get(self.forms.callee(like)?),
            Entry::Whole(rule) => match &rule.target {
                Target::Chain { name, .. } => self.ids.get(name).copied(),
                Target::None | Target::Extension(_) => None,
            },
        }
    }

    /// The rule's own tree; an error stands for one that cannot be had.
    fn whole(&mut self, entry: Entry) -> Option<Box<ast::Rule>> {
        let place = Place { source: self.source, span: entry.span() };
        let rule = self.forms.whole(entry);
        if rule.is_none() {
            let message = "this rule was not understood when it was read again";
            let error = Diagnostic::untranslatable("lost-rule", place, message);
            self.diagnostics.push(error.help("this is a mistake of ipt2nft: please report it with the rule"));
        }
        rule
    }

    fn report_depth(&mut self) {
        let Some((chain, depth)) = depth::too_deep(&self.out) else { return };
        let span = self.spans.get(chain.0 as usize).copied().flatten();
        let Some(chain) = self.out.chain(chain) else { return };
        let message =
            format!("chain {} is called through {depth} jumps; nft takes at most {}", quote(&chain.name), depth::MOST);
        let error = match span {
            Some(span) => Diagnostic::untranslatable("jump-depth", Place { source: self.source, span }, message),
            None => Diagnostic::general("jump-depth", Severity::Error, Trouble::Untranslatable, message),
        };
        self.diagnostics.push(error.help("let the chains before it call its rules directly"));
    }

    fn base(&self, hook: Hook, chain: &DumpChain) -> Base {
        use ast::TableKind;
        Base {
            kind: match (self.kind, hook) {
                (TableKind::Nat, _) => ChainKind::Nat,
                (TableKind::Mangle, Hook::Output) => ChainKind::Route,
                _ => ChainKind::Filter,
            },
            hook,
            priority: self.kind.priority(hook),
            policy: match chain.policy {
                ast::Policy::Accept => Policy::Accept,
                ast::Policy::Drop => Policy::Drop,
            },
            counters: chain.counters.filter(|_| self.options.counters).map(keep),
        }
    }

    fn report_cycle(&mut self, cycle: &[reach::Link]) {
        let Some(first) = cycle.first() else { return };
        let path: Vec<String> =
            cycle.iter().map(|l| format!("{} (line {})", l.chain.as_bstr(), l.rule.line())).collect();
        let place = Place { source: self.source, span: first.rule.span() };
        let error = Diagnostic::unreadable("jump-loop", place, "chains call each other in a circle")
            .label("this rule closes the circle")
            .help(format!("the circle: {} -> {}", path.join(" -> "), first.chain.as_bstr()))
            .help("iptables refuses to load it too; cut one of the jumps");
        self.diagnostics.push(error);
    }

    /// Lowers one rule into the chain `current`; answers the chain that the next rule goes to.
    fn lower_rule(&mut self, rule: &ast::Rule, within: &Within, current: ChainId, last: bool) -> ChainId {
        let &Within { ref name, hook, hooks, .. } = within;
        let mut comments = Vec::new();
        let mut notes = Vec::new();
        let conditions = self.conditions(rule, hook, hooks, (&mut comments, &mut notes));
        let said = conditions.and_then(|conditions| {
            let action = self.action(rule, hook, hooks, (&mut comments, &mut notes))?;
            Ok((conditions, action))
        });
        let (conditions, action) = match said {
            Ok(said) => said,
            Err(refused) => {
                self.refuse(rule, refused, current, hooks);
                return current;
            }
        };
        let origin = Origin::line(self.source, rule.line);
        let counters = rule.counters.as_deref().copied().filter(|_| self.options.counters).map(keep);
        let counters = counters.or_else(|| matches!(rule.target, Target::None).then(Counters::default));
        let seen = ir::fragments::are_seen_at_any(self.family, hooks);
        let guard = if seen { self.guard } else { Guard::Needless };
        let mut builder = Builder {
            table: &mut self.out,
            family: self.family,
            chain: current,
            name,
            origin,
            counters,
            comments,
            notes,
            guard,
            protocol: None,
            last,
            skipped: &mut self.skipped,
        };
        builder.rule(conditions, action);
        builder.chain
    }

    fn cx<'c>(
        &'c mut self,
        rule: &'c ast::Rule,
        hook: Option<Hook>,
        hooks: &'c [Hook],
        (comments, notes): (&'c mut Vec<BString>, &'c mut Vec<BString>),
    ) -> Cx<'c> {
        Cx {
            family: self.family,
            table_kind: self.kind,
            hook,
            hooks,
            protocol: rule.protocol(),
            matches: &rule.matches,
            target: &self.options.target,
            ipsets: &self.options.ipsets,
            written: self.written,
            reassembled: self.reassembled,
            approximate: self.options.approximate,
            shared_buckets: self.shared_buckets,
            table: &mut self.out,
            sets: &mut self.sets,
            comments,
            notes,
        }
    }

    /// What must hold for the rule to match.
    fn conditions<'r>(
        &mut self,
        rule: &'r ast::Rule,
        hook: Option<Hook>,
        hooks: &[Hook],
        said: (&mut Vec<BString>, &mut Vec<BString>),
    ) -> Result<Vec<Cond>, (&'r Part, Refusal)> {
        let mut cx = self.cx(rule, hook, hooks, said);
        let mut conditions = lower_match(rule.head.extension, &rule.head, &mut cx).map_err(|r| (&rule.head, r))?;
        for part in &rule.matches {
            conditions.append(&mut lower_match(part.extension, part, &mut cx).map_err(|r| (part, r))?);
        }
        Ok(conditions)
    }

    /// What is done with packets that match.
    fn action<'r>(
        &mut self,
        rule: &'r ast::Rule,
        hook: Option<Hook>,
        hooks: &[Hook],
        said: (&mut Vec<BString>, &mut Vec<BString>),
    ) -> Result<Action, (&'r Part, Refusal)> {
        Ok(match &rule.target {
            Target::None => Action::Verdict(Verdict::Continue),
            Target::Chain { name, goto, .. } => {
                let id = self.ids.get(name).copied().unwrap_or(ChainId(u32::MAX));
                Action::Verdict(if *goto { Verdict::Goto(id) } else { Verdict::Jump(id) })
            }
            Target::Extension(part) => {
                let mut cx = self.cx(rule, hook, hooks, said);
                lower_target(part.extension, part, &mut cx).map_err(|r| (part, r))?
            }
        })
    }

    /// Reports the refusal and leaves a gap that names the line. Shorewall, for one, keeps notes in chains that nothing
    /// leads to (`-A shorewall -m recent --set --name %CURRENTTIME`).
    fn refuse(&mut self, rule: &ast::Rule, (part, refusal): (&Part, Refusal), chain: ChainId, hooks: &[Hook]) {
        let span = refusal.option.and_then(|name| part.get(name)).map_or(part.name_span, |o| o.span);
        let place = Place { source: self.source, span };
        let name = part.extension.name;
        let mut told = Diagnostic::untranslatable(refusal.code, place, format!("{name}: {}", refusal.reason))
            .help(refusal.help.clone());
        if hooks.is_empty() {
            told = told.help("nothing leads to this chain, so no packet meets the rule: --prune takes it out");
        }
        self.diagnostics.push(told);
        self.gap(rule, chain, &format!("{name}: {}", refusal.reason));
    }

    /// Leaves a mark where a rule should be.
    fn gap(&mut self, rule: &ast::Rule, chain: ChainId, why: &str) {
        let mut text = Vec::new();
        crate::save::print::rule(rule, self.family, &mut text);
        let note = format!("NOT TRANSLATED, line {}: {} ({why})", rule.line, quote(&text));
        if let Some(chain) = self.out.chains.get_mut(chain.0 as usize) {
            let mut gap = ir::Rule::new([], Verdict::Continue, Origin::line(self.source, rule.line));
            gap.remarks_mut().notes.push(note.into());
            chain.rules.push(gap);
        }
    }
}

fn lower_match(extension: &Extension, part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    match extension.lower {
        Lower::Match(lower) => lower(part, cx),
        Lower::Target(_) => Ok(Vec::new()),
    }
}

fn lower_target(extension: &Extension, part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    match extension.lower {
        Lower::Target(lower) => lower(part, cx),
        Lower::Match(_) => Ok(Action::Verdict(Verdict::Continue)),
    }
}

const fn keep(c: ast::Counters) -> Counters {
    Counters { packets: c.packets, bytes: c.bytes }
}
