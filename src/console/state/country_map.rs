//! The countries of a board on a map of the world: the cell and the size of each, and the places of the labels.

use std::sync::Arc;

use ratatui::layout::{Margin, Position, Rect};

use crate::console::format::{short, width};
use crate::protocol::board::Board;
use crate::world::{Country, locate};

/// The degrees of longitude that the map shows. With [`LATITUDES`], it shows all land except the far north of Greenland and
/// Antarctica.
pub(crate) const LONGITUDES: [f64; 2] = [-180.0, 180.0];
/// The degrees of latitude that the map shows.
pub(crate) const LATITUDES: [f64; 2] = [-57.0, 80.0];

/// The rows for a map of `columns` on which a degree is as high as it is wide. A row is twice as high as a column is wide.
pub(crate) fn true_rows(columns: u16) -> u16 {
    let degrees = (LATITUDES[1] - LATITUDES[0]) / (LONGITUDES[1] - LONGITUDES[0]);
    (f64::from(columns) * degrees / 2.0).round() as u16
}

/// The cells inside the frame of a map that it fills. If the frame is higher than the map needs, degrees keep their shape.
pub(crate) fn drawn_area(frame: Rect) -> Rect {
    let inner = frame.inner(Margin::new(1, 1));
    let rows = true_rows(inner.width).clamp(1, inner.height.max(1));
    Rect { y: inner.y + (inner.height.saturating_sub(rows)) / 2, height: rows.min(inner.height), ..inner }
}

/// A country on the map.
#[derive(Clone, Debug)]
pub(crate) struct CountrySpot {
    pub(crate) country: &'static Country,
    /// Its name in the events. If they have several names for it, the one with the most clicks.
    pub(crate) name: Arc<str>,
    pub(crate) clicks: u64,
    /// Whether it is the selected country.
    pub(crate) picked: bool,
}

/// The countries of a board on a map of the world.
#[derive(Clone, Debug, Default)]
pub(crate) struct CountryMap {
    /// The countries on the map, the one with the most clicks first.
    pub(crate) spots: Vec<CountrySpot>,
    /// Names that the map has no place for, with their clicks, the most clicks first.
    pub(crate) unplaced: Vec<(Arc<str>, u64)>,
    /// Clicks of all countries, on the map or not.
    pub(crate) all: u64,
}

impl CountryMap {
    /// The countries of `board`; `picked` is the name of the selected one.
    pub(crate) fn of(board: &Board, picked: Option<&str>) -> Self {
        let mut map = Self::default();
        for row in &board.countries {
            map.all = map.all.saturating_add(row.clicks);
            let picked = picked == Some(&*row.country);
            let Some(country) = locate(&row.country) else {
                map.unplaced.push((Arc::clone(&row.country), row.clicks));
                continue;
            };
            match map.spots.iter_mut().find(|spot| std::ptr::eq(spot.country, country)) {
                Some(spot) => {
                    spot.clicks = spot.clicks.saturating_add(row.clicks);
                    spot.picked |= picked;
                }
                None => {
                    let name = Arc::clone(&row.country);
                    map.spots.push(CountrySpot { country, name, clicks: row.clicks, picked });
                }
            }
        }
        // Adding up the names of one country may have changed the order.
        map.spots.sort_by_key(|spot| std::cmp::Reverse(spot.clicks));
        map
    }

    /// Clicks that are not on the map.
    pub(crate) fn unplaced_clicks(&self) -> u64 {
        self.unplaced.iter().fold(0, |sum, (_, clicks)| sum.saturating_add(*clicks))
    }

    /// The share of `spot` of the clicks of all countries: 0–1.
    pub(crate) fn share(&self, spot: &CountrySpot) -> f64 {
        if self.all == 0 { 0.0 } else { spot.clicks as f64 / self.all as f64 }
    }

    /// The diameter of `spot`, where the largest has 1. Its area shows its clicks.
    pub(crate) fn size(&self, spot: &CountrySpot) -> f64 {
        let most = self.spots.first().map_or(0, |spot| spot.clicks);
        if most == 0 { 0.0 } else { (spot.clicks as f64 / most as f64).sqrt() }
    }

    /// The spot nearest to `point` on a map that fills `area`; `None` if no spot is near.
    pub(crate) fn nearest(&self, area: Rect, point: Position) -> Option<&CountrySpot> {
        let distance = |spot: &&CountrySpot| {
            let at = cell(area, spot.country);
            // A row is twice as high as a column is wide.
            let rows = 2 * u32::from(at.y.abs_diff(point.y));
            u32::from(at.x.abs_diff(point.x)).pow(2) + rows.pow(2)
        };
        self.spots.iter().min_by_key(distance).filter(|spot| distance(spot) <= 16)
    }
}

/// The cell of `country` on a map that fills `area`. A country beyond the map is at its edge.
pub(crate) fn cell(area: Rect, country: &Country) -> Position {
    let [west, east] = LONGITUDES;
    let [south, north] = LATITUDES;
    let along = |share: f64, cells: u16| (share.clamp(0.0, 1.0) * f64::from(cells.saturating_sub(1))).round() as u16;
    Position {
        x: area.x + along((country.longitude - west) / (east - west), area.width),
        y: area.y + along((north - country.latitude) / (north - south), area.height),
    }
}

