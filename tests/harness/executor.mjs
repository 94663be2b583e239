// A Worker beside the four that runs a list of statements as one D1 batch: from outside of workerd every single
// statement would be a round trip.

export default {
  /** POST /BINDING with a JSON list of statements; answers 200, or 400 with what D1 said. */
  async fetch(request, env) {
    const database = env[new URL(request.url).pathname.slice(1)];
    const statements = await request.json();
    try {
      await database.batch(statements.map((statement) => database.prepare(statement)));
      return new Response("done");
    } catch (error) {
      return new Response(error.message, { status: 400 });
    }
  },
};
