//! What an [`ObjectStore`] promises, which is what R2 does.
//!
//! All contracts may run on one bucket, one after the other: each has keys of its own.

use sha2::{Digest, Sha256};
use shared::ports::{ObjectStore, Part, Put, PutOptions, StoreError};

use crate::suite;
use crate::verdict::{Verdict, holds, same, unexpected};

/// Calls the macro `$with` with the contracts of a bucket.
#[macro_export]
macro_rules! objects_contracts {
    ($with:ident) => {
        $with! {
            ObjectStore:
            a_new_key_is_created,
            a_key_that_is_taken_keeps_its_object,
            a_body_with_another_hash_is_not_stored,
            a_key_without_an_object_has_nothing,
            a_head_has_the_size_the_owner_and_the_hash,
            another_body_has_another_tag_without_quotes,
            a_deleted_object_is_gone_and_its_key_free,
            deleting_what_is_not_there_succeeds,
            a_key_may_have_any_characters,
            a_body_may_be_empty,
            a_body_of_5_megabytes_comes_back_whole,
            a_range_ends_where_the_object_does,
            a_listing_goes_on_after_a_key_in_the_order_of_bytes,
            an_object_comes_of_parts_when_all_are_there,
            a_part_may_be_stored_again,
            an_upload_that_was_aborted_is_gone,
            aborting_an_upload_that_is_gone_succeeds,
        }
    };
}
objects_contracts!(suite);

/// Puts `body` with its own hash.
async fn put(objects: &impl ObjectStore, key: &str, body: &[u8]) -> Result<Put, String> {
    let answer = put_as(objects, key, body, body).await;
    answer.map_err(unexpected)
}

/// Puts `body` with the hash of `hashed`.
async fn put_as(
    objects: &impl ObjectStore,
    key: &str,
    body: &[u8],
    hashed: &[u8],
) -> Result<Put, StoreError> {
    let options = PutOptions {
        content_type: "application/sql",
        sha256: Sha256::digest(hashed).into(),
        owner: owner(key),
    };
    objects.put_new(key, body, &options).await
}

fn owner(key: &str) -> String {
    format!("the job of {}", key.len())
}

async fn get(objects: &impl ObjectStore, key: &str) -> Result<Option<Vec<u8>>, String> {
    objects.get(key).await.map_err(unexpected)
}

async fn delete(objects: &impl ObjectStore, key: &str) -> Verdict {
    objects.delete(key).await.map_err(unexpected)
}

async fn a_new_key_is_created(objects: &impl ObjectStore) -> Verdict {
    same(put(objects, "new", b"one").await?, Put::Created)?;
    same(get(objects, "new").await?, Some(b"one".to_vec()))
}

async fn a_key_that_is_taken_keeps_its_object(objects: &impl ObjectStore) -> Verdict {
    put(objects, "taken", b"one").await?;
    same(put(objects, "taken", b"two").await?, Put::Exists)?;
    same(put(objects, "taken", b"one").await?, Put::Exists)?;
    same(get(objects, "taken").await?, Some(b"one".to_vec()))
}

async fn a_body_with_another_hash_is_not_stored(objects: &impl ObjectStore) -> Verdict {
    let answer = put_as(objects, "damaged", b"one", b"two").await;
    holds(answer.is_err(), "the put fails")?;
    same(get(objects, "damaged").await?, None)
}

async fn a_key_without_an_object_has_nothing(objects: &impl ObjectStore) -> Verdict {
    same(get(objects, "nothing").await?, None)?;
    same(objects.head("nothing").await.map_err(unexpected)?, None)
}

async fn a_head_has_the_size_the_owner_and_the_hash(objects: &impl ObjectStore) -> Verdict {
    put(objects, "described", "élan".as_bytes()).await?;
    let info = objects.head("described").await.map_err(unexpected)?;
    let found = info.map(|info| (info.size, info.owner, info.sha256));
    let hash = Some(Sha256::digest("élan").into());
    same(found, Some((5, Some(owner("described")), hash)))
}

async fn tag(objects: &impl ObjectStore, key: &str) -> Result<String, String> {
    let info = objects.head(key).await.map_err(unexpected)?;
    info.map(|info| info.etag)
        .ok_or_else(|| format!("there is no {key}"))
}

async fn another_body_has_another_tag_without_quotes(objects: &impl ObjectStore) -> Verdict {
    put(objects, "tag/one", b"one").await?;
    put(objects, "tag/two", b"two").await?;
    let (one, two) = (
        tag(objects, "tag/one").await?,
        tag(objects, "tag/two").await?,
    );
    holds(one != two, "the tags differ")?;
    holds(
        !one.is_empty() && !one.contains('"'),
        format!("`{one}` is a tag"),
    )
}

async fn a_deleted_object_is_gone_and_its_key_free(objects: &impl ObjectStore) -> Verdict {
    put(objects, "deleted", b"one").await?;
    delete(objects, "deleted").await?;
    same(get(objects, "deleted").await?, None)?;
    same(put(objects, "deleted", b"two").await?, Put::Created)
}

async fn deleting_what_is_not_there_succeeds(objects: &impl ObjectStore) -> Verdict {
    delete(objects, "never there").await?;
    put(objects, "there once", b"one").await?;
    delete(objects, "there once").await?;
    delete(objects, "there once").await
}

async fn a_key_may_have_any_characters(objects: &impl ObjectStore) -> Verdict {
    for key in [
        "2024-12-09/name.sql",
        "with space + plus & more",
        "per%20cent#hash?query=1",
        "quotes \" ' `",
        "漢字/é/👩‍👧",
        "../up/./here//twice",
    ] {
        same(put(objects, key, key.as_bytes()).await?, Put::Created)?;
        same(get(objects, key).await?, Some(key.as_bytes().to_vec()))?;
    }
    Ok(())
}

