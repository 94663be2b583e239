// The api over HTTP, as any user of it sees it.

/** `request`, `json` and `bytes` of a path; of the last two, an answer that is no success is an error with what it said. */
export function client(url, token) {
  const request = (path, { headers, ...options } = {}) => fetch(new URL(path, url), { ...options, headers: { authorization: `Bearer ${token}`, ...headers } });
  const get = async (path) => {
    const response = await request(path);
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };
  return {
    request,
    json: async (path) => (await get(path)).json(),
    bytes: async (path) => Buffer.from(await (await get(path)).arrayBuffer()),
  };
}
