// The api over HTTP, as any user of it sees it.

/** `json(path)` and `text(path)`; an answer that is no success is an error with what it said. */
export function client(url, token) {
  const get = async (path) => {
    const response = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };
  return {
    json: async (path) => (await get(path)).json(),
    bytes: async (path) => Buffer.from(await (await get(path)).arrayBuffer()),
  };
}
