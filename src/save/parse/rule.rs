//! One rule: a list of words walked as getopt walks it, with the options of what is loaded so far.
//!
//! Order matters as it does for iptables: `--dport` means what the matches loaded before it say,
//! the newest first. (libxtables/xtables.c: `xtables_merge_options`, `command_default`.)

use bstr::ByteSlice;
use smallvec::{SmallVec, smallvec};

use super::globals::{self, Global};
use crate::diag::{Diagnostic, Place, Span, quote};
use crate::packet::Family;
use crate::save::ast::{ChainName, Counters, Opt, Options, Part, Placement, Rule, TableKind, Target};
use crate::save::ext::{CheckCx, Extension, registry};
use crate::save::option::{OptionSpec, Value};
use crate::save::value::{self, ReadCx, protocols};
use crate::save::words::Word;

/// Where a rule stands.
pub struct Around<'a> {
    pub family: Family,
    pub table: TableKind,
    pub source: crate::diag::SourceId,
    pub line: u32,
    pub span: Span,
    /// The chain of this name, when the table has one by now.
    pub chain: &'a dyn Fn(&[u8]) -> Option<ChainName>,
}

const MATCH_ADVICE: &str = "check the spelling; `ipt2nft coverage` lists what is supported";
const TARGET_ADVICE: &str = "check the spelling (`ipt2nft coverage` lists targets); a chain that is made elsewhere, as in \
    ufw's before.rules, comes whole with the output of iptables-save";

type Fallible<T> = Result<T, Box<Diagnostic>>;

/// Nearly always one.
type Rules = SmallVec<[Box<Rule>; 1]>;

/// Which option a word names.
enum Found {
    Global(Global),
    /// Of the match with this index, or of the target.
    Own(Owner, &'static OptionSpec),
}

#[derive(Clone, Copy)]
enum Owner {
    Match(usize),
    Target,
}

/// Reads a rule from the words of its line; several when it names several addresses.
pub fn read(words: &[Word], counters: Option<Counters>, around: &Around) -> Fallible<Rules> {
    let mut walk = Walk::new(words, counters, around);
    while walk.at < words.len() {
        walk.step()?;
    }
    walk.finish()
}

struct Walk<'w, 'a> {
    words: &'w [Word<'w>],
    around: &'a Around<'a>,
    at: usize,
    negated: Option<Span>,
    placed: Option<Placed<'w>>,
    counters: Option<Counters>,
    only: Option<Family>,
    head: Part,
    matches: Vec<Part>,
    target: Target,
    /// The newest part last; decides which option wins.
    loaded: SmallVec<[Owner; 4]>,
    goto: bool,
}