/// A label on the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) at: Position,
    pub(crate) text: String,
    pub(crate) picked: bool,
}

/// At most `most` labels for the spots of `map`, which take the cells `extents`: first for the picked country, then by clicks. A
/// label is the code with the clicks, or the code alone, or left out, so that none covers another label or a spot.
pub(crate) fn labels(map: &CountryMap, area: Rect, extents: &[Rect], most: usize) -> Vec<Label> {
    let mut taken: Vec<Rect> = extents.to_vec();
    let mut labels = Vec::new();
    let mut spots: Vec<(&CountrySpot, Rect)> = map.spots.iter().zip(extents.iter().copied()).collect();
    spots.sort_by_key(|(spot, _)| !spot.picked);
    for (spot, extent) in spots {
        if labels.len() >= most {
            break;
        }
        let code = spot.country.alpha2;
        let texts = [format!("{code} {}", short(spot.clicks as f64)), code.to_owned()];
        let place = texts.into_iter().find_map(|text| {
            let columns = u16::try_from(width(&text)).ok()?;
            let room = around(extent, columns).into_iter().flatten().find(|room| {
                // Labels keep a blank column between them.
                let margin = Rect { x: room.x.saturating_sub(1), width: room.width + 2, ..*room };
                area.intersection(*room) == *room
                    && !taken.iter().any(|other| other.intersects(if *other == extent { *room } else { margin }))
            })?;
            Some((room, text))
        });
        if let Some((room, text)) = place {
            taken.push(room);
            labels.push(Label { at: room.as_position(), text, picked: spot.picked });
        }
    }
    labels
}

/// The places for a label of `columns` beside `spot`: right, left, above, below.
fn around(spot: Rect, columns: u16) -> [Option<Rect>; 4] {
    let middle = spot.y + spot.height / 2;
    let centred = (spot.x + spot.width / 2).saturating_sub(columns / 2);
    let row = |x: Option<u16>, y: Option<u16>| Some(Rect { x: x?, y: y?, width: columns, height: 1 });
    [
        row(Some(spot.right()), Some(middle)),
        row(spot.x.checked_sub(columns), Some(middle)),
        row(Some(centred), spot.y.checked_sub(1)),
        row(Some(centred), Some(spot.bottom())),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::board::CountryRow;

    fn board(rows: &[(&str, u64)]) -> Board {
        let countries =
            rows.iter().map(|(name, clicks)| CountryRow { country: (*name).into(), clicks: *clicks, urls: 1 });
        Board { countries: countries.collect(), ..Board::default() }
    }

    #[test]
    fn names_of_one_country_are_one_spot_and_no_click_is_left_out() {
        let board = board(&[("US", 50), ("DE", 40), ("Germany", 30), ("unknown", 7), ("Atlantis", 2)]);
        let map = CountryMap::of(&board, Some("Germany"));
        let spots: Vec<_> = map.spots.iter().map(|spot| (spot.country.alpha2, spot.clicks, spot.picked)).collect();
        assert_eq!(spots, [("DE", 70, true), ("US", 50, false)]);
        assert_eq!((map.unplaced_clicks(), map.all), (9, 129));
        assert_eq!(map.unplaced.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["unknown", "Atlantis"]);
        assert_eq!(map.size(&map.spots[0]), 1.0);
    }

    #[test]
    fn countries_are_at_their_places() {
        let area = Rect::new(10, 5, 180, 35);
        let at = |code| cell(area, locate(code).expect("known"));
        assert!(at("US").x < at("GB").x && at("GB").x < at("DE").x && at("DE").x < at("JP").x);
        assert!(at("NO").y < at("DE").y && at("DE").y < at("NG").y && at("NG").y < at("ZA").y);
        assert!(area.contains(at("AQ")) && area.contains(at("NZ")) && area.contains(at("SJ")));
        let map = CountryMap::of(&board(&[("JP", 1)]), None);
        assert!(map.nearest(area, at("JP")).is_some() && map.nearest(area, at("US")).is_none());
    }

    proptest! {
        #[test]
        fn labels_stay_on_the_map_and_cover_nothing(
            columns in 1_u16..220,
            rows in 1_u16..60,
            clicks in proptest::collection::vec(0_u64..10_000_000, 1..60),
            picked in 0_usize..60,
        ) {
            let rows_of: Vec<(&str, u64)> =
                crate::source::traffic::places::COUNTRIES.iter().map(|country| country.code).zip(clicks).collect();
            let picked = rows_of.get(picked).map(|(code, _)| *code);
            let map = CountryMap::of(&board(&rows_of), picked);
            let area = Rect::new(3, 2, columns, rows);
            let extents: Vec<Rect> = map
                .spots
                .iter()
                .map(|spot| Rect::from((cell(area, spot.country), ratatui::layout::Size::new(2, 1))).intersection(area))
                .collect();
            let labels = labels(&map, area, &extents, 1000);
            let places: Vec<Rect> =
                labels.iter().map(|label| Rect::new(label.at.x, label.at.y, label.text.len() as u16, 1)).collect();
            for (at, place) in places.iter().enumerate() {
                prop_assert_eq!(area.intersection(*place), *place);
                prop_assert!(extents.iter().all(|extent| !extent.intersects(*place)));
                prop_assert!(places.iter().skip(at + 1).all(|other| !other.intersects(*place)));
            }
        }
    }
}
