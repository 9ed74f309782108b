//! Text to tree, line by line.

mod belongs;
mod command;
mod document;
mod globals;
mod likes;
mod lines;
mod rule;
mod stray;

use super::ast::Dump;
use super::forms::Skimmed;
use crate::diag::{Diagnostic, Source};
use crate::packet::Family;
pub(super) use lines::again;

/// A tree, and what there is to say about the text.
#[derive(Debug)]
pub struct Parsed {
    pub dump: Dump,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads one input. `family` is what the user said, and then wins over what the text says.
pub fn parse(source: &Source, family: Option<Family>) -> Parsed {
    let (read, diagnostics) = document::read(source, family, false);
    Parsed { dump: read.into_whole(), diagnostics }
}

/// Reads one input, where rules that are like others are kept so; else the same.
pub fn skim(source: &Source, family: Option<Family>) -> (Skimmed<'_>, Vec<Diagnostic>) {
    document::read(source, family, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::save::print::print;

    fn read(text: &str) -> Parsed {
        parse(&Source::new(0, "test", text.into()).unwrap(), None)
    }

    /// The rules of a filter table with a chain `web`, printed back; or the codes of the errors.
    fn round(rule: &str) -> Result<String, Vec<&'static str>> {
        let parsed = read(&format!("*filter\n:web - [0:0]\n{rule}\nCOMMIT\n"));
        let errors: Vec<_> = parsed.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let text = String::from_utf8(print(&parsed.dump)).unwrap();
        assert_eq!(String::from_utf8(print(&read(&text).dump)).unwrap(), text, "printing is canonical");
        Ok(text.lines().filter(|l| l.starts_with(['-', '['])).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn rules_are_read_and_printed_back() {
        for (rule, want) in [
            ("-A INPUT -j DROP", "-A INPUT -j DROP"),
            ("--append INPUT --jump DROP", "-A INPUT -j DROP"),
            ("[1:2] -A INPUT", "[1:2] -A INPUT"),
            ("-A INPUT -c 1 2 -j web", "[1:2] -A INPUT -j web"),
            ("-I INPUT -g web", "-I INPUT 1 -g web"),
            ("-I INPUT 3 -j web", "-I INPUT 3 -j web"),
            (
                "-A INPUT -s 10.0.0.0/8 ! -d 192.0.2.1 -i eth+ -j DROP",
                "-A INPUT -s 10.0.0.0/8 ! -d 192.0.2.1 -i eth+ -j DROP",
            ),
            ("-A INPUT -s ! 10.0.0.1 -j DROP", "-A INPUT ! -s 10.0.0.1 -j DROP"),
            ("-A INPUT -s10.0.0.1 -jDROP", "-A INPUT -s 10.0.0.1 -j DROP"),
            ("-A INPUT --source=10.0.0.1 -j DROP", "-A INPUT -s 10.0.0.1 -j DROP"),
            ("-A INPUT -p tcp --dport ssh -j ACCEPT", "-A INPUT -p 6 -m tcp --destination-port 22 -j ACCEPT"),
            ("-A INPUT -p tcp -m tcp --dp 22 -j ACCEPT", "-A INPUT -p 6 -m tcp --destination-port 22 -j ACCEPT"),
            ("-A INPUT -p tcp --tcp-flags SYN,ACK SYN -j DROP", "-A INPUT -p 6 -m tcp --tcp-flags SYN,ACK SYN -j DROP"),
            ("-A INPUT -s 10.0.0.1,10.0.0.2 -j DROP", "-A INPUT -s 10.0.0.1 -j DROP\n-A INPUT -s 10.0.0.2 -j DROP"),
            ("-A INPUT -4 -j DROP", "-A INPUT -4 -j DROP"),
            (
                r#"-A INPUT -m comment --comment "say \"hi\"" -j DROP"#,
                r#"-A INPUT -m comment --comment "say \"hi\"" -j DROP"#,
            ),
            (
                r#"-A INPUT -j LOG --log-prefix "a b" --log-level debug"#,
                r#"-A INPUT -j LOG --log-prefix "a b" --log-level 7"#,
            ),
            ("-N more\n-A more -j RETURN", "-A more -j RETURN"),
            // A chain hides the target of its name, whose --type must be given.
            ("-N AUDIT\n-A INPUT -j AUDIT", "-A INPUT -j AUDIT"),
        ] {
            assert_eq!(round(rule).as_deref(), Ok(want), "{rule}");
        }
    }

    #[test]
    fn wrong_rules_are_refused() {
        for (rule, code) in [
            ("-A INPUT -m nosuch -j DROP", "unknown-match"),
            ("-A INPUT -j NOSUCH", "unknown-target"),
            ("-A NOSUCH -j DROP", "unknown-chain"),
            ("-A INPUT --dport 22 -j DROP", "unknown-option"),
            ("-A INPUT -p tcp --dport -j DROP", "bad-value"),
            ("-A INPUT -p tcp --dport", "missing-value"),
            ("-A INPUT ! ! -s 10.0.0.1 -j DROP", "double-negation"),
            ("-A INPUT ! -j DROP", "unwanted-negation"),
            ("-A INPUT -j DROP !", "stray-negation"),
            ("-A INPUT -j DROP extra", "stray-word"),
            ("-A INPUT -s 10.0.0.1 -s 10.0.0.2 -j DROP", "repeated-option"),
            ("-A INPUT -j DROP -j ACCEPT", "two-targets"),
            ("-A INPUT -j FORWARD", "jump-to-builtin"),
            ("-A OUTPUT -i eth0 -j DROP", "bad-combination"),
            ("-A INPUT -m tcp --dport 22 -j DROP", "bad-combination"),
            ("-A INPUT ! -s 10.0.0.1,10.0.0.2 -j DROP", "bad-combination"),
            ("-A INPUT --s 10.0.0.1 -j DROP", "ambiguous-option"),
            ("-D INPUT 1", "command-not-a-rule"),
            ("-X web", "command-not-a-rule"),
            ("-t nat -A INPUT -j DROP", "table-option"),
            ("-A INPUT -m comment --comment \"open", "open-quote"),
            (":mine ACCEPT [0:0]", "policy-on-own-chain"),
            (":DROP - [0:0]", "bad-chain-name"),
            ("-A INPUT -s host.example -j DROP", "bad-value"),
            ("-A INPUT -s ::1 -s 10.0.0.1 -j DROP", "mixed-families"),
        ] {
            assert!(round(rule).is_err_and(|codes| codes.contains(&code)), "{rule}: {:?}", round(rule));
        }
    }

    #[test]
    fn streams_hold_several_documents() {
        let v4 = "# Generated by iptables-save v1.8.9\n*filter\n-A INPUT -j DROP\nCOMMIT\n";
        let v6 = "# Generated by ip6tables-save v1.8.9\n* filter\r\n-A INPUT -s ::1 -j DROP\nCOMMIT";
        let parsed = read(&format!("{v4}{v6}"));
        let families: Vec<_> = parsed.dump.documents.iter().map(|d| d.family).collect();
        assert_eq!(families, [Family::Ip, Family::Ip6]);
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["carriage-return", "no-last-newline"]);
    }
}
