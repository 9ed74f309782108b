//! `-j SET`: adds the packet's addresses and ports to an ipset, or takes them out
//! (iptables-extensions(8), *SET*; net/netfilter/xt_set.c).
//!
//! The set becomes a set of nft with the flag `dynamic`, which belongs to its table: a set that rules of several tables
//! use is refused, and the output says where other programs have to write to.

use bstr::ByteSlice;

use crate::ir::{Assigned, Origin, Rule, Statement, Step, Test, Verdict};
use crate::packet::{Field, Hook};
use crate::save::ast::{Part, TableKind};
use crate::save::ext::lowering::{Action, Cx, Refusal};
use crate::save::ext::mark::{XMark, assign};
use crate::save::ext::named_set::changing::{self, Change};
use crate::save::ext::named_set::mapped::{self, Given};
use crate::save::ext::{CheckCx, Coverage, Extension, Families, Lower, set_name, shared};
use crate::save::option::{Arg, OptionSpec};

const SET: Arg = Arg::Custom { words: 2, read: set_name::read, show: set_name::show };

pub static EXTENSION: Extension = Extension {
    name: "SET",
    aliases: &[],
    families: Families::Both,
    options: &[
        OptionSpec::new("add-set", SET),
        OptionSpec::new("del-set", SET),
        OptionSpec::new("map-set", SET),
        OptionSpec::new("exist", Arg::Flag),
        OptionSpec::new("timeout", Arg::Number { min: 0, max: 4_294_967_294 }),
        OptionSpec::new("map-mark", Arg::Flag),
        OptionSpec::new("map-prio", Arg::Flag),
        OptionSpec::new("map-queue", Arg::Flag),
    ],
    check,
    lower: Lower::Target(lower),
    coverage: &[
        Coverage::exact("--add-set", "-j SET --add-set banned src").note(WHERE),
        Coverage::exact("--del-set", "-j SET --del-set banned src").note(WHERE),
        Coverage::exact("--map-set", "-j SET --map-set marks src --map-mark").note(FIXED),
        Coverage::exact("--exist", "-j SET --add-set banned src --exist").note(WHERE),
        Coverage::exact("--timeout", "-j SET --add-set banned src --timeout 600").note(WHERE),
        Coverage::exact("--map-mark", "-j SET --map-set marks src --map-mark").note(FIXED),
        Coverage::exact("--map-prio", "-j SET --map-set marks src --map-prio").note(FIXED),
        Coverage::refused("--map-queue", "-j SET --map-set marks src --map-queue", QUEUE),
    ],
};

const WHERE: &str = "needs the output of `ipset save`, given by --ipset; a set of single values (no networks, interfaces \
                     or lists) that rules of one table alone use; with --approximate also where a full set, or its \
                     counters, would show a difference";
const FIXED: &str = "needs the output of `ipset save`, given by --ipset; a set that no rule writes to, of addresses or \
                     single values without timeouts";
const QUEUE: &str = "nft cannot choose a queue of the device";

fn check(part: &Part, cx: &CheckCx) -> Result<(), String> {
    if !["add-set", "del-set", "map-set"].iter().any(|o| part.has(o)) {
        return Err("one of --add-set, --del-set, --map-set must be given".into());
    }
    let belongs = |option: &str, to: &str| {
        if part.has(option) && !part.has(to) { Err(format!("`--{option}` needs `--{to}`")) } else { Ok(()) }
    };
    belongs("exist", "add-set")?;
    belongs("timeout", "add-set")?;
    let flags = ["map-mark", "map-prio", "map-queue"];
    flags.iter().try_for_each(|flag| belongs(flag, "map-set"))?;
    if !part.has("map-set") {
        return Ok(());
    }
    if !flags.iter().any(|flag| part.has(flag)) {
        return Err("`--map-set` needs --map-mark, --map-prio or --map-queue".into());
    }
    shared::in_tables(cx, &[TableKind::Mangle])?;
    if part.has("map-prio") || part.has("map-queue") {
        return shared::at_hooks(cx, &[Hook::Forward, Hook::Output, Hook::Postrouting]);
    }
    Ok(())
}

/// Adds, deletes, looks up: in this order, whatever the order of the options.
fn lower(part: &Part, cx: &mut Cx) -> Result<Action, Refusal> {
    if part.has("map-queue") {
        return Err(
            Refusal::new("ipset-queue", QUEUE, "set the priority, and let the device choose by it").at("map-queue")
        );
    }
    let add = Change::Add { anew: part.has("exist"), timeout: part.number("timeout") };
    let mut rules = Vec::new();
    for (option, change) in [("add-set", add), ("del-set", Change::Delete)] {
        let Some((name, source)) = part.get(option).and_then(|option| set_name::parts(&option.value)) else { continue };
        rules.extend(changing::rules(name.as_bstr(), &source, change, cx)?);
    }
    if let Some((name, source)) = part.get("map-set").and_then(|option| set_name::parts(&option.value)) {
        let given = mapped::given(name.as_bstr(), &source, cx)?;
        rules.extend(given.into_iter().filter_map(|(test, given)| rule(part, test, &given)));
    }
    Ok(if rules.is_empty() { Action::Statements(Vec::new()) } else { Action::Block(rules) })
}

/// Gives packets what is asked for; nothing where that changes nothing.
fn rule(part: &Part, test: Test, given: &Given) -> Option<Rule> {
    let change = XMark { flip: given.mark.value.into(), clear: given.mark.mask.into() };
    let mark = part.has("map-mark").then(|| assign(Field::Mark, change)).flatten();
    let priority = Statement::Assign { field: Field::Priority, value: Assigned::Constant(given.priority.into()) };
    let writes: Vec<Step> = mark.into_iter().chain(part.has("map-prio").then_some(priority)).map(Step::from).collect();
    // The next rule must not find the mark that this one sets.
    let verdict = if test.fields().contains(&Field::Mark) { Verdict::Return } else { Verdict::Continue };
    let steps = [Step::Test(test)].into_iter().chain(writes.iter().cloned());
    (!writes.is_empty()).then(|| Rule::new(steps, verdict, Origin::default()))
}
