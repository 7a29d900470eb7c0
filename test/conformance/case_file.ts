/**
 * A file of cases as it is written: facts, each with the area it belongs to, its input
 * and what must come of it.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { errorMessage } from "../../sdk/error_message.ts";

const FILE = z.object({ cases: z.array(z.unknown()) });

const CASE = z.object({
  id: z.string().min(1),
  area: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
  expect: z
    .record(z.string(), z.unknown())
    .refine((expect) => Object.keys(expect).length > 0, "it expects nothing"),
});

/**
 * One case. What else it says (its source, a note, what an older version gives) is for
 * people.
 */
export type Case = z.infer<typeof CASE>;

/** What of a file is a case, and what is none, with why. */
export type ReadCase =
  | { readonly type: "case"; readonly value: Case }
  | {
      readonly type: "malformed";
      readonly id: string;
      readonly area: string;
      readonly problem: string;
    };

/**
 * The cases of a file, in its order.
 * @throws Error in words for people, when the file cannot be read or holds no list of
 *   cases
 */
export function readCases(path: string): readonly ReadCase[] {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} cannot be read: ${errorMessage(error)}`);
  }
  const file = FILE.safeParse(document);
  if (!file.success)
    throw new Error(
      `${path} holds no list of cases: write {"cases": [{"id", "area", "input", "expect"}, …]}`,
    );
  return file.data.cases.map(readCase);
}

function readCase(written: unknown, index: number): ReadCase {
  const read = CASE.safeParse(written);
  if (read.success) return { type: "case", value: read.data };
  const { id, area } = Object(written) as { readonly id?: unknown; readonly area?: unknown };
  return {
    type: "malformed",
    id: typeof id === "string" && id !== "" ? id : `case ${index + 1}`,
    area: typeof area === "string" && area !== "" ? area : "(none)",
    problem: problemOf(read.error),
  };
}

/** The first thing that is wrong, and where. */
export function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.join(".") || "the case"}: ${issue.message}` : "it cannot be read";
}
