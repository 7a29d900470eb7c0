/**
 * Tests of pages read them as a user who has logged in. `fetch` sends the session's
 * cookie to a page that the test has signed in to, as a browser would, unless the test
 * sends credentials of its own.
 */
const COOKIES = new Map<string, string>();
const plainFetch = globalThis.fetch;

/** Opens the link of a page. @returns the cookie of the session */
export async function signIn(url: string, secret: string): Promise<string> {
  const answer = await plainFetch(`${url}/open?token=${secret}`, { redirect: "manual" });
  const cookie = answer.headers.get("set-cookie")?.split(";")[0];
  if (cookie === undefined) throw new Error(`${url} took no link: ${answer.status}`);
  COOKIES.set(new URL(url).origin, cookie);
  globalThis.fetch = fetchAsUser;
  return cookie;
}

/** The cookies of all pages that are signed in to, for a browser. */
export function browserCookies(): readonly { name: string; value: string; url: string }[] {
  return [...COOKIES].map(([url, cookie]) => {
    const [name = "", value = ""] = cookie.split("=");
    return { name, value, url };
  });
}

/**
 * A browser says where a form comes from; a test that says nothing means the page itself.
 */
async function fetchAsUser(input: string | URL | Request, init: RequestInit = {}) {
  const { origin } = new URL(input instanceof Request ? input.url : input);
  const cookie = COOKIES.get(origin);
  const headers = new Headers(init.headers);
  if (cookie === undefined || headers.has("cookie") || headers.has("authorization"))
    return plainFetch(input, init);
  headers.set("cookie", cookie);
  const isChange = !["GET", "HEAD"].includes(init.method ?? "GET");
  if (isChange && !headers.has("origin") && !headers.has("sec-fetch-site"))
    headers.set("origin", origin);
  return plainFetch(input, { ...init, headers });
}
