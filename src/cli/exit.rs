//! Exit codes, the same for every subcommand.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// 0: all is done.
    Done,
    /// 1: a difference or a finding.
    Found,
    /// 2: unreadable input or wrong use.
    Trouble,
    /// 3: something could not be translated.
    Incomplete,
    /// 4: undecided.
    Undecided,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::Trouble => 2,
            Exit::Incomplete => 3,
            Exit::Undecided => 4,
        })
    }
}
