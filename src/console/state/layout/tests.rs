//! Layouts at every size.

use ratatui::layout::Rect;

use super::ScreenLayout;
use crate::console::state::panel::Panel;

#[test]
fn at_every_size_no_panels_overlap_and_the_focused_one_holds_a_row() {
    for width in (60..=300).step_by(7) {
        for height in 16..=100 {
            let few = [(4, 0, 1), (4, 1, 1), (4, 0, 9), (6, 1, 9), (3, 1, 1)];
            for (stages, banner, detail) in few.into_iter().chain([(1, 0, 1), (2, 0, 9), (7, 1, 1), (8, 1, 9)]) {
                for focus in Panel::ALL {
                    let whole = Rect::new(0, 0, width, height);
                    let layout = ScreenLayout::of_overview(whole, stages, banner, detail, focus).expect("large enough");
                    let all: Vec<Rect> = [
                        Some(layout.header),
                        layout.banner,
                        layout.tabs,
                        Some(layout.stages),
                        Some(layout.details),
                        layout.throughput,
                        layout.index,
                        layout.countries,
                        layout.urls,
                        layout.activity,
                        Some(layout.footer),
                    ]
                    .into_iter()
                    .flatten()
                    .collect();
                    let each = &layout.each_stage;
                    assert_eq!(each.len(), stages, "{width}×{height}");
                    for (at, area) in each.iter().enumerate() {
                        assert!(
                            !area.is_empty() && layout.stages.intersection(*area) == *area,
                            "{width}×{height} {at}"
                        );
                        assert!(
                            each.iter().skip(at + 1).all(|other| !area.intersects(*other)),
                            "{width}×{height} {at}"
                        );
                    }
                    for (at, area) in all.iter().enumerate() {
                        assert_eq!(whole.intersection(*area), *area, "{width}×{height}");
                        assert!(!area.is_empty(), "{width}×{height} {at}");
                        for other in all.iter().skip(at + 1) {
                            assert!(!area.intersects(*other), "{width}×{height}: {area} over {other}");
                        }
                    }
                    assert!(layout.of(focus).is_none() || layout.rows(focus) >= 1, "{width}×{height} {focus:?}");
                    assert!(layout.of(focus).is_some(), "{width}×{height}: {focus:?} is not visible");
                }
            }
        }
    }
    assert!(ScreenLayout::of_screen(Rect::new(0, 0, 59, 16), 0, 1).is_none());
    assert!(ScreenLayout::of_expanded(Rect::new(0, 0, 59, 16), 4, 0, 1, false, Panel::Urls).is_none());
    assert!(ScreenLayout::of_overview(Rect::new(0, 0, 59, 16), 4, 0, 1, Panel::Urls).is_none());
    assert!(ScreenLayout::of_overview(Rect::new(0, 0, 60, 15), 4, 0, 1, Panel::Urls).is_none());
}

#[test]
fn an_expanded_panel_fills_the_terminal_between_header_and_footer() {
    for (width, height) in [(60, 16), (80, 24), (120, 40), (300, 100)] {
        let whole = Rect::new(0, 0, width, height);
        for panel in [Panel::Countries, Panel::Urls, Panel::Activity] {
            let layout = ScreenLayout::of_expanded(whole, 4, 1, 1, false, panel).expect("large enough");
            let area = layout.of(panel).expect("visible");
            assert_eq!((area.y, area.bottom(), area.width), (4, height - 1, width), "{panel:?}");
            let others = Panel::ALL.into_iter().filter(|other| *other != panel);
            assert!(others.filter_map(|other| layout.of(other)).all(|area| area.is_empty()), "{panel:?}");
        }
        let stages = ScreenLayout::of_expanded(whole, 4, 1, 9, false, Panel::Stages).expect("large enough");
        let chart = stages.throughput.expect("visible");
        let work = stages.work.unwrap_or_default();
        assert_eq!((chart.union(work).bottom(), chart.union(work).width), (height - 1, width));
        assert_eq!((work.is_empty(), stages.index), (width == 60, None), "{width}");

        let index = ScreenLayout::of_expanded(whole, 4, 1, 9, true, Panel::Index).expect("large enough");
        let panel = index.index.expect("visible");
        assert!(index.details.y == 4 && index.details.height > 0, "what is wrong with a stage stays");
        assert_eq!((panel.y, panel.bottom()), (index.details.bottom(), height - 1));
    }
}
