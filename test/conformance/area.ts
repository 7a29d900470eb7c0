/**
 * What an area is: a way to put a case's input to the product, and a way to compare what
 * comes of it. An area translates and nothing else; whatever it decided itself would
 * prove nothing about the product.
 */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";

export interface Area {
  /** What is wrong with an input; null when it can be put to the product. */
  readonly malformed: (input: unknown) => z.ZodError | null;
  /** @throws NotSupported when the product has nothing that the input could be put to */
  readonly ask: (input: unknown) => Promise<Answer>;
  /** Whether what the product gave is what is expected. */
  readonly matches: (expect: Answer, got: Answer) => boolean;
}

export type Answer = Readonly<Record<string, unknown>>;

/** The product has no such thing. Never a pass. */
export class NotSupported extends Error {
  override readonly name = "NotSupported";
}

/** An area, from the shape of its input and the question to the product. */
export function area<Input>(
  input: z.ZodType<Input>,
  ask: (input: Input) => Answer | Promise<Answer>,
  matches: Area["matches"] = sameWhereExpected,
): Area {
  return {
    malformed: (raw) => input.safeParse(raw).error ?? null,
    ask: async (raw) => ask(input.parse(raw)),
    matches,
  };
}

/**
 * The fields that are expected are as expected; a case may leave out what its source does
 * not say.
 */
export function sameWhereExpected(expect: Answer, got: Answer): boolean {
  return Object.entries(expect).every(([field, value]) =>
    isDeepStrictEqual(plain(value), plain(got[field])),
  );
}

/** JSON keeps no difference between a field that is undefined and none. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
