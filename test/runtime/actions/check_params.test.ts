/** Params of a run against the JSON form of a schema. */
import { expect, test } from "vitest";
import { z } from "zod";
import { checkParams } from "../../../runtime/actions/index.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import type { Json } from "../../../sdk/json.ts";

const against = (property: Json, params: Json) =>
  checkParams(
    { dagId: "d", paramsSchema: { type: "object", properties: { p: property } } },
    params,
  );

test("a default is held to the schema as any value is", async () => {
  expect(await against({ type: "integer", default: 5 }, {})).toEqual({ p: 5 });
  expect(await against({ type: "integer", default: 5 }, { p: 6 })).toEqual({ p: 6 });
  await expect(against({ type: "integer", default: "five" }, {})).rejects.toThrow(
    /Wrong params for DAG "d": p: /,
  );
  await expect(against({ type: "string", default: null }, {})).rejects.toThrow("p: ");
});

test("a time may be written with an offset, with seconds, or with neither", async () => {
  const params = z.object({ at: z.iso.time() });
  const d = dag("times", { params });
  d.empty("t");
  const spec = describeDag(d);
  for (const at of ["18:00", "18:00:30", "18:00:30.5"])
    expect(await checkParams(spec, { at })).toEqual({ at });
  const plain = { type: "object", properties: { at: { type: "string", format: "time" } } } as const;
  expect(await checkParams({ dagId: "d", paramsSchema: plain }, { at: "18:00:00+02:00" })).toEqual({
    at: "18:00:00+02:00",
  });
  for (const at of ["25:00:00", "18", "six", "18:00:61"])
    await expect(checkParams(spec, { at })).rejects.toThrow("at: ");
});

test("a DAG without params takes none", async () => {
  expect(await checkParams({ dagId: "d", paramsSchema: null }, {})).toEqual({});
  await expect(checkParams({ dagId: "d", paramsSchema: null }, { a: 1 })).rejects.toThrow(
    "it takes none",
  );
});
