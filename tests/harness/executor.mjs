// A Worker beside the others that runs a list of statements: from outside of workerd every single statement would be a
// round trip.

export default {
  /** POST /BINDING with a JSON list of statements, run as one D1 batch, or with ?alone each for itself; answers 200, or 400 with what D1 said. */
  async fetch(request, env) {
    const url = new URL(request.url);
    const database = env[url.pathname.slice(1)];
    const statements = (await request.json()).map((statement) => database.prepare(statement));
    try {
      if (url.searchParams.has("alone")) for (const statement of statements) await statement.run();
      else await database.batch(statements);
      return new Response("done");
    } catch (error) {
      return new Response(error.message, { status: 400 });
    }
  },
};
