use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_733_626_800); // 2024-12-08
const DUMP: &str = "2024-12-01/a.sql";
const MANIFEST: &str = "2024-12-01/a.manifest.json";

fn objects(keys: &[&str]) -> Vec<Listed> {
    let mut objects: Vec<_> = keys
        .iter()
        .map(|key| Listed {
            key: (*key).to_owned(),
            size: 100,
        })
        .collect();
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    objects
}

/// A row whose day of comparing in depth it is not.
fn row(key: &str) -> KnownBackup {
    let day = NOW.seconds() / 86_400;
    KnownBackup {
        id: day + 1,
        r2_key: key.to_owned(),
        size_bytes: 100,
        sha256: None,
        lost_at: None,
        damage: None,
    }
}

fn all(keys: &[&str], rows: &[KnownBackup]) -> Slice {
    compare(&objects(keys), rows, None, 100, NOW)
}

#[test]
fn a_backup_that_is_there_is_in_order() {
    let slice = all(&[DUMP, MANIFEST], &[row(DUMP)]);
    assert_eq!(slice.findings, []);
    assert_eq!(slice.counts.in_order, 1);
}

#[test]
fn a_row_without_its_dump_or_manifest_is_missing() {
    for keys in [&[] as &[&str], &[DUMP], &[MANIFEST]] {
        let slice = all(keys, &[row(DUMP)]);
        assert_eq!(slice.findings, [Finding::Missing(row(DUMP))], "{keys:?}");
    }
}

#[test]
fn a_row_that_is_known_to_be_lost_is_not_found_twice() {
    let lost = KnownBackup {
        lost_at: Some(1),
        ..row(DUMP)
    };
    assert_eq!(all(&[], std::slice::from_ref(&lost)).findings, []);
    let back = all(&[DUMP, MANIFEST], std::slice::from_ref(&lost));
    assert_eq!(back.findings, [Finding::Back(lost)]);
}

#[test]
fn a_complete_backup_without_a_row_is_unknown() {
    let pin = "2024-12-01/a.pin.json";
    let slice = all(&[DUMP, MANIFEST, pin], &[]);
    assert!(matches!(
        slice.findings.as_slice(),
        [Finding::Unknown {
            pin: true,
            drill: false,
            ..
        }]
    ));
}

#[test]
fn a_dump_of_another_size_is_found() {
    let other = KnownBackup {
        size_bytes: 101,
        ..row(DUMP)
    };
    let slice = all(&[DUMP, MANIFEST], std::slice::from_ref(&other));
    assert_eq!(
        slice.findings,
        [Finding::Size {
            row: other,
            found: 100
        }]
    );
}

#[test]
fn the_size_of_a_compressed_dump_is_not_that_of_its_text() {
    let key = "2024-12-01/a.sql.gz";
    let larger = KnownBackup {
        size_bytes: 1000,
        ..row(key)
    };
    assert_eq!(all(&[key, MANIFEST], &[larger]).findings, []);
}

#[test]
fn each_backup_is_compared_in_depth_once_a_week() {
    let days: usize = (0..7)
        .map(|day| {
            let now = NOW.plus_seconds(day * 86_400);
            let slice = compare(&objects(&[DUMP, MANIFEST]), &[row(DUMP)], None, 100, now);
            slice.findings.len()
        })
        .sum();
    assert_eq!(days, 1);
}

#[test]
fn a_dump_without_a_manifest_is_a_stray_when_its_day_is_over() {
    let slice = all(
        &["2024-12-06/a.sql", "2024-12-07/a.sql", "2024-12-08/a.sql"],
        &[],
    );
    assert_eq!((slice.findings.len(), slice.counts.strays), (0, 1));
}

#[test]
fn what_is_not_of_cache_is_counted_and_left_alone() {
    let slice = all(&["readme", "2024-12-01/notes.txt", MANIFEST], &[]);
    assert_eq!((slice.findings.len(), slice.counts.foreign), (0, 3));
}

#[test]
fn databases_whose_names_begin_alike_are_told_apart() {
    let keys = [
        "2024-12-01/a-b.manifest.json",
        "2024-12-01/a-b.sql",
        "2024-12-01/a.b.manifest.json",
        "2024-12-01/a.b.sql",
        MANIFEST,
        DUMP,
    ];
    let rows = [keys[1], keys[3], keys[5]].map(row);
    let slice = all(&keys, &rows);
    assert_eq!((slice.findings.len(), slice.counts.in_order), (0, 3));
}

/// Goes through everything with so many objects a page and findings a slice.
fn in_slices(objects: &[Listed], rows: &[KnownBackup], page: usize, most: usize) -> Slice {
    let mut sum = Slice::default();
    let mut after: Option<String> = None;
    for _ in 0..1000 {
        let is_later = |key: &str| after.as_deref().is_none_or(|after| key > after);
        let rest: Vec<_> = objects
            .iter()
            .filter(|o| is_later(&o.key))
            .cloned()
            .collect();
        let listed = &rest[..rest.len().min(page)];
        let keys = listed.iter().map(|object| object.key.as_str());
        let next = whole(keys, rest.len() > page);
        let rows: Vec<_> = rows
            .iter()
            .filter(|r| is_later(&r.r2_key))
            .cloned()
            .collect();
        let slice = compare(listed, &rows, next, most, NOW);
        sum.findings.extend(slice.findings);
        sum.counts.in_order += slice.counts.in_order;
        sum.counts.strays += slice.counts.strays;
        sum.counts.foreign += slice.counts.foreign;
        match slice.next {
            Some(next) => {
                assert!(after.as_ref() < Some(&next), "no progress at {next}");
                after = Some(next);
            }
            None => return sum,
        }
    }
    panic!("it never ends");
}

#[test]
fn it_finds_the_same_in_slices_of_any_size() {
    let mut keys = vec![
        "readme",
        "readme-more",
        "2024-12-03/x",
        "2024-12-03/x-y.sql",
    ];
    let stems: Vec<String> = ["a", "a-b", "a.b", "a_b", "b", "c"]
        .iter()
        .flat_map(|name| (1..5).map(move |day| format!("2024-12-0{day}/{name}")))
        .collect();
    let files: Vec<String> = stems
        .iter()
        .flat_map(|stem| [".manifest.json", ".pin.json", ".sql"].map(|end| format!("{stem}{end}")))
        .collect();
    keys.extend(
        files
            .iter()
            .map(String::as_str)
            .filter(|key| !key.contains("4/b")),
    );
    let mut rows: Vec<_> = stems
        .iter()
        .map(|stem| row(&format!("{stem}.sql")))
        .collect();
    rows.sort_by(|a, b| a.r2_key.cmp(&b.r2_key));
    rows.retain(|row| !row.r2_key.contains("2/a"));
    let objects = objects(&keys);
    let whole = in_slices(&objects, &rows, usize::MAX - 1, usize::MAX);
    assert_eq!(whole.findings.len(), 5, "{:?}", whole.findings);
    // A page must hold all objects of names that are the same up to their first dot.
    for page in 6..20 {
        for most in [1, 2, 100] {
            assert_eq!(
                in_slices(&objects, &rows, page, most),
                whole,
                "{page} {most}"
            );
        }
    }
}
