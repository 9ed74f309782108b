//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipt2nft::cli::run(std::env::args_os())
}
