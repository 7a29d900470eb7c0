/**
 * Limits guesses of passwords and tokens. A guess is counted before it is answered, so
 * that guesses which arrive together are all counted.
 */
import type { Request, Response } from "express";
import { addressKey, count, countingLimit } from "./counting.ts";

const SHARED = {
  windowMs: 15 * 60_000,
  message: "Too many wrong guesses from this address. Wait a quarter of an hour.",
};
/** Wrong passwords for one name from one address. */
const PASSWORDS = 10;
/** Wrong passwords from one address, whatever the name, and wrong tokens. */
const GUESSES = 100;

export class GuessLimit {
  readonly #names = new WeakMap<Request, string>();
  readonly #ofName = countingLimit({
    ...SHARED,
    most: PASSWORDS,
    keyOf: (request) => nameKey(request, this.#names.get(request)),
  });
  readonly #ofAddress = countingLimit({ ...SHARED, most: GUESSES });

  /**
   * Counts a password before it is checked. After too many, right ones are refused too:
   * people choose passwords that can be guessed. Other names and other addresses can
   * still log in.
   * @throws Refused 429
   */
  async beforePassword(request: Request, response: Response, name: string): Promise<void> {
    this.#names.set(request, name);
    await count(this.#ofAddress, request, response);
    await count(this.#ofName, request, response);
  }

  /** A right password: its guesses count no more. */
  afterRightPassword(request: Request, name: string): void {
    this.#ofName.resetKey(nameKey(request, name));
  }

  /**
   * Counts a wrong token. A right one is never refused: it has 256 random bits, so
   * guessing does not pay.
   * @throws Refused 429
   */
  async wrongToken(request: Request, response: Response): Promise<void> {
    await count(this.#ofAddress, request, response);
  }
}

function nameKey(request: Request, name = ""): string {
  return `${addressKey(request)} ${name}`;
}
