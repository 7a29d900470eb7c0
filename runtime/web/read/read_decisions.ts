/** A page of a DAG's intervals, masked, and where the next page begins. */
import { type ListedDecision, readDecisions } from "../../scheduler/decisions/read_decisions.ts";
import type { DecisionQuery } from "../../store/dags/schedule_decision.ts";
import type { WebServices } from "../http/services.ts";

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
  const decisions = found.map((entry) => ({
    ...entry,
    detail: entry.detail === null ? null : mask(entry.detail),
  }));
  const decided = decisions.filter(({ decision }) => decision !== "waiting");
  const last = decided.at(-1);
  const isFull = decided.length === query.limit;
  return {
    decisions,
    next:
      isFull && last?.lastLogicalDate
        ? `${last.lastLogicalDate.toISOString()}~${last.schedule}`
        : null,
  };
}
