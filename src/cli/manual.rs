//! `clicktop completions` and `clicktop man`: made from the declaration of the command line, so they name every flag.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::args::Cli;

/// Prints the completions of `shell`.
///
/// # Errors
/// If `out` cannot be written to.
pub(super) fn completions(shell: Shell, out: &mut impl Write) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "clicktop", &mut script);
    Ok(out.write_all(&script)?)
}

/// Writes a manual page for clicktop and one for each of its commands into `folder`, or prints the first one.
///
/// # Errors
/// If a page cannot be written.
pub(super) fn pages(folder: Option<&Path>, out: &mut impl Write) -> anyhow::Result<()> {
    let Some(folder) = folder else {
        return Ok(clap_mangen::Man::new(in_manual(Cli::command())).render(out)?);
    };
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {}", folder.display()))?;
    let command = in_manual(Cli::command());
    clap_mangen::generate_to(command, folder).with_context(|| format!("the manual pages in {}", folder.display()))?;
    writeln!(out, "Read them with: man -M {} clicktop", folder.display())?;
    Ok(())
}

/// The command without `help`, which needs no page of its own.
fn in_manual(command: Command) -> Command {
    command.disable_help_subcommand(true)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_command_has_a_page_that_names_its_flags() {
        let folder = tempfile::tempdir().unwrap();
        pages(Some(folder.path()), &mut Vec::new()).unwrap();
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        for command in Cli::command().get_subcommands() {
            let text = page(&format!("clicktop-{}.1", command.get_name()));
            for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(|flag| flag.get_long()) {
                assert!(text.contains(&flag.replace('-', "\\-")), "{}: --{flag} is missing", command.get_name());
            }
        }
        assert!(page("clicktop.1").contains("clicktop\\-run(1)"));
    }

    #[test]
    fn every_shell_completes_commands_and_flags() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            completions(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("replay") && script.contains("data-dir"), "{shell}: {script}");
        }
    }
}
