//! `ipt2nft check`: are nft files still what the dumps beside them say?

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::args::CheckArgs;
use super::{Exit, diff, input, output, project, side};
use crate::lint::config::Config;
use crate::prove::compare::{Answer, Options, compare};
use crate::prove::known::{self, Known};
use crate::report::proof::{self, Sides};

/// An nft file, and the dumps that it was made of.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pair {
    nft: PathBuf,
    dumps: Vec<PathBuf>,
}

/// What names of dumps end in, in the order in which they are looked for.
const DUMPS: [&str; 6] = ["v4", "v6", "rules", "iptables", "ip6tables", "save"];

/// Runs the command.
pub fn run(args: &CheckArgs) -> Result<Exit> {
    let mut answers = Vec::new();
    for pair in pairs(args)? {
        answers.push(one(&pair, args)?);
    }
    let worst = [Answer::Different, Answer::Undecided].into_iter().find(|answer| answers.contains(answer));
    Ok(match worst {
        Some(Answer::Different) => Exit::Found,
        Some(_) => Exit::Undecided,
        None => Exit::Done,
    })
}

fn one(pair: &Pair, args: &CheckArgs) -> Result<Answer> {
    let family = input::family(&args.family);
    let old = side::read(&side::sources(&pair.dumps)?, Some(side::Format::Dump), family, &args.messages)?;
    let new =
        side::read(&side::sources(std::slice::from_ref(&pair.nft))?, Some(side::Format::Nft), family, &args.messages)?;
    let ipsets = input::ipsets(&args.sets)?;
    let families = diff::families(&old.side, &new.side);
    let options = Options { families, ..Options::default() };
    let mut report = compare(&*old.side.rules(&ipsets), &*new.side.rules(&ipsets), &options);
    let excused = known::excuse(&mut report, Known::MssAdded);
    let names = pair.dumps.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" + ");
    let (nft, answer) = (pair.nft.display().to_string(), report.answer());
    let rule = |right, family, line| if right { &new } else { &old }.rule(family, line);
    if answer != Answer::Equivalent {
        output::write(proof::text(&report, Sides { old: &names, new: &nft, rule: &rule }).as_bytes(), None)?;
    }
    let verdict = match answer {
        Answer::Equivalent if args.messages.quiet => return Ok(answer),
        Answer::Equivalent if excused => format!("equivalent to {names}, but {}", Known::MssAdded.explain()),
        Answer::Equivalent => format!("equivalent to {names}"),
        Answer::Different => format!("not what {names} says any more; make it anew with `ipt2nft`, or change both"),
        Answer::Undecided => format!("perhaps not what {names} says: see above"),
    };
    output::message(&format!("ipt2nft: {nft} is {verdict}\n"));
    Ok(answer)
}

/// Each nft file once, with all its dumps, whichever of them was named.
fn pairs(args: &CheckArgs) -> Result<Vec<Pair>> {
    if let Some(nft) = &args.nft {
        return Ok(vec![Pair { nft: nft.clone(), dumps: args.files.clone() }]);
    }
    let config = project::find(args.config.as_deref())?;
    let told = match &config {
        Some(path) => told(&project::read(path, &mut Vec::new())?, path),
        None => Vec::new(),
    };
    let mut pairs: Vec<Pair> = Vec::new();
    for file in &args.files {
        let pair = match told.iter().find(|pair| pair.has(file)) {
            Some(pair) => pair.clone(),
            None => beside(file)?,
        };
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    Ok(pairs)
}

impl Pair {
    fn has(&self, file: &Path) -> bool {
        let same = |path: &PathBuf| {
            path == file || matches!((path.canonicalize(), file.canonicalize()), (Ok(a), Ok(b)) if a == b)
        };
        same(&self.nft) || self.dumps.iter().any(same)
    }
}

/// What the project's file says; its paths are relative to it.
fn told(config: &Config, path: &Path) -> Vec<Pair> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let pair = |(nft, dumps): &(String, Vec<String>)| Pair {
        nft: folder.join(nft),
        dumps: dumps.iter().map(|dump| folder.join(dump)).collect(),
    };
    config.check.iter().map(pair).collect()
}

/// `rules.v4.nft` belongs to `rules.v4`; `rules.nft` to `rules.v4` and `rules.v6`.
fn beside(file: &Path) -> Result<Pair> {
    let is_nft = file.extension().is_some_and(|end| end == "nft");
    let nft = if is_nft { Some(file.to_owned()) } else { nft_of(file) };
    let Some(nft) = nft else {
        bail!(
            "no nft file beside {}: looked for {} and {}; name it with --nft or in {}",
            file.display(),
            appended(file).display(),
            file.with_extension("nft").display(),
            project::NAME
        );
    };
    let dumps = dumps_of(&nft);
    if dumps.is_empty() {
        bail!("no dump beside {}: name it in {}", nft.display(), project::NAME);
    }
    if !is_nft && !dumps.iter().any(|dump| dump == file) {
        bail!("{} is made of {}; name its dumps in {}", nft.display(), dumps[0].display(), project::NAME);
    }
    Ok(Pair { nft, dumps })
}

fn nft_of(dump: &Path) -> Option<PathBuf> {
    [appended(dump), dump.with_extension("nft")].into_iter().find(|path| path.is_file())
}

fn appended(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".nft");
    name.into()
}

fn dumps_of(nft: &Path) -> Vec<PathBuf> {
    let whole = nft.with_extension("");
    if whole.is_file() {
        return vec![whole];
    }
    DUMPS.iter().map(|end| nft.with_extension(end)).filter(|path| path.is_file()).collect()
}
