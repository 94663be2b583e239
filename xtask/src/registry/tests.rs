use super::{FILE, read};
use crate::workspace::path;

#[test]
fn the_registry_in_the_checkout_is_sound() {
    let text = std::fs::read_to_string(path(FILE)).unwrap();
    assert_eq!(read(&text).map(|_| ()), Ok(()));
}
