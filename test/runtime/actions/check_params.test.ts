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

test("a default is held to the schema as any value is", () => {
  expect(against({ type: "integer", default: 5 }, {})).toEqual({ p: 5 });
  expect(against({ type: "integer", default: 5 }, { p: 6 })).toEqual({ p: 6 });
  expect(() => against({ type: "integer", default: "five" }, {})).toThrow(
    /Wrong params for DAG "d": p: /,
  );
  expect(() => against({ type: "string", default: null }, {})).toThrow("p: ");
});

test("a time may be written with an offset, with seconds, or with neither", () => {
  const params = z.object({ at: z.iso.time() });
  const d = dag("times", { params });
  d.empty("t");
  const spec = describeDag(d);
  for (const at of ["18:00", "18:00:30", "18:00:30.5"])
    expect(checkParams(spec, { at })).toEqual({ at });
  const plain = { type: "object", properties: { at: { type: "string", format: "time" } } } as const;
  expect(checkParams({ dagId: "d", paramsSchema: plain }, { at: "18:00:00+02:00" })).toEqual({
    at: "18:00:00+02:00",
  });
  for (const at of ["25:00:00", "18", "six", "18:00:61"])
    expect(() => checkParams(spec, { at })).toThrow("at: ");
});

test("a DAG without params takes none", () => {
  expect(checkParams({ dagId: "d", paramsSchema: null }, {})).toEqual({});
  expect(() => checkParams({ dagId: "d", paramsSchema: null }, { a: 1 })).toThrow("it takes none");
});
