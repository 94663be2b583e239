use super::*;
use crate::fingerprint::{complaints, differences, of};

#[test]
fn every_database_builds_and_is_sound() {
    for seed in 0..2000 {
        let made = database(seed);
        assert_eq!(complaints(&made.build()), [""; 0], "seed {seed}");
    }
}

#[test]
fn a_seed_gives_the_same_database_again() {
    for seed in 0..300 {
        let (one, other) = (database(seed), database(seed));
        assert_eq!(one.statements, other.statements);
        assert_eq!(differences(&of(&one.build()), &of(&other.build())), [""; 0], "seed {seed}");
    }
}
