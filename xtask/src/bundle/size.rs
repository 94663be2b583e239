//! What a packed Worker weighs.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{BundleError, file_error};

/// Bytes of the files that are uploaded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) raw: u64,
    pub(super) gzipped: u64,
}

/// The weight of a folder that `wrangler deploy --dry-run` wrote: its code, without maps and the note about the folder.
pub(super) fn measure(folder: &Path) -> Result<Weight, BundleError> {
    let mut weight = Weight::default();
    for entry in fs::read_dir(folder).map_err(file_error("list", folder))? {
        let file = entry.map_err(file_error("list", folder))?.path();
        let uploaded = file
            .extension()
            .is_some_and(|kind| kind == "js" || kind == "mjs" || kind == "wasm");
        if uploaded {
            let bytes = fs::read(&file).map_err(file_error("read", &file))?;
            weight.raw += length(bytes.len());
            weight.gzipped += gzipped(&bytes).map_err(file_error("compress", &file))?;
        }
    }
    Ok(weight)
}

fn gzipped(bytes: &[u8]) -> io::Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(length(encoder.finish()?.len()))
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::gzipped;

    #[test]
    fn repetition_weighs_little() {
        assert!(gzipped(&[7; 100_000]).unwrap() < 1_000);
    }
}
