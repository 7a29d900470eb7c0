/**
 * Assets as DAG files write them: what is refused, what a DAG's plain form says of them,
 * and which types they carry.
 */
import { describe, expect, expectTypeOf, it } from "vitest";
import { graphOf } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import {
  type AssetEvent,
  allOf,
  anyOf,
  asset,
  assetAlias,
  type Dag,
  type DagOptions,
  dag,
  timeOrAssets,
} from "../../sdk/index.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";

const [a, b, c] = [asset("s3://lake/a"), asset("s3://lake/b"), asset("s3://lake/c")];
const plain = (d: Dag<unknown>): DagSpec => describeDag(d);
const scheduled = (schedule: DagOptions["schedule"]): DagSpec => {
  const d = dag("d", { ...(schedule !== undefined && { schedule }) });
  d.empty("only");
  return plain(d as unknown as Dag<unknown>);
};

describe("an asset", () => {
  it.each([
    ["", ""],
    ["with a space", "s3://lake/a b"],
    ["with an umlaut", "s3://lake/ä"],
    ["too long", `s3://${"x".repeat(1_000)}`],
  ])("%s is refused", (_, uri) =>
    expect(() => asset(uri)).toThrow(expect.objectContaining({ code: "INVALID_ASSET" })),
  );

  it("with a password is refused, and the password not repeated", () => {
    const make = () => asset("postgres://etl:hunter2@db/lake");
    expect(make).toThrow(expect.objectContaining({ code: "INVALID_ASSET" }));
    expect(make).not.toThrow(/hunter2/);
  });

  it("may hold an @ and a colon elsewhere", () => {
    expect(asset("s3://lake/who@what:1").uri).toBe("s3://lake/who@what:1");
  });
});

describe("a DAG that waits for assets", () => {
  it.each([
    [a, { asset: "s3://lake/a" }],
    [
      allOf(a, anyOf(b, c)),
      {
        all: [
          { asset: "s3://lake/a" },
          { any: [{ asset: "s3://lake/b" }, { asset: "s3://lake/c" }] },
        ],
      },
    ],
    [anyOf(assetAlias("exports"), a), { any: [{ alias: "exports" }, { asset: "s3://lake/a" }] }],
  ])("says so in its plain form", (schedule, condition) => {
    expect(scheduled(schedule)).toMatchObject({ assets: condition, schedules: [] });
  });

  it("may run by time besides, by one schedule or several", () => {
    expect(scheduled(timeOrAssets("@daily", a))).toMatchObject({
      assets: { asset: "s3://lake/a" },
      schedules: [{ name: "", schedule: { type: "cron_data_interval" } }],
    });
    expect(scheduled(timeOrAssets({ x: { schedule: "@daily" } }, a)).schedules).toMatchObject([
      { name: "x" },
    ]);
  });

  it("cannot take assets for a time, or something else for an asset", () => {
    const wrong = expect.objectContaining({ code: "INVALID_SCHEDULE" });
    // @ts-expect-error assets are no time
    expect(() => timeOrAssets(a, b)).toThrow(wrong);
    // @ts-expect-error neither is a time that has assets already
    expect(() => timeOrAssets(timeOrAssets("@daily", a), b)).toThrow(wrong);
    // @ts-expect-error a URI is not an asset
    expect(() => allOf("s3://lake/a")).toThrow(wrong);
    // @ts-expect-error all of nothing would always be met
    expect(() => allOf()).toThrow(wrong);
    expect(() => scheduled({ x: { schedule: a as never } })).toThrow(wrong);
  });
});

describe("a task's outlets and inlets", () => {
  it("are named once each in its plain form, with what is known of the assets", () => {
    const named = asset("s3://lake/named", { name: "issues", extra: { owner: "data" } });
    const d = dag("d");
    d.task("t", { outlets: [named, named, assetAlias("exports")], inlets: [a] }, () => null);
    d.empty("place", { outlets: [b] });
    const spec = plain(d as unknown as Dag<unknown>);
    expect(spec.tasks[0]).toMatchObject({
      outlets: [{ asset: "s3://lake/named" }, { alias: "exports" }],
      inlets: ["s3://lake/a"],
    });
    expect(spec.tasks[1]).toMatchObject({ outlets: [{ asset: "s3://lake/b" }], inlets: [] });
    expect(spec.assetDetails).toEqual({
      "s3://lake/named": { name: "issues", extra: { owner: "data" } },
    });
  });

  it("must be assets", () => {
    const d = dag("d");
    // @ts-expect-error a URI is not an asset
    d.task("t", { outlets: ["s3://lake/a"] }, () => null);
    expect(() => plain(d as unknown as Dag<unknown>)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });
});

it("what an asset's events say has its type carried along", () => {
  const typed = asset<{ rows: number }>("s3://lake/typed");
  const d = dag("d", { schedule: typed });
  d.task("t", { outlets: [typed], inlets: [typed] }, async ({ assets, triggeredBy }) => {
    assets.update(typed, { extra: { rows: 1 } });
    // @ts-expect-error rows is a number
    assets.update(typed, { extra: { rows: "1" } });
    expectTypeOf(triggeredBy(typed)).toEqualTypeOf<readonly AssetEvent<{ rows: number }>[]>();
    expectTypeOf((await assets.events(typed))[0]?.extra.rows).toEqualTypeOf<number | undefined>();
  });
  expect(graphOf(d).tasks).toHaveLength(1);
});
