//! The upright axis of a chart: its height, the spikes that it cuts off, and its round figures.

use crate::console::format::short;

/// A rate of so many times the usual rate is a spike.
const SPIKE: f64 = 3.0;

/// This share of the rates does not exceed the usual rate. High rates that last longer than the others are no spike.
const USUAL: f64 = 0.8;

/// With fewer rates, no rate counts as usual.
const RATES_MIN: usize = 10;

/// A line with more spikes swings, so none of them is unusual.
const SPIKES_MAX: usize = 5;

/// The highest point of a run of rates above the usual ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spike {
    /// Seconds after now, never above 0.
    pub(super) at: f64,
    pub(super) rate: f64,
}

/// The highest rate of several lines that is no spike. A scale for a spike of some seconds would make everything else a flat line.
/// If no line has a usual rate, the highest rate of all.
pub(super) fn most_usual(lines: impl Iterator<Item = Vec<f64>>) -> f64 {
    let lines: Vec<Vec<f64>> = lines.collect();
    let usual = lines.iter().filter_map(|rates| usual(rates)).fold(0.0, f64::max);
    let limit = if usual > 0.0 { usual * SPIKE } else { f64::INFINITY };
    let shown = |rates: &Vec<f64>| {
        let spikes = rates.split(|rate| *rate <= limit).filter(|spike| !spike.is_empty()).count();
        let limit = if spikes > SPIKES_MAX { f64::INFINITY } else { limit };
        rates.iter().copied().filter(|rate| *rate <= limit).fold(0.0, f64::max)
    };
    lines.iter().map(shown).fold(0.0, f64::max)
}

/// The rate that four fifths of `rates` do not exceed.
fn usual(rates: &[f64]) -> Option<f64> {
    if rates.len() < RATES_MIN {
        return None;
    }
    let mut sorted = rates.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get((sorted.len() as f64 * USUAL) as usize).copied()
}

/// The spikes of a line above `usual`, in their order.
pub(super) fn spikes(line: &[(f64, f64)], usual: f64) -> Vec<Spike> {
    let highest = |run: &[(f64, f64)]| {
        let highest = run.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        highest.map(|(at, rate)| Spike { at: *at, rate: *rate })
    };
    line.split(|(_, rate)| *rate <= usual).filter_map(highest).collect()
}

/// The upright axis from 0 to a round figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) top: f64,
    /// The number of parts into which round figures divide it.
    parts: u16,
}

impl Scale {
    /// An axis to the next round figure above `most`, with a little room. It seldom changes, and the lines use its height.
    pub(super) fn over(most: f64) -> Self {
        let most = (most * 1.05).max(10.0);
        let power = 10_f64.powf(most.log10().floor());
        [(1.0, 5), (1.5, 3), (2.0, 4), (2.5, 5), (3.0, 3), (4.0, 4), (5.0, 5), (6.0, 6), (8.0, 4), (10.0, 5)]
            .into_iter()
            .map(|(step, parts)| Self { top: step * power, parts })
            .find(|scale| scale.top >= most)
            .unwrap_or(Self { top: most, parts: 1 })
    }

    /// The number of parts for an axis of so many `rows` above 0.
    pub(super) fn parts(self, rows: u16) -> u16 {
        if rows >= self.parts * 2 {
            self.parts
        } else if rows >= 4 {
            2
        } else {
            1
        }
    }
}

