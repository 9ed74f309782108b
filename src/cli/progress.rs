//! A bar on standard error that overwrites itself and leaves nothing behind.

use std::io::IsTerminal;

use super::args::MessageArgs;
use super::output;

/// Draws only on a terminal, and not with `--quiet`.
#[derive(Debug)]
pub struct Bar {
    shows: bool,
    last: Option<(&'static str, usize)>,
}

impl Bar {
    pub fn new(args: &MessageArgs) -> Self {
        Bar { shows: !args.quiet && std::io::stderr().is_terminal(), last: None }
    }

    /// `done` of `total` of `what` are finished.
    pub fn draw(&mut self, what: &'static str, done: usize, total: usize) {
        const WIDTH: usize = 30;
        if !self.shows || self.last == Some((what, done)) {
            return;
        }
        self.last = Some((what, done));
        let filled = "#".repeat((done * WIDTH).checked_div(total).unwrap_or(0).min(WIDTH));
        output::message(&format!("\r\x1b[K[{filled:<WIDTH$}] {what} {done}/{total}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.last.is_some() {
            output::message("\r\x1b[K");
        }
    }
}
