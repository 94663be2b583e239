//! The isolate that a Worker runs in.

use crate::ports::Isolate;

/// This one. Its linear memory grows and never shrinks, so the size of that is the most that was ever needed at once. The
/// runtime keeps an isolate for as long as it likes: what came before this message has grown the same memory. Values of
/// JavaScript, such as the text of a row on its way, are not in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisIsolate;

impl Isolate for ThisIsolate {
    #[cfg(target_arch = "wasm32")]
    fn peak_bytes(&self) -> Option<u64> {
        /// <https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances>
        const PAGE: u64 = 64 * 1024;
        let pages = u64::try_from(core::arch::wasm32::memory_size::<0>()).ok()?;
        pages.checked_mul(PAGE)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn peak_bytes(&self) -> Option<u64> {
        None
    }

    fn is_near_cpu_limit(&self) -> bool {
        worker::signal::is_near_cpu_limit()
    }
}
