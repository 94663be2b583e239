//! How the size of a database's backups went over twelve weeks, as a small line. Where there is no backup the line is broken.

use maud::{Markup, html};
use shared::history::Week;

use crate::text::bytes;

/// The size of the drawing, in its own units.
const WIDTH: u64 = 110;
const HEIGHT: u64 = 24;
const STEP: u64 = 10;

/// The line of these weeks, oldest first.
pub(super) fn sparkline(weeks: &[Week]) -> Markup {
    let sizes: Vec<Option<u64>> = weeks.iter().map(|week| week.size_bytes).collect();
    let known = || sizes.iter().flatten().copied();
    let (Some(first), Some(last)) = (known().next(), known().last()) else {
        return html! { span class="quiet" { "–" } };
    };
    let (least, most) = known().fold((first, first), |(least, most), size| {
        (least.min(size), most.max(size))
    });
    let words = format!(
        "From {} to {}, at least {}, at most {}",
        bytes(first),
        bytes(last),
        bytes(least),
        bytes(most)
    );
    let lines = lines(&sizes, least, most);
    let end = lines.last().and_then(|line| line.last()).copied();
    html! {
        svg class="spark" viewBox={ "-3 -3 " (WIDTH + 6) " " (HEIGHT + 6) } width=(WIDTH + 6) height=(HEIGHT + 6)
            role="img" aria-label=(words) {
            title { (words) }
            @for line in &lines { polyline points=(points(line)) {} }
            @if let Some((x, y)) = end { circle cx=(x) cy=(y) r="2.5" {} }
        }
    }
}

/// The points of each unbroken run of weeks. A single week is a line of no length, which a round end makes a dot.
fn lines(sizes: &[Option<u64>], least: u64, most: u64) -> Vec<Vec<(u64, u64)>> {
    let mut lines: Vec<Vec<(u64, u64)>> = Vec::new();
    let mut is_broken = true;
    for (size, number) in sizes.iter().zip(0_u64..) {
        let Some(size) = size else {
            is_broken = true;
            continue;
        };
        let point = (number * STEP, height(*size, least, most));
        match lines.last_mut().filter(|_| !is_broken) {
            Some(line) => line.push(point),
            None => lines.push(vec![point]),
        }
        is_broken = false;
    }
    lines
}

/// How far below the top a size is; in the middle when all are the same.
fn height(size: u64, least: u64, most: u64) -> u64 {
    let range = u128::from(most.saturating_sub(least));
    if range == 0 {
        return HEIGHT / 2;
    }
    let above = u128::from(size.saturating_sub(least)) * u128::from(HEIGHT) / range;
    HEIGHT.saturating_sub(u64::try_from(above).unwrap_or(HEIGHT))
}

fn points(line: &[(u64, u64)]) -> String {
    let mut text = String::new();
    for (x, y) in line {
        text.push_str(&format!("{x},{y} "));
    }
    if let [(x, y)] = line {
        text.push_str(&format!("{x},{y}"));
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_is_at_the_bottom_and_the_largest_at_the_top() {
        let sizes = [Some(100), Some(300), Some(200)];
        assert_eq!(lines(&sizes, 100, 300), [[(0, 24), (10, 0), (20, 12)]]);
    }

    #[test]
    fn a_week_without_a_backup_breaks_the_line() {
        let sizes = [Some(1), None, Some(2), Some(2), None];
        assert_eq!(lines(&sizes, 1, 2), [vec![(0, 24)], vec![(20, 0), (30, 0)]]);
    }

    #[test]
    fn sizes_that_are_all_the_same_are_a_line_in_the_middle() {
        assert_eq!(lines(&[Some(7), Some(7)], 7, 7), [[(0, 12), (10, 12)]]);
    }

    #[test]
    fn sizes_beyond_every_database_are_drawn_too() {
        assert_eq!(height(u64::MAX, 0, u64::MAX), 0);
        assert_eq!(height(0, 0, u64::MAX), HEIGHT);
    }

    #[test]
    fn a_single_point_is_a_line_of_no_length() {
        assert_eq!(points(&[(30, 12)]), "30,12 30,12");
    }
}
