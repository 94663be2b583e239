//! Takes the blanks out of the OpenAPI document that the Worker serves, and tells native builds from those for WebAssembly.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

const DOCUMENT: &str = "openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rustc-check-cfg=cfg(native)");
    if env::var("CARGO_CFG_TARGET_ARCH")? != "wasm32" {
        println!("cargo::rustc-cfg=native");
    }
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let target = Path::new(&env::var("OUT_DIR")?).join(DOCUMENT);
    let mut writer = BufWriter::new(File::create(target)?);
    let mut from = serde_json::Deserializer::from_reader(BufReader::new(File::open(DOCUMENT)?));
    serde_transcode::transcode(&mut from, &mut serde_json::Serializer::new(&mut writer))?;
    Ok(writer.flush()?)
}
