//! What is printed instead of a merged ruleset that is not proved: one that was merged less, and is.
//!
//! Invariant: that it was needed is told on standard error, whatever is quiet; a ruleset is chosen here only if it
//! is proved equivalent to the whole dump.

use anyhow::Result;

use super::args::TranslateArgs;
use super::translate::{Printed, prove, translated};
use crate::certify::Certificate;
use crate::diag::Source;
use crate::optimize::{self, Level};
use crate::prove::compare::Answer;
use crate::translate::{Options, Translation};

/// A ruleset that is proved.
pub struct Fallback {
    pub translation: Translation,
    pub printed: Printed,
    pub proof: Certificate,
    /// What it was made with.
    options: Options,
}

/// The most merged ruleset with less merging than was asked for that is proved, if there is any.
///
/// # Errors
/// When an output cannot be read back or printed.
pub fn find(sources: &[Source], options: &Options, args: &TranslateArgs) -> Result<Option<Fallback>> {
    for options in weaker(options) {
        let (mut translation, text) = translated(sources, &options, args);
        let printed = Printed::of(text, &mut translation, args, false)?;
        let proof = prove(sources, &options, &printed)?;
        if proof.report.answer() == Answer::Equivalent {
            return Ok(Some(Fallback { translation, printed, proof, options }));
        }
    }
    Ok(None)
}

/// The same with less and less done: nothing taken out, then less merged.
fn weaker(options: &Options) -> Vec<Options> {
    let levels = [Level::Full, Level::Safe, Level::None];
    let with = |level| Options { prune: false, merge: optimize::Options { level, ..options.merge }, ..options.clone() };
    levels
        .into_iter()
        .filter(|&l| l < options.merge.level || l == options.merge.level && options.prune)
        .map(with)
        .collect()
}

impl Fallback {
    /// What the user is told: a bug, where the proof found a difference.
    pub fn told(&self, asked: &Options, different: bool) -> String {
        let (was, is) = (chosen(asked), chosen(&self.options));
        match different {
            true => format!(
                "ipt2nft: what {was} made does not mean what the dump means. This is a bug in ipt2nft: please report it \
                 with the lines above. What is printed was made with {is} instead, and is proved\n"
            ),
            false => format!(
                "ipt2nft: the proof of what {was} made came to no end; what is printed was made with {is} instead, and is \
                 proved\n"
            ),
        }
    }
}

/// The words of the command line.
fn chosen(options: &Options) -> String {
    let level = match options.merge.level {
        Level::None => "--merge none",
        Level::Safe => "--merge safe",
        Level::Full => "--merge full",
    };
    if options.prune { format!("{level} --prune") } else { level.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a merge that went wrong would get: less merged, proved, and told loudly.
    #[test]
    fn what_was_merged_less_is_proved_and_told() {
        use super::super::args::{Cli, Command};
        use clap::Parser;
        let text =
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 192.0.2.1 -j ACCEPT\n-A INPUT -s 192.0.2.2 -j ACCEPT\nCOMMIT\n";
        let sources = [Source::new(0, "rules.v4", text.into()).unwrap()];
        let Command::Translate(args) = Cli::try_parse_from(["ipt2nft", "translate"]).unwrap().command else {
            panic!("another command")
        };
        let options = Options::default();
        let found = find(&sources, &options, &args).unwrap().unwrap();
        assert_eq!(found.options.merge.level, Level::Safe);
        assert_eq!(found.proof.report.answer(), Answer::Equivalent);
        let told = found.told(&options, true);
        assert!(told.contains("--merge full") && told.contains("--merge safe") && told.contains("bug"), "{told}");
        assert!(!found.told(&options, false).contains("bug"));
    }

    #[test]
    fn less_and_less_is_done() {
        let words = |level, prune| {
            let merge = optimize::Options { level, ..optimize::Options::default() };
            let options = Options { prune, merge, ..Options::default() };
            weaker(&options).iter().map(chosen).collect::<Vec<_>>()
        };
        assert_eq!(words(Level::Full, false), ["--merge safe", "--merge none"]);
        assert_eq!(words(Level::Full, true), ["--merge full", "--merge safe", "--merge none"]);
        assert_eq!(words(Level::None, true), ["--merge none"]);
        assert!(words(Level::None, false).is_empty());
    }
}
