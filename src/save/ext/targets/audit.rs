//! `-j AUDIT`: a record for the audit daemon (iptables-extensions(8), *AUDIT*; net/netfilter/xt_AUDIT.c;
//! nft writes the same record, net/netfilter/nft_log.c, `nft_log_eval_packet`).

use crate::ir::Statement;
use crate::nft::ast::Log;
use crate::packet::Family;
use crate::save::ext::lowering::Action;
use crate::save::ext::{Coverage, Extension, Families, Grade, Lower, shared};
use crate::save::option::{Arg, OptionSpec};

pub static EXTENSION: Extension = Extension {
    name: "AUDIT",
    aliases: &[],
    families: Families::Both,
    options: &[OptionSpec::new("type", Arg::Word(&[("accept", 0), ("drop", 1), ("reject", 2)]))],
    check: |part, _| shared::needs(part, "type"),
    lower: Lower::Target(|_, _| {
        Ok(Action::Statements(vec![Statement::Log(Log { level: Some(AUDIT), ..Log::default() })]))
    }),
    coverage: &[Coverage {
        option: "--type",
        grade: Grade::Exact,
        example: "-j AUDIT --type drop",
        family: Family::Ip,
        note: "the kernel has ignored the type since 4.12",
    }],
};

/// `log level audit`
const AUDIT: u8 = 8;
