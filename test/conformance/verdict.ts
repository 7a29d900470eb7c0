/**
 * Puts one case to the product and says what came of it. Whatever the product throws is
 * an answer like any other: a wrong one.
 */
import { type Answer, type Area, NotSupported } from "./area.ts";
import { type Case, problemOf, type ReadCase } from "./case_file.ts";
import { type Difference, explained } from "./differences.ts";

export type Verdict = { readonly id: string; readonly area: string } & (
  | { readonly kind: "passed" }
  | {
      readonly kind: "different";
      readonly rule: string;
      readonly expected: Answer;
      readonly got: Answer;
    }
  | { readonly kind: "mismatch"; readonly expected: Answer; readonly got: Answer }
  | { readonly kind: "not supported" | "unknown area" | "malformed"; readonly problem: string }
);

export async function judgeCase(
  read: ReadCase,
  areas: Readonly<Record<string, Area>>,
  differences?: readonly Difference[],
): Promise<Verdict> {
  if (read.type === "malformed")
    return { id: read.id, area: read.area, kind: "malformed", problem: read.problem };
  const { id, area: name, input, expect } = read.value;
  const area = Object.hasOwn(areas, name) ? areas[name] : undefined;
  if (!area)
    return {
      id,
      area: name,
      kind: "unknown area",
      problem: "nothing here knows how to put it to the product",
    };
  const malformed = area.malformed(input);
  if (malformed)
    return { id, area: name, kind: "malformed", problem: `input ${problemOf(malformed)}` };
  try {
    const got = await area.ask(input);
    return area.matches(expect, got)
      ? { id, area: name, kind: "passed" }
      : otherwise(read.value, got, differences);
  } catch (error) {
    if (error instanceof NotSupported)
      return { id, area: name, kind: "not supported", problem: error.message };
    return otherwise(
      read.value,
      { threw: error instanceof Error ? `${error.name}: ${error.message}` : String(error) },
      differences,
    );
  }
}

function otherwise(of: Case, got: Answer, differences: readonly Difference[] | undefined): Verdict {
  const { id, area, expect: expected } = of;
  const rule = explained(of, differences)?.rule;
  return rule === undefined
    ? { id, area, kind: "mismatch", expected, got }
    : { id, area, kind: "different", rule, expected, got };
}
