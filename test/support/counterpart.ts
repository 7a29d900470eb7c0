/**
 * Tests against a real system that npm does not carry. They live in files named
 * `*.services.ts` and run with `npm run test:services`.
 */
import { describe, it } from "vitest";

/** A system found on this machine, or the reason why it cannot be used here. */
export type Counterpart<Found> =
  | { readonly found: Found }
  | { readonly missing: string; readonly found?: never };

/**
 * Declares tests that need a counterpart. When it is missing there is one skipped test
 * instead, and the run prints `skipped: <name>: <reason>`.
 * @param name the system and, where it matters, its configuration
 * @example describeWith("stock PostgreSQL", findPostgres(), (bin) => { it("…", …); });
 */
export function describeWith<Found>(
  name: string,
  counterpart: Counterpart<Found>,
  tests: (found: Found) => void,
): void {
  if ("missing" in counterpart) it(name, ({ skip }) => skip(counterpart.missing));
  else describe(name, () => tests(counterpart.found));
}
