// Remembers every WebAssembly instance that is made after this module. Its memory never shrinks, so that the size at the
// end is the high-water mark.

const instances = [];

WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...parts) {
    super(...parts);
    instances.push(this);
  }
};

/** Bytes of the largest memory that any instance has come to. */
export const peakWasmBytes = () => Math.max(...instances.map(({ exports }) => exports.memory.buffer.byteLength));
