/**
 * Where the product decides otherwise on purpose. Each is a rule that docs/semantics.md states (a test holds that), and says which inputs it
 * speaks of: a case is set apart only when it does not match and the rule speaks of its input.
 */
import type { Case } from "./case_file.ts";

export interface Difference {
  /** Areas it may explain. */
  readonly areas: readonly string[];
  /** The sentence of docs/semantics.md, as it stands there. */
  readonly rule: string;
  readonly speaksOf: (input: Case["input"]) => boolean;
}

export const DIFFERENCES: readonly Difference[] = [];

/** The rule that explains why a case comes out otherwise; undefined when none does. */
export function explained({ area, input }: Case, differences: readonly Difference[] = DIFFERENCES): Difference | undefined {
  return differences.find(({ areas, speaksOf }) => areas.includes(area) && speaksOf(input));
}
