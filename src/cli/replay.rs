//! `ipt2nft replay`: the same packets through both rulesets in the running kernel.

#[cfg(target_os = "linux")]
pub use linux::run;

/// Elsewhere there is no netfilter to replay in.
#[cfg(not(target_os = "linux"))]
pub fn run(_: &super::args::ReplayArgs) -> anyhow::Result<super::Exit> {
    anyhow::bail!("replay needs Linux, root, nft and iptables; `ipt2nft diff` decides the same question anywhere")
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;

    use anyhow::{Context, Result, bail};

    use crate::cli::args::{LoaderName, ReplayArgs};
    use crate::cli::progress::Bar;
    use crate::cli::side::{Format, detect};
    use crate::cli::{Exit, input, output};
    use crate::diag::Source;
    use crate::kernel::{self, Kind, Loader, Options, Packet, Report, Ruleset, Stage};
    use crate::packet::Family;
    use crate::save;

    /// Runs the command.
    pub fn run(args: &ReplayArgs) -> Result<Exit> {
        let sources = input::sources(&args.files)?;
        let Some((new, old)) = sources.split_last() else { bail!("two rulesets are needed") };
        let pairs = pairs(old, new, args)?;
        let options = options(args, pairs.len())?;
        let mut missing = Vec::new();
        for (old, new) in &pairs {
            let loaders = [(old, options.loader), (new, options.loader)];
            missing.extend(
                kernel::lacking(loaders, &options.nft).into_iter().filter(|m| !missing.contains(m)).collect::<Vec<_>>(),
            );
        }
        if !missing.is_empty() {
            bail!(
                "cannot replay here:\n  {}\n`ipt2nft diff` decides the same question without any of this",
                missing.join("\n  ")
            );
        }
        let mut report = Report { seed: args.seed, ..Report::default() };
        for (old, new) in &pairs {
            report.join(one(old, new, &options, args)?);
        }
        if args.json {
            output::write(format!("{}\n", serde_json::to_string_pretty(&report)?).as_bytes(), None)?;
        } else {
            output::write(report.to_string().as_bytes(), None)?;
        }
        Ok(if report.is_equal() { Exit::Done } else { Exit::Found })
    }

    fn one(old: &Ruleset, new: &Ruleset, options: &Options, args: &ReplayArgs) -> Result<Report> {
        let mut bar = Bar::new(&args.messages);
        Ok(kernel::replay(old, new, options, &mut |progress| {
            bar.draw(stage(progress.stage), progress.done, progress.total);
        })?)
    }

    const fn stage(stage: Stage) -> &'static str {
        match stage {
            Stage::Packets => "packets",
            Stage::Suspects => "again what differed",
            Stage::Bursts => "runs of equal packets",
        }
    }

    fn options(args: &ReplayArgs, pairs: usize) -> Result<Options> {
        Ok(Options {
            packets: (args.packets / pairs.max(1)).max(1),
            seed: args.seed,
            loader: match args.old_loader {
                LoaderName::Legacy => Loader::Legacy,
                LoaderName::Nft => Loader::Nft,
            },
            nft: args.nft.clone(),
            witnesses: args.witness.as_deref().map(witnesses).transpose()?.unwrap_or_default(),
            ..Options::default()
        })
    }

    /// A JSON list of packets; fields left out take usual values.
    fn witnesses(file: &Path) -> Result<Vec<Packet>> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let found: Vec<Packet> =
            serde_json::from_str(&text).with_context(|| format!("{} is no JSON list of packets", file.display()))?;
        match found.iter().find(|packet| packet.src.is_ipv6() != packet.dst.is_ipv6()) {
            Some(packet) => bail!("{}: {} and {} are of different families", file.display(), packet.src, packet.dst),
            None => Ok(found),
        }
    }

    /// What is compared with what: each dump of OLD with NEW.
    fn pairs(old: &[Source], new: &Source, args: &ReplayArgs) -> Result<Vec<(Ruleset, Ruleset)>> {
        let ipset = args.ipset.as_deref().map(std::fs::read_to_string).transpose().context("cannot read the sets")?;
        let new = ruleset(new, args, ipset.clone())?;
        let mut out = Vec::new();
        for source in old {
            let old = ruleset(source, args, ipset.clone())?;
            if let (Kind::Save(a), Kind::Save(b)) = (old.kind, new.kind)
                && a != b
            {
                bail!("{} is for another family than NEW", source.name);
            }
            out.push((old, new.clone()));
        }
        Ok(out)
    }

    fn ruleset(source: &Source, args: &ReplayArgs, ipset: Option<String>) -> Result<Ruleset> {
        let text = String::from_utf8_lossy(source.text()).into_owned();
        let kind = match detect(source.text()) {
            Format::Nft => Kind::Nft,
            Format::Dump => {
                let mut families: Vec<Family> =
                    save::parse(source, input::family(&args.family)).dump.documents.iter().map(|d| d.family).collect();
                families.dedup();
                match families.as_slice() {
                    [] => bail!("{} holds no tables", source.name),
                    [family] => Kind::Save(*family),
                    _ => bail!("{} holds dumps of both families: give them as two files", source.name),
                }
            }
        };
        let ipset = ipset.filter(|_| kind != Kind::Nft);
        Ok(Ruleset { text, kind, ipset })
    }
}
