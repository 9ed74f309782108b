//! Lines outside every table: one error for each run of them, with what the text seems to be.

use super::document::Reader;
use crate::diag::Span;

/// A run of lines outside every table: the error that stands for it, and the lines behind the first.
#[derive(Clone, Copy)]
pub(super) struct Stray {
    error: usize,
    more: usize,
}

impl Reader<'_> {
    /// Whether the line stands outside every table, which is an error.
    pub(super) fn outside(&mut self, span: Span) -> bool {
        if self.open.is_some() {
            return false;
        }
        if let Some(stray) = &mut self.stray {
            stray.more += 1;
            return true;
        }
        self.stray = Some(Stray { error: self.diagnostics.len(), more: 0 });
        let line = self.source.text().get(span.start as usize..span.end as usize).unwrap_or_default();
        let help = self.moved_commit(line).unwrap_or_else(|| advice(line).into());
        self.error("outside-table", span, "this line stands outside a table").help.push(help);
        true
    }

    /// What to do with rules and chains behind the end of a table.
    fn moved_commit(&self, line: &[u8]) -> Option<String> {
        let ended = self.source.line(self.ended?.start);
        let of_a_table = matches!(line, [b':', ..] | [b'-', b'A' | b'I' | b'N' | b'P', b' ' | b'\t', ..]);
        of_a_table.then(|| format!("the table above ended in line {ended}: move that `COMMIT` behind its last rule"))
    }

    /// Ends a run of lines outside every table.
    pub(super) fn inside_again(&mut self) {
        if let Some(Stray { error, more }) = self.stray.take()
            && more > 0
            && let Some(error) = self.diagnostics.get_mut(error)
        {
            error.notes.push(match more {
                1 => "so does the line after it".into(),
                more => format!("so do the {more} lines after it"),
            });
        }
    }
}

/// What to do with a text that has such a line.
fn advice(line: &[u8]) -> &'static str {
    let first = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let command = first.rsplit(|&b| b == b'/').next().unwrap_or_default();
    match command {
        b"-A" | b"-P" | b"-N" | b"-I" => {
            "this looks like what `iptables -S` prints, which does not name the table: give the output of iptables-save"
        }
        b"iptables" | b"ip6tables" | b"iptables-legacy" | b"ip6tables-legacy" | b"iptables-nft" | b"ip6tables-nft" => {
            "this looks like a script of commands: run it where that is safe, and give the output of iptables-save"
        }
        b"Chain" | b"target" | b"pkts" => {
            "this looks like what `iptables -L` prints, which leaves things out: give the output of iptables-save"
        }
        b"table" | b"flush" | b"add" | b"chain" | b"define" => "this looks like an nft ruleset already",
        b"create" => "this looks like what `ipset save` prints: give it by --ipset FILE, beside a dump",
        _ => "a table starts with a line such as `*filter` and ends with `COMMIT`",
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Source;
    use crate::save::parse;

    #[test]
    fn rules_behind_a_table_want_its_end_moved() {
        for rest in ["-A INPUT -j DROP\n", ":web - [0:0]\n-A web -j DROP\nCOMMIT\n"] {
            let text = format!("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n{rest}");
            let parsed = parse(&Source::new(0, "test", text.into()).unwrap(), None);
            let told: Vec<_> = parsed.diagnostics.iter().map(|d| (d.code, d.help[0].as_ref())).collect();
            let help = "the table above ended in line 3: move that `COMMIT` behind its last rule";
            assert_eq!(told, [("outside-table", help)]);
        }
    }

    #[test]
    fn a_run_of_lines_outside_a_table_is_one_error() {
        let text = "-P INPUT DROP\n-A INPUT -j ACCEPT\n*filter\nCOMMIT\niptables -F\n";
        let parsed = parse(&Source::new(0, "test", text.into()).unwrap(), None);
        let told: Vec<(&str, usize, &str)> = parsed
            .diagnostics
            .iter()
            .map(|d| (d.code, d.notes.len(), d.help[0].split_once(" prints").map_or("other", |(start, _)| start)))
            .collect();
        let list = ("outside-table", 1, "this looks like what `iptables -S`");
        assert_eq!(told, [list, ("outside-table", 0, "other")]);
    }
}
