//! The text of a rule, found again by its line, on one line and fit for a terminal.

use bstr::ByteSlice;

use crate::diag::{Source, is_invisible};

/// Lines that a rule may go on over: long lists of elements are cut anyway.
const MOST_LINES: u32 = 40;
/// Characters of a rule that are shown.
pub const MOST_CHARS: usize = 160;

/// The rule that begins on a 1-based line: to the end of the line, or of the braces it opens; white space
/// made one blank, long text cut.
pub fn rule_text(source: &Source, line: u32) -> String {
    let mut text = String::new();
    let mut open = 0_i32;
    let last = source.line(source.text().len() as u32);
    for at in line..line.saturating_add(MOST_LINES).min(last + 1) {
        let piece = source.slice(source.line_span(at));
        open += depth(piece);
        let goes_on = piece.trim_end().ends_with(b"\\");
        let piece = if goes_on { piece.trim_end().trim_end_with(|c| c == '\\') } else { piece };
        for word in piece.fields() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&printable(word));
        }
        if (open <= 0 && !goes_on) || text.len() > 4 * MOST_CHARS {
            break;
        }
    }
    // A rule written on the line of its chain's end.
    let text = if open < 0 { text.trim_end_matches(['}', ' ']) } else { text.as_str() };
    cut(text, MOST_CHARS)
}

/// At most so many characters, the last an ellipsis where some are missing.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Text without what a terminal would obey.
pub fn printable(bytes: &[u8]) -> String {
    bytes.chars().map(|c| if c.is_control() || is_invisible(c) { '\u{fffd}' } else { c }).collect()
}

/// Braces opened less braces closed, outside of quotes and comments.
fn depth(line: &[u8]) -> i32 {
    let (mut depth, mut quoted) = (0, false);
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            b'#' if !quoted => break,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str, line: u32) -> String {
        rule_text(&Source::new(0, "x", source.into()).unwrap(), line)
    }

    #[test]
    fn rules_end_with_their_line_or_their_braces() {
        let nft = "chain x {\n\ttcp dport {\n\t\t22,\n\t\t80\n\t} accept comment \"a { b\"\n\tdrop\n}\n";
        assert_eq!(text(nft, 2), "tcp dport { 22, 80 } accept comment \"a { b\"");
        assert_eq!(text(nft, 6), "drop");
        assert_eq!(text("-A INPUT  -p tcp \\\n -j DROP\nCOMMIT", 1), "-A INPUT -p tcp -j DROP");
        assert_eq!(text("x", 7), "");
    }

    #[test]
    fn what_a_terminal_obeys_is_not_shown() {
        assert_eq!(text("a\x1b[31mb\n", 1), "a\u{fffd}[31mb");
        assert_eq!(text(&"x".repeat(500), 1).chars().count(), MOST_CHARS);
    }
}
