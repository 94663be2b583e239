//! Twelve weeks of a database as a row of marks, with the same in words for who does not see them.

use maud::{Markup, html};
use shared::history::{Outcome, Week};

use crate::text::counted;

/// The class, the mark and the words of what became of a time.
pub(super) fn look(outcome: Outcome) -> (&'static str, &'static str, String) {
    match outcome {
        Outcome::NotDue => ("none", "·", "none due".to_owned()),
        Outcome::Success => ("good", "✓", "backed up".to_owned()),
        Outcome::Partly(made, due) => ("busy", "!", format!("{made} of {due} backed up")),
        Outcome::Failed => ("bad", "✗", "failed".to_owned()),
        Outcome::Gap => ("gap", "?", "due, and none ran".to_owned()),
        Outcome::Running => ("busy", "◐", "under way".to_owned()),
    }
}

/// The weeks of a database, oldest first.
pub(super) fn strip(database: &str, weeks: &[Week]) -> Markup {
    html! {
        span class="strip" role="img" aria-label={ (database) ": " (in_words(weeks)) } {
            @for week in weeks {
                @let (class, mark, words) = look(week.outcome);
                span class={ "cell " (class) } title={ "Week from " (week.from.date()) ": " (words) } { (mark) }
            }
        }
    }
}

/// What the marks mean.
pub(super) fn legend() -> Markup {
    let all = [
        Outcome::Success,
        Outcome::Failed,
        Outcome::Gap,
        Outcome::NotDue,
        Outcome::Running,
    ];
    html! {
        ul class="legend" aria-label="What the marks mean" {
            @for outcome in all {
                @let (class, mark, words) = look(outcome);
                li { span class={ "cell " (class) } aria-hidden="true" { (mark) } " " (words) }
            }
            li { span class="cell busy" aria-hidden="true" { "!" } " some of them backed up" }
        }
    }
}

/// How many weeks were of which kind, and since when the bad ones are.
fn in_words(weeks: &[Week]) -> String {
    let due = weeks.iter().filter(|week| week.outcome != Outcome::NotDue);
    let good = weeks.iter().filter(|week| week.outcome == Outcome::Success);
    let total = due.clone().count();
    if total == 0 {
        return "nothing was due in the last 12 weeks".to_owned();
    }
    let mut words = format!(
        "backed up in {} of {}",
        good.count(),
        counted(total.try_into().unwrap_or(u64::MAX), "week")
    );
    for week in due.filter(|week| week.outcome != Outcome::Success) {
        let (_, _, what) = look(week.outcome);
        words.push_str(&format!("; week from {}: {what}", week.from.date()));
    }
    words
}

#[cfg(test)]
mod tests {
    use shared::time::Timestamp;

    use super::*;

    fn weeks(outcomes: &[Outcome]) -> Vec<Week> {
        let each = outcomes.iter().zip(0..).map(|(outcome, number)| Week {
            from: Timestamp::from_seconds(1_733_626_800 + number * 7 * 86_400),
            outcome: *outcome,
            size_bytes: None,
        });
        each.collect()
    }

    #[test]
    fn a_strip_says_in_words_where_the_gaps_are() {
        let strip = weeks(&[
            Outcome::NotDue,
            Outcome::Success,
            Outcome::Gap,
            Outcome::Failed,
            Outcome::Partly(5, 7),
        ]);
        assert_eq!(
            in_words(&strip),
            "backed up in 1 of 4 weeks; week from 2024-12-22: due, and none ran; week from 2024-12-29: failed; \
             week from 2025-01-05: 5 of 7 backed up"
        );
    }

    #[test]
    fn a_strip_of_nothing_says_so() {
        assert_eq!(
            in_words(&weeks(&[Outcome::NotDue; 12])),
            "nothing was due in the last 12 weeks"
        );
    }
}
