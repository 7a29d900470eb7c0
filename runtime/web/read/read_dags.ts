/**
 * Reads DAGs as people may see them: the list, one DAG, and the files that define none.
 */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { VisibleTags } from "../../store/reads/dag_tags.ts";
import {
  countDags,
  type DagDetail,
  type DagOverview,
  type DagQuery,
  getDag,
  listDags,
} from "../../store/reads/dags.ts";
import { type ImportErrorRow, listImportErrors } from "../../store/reads/import_errors.ts";
import type { WebServices } from "../http/services.ts";
import { maskJson, maskRow } from "./mask.ts";

export type { DagDetail, DagQuery };

const OVERVIEW_IDS = [
  "dagId",
  "file",
  "tags",
  "schedules",
  "assets",
  "on",
  "timezone",
  "runs",
] as const;

export async function readDags(
  { reader, mask }: WebServices,
  query: DagQuery,
): Promise<readonly DagOverview[]> {
  const dags = await listDags(reader, query);
  return dags.map((dag) => maskRow(mask, dag, OVERVIEW_IDS));
}

/** How many DAGs each filter shows. */
export function readDagCounts(
  { reader }: WebServices,
  visible: VisibleTags,
): ReturnType<typeof countDags> {
  return countDags(reader, visible);
}

/**
 * One DAG. The tasks of its spec stay as they are declared; {@link maskedSpec} masks all
 * of it.
 * @throws DagsmithError UNKNOWN_DAG
 */
export async function readDag({ reader, mask }: WebServices, dagId: string): Promise<DagDetail> {
  const dag = await getDag(reader, dagId);
  if (!dag) throw unknownDag(dagId);
  return maskRow(mask, dag, ["dagId", "file", "spec", "positions", "nextRuns"]);
}

export function maskedSpec({ mask }: WebServices, spec: DagSpec): Json {
  return maskJson(mask, spec as unknown as Json);
}

export function unknownDag(dagId: string): DagsmithError {
  return new DagsmithError("UNKNOWN_DAG", { dag: dagId, hint: "It was never deployed here." });
}

/**
 * The files that define no DAG. A file without a DAG has no tag, so only callers who may
 * see all DAGs get them.
 */
export async function readImportErrors(
  { reader, mask }: WebServices,
  visible: VisibleTags,
): Promise<readonly ImportErrorRow[]> {
  if (visible !== null) return [];
  return (await listImportErrors(reader)).map((error) => maskRow(mask, error, ["file", "code"]));
}
