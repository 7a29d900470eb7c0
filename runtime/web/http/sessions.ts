/**
 * Who may use the page: a session cookie for those who logged in with the token, and a
 * form token for forms that the page itself made. Cookies are signed with a key derived
 * from the token. So web processes with the same token accept each other's cookies, and
 * store none.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const SESSION_MS = 12 * 3_600_000;
export const SESSION_COOKIE = "dagsmith_session";

/**
 * The wall clock at the start of this process, and the time since. A clock that is set
 * meanwhile neither ends sessions nor makes them last longer.
 */
const steadyNow = (): number => Math.round(performance.timeOrigin + performance.now());

export class Sessions {
  readonly #token: string | undefined;
  readonly #key: Buffer;
  /** Sessions that were ended by a logout, until their cookie expires. */
  readonly #ended = new Map<string, number>();

  /**
   * Without a token everyone who reaches the page may use it. Forms are still signed,
   * with a key of this process.
   */
  constructor(token: string | undefined) {
    this.#token = token;
    this.#key =
      token === undefined
        ? randomBytes(32)
        : createHash("sha256").update(`dagsmith session key\n${token}`).digest();
  }

  get areRequired(): boolean {
    return this.#token !== undefined;
  }

  /**
   * Compares digests of equal length, so that the time reveals nothing about the token.
   */
  isToken(text: string): boolean {
    return this.#token !== undefined && timingSafeEqual(sha256(text), sha256(this.#token));
  }

  issue(now: number = steadyNow()): string {
    const body = `${now + SESSION_MS}.${randomBytes(16).toString("base64url")}`;
    return `${body}.${this.#sign(`session ${body}`)}`;
  }

  isValid(session: string | undefined, now: number = steadyNow()): boolean {
    const [ends, id, signature] = session?.split(".") ?? [];
    if (!ends || !id || !signature || this.#ended.has(session ?? "")) return false;
    return same(signature, this.#sign(`session ${ends}.${id}`)) && Number(ends) > now;
  }

  /** Ends a session in this process. */
  end(session: string, now: number = steadyNow()): void {
    for (const [old, until] of this.#ended) if (until < now) this.#ended.delete(old);
    if (this.isValid(session, now)) this.#ended.set(session, now + SESSION_MS);
  }

  /** The form token: it shows that a page of ours made the form for this session. */
  formToken(session: string | undefined): string {
    return this.#sign(`form ${session ?? ""}`);
  }

  isFormToken(session: string | undefined, token: unknown): boolean {
    return typeof token === "string" && same(token, this.formToken(session));
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

/** The session cookie of a request, whatever else the header contains. */
export function sessionOf(cookieHeader: string | undefined): string | undefined {
  return cookieHeader
    ?.split(";")
    .map((pair) => pair.trim().split("="))
    .find(([name]) => name === SESSION_COOKIE)?.[1];
}

function same(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
