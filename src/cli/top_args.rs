//! The flags of `top`.

use clap::Args;

use super::values::{Limit, TopFormat, dimension, sort_by, window};
use crate::protocol::view::MIN_TIMED;
use crate::protocol::{Dimension, SortBy, Window};

/// Flags of `top`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct TopArgs {
    /// Only this country, in upper or lower case; without it, all countries
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<String>,
    /// Figure to sort by, largest first
    #[arg(long, value_name = "FIGURE", default_value = "clicks", value_parser = sort_by())]
    pub by: SortBy,
    /// With --by time, rows with fewer clicks whose time is known come after all others; 0 lets every mean count
    #[arg(long, value_name = "N", default_value_t = MIN_TIMED)]
    pub min_timed: u64,
    /// Number of rows, or all
    #[arg(long, value_name = "N", default_value = "20")]
    pub limit: Limit,
    /// Group the clicks by this instead of by url and country: a url counts over all countries then, and its users once
    #[arg(long, visible_alias = "by-dimension", value_name = "DIMENSION", value_parser = dimension())]
    pub group_by: Option<Dimension>,
    /// Only clicks on exactly this url; goes with --group-by
    #[arg(long, value_name = "URL", requires = "group_by")]
    pub url: Option<String>,
    /// The span of event time, which ends with the newest click that is not ahead of the clock; goes with --group-by
    #[arg(long, value_name = "SPAN", default_value = "all", value_parser = window(), requires = "group_by")]
    pub window: Window,
    /// Output format; CSV has a ' before each text that a spreadsheet would take for a formula
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: TopFormat,
    /// Print whole urls, even if the table is then wider than the terminal; CSV, JSON, files and pipes always get whole
    /// urls
    #[arg(long)]
    pub wide: bool,
}
