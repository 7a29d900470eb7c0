/** Reads a page of the decisions about a DAG's intervals, as people may see them. */
import { type ListedDecision, readDecisions } from "../../scheduler/decisions/read_decisions.ts";
import type { DecisionQuery } from "../../store/reads/decisions.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

const DECISION_IDS = ["schedule", "decision", "reason", "runId", "runState"] as const;

export interface DecisionPage {
  readonly decisions: readonly ListedDecision[];
  /** `after` of the next page; null on the last. */
  readonly next: string | null;
}

/** Undefined for a DAG that was never deployed. */
export async function readDecisionPage(
  { reader, mask }: WebServices,
  query: DecisionQuery,
): Promise<DecisionPage | undefined> {
  const found = await readDecisions(reader, query);
  if (!found) return undefined;
  return {
    decisions: found.map((entry) => maskRow(mask, entry, DECISION_IDS)),
    next: nextCursor(found, query.limit),
  };
}

/** Waiting intervals are on the first page only and do not count towards the limit. */
function nextCursor(found: readonly ListedDecision[], limit: number): string | null {
  const decided = found.filter(({ decision }) => decision !== "waiting");
  const last = decided.at(-1);
  return decided.length === limit && last?.lastLogicalDate
    ? `${last.lastLogicalDate.toISOString()}~${last.schedule}`
    : null;
}
