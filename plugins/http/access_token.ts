/**
 * The access token of a connection with client credentials (RFC 6749, 4.4): requested
 * once for all tries of a process, and again when it expires or is refused.
 */
import { createHash } from "node:crypto";
import { jsonOf } from "./answer_body.ts";
import { HttpError } from "./error.ts";
import type { TlsFiles, TokenSource } from "./service.ts";

/** A token that ends while its request is on the way would be refused. */
const MARGIN_MS = 30_000;

/** Requests a token: a POST that may be repeated. */
export type RequestToken = (url: URL, form: TokenForm) => Promise<Response>;

export interface TokenForm {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Token {
  readonly value: string;
  readonly usableUntil: number;
}

/**
 * The tokens that earlier tries of this process got. A connection that changes, such as
 * by a new secret, has a token of its own.
 */
const kept = new Map<string, Token>();

export class AccessToken {
  readonly #source: TokenSource;
  readonly #request: RequestToken;
  readonly #key: string;
  #token: Promise<Token> | undefined;

  /** @param tls an issuer may bind the token to the certificate of the client */
  constructor(source: TokenSource, tls: TlsFiles | null, request: RequestToken) {
    this.#source = source;
    this.#request = request;
    // A digest, so that no secret outlives the try as the key of a map.
    this.#key = createHash("sha256")
      .update(JSON.stringify([source, tls]))
      .digest("hex");
    const token = kept.get(this.#key);
    this.#token = token && Promise.resolve(token);
  }

  /**
   * A token that is not known to be expired. Requests at the same time share one.
   * @param refused a token that the service refused: another one is requested
   */
  async get(refused?: string): Promise<string> {
    const asked = this.#token;
    const known = await asked;
    if (known && known.value !== refused && known.usableUntil > Date.now()) return known.value;
    // Another request may have asked for a new token meanwhile.
    if (this.#token === asked) this.#token = this.#requested();
    return ((await this.#token) as Token).value;
  }

  #requested(): Promise<Token> {
    const token = this.#ask();
    // The next request asks again after a failure.
    token.catch(() => {
      if (this.#token === token) this.#token = undefined;
    });
    return token;
  }

  async #ask(): Promise<Token> {
    const { url } = this.#source;
    const response = await this.#request(url, formOf(this.#source));
    const token = tokenOf(await jsonOf(response, `POST ${url.pathname}`), response, url);
    kept.set(this.#key, token);
    return token;
  }
}

/** RFC 6749, 2.3.1: id and secret are form-encoded before they are joined. */
export function formOf(source: TokenSource): TokenForm {
  const { clientId, clientSecret, secretIn, form } = source;
  const fields = new URLSearchParams({ grant_type: "client_credentials", ...form });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  if (secretIn === "body") {
    fields.set("client_id", clientId);
    fields.set("client_secret", clientSecret);
    return { headers, body: fields.toString() };
  }
  const login = Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString("base64");
  return { headers: { ...headers, authorization: `Basic ${login}` }, body: fields.toString() };
}

const encoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);

function tokenOf(body: unknown, { status }: Response, { pathname, host }: URL): Token {
  const { access_token: value, expires_in: seconds } = (body ?? {}) as Record<string, unknown>;
  if (typeof value !== "string" || value === "")
    throw new HttpError(
      `POST ${pathname} answered ${status} without an access_token (${host})`,
      status,
    );
  return { value, usableUntil: usableUntil(seconds) };
}

/** Some issuers send the number as text, or null for a token that does not expire. */
function usableUntil(seconds: unknown): number {
  const isGiven = typeof seconds === "number" || (typeof seconds === "string" && seconds !== "");
  if (!isGiven || !Number.isFinite(Number(seconds))) return Infinity;
  return Date.now() + Number(seconds) * 1_000 - MARGIN_MS;
}