/// What `-A` or `-I` says.
struct Placed<'w> {
    placement: Placement,
    name: &'w [u8],
    /// The chain of this name, when the table has one by now.
    chain: Option<ChainName>,
    span: Span,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn new(words: &'w [Word<'w>], counters: Option<Counters>, around: &'a Around<'a>) -> Self {
        let named = words.iter().filter(|word| *word.text == *b"-m").count();
        Walk {
            words,
            around,
            at: 0,
            negated: None,
            placed: None,
            counters,
            only: None,
            head: part(registry::standard(), around.span, true),
            matches: Vec::with_capacity(named),
            target: Target::None,
            loaded: SmallVec::new(),
            goto: false,
        }
    }

    fn error(&self, code: &'static str, span: Span, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::unreadable(code, Place { source: self.around.source, span }, message))
    }

    fn step(&mut self) -> Fallible<()> {
        let word = &self.words[self.at];
        let text: &[u8] = &word.text;
        match text {
            b"!" => {
                if self.negated.replace(word.span).is_some() {
                    return Err(self.error("double-negation", word.span, "two `!` in a row"));
                }
                self.at += 1;
                Ok(())
            }
            [b'-', b'-', name @ ..] if !name.is_empty() => {
                let (name, inline) = match name.iter().position(|&b| b == b'=') {
                    Some(eq) => (&name[..eq], Some(&name[eq + 1..])),
                    None => (name, None),
                };
                let found = self.find_long(name, word.span)?;
                self.apply(found, inline, word.span)
            }
            [b'-', letter, rest @ ..] if *letter != b'-' => {
                let found = self.find_short(*letter, word.span)?;
                let takes = self.takes(&found) > 0;
                if !takes && !rest.is_empty() {
                    return Err(self.error(
                        "joined-options",
                        word.span,
                        format!("{} joins options that stand apart in a rule", quote(text)),
                    ));
                }
                self.apply(found, (!rest.is_empty()).then_some(rest), word.span)
            }
            _ => Err(self
                .error(
                    "stray-word",
                    word.span,
                    format!("{} is not an option, and no option before it takes it", quote(text)),
                )
                .tap(|d| {
                    d.help.push(
                        "put values that hold blanks in double quotes (`'` is none), and check the option before it"
                            .into(),
                    )
                })),
        }
    }

    fn takes(&self, found: &Found) -> usize {
        match found {
            Found::Own(_, spec) => spec.arg.words(),
            Found::Global(Global::Ignored(n)) => *n,
            Found::Global(Global::Ipv4 | Global::Ipv6 | Global::Head("fragments")) => 0,
            Found::Global(_) => 1,
        }
    }

    /// Whether the option can do without a word, and the next one is for it.
    fn may_take(&self, found: &Found) -> bool {
        let next = self.words.get(self.at);
        matches!(found, Found::Own(_, spec) if next.is_some_and(|word| spec.arg.may_take(&word.text)))
    }

    fn find_short(&mut self, letter: u8, span: Span) -> Fallible<Found> {
        if let Some(global) = globals::short(letter) {
            return Ok(Found::Global(global));
        }
        let name = [letter];
        let found = self.own(|spec| spec.aliases.iter().any(|a| a.as_bytes() == name));
        found.ok_or_else(|| self.unknown(&name, span))
    }

    /// Exact names first, then abbreviations that only one option has.
    fn find_long(&mut self, name: &[u8], span: Span) -> Fallible<Found> {
        if let Some(found) = self.lookup_long(name, span)? {
            return Ok(found);
        }
        if self.load_protocol_match()
            && let Some(found) = self.lookup_long(name, span)?
        {
            return Ok(found);
        }
        Err(self.unknown(name, span))
    }

    fn lookup_long(&self, name: &[u8], span: Span) -> Fallible<Option<Found>> {
        if let Some(global) = globals::long(name) {
            return Ok(Some(Found::Global(global)));
        }
        let is = |other: &str| other.as_bytes() == name;
        if let Some(found) = self.own(|spec| is(spec.name) || spec.aliases.iter().any(|alias| is(alias))) {
            return Ok(Some(found));
        }
        name.to_str().map_or(Ok(None), |text| self.abbreviated(text, span))
    }

    fn abbreviated(&self, text: &str, span: Span) -> Fallible<Option<Found>> {
        let mut found: Vec<(&str, Found)> = globals::abbreviated(text).map(|(n, g)| (n, Found::Global(g))).collect();
        for &owner in self.loaded.iter().rev() {
            for spec in self.part(owner).into_iter().flat_map(|p| p.extension.options) {
                let names =
                    std::iter::once(&spec.name).chain(spec.aliases).filter(|n| n.len() > 1 && n.starts_with(text));
                let known = |f: &Found| matches!(f, Found::Own(_, s) if std::ptr::eq(*s, spec));
                for name in names {
                    if !found.iter().any(|(n, f)| n == name || known(f)) {
                        found.push((name, Found::Own(owner, spec)));
                    }
                }
            }
        }
        if let [(_, Found::Global(first)), rest @ ..] = found.as_slice()
            && rest.iter().all(|(_, f)| matches!(f, Found::Global(g) if g == first))
        {
            found.truncate(1);
        }
        if found.len() > 1 {
            let names: Vec<&str> = found.iter().map(|(n, _)| *n).collect();
            let message = format!("`--{text}` may be any of --{}", names.join(", --"));
            return Err(self
                .error("ambiguous-option", span, message)
                .tap(|d| d.help.push("write the option in full".into())));
        }
        Ok(found.pop().map(|(_, f)| f))
    }

    fn own(&self, is: impl Fn(&OptionSpec) -> bool) -> Option<Found> {
        self.loaded.iter().rev().find_map(|&owner| {
            let spec = self.part(owner)?.extension.options.iter().find(|s| is(s))?;
            Some(Found::Own(owner, spec))
        })
    }

    fn part(&self, owner: Owner) -> Option<&Part> {
        match owner {
            Owner::Match(at) => self.matches.get(at),
            Owner::Target => match &self.target {
                Target::Extension(part) => Some(part),
                _ => None,
            },
        }
    }

    fn unknown(&self, name: &[u8], span: Span) -> Box<Diagnostic> {
        let known = registry::matches_with_option(name).join(", ");
        let dashes = if name.len() == 1 { "-" } else { "--" };
        let message =
            format!("no match or target loaded here has the option {}", quote(&[dashes.as_bytes(), name].concat()));
        self.error("unknown-option", span, message).tap(|d| {
            d.help.push(match known.as_str() {
                "" => "check the spelling; every module must be named by -m or -j before its options".into(),
                names => format!("it belongs to {names}: name it with -m before the option"),
            });
        })
    }

    /// `-p tcp --dport 22` loads tcp without `-m tcp`.
    fn load_protocol_match(&mut self) -> bool {
        let Some((protocol, false)) = self.head.protocol() else { return false };
        let Some(extension) =
            protocols::match_name(protocol).and_then(|n| registry::find_match(n.as_bytes(), self.around.family))
        else {
            return false;
        };
        if self.matches.iter().any(|m| std::ptr::eq(m.extension, extension)) {
            return false;
        }
        self.load_match(extension, self.around.span, true);
        true
    }

    fn load_match(&mut self, extension: &'static Extension, name_span: Span, implicit: bool) {
        self.matches.push(part(extension, name_span, implicit));
        self.loaded.push(Owner::Match(self.matches.len() - 1));
    }

    /// Takes the option's words, then does what it says.
    fn apply(&mut self, found: Found, inline: Option<&'w [u8]>, span: Span) -> Fallible<()> {
        self.at += 1;
        let takes = self.takes(&found);
        if takes == 0 && inline.is_some() {
            return Err(self.error("unwanted-value", span, "this option takes no value"));
        }
        let takes = takes.max(usize::from(self.may_take(&found)));
        let mut values: SmallVec<[&'w [u8]; 2]> = SmallVec::new();
        if let Some(inline) = inline {
            values.push(inline);
        }
        let mut end = span;
        while values.len() < takes {
            let words: &'w [Word<'w>] = self.words;
            let Some(word) = words.get(self.at) else {
                return Err(self.error("missing-value", span, "this option takes a value, and the line ends here"));
            };
            self.at += 1;
            // `--option ! value` is the old way to write `! --option value`.
            if &*word.text == b"!" && values.is_empty() && self.negated.is_none() && !word.quoted {
                self.negated = Some(word.span);
                continue;
            }
            values.push(&word.text);
            end = word.span;
        }
        let negated = self.negated.take();
        match found {
            Found::Own(owner, spec) => self.own_option(owner, spec, &values, negated, span.to(end)),
            Found::Global(Global::Head(name)) => self.head_option(name, &values, negated, span.to(end)),
            Found::Global(global) => {
                if let Some(at) = negated {
                    return Err(self.error("unwanted-negation", at, "`!` has no meaning before this option"));
                }
                self.global(global, values.first().copied().unwrap_or_default(), span, end)
            }
        }
    }

    fn read_cx(&self) -> ReadCx {
        let protocol = self.head.protocol().filter(|(_, negated)| !negated).map(|(p, _)| p);
        ReadCx { family: self.around.family, protocol }
    }

    fn option(&self, spec: &'static OptionSpec, values: &[&[u8]], negated: Option<Span>, span: Span) -> Fallible<Opt> {
        if let Some(at) = negated
            && !spec.negatable
        {
            return Err(self.error("unwanted-negation", at, format!("`!` has no meaning before `--{}`", spec.name)));
        }
        let value = value::read(&spec.arg, values, self.read_cx())
            .map_err(|why| self.error("bad-value", span, format!("`--{}`: {why}", spec.name)))?;
        Ok(Opt { spec, negated: negated.is_some(), value, span })
    }

    fn own_option(
        &mut self,
        owner: Owner,
        spec: &'static OptionSpec,
        values: &[&[u8]],
        negated: Option<Span>,
        span: Span,
    ) -> Fallible<()> {
        let opt = self.option(spec, values, negated, span)?;
        if !spec.repeatable && self.part(owner).is_some_and(|p| p.has(spec.name)) {
            return Err(self.error("repeated-option", span, format!("`--{}` is given twice", spec.name)));
        }
        match owner {
            Owner::Match(at) => {
                if let Some(part) = self.matches.get_mut(at) {
                    part.push(opt);
                }
            }
            Owner::Target => {
                if let Target::Extension(part) = &mut self.target {
                    part.push(opt);
                }
            }
        }
        Ok(())
    }

    fn head_option(&mut self, name: &str, values: &[&[u8]], negated: Option<Span>, span: Span) -> Fallible<()> {
        let Some(spec) = registry::standard().options.iter().find(|s| s.name == name) else { return Ok(()) };
        if name == "fragments" && self.around.family == Family::Ip6 {
            let error = self.error("unknown-option", span, "`-f` exists for IPv4 only");
            return Err(error.tap(|d| d.help.push("IPv6 fragments are matched with `-m frag`".into())));
        }
        if self.head.has(name) {
            return Err(self.error("repeated-option", span, format!("`--{name}` is given twice")));
        }
        let opt = self.option(spec, values, negated, span)?;
        self.head.push(opt);
        Ok(())
    }

    fn global(&mut self, global: Global, value: &'w [u8], span: Span, end: Span) -> Fallible<()> {
        match global {
            Global::Append | Global::Insert => self.place(global, value, span, end),
            Global::Match => match registry::find_match(value, self.around.family) {
                Some(extension) => {
                    self.load_match(extension, end, false);
                    Ok(())
                }
                None => Err(self.unknown_extension("match", value, end)),
            },
            Global::Jump | Global::Goto => self.jump(value, global == Global::Goto, span, end),
            Global::SetCounters => self.set_counters(value, span, end),
            Global::Ipv4 => self.only(Family::Ip),
            Global::Ipv6 => self.only(Family::Ip6),
            Global::Ignored(_) => Ok(()),
            Global::Table => Err(self.error(
                "table-option",
                span,
                "`-t` cannot stand in a file: the `*table` line above says the table",
            )),
            Global::NewChain | Global::Policy | Global::Other | Global::Head(_) => {
                Err(self.error("two-commands", span, "this command cannot stand in a rule"))
            }
        }
    }

    fn only(&mut self, family: Family) -> Fallible<()> {
        self.only = Some(family);
        Ok(())
    }

    fn place(&mut self, global: Global, name: &'w [u8], span: Span, end: Span) -> Fallible<()> {
        if self.placed.is_some() {
            return Err(self.error("two-commands", span, "a rule has one `-A` or `-I`"));
        }
        let mut placement = Placement::Append;
        if global == Global::Insert {
            let words: &'w [Word<'w>] = self.words;
            let position = words.get(self.at).and_then(|w| value::number(&w.text).ok());
            self.at += usize::from(position.is_some());
            match u32::try_from(position.unwrap_or(1)) {
                Ok(n) if n > 0 => placement = Placement::Insert(n),
                _ => return Err(self.error("bad-position", span, "rule positions start at 1")),
            }
        }
        self.placed = Some(Placed { placement, name, chain: (self.around.chain)(name), span: end });
        Ok(())
    }

    fn jump(&mut self, name: &[u8], goto: bool, span: Span, end: Span) -> Fallible<()> {
        if !matches!(self.target, Target::None) {
            return Err(self.error("two-targets", span.to(end), "a rule has one `-j` or `-g`"));
        }
        self.goto = goto;
        let chain = (self.around.chain)(name);
        let hidden = chain.is_some() && !registry::is_verdict(name);
        match registry::find_target(name, self.around.family) {
            Some(extension) if !goto && !hidden => {
                self.target = Target::Extension(part(extension, end, false));
                self.loaded.push(Owner::Target);
            }
            _ => {
                let Some(chain) = chain else { return Err(self.unknown_extension("target", name, end)) };
                if self.around.table.hook(name).is_some() {
                    return Err(self.error(
                        "jump-to-builtin",
                        end,
                        format!("{} is called by the kernel: rules cannot jump to it", quote(name)),
                    ));
                }
                self.target = Target::Chain { name: chain, span: end, goto };
            }
        }
        Ok(())
    }

    fn unknown_extension(&self, what: &str, name: &[u8], span: Span) -> Box<Diagnostic> {
        let place = Place { source: self.around.source, span };
        let code = if what == "match" { "unknown-match" } else { "unknown-target" };
        if let Some((reason, help)) = registry::known_elsewhere(name) {
            return Box::new(
                Diagnostic::untranslatable(code, place, format!("{what} {}: {reason}", quote(name))).help(help),
            );
        }
        let chain = if what == "match" { "" } else { " and no chain declared above" };
        Box::new(
            Diagnostic::unreadable(code, place, format!("{} is no {what} that is supported{chain}", quote(name)))
                .help(if what == "match" { MATCH_ADVICE } else { TARGET_ADVICE }),
        )
    }

    fn set_counters(&mut self, packets: &[u8], span: Span, end: Span) -> Fallible<()> {
        let words: &'w [Word<'w>] = self.words;
        let bytes = words.get(self.at).and_then(|w| value::number(&w.text).ok());
        let (Ok(packets), Some(bytes)) = (value::number(packets), bytes) else {
            return Err(self.error("bad-counters", span.to(end), "`-c` takes two numbers: packets and bytes"));
        };
        self.at += 1;
        self.counters = Some(Counters { packets, bytes });
        Ok(())
    }

    fn finish(mut self) -> Fallible<Rules> {
        if let Some(at) = self.negated {
            return Err(self.error("stray-negation", at, "`!` has nothing to negate"));
        }
        let Some(Placed { placement, name, chain, span: chain_span }) = self.placed.take() else {
            return Err(self.error("no-command", self.around.span, "a rule starts with `-A CHAIN` or `-I CHAIN`"));
        };
        let Some(chain) = chain else {
            let message = format!("table {} has no chain {} at this point", self.around.table.name(), quote(name));
            return Err(self
                .error("unknown-chain", chain_span, message)
                .tap(|d| d.help.push(format!("declare it above: `:{} - [0:0]`", name.as_bstr()))));
        };
        let mut rule = Box::new(Rule {
            span: self.around.span,
            line: self.around.line,
            placement,
            chain,
            chain_span,
            counters: self.counters.map(Box::new),
            only: self.only,
            head: self.head,
            matches: self.matches,
            target: self.target,
        });
        check(&rule, self.around)?;
        rule.shrink();
        Ok(expand_addresses(rule))
    }
}

