// A bucket that takes everything and keeps nothing but what a Worker reads again: properties, and small objects.

/** Objects up to this size, such as manifests, are kept whole. */
const KEPT = 1024 * 1024;

/** Named as the runtime's own class, by which the `worker` crate knows a bucket. */
export class R2Bucket {
  #objects = new Map();
  #uploads = new Map();
  #numbers = 0;

  async put(key, value, options = {}) {
    if (options.onlyIf?.etagDoesNotMatch === "*" && this.#objects.has(key)) return null;
    const { size, kept } = await taken(value);
    return this.#store(key, size, kept, options, options.sha256 && { sha256: options.sha256 });
  }

  async head(key) {
    return this.#objects.get(key)?.properties ?? null;
  }

  async get(key) {
    const found = this.#objects.get(key);
    if (!found) return null;
    if (!found.kept) throw new Error(`the bucket that discards has not kept ${key}, of ${found.properties.size} bytes`);
    const response = () => new Response(found.kept);
    return {
      ...found.properties, bodyUsed: false, body: response().body,
      arrayBuffer: () => response().arrayBuffer(), text: () => response().text(), json: () => response().json(),
    };
  }

  async delete(keys) {
    for (const key of [keys].flat()) this.#objects.delete(key);
  }

  async list({ prefix = "" } = {}) {
    const found = [...this.#objects.values()].map(({ properties }) => properties).filter(({ key }) => key.startsWith(prefix));
    return { objects: found.toSorted((one, other) => (one.key < other.key ? -1 : 1)), truncated: false, delimitedPrefixes: [] };
  }

  async createMultipartUpload(key, options = {}) {
    const uploadId = this.#next();
    this.#uploads.set(uploadId, { options, sizes: new Map() });
    return this.resumeMultipartUpload(key, uploadId);
  }

  resumeMultipartUpload(key, uploadId) {
    const upload = () => {
      const found = this.#uploads.get(uploadId);
      if (!found) throw new Error("the specified multipart upload does not exist");
      return found;
    };
    return {
      key,
      uploadId,
      uploadPart: async (partNumber, value) => {
        const { sizes } = upload();
        sizes.set(partNumber, (await taken(value)).size);
        return { partNumber, etag: this.#next() };
      },
      complete: async (parts) => {
        const { options, sizes } = upload();
        this.#uploads.delete(uploadId);
        return this.#store(key, parts.reduce((sum, { partNumber }) => sum + sizes.get(partNumber), 0), undefined, options);
      },
      abort: async () => void this.#uploads.delete(uploadId),
    };
  }

  #store(key, size, kept, { customMetadata = {}, httpMetadata = {} }, checksums = {}) {
    const etag = this.#next();
    const properties = {
      key, size, etag, httpEtag: `"${etag}"`, version: etag, uploaded: new Date(), checksums, customMetadata, httpMetadata,
      storageClass: "Standard", writeHttpMetadata: () => {},
    };
    this.#objects.set(key, { properties, kept });
    return properties;
  }

  #next() {
    this.#numbers += 1;
    return this.#numbers.toString(16).padStart(32, "0");
  }
}

/** How much came, and the bytes if they are few. */
async function taken(value) {
  if (value instanceof ReadableStream) {
    let size = 0;
    let chunks = [];
    for await (const chunk of value) {
      size += chunk.byteLength;
      if (size <= KEPT) chunks.push(chunk);
      else chunks = [];
    }
    return { size, kept: size <= KEPT ? new Uint8Array(await new Blob(chunks).arrayBuffer()) : undefined };
  }
  if (typeof value === "string") return taken(new TextEncoder().encode(value));
  const bytes = ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value ?? []);
  return { size: bytes.byteLength, kept: bytes.byteLength <= KEPT ? bytes.slice() : undefined };
}
