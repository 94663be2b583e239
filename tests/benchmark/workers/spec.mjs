// The algorithm of the specification, as literally as it runs: its types are gone, and the bindings are counted.
// Its mistakes are left as they are: it is measured, not used.

import { metered, newCounts } from "./meter.mjs";

export default {
  /** GET /?sink=none|r2 exports the database, and with the sink r2 stores the dump. */
  async fetch(request, env) {
    const counts = newCounts();
    const { DB, BACKUPS } = metered(env, counts, { source: "DB" });
    try {
      counts.invocations += 1;
      const { sql, rowCount } = await exportDatabase(DB, "benchmark", "550e8400-e29b-41d4-a716-446655440000");
      const bytes = new URL(request.url).searchParams.get("sink") === "r2" ? (await BACKUPS.put("2024-12-08/benchmark.sql", sql)).size : Buffer.byteLength(sql);
      return Response.json({ bytes, rows: rowCount, counts });
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  },
};

async function exportDatabase(db, dbName, jobId) {
  const startTime = Date.now();
  let totalRows = 0;

  // Get all user tables (exclude CF internal and SQLite tables)
  const tablesResult = await db.prepare(`
    SELECT name, sql FROM sqlite_master 
    WHERE type='table' 
    AND name NOT LIKE '_cf%' 
    AND name NOT LIKE 'sqlite%'
    ORDER BY name
  `).all();

  const tables = tablesResult.results;

  // Build header
  let sqlDump = `-- ================================================\n`;
  sqlDump += `-- Grove Backup: ${dbName}\n`;
  sqlDump += `-- Generated: ${new Date().toISOString()}\n`;
  sqlDump += `-- Job ID: ${jobId}\n`;
  sqlDump += `-- Tables: ${tables.length}\n`;
  sqlDump += `-- ================================================\n\n`;

  sqlDump += `PRAGMA foreign_keys=OFF;\n`;
  sqlDump += `BEGIN TRANSACTION;\n\n`;

  // Export each table
  for (const table of tables) {
    const tableName = table.name;

    // Get row count
    const countResult = await db.prepare(
      `SELECT COUNT(*) as count FROM "${tableName}"`
    ).first();
    const rowCount = countResult?.count || 0;
    totalRows += rowCount;

    sqlDump += `-- Table: ${tableName}\n`;
    sqlDump += `-- Rows: ${rowCount}\n`;
    sqlDump += `DROP TABLE IF EXISTS "${tableName}";\n`;
    sqlDump += `${table.sql};\n\n`;

    // Export rows in batches to avoid memory issues
    const BATCH_SIZE = 1000;
    let offset = 0;

    while (offset < rowCount) {
      const rowsResult = await db.prepare(
        `SELECT * FROM "${tableName}" LIMIT ${BATCH_SIZE} OFFSET ${offset}`
      ).all();

      for (const row of rowsResult.results) {
        const columns = Object.keys(row);
        const values = Object.values(row).map(formatSqlValue);

        sqlDump += `INSERT INTO "${tableName}" (${columns.map(c => `"${c}"`).join(', ')}) VALUES (${values.join(', ')});\n`;
      }

      offset += BATCH_SIZE;
    }

    sqlDump += '\n';
  }

  sqlDump += `COMMIT;\n`;
  sqlDump += `PRAGMA foreign_keys=ON;\n\n`;

  const durationMs = Date.now() - startTime;

  // Add footer
  sqlDump += `-- ================================================\n`;
  sqlDump += `-- Backup Complete\n`;
  sqlDump += `-- Duration: ${(durationMs / 1000).toFixed(3)}s\n`;
  sqlDump += `-- Total Rows: ${totalRows}\n`;
  sqlDump += `-- Size: ${sqlDump.length.toLocaleString()} bytes\n`;
  sqlDump += `-- ================================================\n`;

  return {
    sql: sqlDump,
    tableCount: tables.length,
    rowCount: totalRows,
    sizeBytes: sqlDump.length,
    durationMs,
  };
}

function formatSqlValue(value) {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return value.toString();
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Uint8Array) {
    return `X'${Buffer.from(value).toString('hex')}'`;
  }
  // Escape single quotes for strings
  return `'${String(value).replace(/'/g, "''")}'`;
}