fn part(extension: &'static Extension, name_span: Span, implicit: bool) -> Part {
    Part { extension, name_span, implicit, options: Options::new() }
}

fn check(rule: &Rule, around: &Around) -> Fallible<()> {
    let cx = CheckCx {
        family: around.family,
        table: around.table,
        chain: &rule.chain,
        protocol: rule.protocol(),
        matches: &rule.matches,
    };
    for part in rule.parts() {
        (part.extension.check)(part, &cx).map_err(|why| {
            let name = part.extension.name;
            let place = Place { source: around.source, span: part.name_span };
            let message = if name == "standard" { why } else { format!("{name}: {why}") };
            Box::new(Diagnostic::unreadable("bad-combination", place, message))
        })?;
    }
    Ok(())
}

/// `-s a,b -d c,d` is four rules, as iptables makes them (iptables/iptables.c, `do_command4`).
fn expand_addresses(rule: Box<Rule>) -> Rules {
    let several = |opt: &Opt| matches!(&opt.value, Value::Nets(nets) if nets.len() > 1);
    if !rule.head.options.iter().any(several) {
        return smallvec![rule];
    }
    let mut rules = vec![*rule];
    for name in ["source", "destination"] {
        rules = rules.into_iter().flat_map(|rule| expand_one(rule, name)).collect();
    }
    rules.into_iter().map(Box::new).collect()
}

fn expand_one(mut rule: Rule, name: &str) -> Vec<Rule> {
    let Some(opt) = rule.head.options.iter_mut().find(|o| o.spec.name == name) else { return vec![rule] };
    match &mut opt.value {
        Value::Nets(nets) if nets.len() > 1 => {
            let nets = std::mem::take(nets);
            nets.into_iter()
                .map(|net| {
                    let mut copy = rule.clone();
                    if let Some(opt) = copy.head.options.iter_mut().find(|o| o.spec.name == name) {
                        opt.value = Value::Nets(vec![net]);
                    }
                    copy
                })
                .collect()
        }
        _ => vec![rule],
    }
}

/// Small helper to finish a boxed diagnostic in an expression.
trait Tap: Sized {
    fn tap(self, with: impl FnOnce(&mut Diagnostic)) -> Self;
}

impl Tap for Box<Diagnostic> {
    fn tap(mut self, with: impl FnOnce(&mut Diagnostic)) -> Self {
        with(&mut self);
        self
    }
}
