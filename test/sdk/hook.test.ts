/** Hooks, connections and fields of the task context, as plugins use them. */
import { describe, expect, it } from "vitest";
import { openHook } from "../../sdk/hook.ts";
import {
  DagsmithError,
  defineHook,
  FailTask,
  isDagsmithError,
  loadPackage,
  parseConnection,
  resolveField,
  SkipTask,
  type TaskContext,
} from "../../sdk/index.ts";

const context = {
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
};
const redisHook = defineHook({ types: ["redis", "valkey"], open: async ({ host }) => ({ host }) });

describe("a hook", () => {
  it("is a name until it is opened", () => {
    const hook = defineHook({
      types: ["x"],
      open: () => {
        throw new Error("opened");
      },
    });
    expect(hook("cache").connectionId).toBe("cache");
  });

  it("makes its client from a connection of each type that it takes", async () => {
    for (const type of ["redis", "valkey"]) {
      expect(
        await openHook(redisHook("cache"), parseConnection("cache", `${type}://box`), context),
      ).toEqual({ host: "box" });
    }
  });

  it("refuses a connection of another type, without what it holds", async () => {
    const opened = openHook(
      redisHook("cache"),
      parseConnection("cache", "http://u:s3cr3t@box"),
      context,
    );
    await expect(opened).rejects.toThrow(
      expect.objectContaining({
        code: "WRONG_CONNECTION_TYPE",
        message: expect.stringMatching(/"http".*"redis or valkey"/),
      }),
    );
    await expect(opened).rejects.not.toThrow(/s3cr3t|box/);
  });

  it("passes on what opening throws", async () => {
    const broken = defineHook({
      types: ["x"],
      open: () => Promise.reject(new FailTask("no such host")),
    });
    await expect(openHook(broken("c"), parseConnection("c", "x://"), context)).rejects.toThrow(
      FailTask,
    );
  });
});

describe("a field", () => {
  const task = { dagId: "d" } as TaskContext;

  it.each([
    ["is a value", 5, 5],
    ["is a function of the context", ({ dagId }: TaskContext) => dagId, "d"],
    ["is an async function of the context", async ({ dagId }: TaskContext) => dagId, "d"],
    ["may be null", null, null],
  ])("%s", async (_, field, value) => {
    expect(await resolveField(field as never, task)).toBe(value);
  });
});

describe("an error", () => {
  it("says its code and fills its message", () => {
    const error = new DagsmithError(
      "VARIABLE_NOT_FOUND",
      { key: "region", variable: "DAG_VAR_REGION" },
      { cause: "why" },
    );
    expect(error).toMatchObject({
      name: "DagsmithError",
      code: "VARIABLE_NOT_FOUND",
      cause: "why",
    });
    expect(error.message).toBe(
      'Variable "region" is not set. Set the environment variable DAG_VAR_REGION, or run: dag variables set region <value>',
    );
  });

  it("fills a place with a text that looks like a place as it is", () => {
    expect(new DagsmithError("EMPTY_DAG", { dag: "{dag} $& $1" }).message).toContain(
      '"{dag} $& $1"',
    );
  });

  it("is told from others, and by its code", () => {
    const error = new DagsmithError("EMPTY_DAG", { dag: "d" });
    expect([
      isDagsmithError(error),
      isDagsmithError(error, "EMPTY_DAG"),
      isDagsmithError(error, "CYCLE"),
    ]).toEqual([true, true, false]);
    expect([
      isDagsmithError(new Error("x")),
      isDagsmithError(null),
      isDagsmithError({ code: "EMPTY_DAG" }),
    ]).toEqual([false, false, false]);
  });

  it("that ends a try is known by its name across copies of the package", () => {
    expect([new FailTask("x").name, new SkipTask("x").name]).toEqual(["FailTask", "SkipTask"]);
  });
});

describe("an optional package", () => {
  const importing = (name: string) => () => import(/* @vite-ignore */ name) as Promise<object>;

  it("that is not installed is named, with the command that installs it", async () => {
    await expect(
      loadPackage("redisHook()", "dagsmith-absent", importing("dagsmith-absent")),
    ).rejects.toMatchObject({
      code: "PACKAGE_MISSING",
      message: "redisHook() needs the package dagsmith-absent. Run: npm install dagsmith-absent",
    });
  });

  it("that is installed, and lacks a package that it needs, fails with its own error", async () => {
    const inner = loadPackage("redisHook()", "redis", importing("dagsmith-absent"));
    await expect(inner).rejects.toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  });

  it("that is installed is given as it is", async () => {
    const { readFile } = await loadPackage("it", "node:fs", () => import("node:fs"));
    expect(readFile).toBeTypeOf("function");
  });
});
