//! `ipt2nft trace`: the way of one packet through one ruleset, or two side by side.

use std::io::IsTerminal;

use anyhow::{Result, bail};

use super::args::TraceArgs;
use super::side::{self, Loaded, Side};
use super::{Exit, input, output};
use crate::diag::{Diagnostic, Source, Span};
use crate::nft::ast::Statement;
use crate::nft::read::{Condition, conditions};
use crate::packet::{Family, Hook};
use crate::prove::Ruleset;
use crate::prove::trace::{TraceError, trace};
use crate::report::trace::{self as report, Named};

/// Runs the command.
pub fn run(args: &TraceArgs) -> Result<Exit> {
    let (files, packet) = args.parts();
    let Some(source) = Source::new(0, "PACKET", packet.into()) else { bail!("the packet is too long") };
    let said = match conditions(source.text()) {
        Ok(said) => said,
        Err(error) => {
            let span = Span::new(error.span.start, error.span.end);
            let mut told = Diagnostic::unreadable("packet", source.place(span), error.message);
            told.help = error.help.into_iter().collect();
            output::tell(&[told], &[source], &args.messages);
            return Ok(Exit::Trouble);
        }
    };
    let statements: Vec<Statement> = said.iter().map(|condition| condition.statement.clone()).collect();
    let family = input::family(&args.family);
    let mut loaded = Vec::new();
    for file in &files {
        loaded.push(side::read(
            &side::sources(std::slice::from_ref(file))?,
            args.input_format,
            family,
            &args.messages,
        )?);
    }
    let ipsets = input::ipsets(&args.sets)?;
    let rules: Vec<Box<dyn Ruleset + Sync>> = loaded.iter().map(|side| side.side.rules(&ipsets)).collect();
    let rules: Vec<&(dyn Ruleset + Sync)> = rules.iter().map(AsRef::as_ref).collect();
    let traced = match trace(&rules, &statements, &families(&loaded, family), args.hook.map(Hook::from)) {
        Ok(traced) => traced,
        Err(error) => return refuse(&error, &said, source, args),
    };
    let named: Vec<Named<'_>> = files
        .iter()
        .zip(&loaded)
        .map(|(file, side)| Named { name: file.display().to_string(), rule: Box::new(|f, line| side.rule(f, line)) })
        .collect();
    let shown = if args.json {
        report::json(&traced, packet, &named)?
    } else {
        report::text(&traced, &named, width()).into_bytes()
    };
    output::write(&shown, None)?;
    Ok(match () {
        () if traced.sides.iter().any(|way| way.unknown) => Exit::Undecided,
        () if !report::alike(&traced) => Exit::Found,
        () => Exit::Done,
    })
}

/// Families to try, those that all rulesets speak of first.
fn families(loaded: &[Loaded], chosen: Option<Family>) -> Vec<Family> {
    if let Some(family) = chosen {
        return vec![family];
    }
    let speak = |family: &Family| {
        loaded.iter().all(|side| match &side.side {
            Side::Dump(dump) => dump.documents.iter().any(|d| d.family == *family),
            Side::Nft { .. } => true,
        })
    };
    let both = [Family::Ip, Family::Ip6];
    let spoken: Vec<Family> = both.into_iter().filter(speak).collect();
    if spoken.is_empty() { both.to_vec() } else { spoken }
}

/// Points at what is wrong with the packet.
fn refuse(error: &TraceError, said: &[Condition], source: Source, args: &TraceArgs) -> Result<Exit> {
    let at = match error {
        TraceError::NoProperty(number, _) | TraceError::Contradiction(number) => *number,
        TraceError::NoWay | TraceError::Budget(_) => bail!("{error}"),
    };
    let span = said.get(at).map_or(0..source.text().len(), |condition| condition.span.clone());
    let place = source.place(Span::new(span.start, span.end));
    let told = Diagnostic::unreadable("packet", place, error.to_string())
        .help("take it out, or say it otherwise; both interfaces are needed for a packet that passes through");
    output::tell(&[told], &[source], &args.messages);
    Ok(Exit::Trouble)
}

/// Columns of the terminal that the trace goes to.
fn width() -> Option<usize> {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(&out).map(|(width, _)| usize::from(width.0))
}
