/**
 * The params of runs without a person: of each schedule, and of each event or asset that
 * starts runs. A schema that refuses them would fail every such run.
 */
import type { Dag } from "../../sdk/dag/dag.ts";
import { DagsmithError, isDagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { validParams } from "./run_try.ts";

/** @throws DagsmithError SCHEDULE_PARAMS naming what starts the runs, and each problem */
export async function checkAutomaticParams(
  dag: Dag<unknown> | undefined,
  spec: DagSpec,
): Promise<void> {
  if (!dag?.options.params) return;
  for (const { source, params } of automaticRuns(spec)) await check(dag, source, params);
}

async function check(dag: Dag<unknown>, source: string, params: Json): Promise<void> {
  try {
    await validParams(dag as unknown as Parameters<typeof validParams>[0], params);
  } catch (error) {
    if (!isDagsmithError(error)) throw error;
    const problems = error.message.slice(error.message.indexOf(": ") + 2);
    throw new DagsmithError("SCHEDULE_PARAMS", { dag: dag.dagId, source, problems });
  }
}

interface AutomaticRun {
  /** What starts the run, in words. */
  readonly source: string;
  readonly params: Json;
}

function automaticRuns({ schedules, assets, on }: DagSpec): readonly AutomaticRun[] {
  const scheduled = schedules
    .filter(({ schedule }) => schedule.type !== "none")
    .map(({ name, params }) => ({
      source: name === "" ? "its schedule" : `its schedule "${name}"`,
      params,
    }));
  return [
    ...scheduled,
    ...(assets ? [{ source: "its assets", params: {} }] : []),
    ...(on.length > 0 ? [{ source: "its events", params: {} }] : []),
  ];
}
