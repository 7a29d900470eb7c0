/**
 * The events fit the client of OpenLineage, whose classes are made from the published
 * schema: it builds each event from what we send, and writes the same.
 */
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { eventsOf } from "../../../runtime/lineage/run_events.ts";
import {
  instanceKey,
  type ReportedPart,
  type ReportedTry,
} from "../../../runtime/store/runs/reported_part.ts";
import type { ReportedRun } from "../../../runtime/store/runs/run_report.ts";
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import { describeWith } from "../../support/counterpart.ts";
import { findInstalled } from "../../support/python_packages.ts";

const REBUILD = `
import enum, json, sys, types, typing, attr
from openlineage.client.generated import (
    base, error_message_run, job_type_job, nominal_time_run, parent_run, schema_dataset)
from openlineage.client.serde import Serde

FACETS = {
    "errorMessage": error_message_run.ErrorMessageRunFacet,
    "jobType": job_type_job.JobTypeJobFacet,
    "nominalTime": nominal_time_run.NominalTimeRunFacet,
    "parent": parent_run.ParentRunFacet,
    "schema": schema_dataset.SchemaDatasetFacet,
}

def build(kind, value):
    options = typing.get_args(kind)
    if options and typing.get_origin(kind) is not dict and typing.get_origin(kind) is not list:
        kind = next(one for one in options if one is not type(None))
    if typing.get_origin(kind) is list:
        return [build(typing.get_args(kind)[0], one) for one in value]
    if typing.get_origin(kind) is dict:
        return {name: build(FACETS[name], one) for name, one in value.items()}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if not attr.has(kind):
        assert isinstance(value, kind), (kind, value)
        return value
    hints = typing.get_type_hints(kind)
    names = {one.name: one for one in attr.fields(kind)}
    given = {}
    for name, one in value.items():
        if not names[name].init:
            continue
        given[name.lstrip("_")] = build(hints[name], one)
    return kind(**given)

print(json.dumps([
    json.loads(Serde.to_json(build(base.RunEvent, {k: v for k, v in event.items() if k != "schemaURL"})))
    for event in json.load(sys.stdin)]))
`;

const AT = new Date("2026-03-01T00:00:00Z");

const tried = (taskId: string, state: string, reason: string | null = null): ReportedTry => ({
  ...{ taskId, mapIndex: -1, tryNumber: 1, state, reason, startedAt: AT, finishedAt: AT },
});

const RUN: ReportedRun = {
  ...{ id: 7, dagId: "sales", runId: "scheduled__2026-03-01", runType: "scheduled" },
  ...{ generation: 0, state: "failed", reason: null, versionId: 1 },
  ...{ queuedAt: AT, startedAt: AT, finishedAt: AT, dataIntervalStart: AT, dataIntervalEnd: AT },
};
const PART: ReportedPart = {
  ...{ run: RUN, isFirst: true, last: null },
  tries: [tried("load", "success"), tried("report", "failed", "no rows")],
};

const LOADED = {
  ...{ taskId: "load", mapIndex: -1, uri: "s3://lake/clean/sales" },
  extra: { schema: [{ name: "id", type: "bigint" }, { name: "note" }] },
};
const updates = Map.groupBy([LOADED], instanceKey);
const tasks = new Map([
  ["load", { inlets: ["s3://lake/raw/sales", "plain"] } as unknown as TaskSpec],
]);

/** The client writes no empty member. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([, one]) => one !== null && (typeof one !== "object" || Object.keys(one).length > 0),
  );
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutEmpty(one)]));
}

const client = await findInstalled({
  folder: join(tmpdir(), "dagsmith-openlineage"),
  requirement: "openlineage-python==1.54.0",
  ...{ program: "python", probe: "-c import openlineage.client" },
});

describeWith("the client of OpenLineage", client, (python) => {
  test("every event of a run is built by the client, with the schema of each facet, and written as it was", () => {
    const events = eventsOf("night", PART, { tasks, updates });
    expect(events).toHaveLength(6);
    const built = execFileSync(join(dirname(python), "python"), ["-c", REBUILD], {
      input: JSON.stringify(events),
    });
    expect(withoutEmpty(JSON.parse(built.toString()))).toEqual(
      withoutEmpty(JSON.parse(JSON.stringify(events))),
    );
  });
});
