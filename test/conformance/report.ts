/**
 * What a run of cases amounts to: figures for each area, and everything that did not
 * pass. For people as lines, for machines as one document.
 */
import type { Verdict } from "./verdict.ts";

interface AreaFigures {
  readonly area: string;
  readonly total: number;
  readonly passed: number;
  /** Came out otherwise by a rule of docs/semantics.md. */
  readonly different: number;
}

export interface Report {
  readonly total: number;
  readonly passed: number;
  readonly different: number;
  readonly areas: readonly AreaFigures[];
  readonly mismatches: readonly Verdict[];
  readonly differences: readonly Verdict[];
}

export function reportOf(verdicts: readonly Verdict[]): Report {
  const count = (of: readonly Verdict[], kind: Verdict["kind"]): number =>
    of.filter((verdict) => verdict.kind === kind).length;
  const areas = [...Map.groupBy(verdicts, ({ area }) => area)].map(([area, of]) => ({
    area,
    total: of.length,
    passed: count(of, "passed"),
    different: count(of, "different"),
  }));
  return {
    total: verdicts.length,
    passed: count(verdicts, "passed"),
    different: count(verdicts, "different"),
    areas,
    mismatches: verdicts.filter(({ kind }) => kind !== "passed" && kind !== "different"),
    differences: verdicts.filter(({ kind }) => kind === "different"),
  };
}

/** The report as lines. */
export function reportLines({
  total,
  passed,
  different,
  areas,
  mismatches,
  differences,
}: Report): readonly string[] {
  const width = Math.max(4, ...areas.map(({ area }) => area.length));
  const figures = [...areas, { area: "all", total, passed, different }].map(
    (row) =>
      `${row.area.padEnd(width)}  ${`${row.passed}/${row.total}`.padStart(9)}${row.different > 0 ? `  ${row.different} different by rule` : ""}`,
  );
  return [...figures, ...mismatches.flatMap(linesOf), ...differences.flatMap(linesOf)];
}

function linesOf(verdict: Verdict): readonly string[] {
  const title = `${verdict.area}  ${verdict.id}`;
  if (verdict.kind === "passed") return [];
  if (!("expected" in verdict)) return ["", `${title}: ${verdict.kind}: ${verdict.problem}`];
  const rule =
    verdict.kind === "different"
      ? [`${title}: different, by the rule: ${verdict.rule}`]
      : [`${title}: mismatch`];
  return [
    "",
    ...rule,
    `  expected ${JSON.stringify(verdict.expected)}`,
    `  got      ${JSON.stringify(verdict.got)}`,
  ];
}
