//! The command line: arguments as typed, resolved before any work; one file per subcommand.
//!
//! Only here (and in `kernel`) does the program touch files, the environment and its streams.

mod args;
mod audit;
mod check;
mod coverage;
mod diff;
mod exit;
mod fallback;
mod input;
mod lint;
mod lint_fix;
mod output;
mod progress;
mod project;
mod replay;
mod side;
mod trace;
mod translate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command};
pub use exit::Exit;

/// What the command line understands, for man pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program. A closed pipe is no error: nobody is left to tell.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args::with_default_command(arguments)) {
        Ok(cli) => cli,
        Err(error) => {
            let failed = error.use_stderr();
            // The message itself may meet a closed pipe.
            let _ = error.print();
            return if failed { Exit::Trouble.into() } else { Exit::Done.into() };
        }
    };
    let exit = match cli.command {
        Command::Audit(args) => audit::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Coverage(args) => coverage::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Explain(args) => lint::explain(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Translate(args) => translate::run(&args),
    };
    match exit {
        Ok(exit) => exit.into(),
        Err(error) if is_closed_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            anstream::eprintln!("ipt2nft: {error:#}");
            Exit::Trouble.into()
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(closed))
}
