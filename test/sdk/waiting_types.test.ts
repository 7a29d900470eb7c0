/**
 * What the compiler accepts and refuses of sensors and waits. `tsc` checks this file; the
 * functions are never called.
 */

import { s3KeySensor } from "dagsmith/plugins/aws";
import { httpSensor } from "dagsmith/plugins/http";
import { sqlSensor } from "dagsmith/plugins/postgres";
import { expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  dag,
  externalRun,
  sql,
  type TaskRef,
  waitFor,
  waitForEvent,
  waitUntil,
} from "../../sdk/index.ts";

const compiles = (code: () => unknown): void => expect(code).toBeTypeOf("function");

it("a sensor's output is the value that its poke finds", () =>
  compiles(() => {
    const d = dag("d", { params: z.object({ bucket: z.string() }) });
    expectTypeOf(d.sensor("plain", () => true)).toEqualTypeOf<TaskRef<null>>();
    expectTypeOf(d.sensor("async", { interval: "5m" }, async () => false)).toEqualTypeOf<
      TaskRef<null>
    >();
    const file = d.sensor(
      "file",
      { timeout: "1h" },
      ({ params }) => params.bucket === "x" && { done: true, value: { bytes: 5 } },
    );
    expectTypeOf(file).toEqualTypeOf<TaskRef<{ bytes: number }>>();
    const each = d.sensor("each", { each: [1, 2] }, async ({ item }) => ({
      done: item > 1,
      value: `${item}`,
    }));
    expectTypeOf(each).toEqualTypeOf<TaskRef<string[]>>();
    d.task(
      "load",
      { inputs: { file, each } },
      ({ inputs }) => inputs.file.bytes + inputs.each.length,
    );
    // @ts-expect-error a poke says yes or no
    d.sensor("text", () => "yes");
    // @ts-expect-error a value that JSON cannot carry
    d.sensor("map", () => ({ done: true, value: new Map() }));
    // @ts-expect-error a misspelt option
    d.sensor("misspelt", { intervall: "5m" }, () => true);
    // @ts-expect-error a task does not poke
    d.task("task", { interval: "5m" }, () => true);
  }));

it("ready-made sensors and waits fit, and see the context", () =>
  compiles(() => {
    const d = dag("d", { params: z.object({ bucket: z.string() }) });
    const landed = d.sensor(
      "landed",
      s3KeySensor({ s3: "s3", bucket: "lake", key: ({ params }) => params.bucket }),
    );
    expectTypeOf(landed.output).toMatchTypeOf<
      readonly { readonly key: string; readonly size: number }[]
    >();
    d.sensor(
      "rows",
      { interval: "1m" },
      sqlSensor({ postgres: "lake", sql: ({ logicalDate }) => sql`select ${logicalDate}` }),
    );
    d.sensor("ready", httpSensor({ http: "api", path: "/", until: (response) => response.ok }));
    expectTypeOf(d.task("pause", waitFor("5m"))).toEqualTypeOf<TaskRef<null>>();
    expectTypeOf(
      d.task(
        "until",
        { retries: 1 },
        waitUntil(({ dataInterval }) => dataInterval.end),
      ),
    ).toEqualTypeOf<TaskRef<null>>();
    expectTypeOf(d.task("run", externalRun({ dag: "other" })).output.runId).toEqualTypeOf<string>();
    expectTypeOf(
      d.task("go", waitForEvent<{ by: string }>("go")).output.by,
    ).toEqualTypeOf<string>();
    // @ts-expect-error not a length of time
    waitFor("soon");
  }));
