// What stands between a Worker that is measured and its bindings.

import assert from "node:assert/strict";
import { test } from "node:test";

import { R2Bucket } from "./workers/discard.mjs";
import { metered, newCounts } from "./workers/meter.mjs";

const CREATE_ONLY = { onlyIf: { etagDoesNotMatch: "*" } };
const LARGE = new Uint8Array(3 * 1024 * 1024);

/** Answers every statement with two rows that cost ten. */
class D1Database {
  prepare() {
    const result = { results: [{ a: 1 }, { a: 2 }], meta: { rows_read: 10 } };
    return { bind() { return this; }, all: async () => result, run: async () => result, first: async () => null };
  }
  batch(statements) {
    return Promise.all(statements.map((statement) => statement.all()));
  }
}

class WorkerQueue {
  async send() {}
}

function bench() {
  const counts = newCounts();
  const env = { DB: new D1Database(), CATALOGUE: new D1Database(), BUCKET: new R2Bucket(), QUEUE: new WorkerQueue(), NAME: "a text" };
  return { counts, ...metered(env, counts, { source: "DB" }) };
}

test("a batch is one subrequest and as many queries as it has statements", async () => {
  const { DB, counts } = bench();
  await DB.batch([DB.prepare("SELECT 1"), DB.prepare("SELECT 2").bind(1)]);
  assert.deepEqual([counts.d1_queries, counts.rows_read, counts.subrequests], [2, 20, 1]);
});

test("the first row tells what it cost too", async () => {
  const { DB, counts } = bench();
  assert.deepEqual(await DB.prepare("SELECT a").first(), { a: 1 });
  assert.equal(await DB.prepare("SELECT a").bind(1).first("a"), 1);
  assert.deepEqual([counts.d1_queries, counts.rows_read], [2, 20]);
});

test("the catalogue is counted apart from the source", async () => {
  const { CATALOGUE, counts } = bench();
  await CATALOGUE.prepare("SELECT 1").all();
  assert.deepEqual([counts.d1_queries, counts.catalogue_queries, counts.rows_read], [0, 1, 0]);
});

test("operations of the bucket are counted by the class that R2 bills", async () => {
  const { BUCKET, counts } = bench();
  await BUCKET.put("a", "text");
  await BUCKET.head("a");
  await BUCKET.delete("a");
  assert.deepEqual([counts.r2_class_a, counts.r2_class_b, counts.r2_free, counts.subrequests], [1, 1, 1, 3]);
});

test("every part of an upload is counted, and resuming it is not", async () => {
  const { BUCKET, counts } = bench();
  const { uploadId } = await BUCKET.createMultipartUpload("a");
  const upload = BUCKET.resumeMultipartUpload("a", uploadId);
  await upload.complete([await upload.uploadPart(1, "text")]);
  assert.equal(counts.r2_class_a, 3);
});

test("what is no binding is passed on", () => assert.equal(bench().NAME, "a text"));

test("a message is one operation of the queue", async () => {
  const { QUEUE, counts } = bench();
  await QUEUE.send({});
  assert.equal(counts.queue_operations, 1);
});

test("a bucket is known by its class after it was wrapped", () => assert.equal(bench().BUCKET.constructor.name, "R2Bucket"));

test("the bucket that discards knows how large an object was", async () => {
  const bucket = new R2Bucket();
  await bucket.put("large", LARGE);
  assert.equal((await bucket.head("large")).size, LARGE.length);
  await assert.rejects(bucket.get("large"), /has not kept large/);
});

test("it returns small objects as they came, also from a stream", async () => {
  const bucket = new R2Bucket();
  await bucket.put("a", new Blob(["a manifest"]).stream());
  assert.equal(await (await bucket.get("a")).text(), "a manifest");
});

test("a create-only put of a key that is taken answers null", async () => {
  const bucket = new R2Bucket();
  assert.notEqual(await bucket.put("a", "one", CREATE_ONLY), null);
  assert.equal(await bucket.put("a", "two", CREATE_ONLY), null);
});

test("an upload in parts is as large as its parts", async () => {
  const bucket = new R2Bucket();
  const upload = await bucket.createMultipartUpload("a", { customMetadata: { job: "1" } });
  await upload.complete([await upload.uploadPart(1, LARGE), await upload.uploadPart(2, "end")]);
  const { size, customMetadata } = await bucket.head("a");
  assert.deepEqual([size, customMetadata.job], [LARGE.length + 3, "1"]);
});

test("what is not there is null", async () => {
  const bucket = new R2Bucket();
  assert.deepEqual([await bucket.head("a"), await bucket.get("a")], [null, null]);
});

test("rows that are read to be counted are known apart", async () => {
  const { DB, counts } = bench();
  await DB.batch([DB.prepare("SELECT count(*) AS found FROM t"), DB.prepare("SELECT group_concat(a), count(*) FROM (SELECT a FROM t)")]);
  assert.deepEqual([counts.rows_read, counts.rows_counted], [20, 10]);
});
