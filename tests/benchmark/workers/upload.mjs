// Uploads text that is there already, as a measure of what the bucket alone costs.

import { metered, newCounts } from "./meter.mjs";

/** What fits one part is put at once. */
const PART = 8 * 1024 * 1024;
const KEY = "benchmark.sql";

export default {
  /** GET /?bytes=N uploads N bytes. */
  async fetch(request, env) {
    const bytes = Number(new URL(request.url).searchParams.get("bytes"));
    const counts = newCounts();
    const { BACKUPS } = metered(env, counts, {});
    counts.invocations += 1;
    const part = new Uint8Array(Math.min(PART, bytes)).fill(0x20);
    const { size } = bytes > PART ? await inParts(BACKUPS, part, bytes) : await BACKUPS.put(KEY, part);
    const { r2_class_a, r2_class_b, r2_free, subrequests, invocations } = counts;
    return Response.json({ bytes: size, counts: { r2_class_a, r2_class_b, r2_free, subrequests, invocations } });
  },
};

async function inParts(bucket, part, bytes) {
  const upload = await bucket.createMultipartUpload(KEY);
  const parts = [];
  for (let sent = 0; sent < bytes; sent += PART) {
    parts.push(await upload.uploadPart(parts.length + 1, part.subarray(0, Math.min(PART, bytes - sent))));
  }
  return upload.complete(parts);
}
