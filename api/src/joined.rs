//! Several runs of bytes as one stream of the runtime's. What is stored never enters WebAssembly: the runtime itself moves it
//! from one stream to the other.

use js_sys::Uint8Array;
use shared::cloudflare::{R2, report};
use shared::ports::StoreError;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::StreamPipeOptions;
use worker::ResponseBody;
use worker::wasm_bindgen::JsValue;
use worker::worker_sys::FixedLengthStream;
use worker::worker_sys::web_sys::WritableStream;

use crate::representation::Piece;

/// A stream of these pieces. It is filled while the client reads it; when that fails it ends too early, of which its length
/// tells.
pub(crate) fn joined(
    bucket: R2,
    key: String,
    pieces: Vec<Piece>,
) -> Result<ResponseBody, StoreError> {
    let length: u64 = pieces.iter().map(Piece::length).sum();
    let stream = FixedLengthStream::new_big_int(length.into());
    let stream = stream.map_err(|error| failed(&key, &error))?;
    let (readable, writable) = (stream.readable(), stream.writable());
    spawn_local(async move {
        for piece in pieces {
            if let Err(error) = pour(&bucket, &key, piece, &writable).await {
                report("send a download", &error);
                // The reader learns of it; that it could not be told is all that can fail here.
                drop(JsFuture::from(writable.abort()).await);
                return;
            }
        }
        if let Err(error) = JsFuture::from(writable.close()).await {
            report("send a download", &failed(&key, &error));
        }
    });
    Ok(ResponseBody::Stream(readable))
}

async fn pour(
    bucket: &R2,
    key: &str,
    piece: Piece,
    into: &WritableStream,
) -> Result<(), StoreError> {
    let fail = |error: JsValue| failed(key, &error);
    match piece {
        Piece::Text(text) => {
            let writer = into.get_writer().map_err(fail)?;
            let written = writer.write_with_chunk(&Uint8Array::from(text.as_slice()));
            let written = JsFuture::from(written).await;
            writer.release_lock();
            written.map(drop).map_err(fail)
        }
        Piece::Stored(range) => match bucket.stream(key, range).await? {
            Some(ResponseBody::Stream(stored)) => {
                let options = StreamPipeOptions::new();
                options.set_prevent_close(true);
                let piped = stored.pipe_to_with_options(into, &options);
                JsFuture::from(piped).await.map(drop).map_err(fail)
            }
            _ => Err(failed(key, &JsValue::from_str("the object is gone"))),
        },
    }
}

fn failed(key: &str, error: &JsValue) -> StoreError {
    StoreError {
        operation: "send",
        key: key.to_owned(),
        message: format!("{error:?}"),
        is_gone: false,
        is_locked: false,
    }
}
