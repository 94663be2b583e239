// Counts what a Worker asks of its bindings, and passes it on.

/** What has been counted. */
export function newCounts() {
  return {
    invocations: 0, d1_queries: 0, rows_read: 0, rows_counted: 0, catalogue_queries: 0,
    r2_class_a: 0, r2_class_b: 0, r2_free: 0, queue_operations: 0, subrequests: 0,
  };
}

/** The same bindings, counted: `source` is the binding of the database that is read, any other D1 database the catalogue. */
export function metered(env, counts, { source }) {
  const wrap = {
    D1Database: (value, name) => meteredD1(value, counts, name === source ? "d1_queries" : "catalogue_queries"),
    R2Bucket: (value) => meteredBucket(value, counts),
    WorkerQueue: (value) => meteredQueue(value, counts),
  };
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, wrap[value?.constructor?.name]?.(value, name) ?? value]));
}

/** The same object, with some of its methods replaced by what `methods` make of them. */
function replaced(target, methods) {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "constructor") return value;
      const original = value.bind(target);
      return Object.hasOwn(methods, name) ? methods[name](original) : original;
    },
  });
}

/** A method that counts before it runs. */
const counting = (count) => (original) => (...parameters) => {
  count();
  return original(...parameters);
};

/** Whether a statement only counts the rows of a table. */
const isCount = (sql) => /^\s*SELECT\s+COUNT\(\*\)[^(]*$/i.test(sql);

function meteredD1(database, counts, queries) {
  const asked = (statements) => {
    counts.subrequests += 1;
    counts[queries] += statements;
  };
  const answered = (statements, results) => {
    if (queries !== "d1_queries") return;
    for (const [n, { meta }] of results.entries()) {
      const read = meta?.rows_read ?? 0;
      counts.rows_read += read;
      if (isCount(statements[n])) counts.rows_counted += read;
    }
  };
  const originals = new WeakMap();
  const texts = new WeakMap();
  const statement = (prepared, sql) => {
    const counted = replaced(prepared, {
      bind: (bind) => (...values) => statement(bind(...values), sql),
      all: (all) => run(all),
      run: (original) => run(original),
      raw: counting(() => asked(1)),
      // `first` keeps to itself how much it read.
      first: () => async (column) => {
        const { results: [row] } = await run(() => prepared.all())();
        return row === undefined ? null : column === undefined ? row : row[column];
      },
    });
    originals.set(counted, prepared);
    texts.set(counted, sql);
    return counted;

    function run(original) {
      return async () => {
        asked(1);
        const result = await original();
        answered([sql], [result]);
        return result;
      };
    }
  };
  return replaced(database, {
    prepare: (prepare) => (sql) => statement(prepare(sql), sql),
    withSession: (withSession) => (constraint) => meteredD1(withSession(constraint), counts, queries),
    batch: (batch) => async (statements) => {
      asked(statements.length);
      const results = await batch(statements.map((counted) => originals.get(counted)));
      answered(statements.map((counted) => texts.get(counted)), results);
      return results;
    },
  });
}

/** Classes as R2 bills them; deleting and aborting are free. */
function meteredBucket(bucket, counts) {
  const operation = (kind) => counting(() => {
    counts[kind] += 1;
    counts.subrequests += 1;
  });
  const [a, b, free] = ["r2_class_a", "r2_class_b", "r2_free"].map(operation);
  const upload = (started) => replaced(started, { uploadPart: a, complete: a, abort: free });
  return replaced(bucket, {
    put: a,
    list: a,
    get: b,
    head: b,
    delete: free,
    createMultipartUpload: (create) => async (...parameters) => upload(await a(create)(...parameters)),
    resumeMultipartUpload: (resume) => (...parameters) => upload(resume(...parameters)),
  });
}

function meteredQueue(queue, counts) {
  const sent = counting(() => {
    counts.queue_operations += 1;
    counts.subrequests += 1;
  });
  return replaced(queue, { send: sent, sendBatch: sent });
}
