-- How close an export came to the memory that a Worker has.
ALTER TABLE backup_results ADD COLUMN peak_wasm_bytes INTEGER;  -- the most of its exporters' WebAssembly memories; NULL when unknown
