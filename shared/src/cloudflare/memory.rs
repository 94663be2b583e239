//! The memory of WebAssembly.

use crate::ports::Memory;

/// The linear memory of this instance. It grows and never shrinks, so its size is the most that was ever needed at once. The
/// instance is the isolate's, which the runtime keeps for as long as it likes: what came before this message has grown the
/// same memory. Values of JavaScript, such as the text of a row on its way, are not in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct WasmMemory;

impl Memory for WasmMemory {
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
}
