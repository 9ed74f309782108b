//! `-m osf`: passive fingerprints of operating systems (iptables-extensions(8), *osf*; net/netfilter/xt_osf.c).

use smallvec::smallvec;

use crate::ir::{Name, Test};
use crate::packet::{Field, Hook, OsfKey, OsfTtl};
use crate::save::ast::Part;
use crate::save::ext::lowering::{Cond, Cx, Refusal};
use crate::save::ext::{Coverage, Extension, Families, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "osf",
    aliases: &[],
    families: Families::Ip,
    options: &[
        OptionSpec::new("genre", Arg::Text { max: 31 }).not(),
        OptionSpec::new("ttl", Arg::Number { min: 0, max: 2 }),
        OptionSpec::new("log", Arg::Number { min: 0, max: 2 }),
    ],
    check: |part, cx| {
        shared::needs(part, "genre")?;
        shared::needs_protocol(cx, 6, "tcp")?;
        shared::at_hooks(cx, &[Hook::Prerouting, Hook::Input, Hook::Forward])
    },
    lower: Lower::Match(lower),
    coverage: &[
        Coverage::approximate("--genre", "-p tcp -m osf --genre Linux -j ACCEPT", NOTE),
        Coverage::approximate("! --genre", "-p tcp -m osf ! --genre Linux -j DROP", NOTE),
        Coverage::approximate("--ttl", "-p tcp -m osf --genre Linux --ttl 1 -j ACCEPT", NOTE),
        Coverage::refused(
            "--log",
            "-p tcp -m osf --genre Linux --log 0 -j ACCEPT",
            "nft writes no log of fingerprints",
        ),
    ],
};

const NOTE: &str = "where fingerprints of several systems fit, nft takes the first one only";

fn lower(part: &Part, cx: &mut Cx) -> Result<Vec<Cond>, Refusal> {
    if part.has("log") {
        let reason = "nft writes no log of fingerprints";
        return Err(Refusal::new("osf-log", reason, "leave --log out").at("log"));
    }
    if !cx.approximate {
        return Err(
            Refusal::new("osf", NOTE, "give --approximate where no two systems have one fingerprint").at("genre")
        );
    }
    cx.differs(NOTE);
    let negated = part.get("genre").is_some_and(|o| o.negated);
    let name = Name { text: part.text("genre").unwrap_or_default().to_owned(), wildcard: false };
    let ttl = match part.number("ttl") {
        None | Some(0) => OsfTtl::Strict,
        Some(1) => OsfTtl::Loose,
        Some(_) => OsfTtl::Skip,
    };
    Ok(vec![Test::Named { field: Field::Osf { key: OsfKey::Name, ttl }, names: smallvec![name], negated }.into()])
}