/// A round figure without zeros at the end of its fraction: `20k`, `2.5M`.
pub(super) fn tick(value: f64) -> String {
    let text = short(value);
    let figures = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(figures.len()..).unwrap_or_default();
    let figures = if figures.contains('.') { figures.trim_end_matches('0').trim_end_matches('.') } else { figures };
    format!("{figures}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_figure_above_the_line() {
        let tops = [0.0, 9.0, 95.0, 99.0, 1_200.0, 4_900.0, 21_000.0].map(|most| Scale::over(most).top);
        assert_eq!(tops, [10.0, 10.0, 100.0, 150.0, 1_500.0, 6_000.0, 25_000.0]);
    }

    #[test]
    fn labels_of_the_axis_are_round_figures_a_row_apart_or_more() {
        for most in [3.0, 120.0, 1_800.0, 23_000.0, 55_000.0, 9e6] {
            let scale = Scale::over(most);
            for rows in 1..100 {
                assert!(scale.parts(rows) == 1 || scale.parts(rows) * 2 <= rows, "{most} in {rows}");
            }
            let parts = scale.parts(100);
            assert!(
                (1..=parts).all(|part| tick(scale.top / f64::from(parts) * f64::from(part)).len() <= 4),
                "{scale:?}"
            );
        }
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!([0.0, 10.0, 100.0, 2_500.0, 20_000.0, 1e6].map(tick), ["0", "10", "100", "2.5k", "20k", "1M"]);
    }

    fn line(rates: impl IntoIterator<Item = f64>) -> Vec<(f64, f64)> {
        let rates: Vec<f64> = rates.into_iter().collect();
        let first = -(rates.len() as f64);
        rates.into_iter().enumerate().map(|(at, rate)| (first + at as f64 + 1.0, rate)).collect()
    }

    fn most(lines: &[Vec<f64>]) -> f64 {
        most_usual(lines.iter().cloned())
    }

    #[test]
    fn a_spike_of_some_seconds_does_not_set_the_scale_and_is_found_with_its_height() {
        let mut rates: Vec<f64> = (0..120).map(|second| 2_000.0 + f64::from(second % 7) * 50.0).collect();
        for (second, rate) in [(60, 90_000.0), (61, 250_000.0), (62, 120_000.0), (100, 30_000.0)] {
            rates[second] = rate;
        }
        let usual = most(std::slice::from_ref(&rates));
        assert_eq!((usual, Scale::over(usual).top), (2_300.0, 2_500.0));
        let found = spikes(&line(rates), usual);
        assert_eq!(found, [Spike { at: -58.0, rate: 250_000.0 }, Spike { at: -19.0, rate: 30_000.0 }]);
    }

    #[test]
    fn rates_that_swing_or_last_are_no_spike() {
        let swinging: Vec<f64> = (0..120).map(|second| if second % 8 < 4 { 3_500.0 } else { 800.0 }).collect();
        assert_eq!(most(&[swinging]), 3_500.0);
        // A third of the time.
        let lasting: Vec<f64> = (0..120).map(|second| if second < 40 { 90_000.0 } else { 2_000.0 }).collect();
        assert_eq!(most(&[lasting]), 90_000.0);
        let growing: Vec<f64> = (0..120).map(f64::from).collect();
        assert_eq!(most(&[growing]), 119.0);
    }

    #[test]
    fn a_line_that_is_usually_higher_than_the_others_is_no_spike() {
        let (high, low) = (vec![50_000.0; 60], vec![100.0; 60]);
        assert_eq!(most(&[low.clone(), high]), 50_000.0);
        let rounds: Vec<f64> = (0..60).map(|second| if second % 10 == 0 { 4_000.0 } else { 0.0 }).collect();
        assert_eq!(most(std::slice::from_ref(&rounds)), 4_000.0, "without other lines it sets the scale");
        assert_eq!(most(&[rounds.clone(), low.clone()]), 4_000.0, "rates that come again and again are usual");
        let once: Vec<f64> =
            rounds.into_iter().enumerate().map(|(at, rate)| if at < 20 { rate } else { 0.0 }).collect();
        assert_eq!(most(&[once, low]), 100.0);
    }

    #[test]
    fn a_few_rates_are_all_shown() {
        assert_eq!(most(&[]), 0.0);
        assert_eq!(most(&[vec![], vec![1.0, 1.0, 900.0]]), 900.0);
        assert_eq!(most(&[vec![0.0; 60]]), 0.0);
        assert!(spikes(&[], 3.0).is_empty());
    }
}