async fn a_body_may_be_empty(objects: &impl ObjectStore) -> Verdict {
    same(put(objects, "empty", b"").await?, Put::Created)?;
    same(get(objects, "empty").await?, Some(Vec::new()))?;
    let info = objects.head("empty").await.map_err(unexpected)?;
    same(info.map(|info| info.size), Some(0))
}

async fn a_body_of_5_megabytes_comes_back_whole(objects: &impl ObjectStore) -> Verdict {
    let body: Vec<u8> = (0..=250).cycle().take(5_000_000).collect();
    put(objects, "large", &body).await?;
    let found = get(objects, "large").await?;
    holds(
        found.as_deref() == Some(body.as_slice()),
        "the bytes are the same",
    )
}

/// The smallest part that is not the last.
const PART: usize = 5 * 1024 * 1024;

async fn begin(objects: &impl ObjectStore, key: &str) -> Result<String, String> {
    let begun = objects
        .begin_upload(key, "application/sql", &owner(key))
        .await;
    begun.map_err(unexpected)
}

async fn part(
    objects: &impl ObjectStore,
    key: &str,
    upload: &str,
    number: u16,
    body: &[u8],
) -> Result<String, StoreError> {
    let part = Part {
        key,
        upload,
        number,
    };
    objects.put_part(part, body.to_vec()).await
}

async fn a_range_ends_where_the_object_does(objects: &impl ObjectStore) -> Verdict {
    let key = "range";
    put(objects, key, b"acorns").await?;
    for (offset, length, expected) in [
        (0, 6, &b"acorns"[..]),
        (0, 3, b"aco"),
        (4, 100, b"ns"),
        (6, 1, b""),
        (7, 1, b""),
    ] {
        let found = objects.get_range(key, offset, length).await;
        same(found.map_err(unexpected)?.as_deref(), Some(expected))?;
    }
    let missing = objects.get_range("no range", 0, 1).await;
    same(missing.map_err(unexpected)?, None)
}

async fn a_listing_goes_on_after_a_key_in_the_order_of_bytes(
    objects: &impl ObjectStore,
) -> Verdict {
    let keys = [
        "listed/Z",
        "listed/a",
        "listed/a/b",
        "listed/ä",
        "listed/表",
    ];
    for key in keys {
        put(objects, key, key.as_bytes()).await?;
    }
    for first in 0..keys.len() {
        let mut found = Vec::new();
        let mut after = match first.checked_sub(1).and_then(|before| keys.get(before)) {
            Some(before) => (*before).to_owned(),
            None => "listed/".to_owned(),
        };
        loop {
            let listing = objects.list(Some(&after)).await.map_err(unexpected)?;
            for listed in &listing.objects {
                if let Some(name) = listed.key.strip_prefix("listed/") {
                    same(listed.size, listed.key.len() as u64)?;
                    found.push(name.to_owned());
                }
            }
            match listing.objects.into_iter().next_back() {
                Some(last) if listing.is_truncated => after = last.key,
                _ => break,
            }
        }
        let expected = keys
            .iter()
            .skip(first)
            .filter_map(|key| key.strip_prefix("listed/"));
        same(found, expected.map(str::to_owned).collect::<Vec<_>>())?;
    }
    Ok(())
}

async fn an_object_comes_of_parts_when_all_are_there(objects: &impl ObjectStore) -> Verdict {
    let key = "in parts";
    let upload = begin(objects, key).await?;
    let first = part(objects, key, &upload, 1, &[1; PART])
        .await
        .map_err(unexpected)?;
    let second = part(objects, key, &upload, 2, b"rest")
        .await
        .map_err(unexpected)?;
    same(get(objects, key).await?, None)?;
    let completed = objects
        .complete_upload(key, &upload, &[first, second])
        .await;
    completed.map_err(unexpected)?;
    let info = objects.head(key).await.map_err(unexpected)?;
    let found = info.map(|info| (info.size, info.owner));
    let size = u64::try_from(PART + 4).unwrap_or_default();
    same(found, Some((size, Some(owner(key)))))?;
    let body = get(objects, key).await?.unwrap_or_default();
    same(body.get(PART..), Some(b"rest".as_slice()))
}

async fn a_part_may_be_stored_again(objects: &impl ObjectStore) -> Verdict {
    let key = "again";
    let upload = begin(objects, key).await?;
    part(objects, key, &upload, 1, b"one")
        .await
        .map_err(unexpected)?;
    let tag = part(objects, key, &upload, 1, b"two")
        .await
        .map_err(unexpected)?;
    let completed = objects.complete_upload(key, &upload, &[tag]).await;
    completed.map_err(unexpected)?;
    same(get(objects, key).await?, Some(b"two".to_vec()))
}

async fn an_upload_that_was_aborted_is_gone(objects: &impl ObjectStore) -> Verdict {
    let key = "aborted";
    let upload = begin(objects, key).await?;
    objects
        .abort_upload(key, &upload)
        .await
        .map_err(unexpected)?;
    let error = part(objects, key, &upload, 1, b"late").await.err();
    same(error.map(|error| error.is_gone), Some(true))?;
    same(get(objects, key).await?, None)
}

async fn aborting_an_upload_that_is_gone_succeeds(objects: &impl ObjectStore) -> Verdict {
    let key = "aborted twice";
    let upload = begin(objects, key).await?;
    objects
        .abort_upload(key, &upload)
        .await
        .map_err(unexpected)?;
    objects.abort_upload(key, &upload).await.map_err(unexpected)
}
