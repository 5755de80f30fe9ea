//! The flags of `backup`, `rebuild` and `move`, which work on what is stored.

use std::path::PathBuf;

use clap::Args;

/// Flags of `backup`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct BackupArgs {
    /// File to write; it must not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Flags of `rebuild`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
pub struct RebuildArgs {
    /// Remove the deleted clicks from the figures, and count only the clicks that are still stored
    #[arg(long)]
    pub kept_clicks: bool,
}

/// Flags of `move`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub struct MoveArgs {
    /// The engine that counts from then on
    #[arg(long, value_name = "ENGINE")]
    pub to: MoveTo,
    /// Only say what the move would do
    #[arg(long)]
    pub dry_run: bool,
    /// Give up the figures of clicks that were deleted for their age, and move the clicks that are still stored
    #[arg(long)]
    pub kept_clicks: bool,
    /// Delete what an unfinished move has written to Spark, and begin anew
    #[arg(long)]
    pub restart: bool,
}

/// Where `move` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum MoveTo {
    /// The tables in spark.root
    Spark,
    /// A new data directory
    Local,
}
