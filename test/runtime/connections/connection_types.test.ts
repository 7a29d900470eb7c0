/** Connection types in their own process: a type can hang, end the process, or babble. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConnection } from "dagsmith";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUILT_IN } from "../../../runtime/child/types_request.ts";
import { connectionTypes } from "../../../runtime/connections/connection_types.ts";
import { askTypes } from "../../../runtime/connections/types_process.ts";
import { typesDocument } from "../../support/types_document.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-types-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const odd = (body: string): string => `import { connectionType } from "dagsmith";
const fields = { "~standard": { version: 1, vendor: "own", validate: (value) => ({ value }),
  jsonSchema: { input: () => ({ type: "object", properties: {} }) } } };
export const connectionTypes = [connectionType({ id: "odd", title: "Odd", example: "odd://",
  fields, test: async () => { ${body} } })];`;

async function tryOdd(body: string) {
  await writeFile(join(folder, "odd.mjs"), odd(body));
  const options = { environment: {}, user: undefined };
  const request = { packages: ["./odd.mjs"], projectFolder: folder, timeLimitMs: 300 };
  const connection = parseConnection("odd", "odd://host");
  return askTypes({ ...request, ask: "test", connection }, options);
}

describe("a test of a type", () => {
  test("that never answers ends after its time", async () => {
    expect(await tryOdd("await new Promise(() => {});")).toEqual({
      ...{ type: "tried", ok: false, line: "no answer within 0.3 s" },
    });
  });

  test("that ends its process is an error", async () => {
    await expect(tryOdd("process.exit(3);")).rejects.toThrow(
      "Connection types cannot be loaded: the process ended with 3.",
    );
  });

  test("that throws outside its promise fails", async () => {
    expect(
      await tryOdd(
        'setImmediate(() => { throw new Error("late"); }); await new Promise(() => {});',
      ),
    ).toEqual({ type: "tried", ok: false, line: "late" });
  });

  test("answers one short line, whatever it returns", async () => {
    expect(await tryOdd('return "a\\n\\tb" + "c".repeat(9000);')).toEqual({
      ...{ type: "tried", ok: true, line: `a b${"c".repeat(497)}` },
    });
  });
});

describe("the connection types of dagsmith", () => {
  const types = connectionTypes({
    ...{ packages: [], projectFolder: process.cwd(), environment: {}, user: undefined },
  });

  test("are all that docs/connections.md describes (remade with --update)", async () => {
    const { types: all, problems } = await types.list();
    expect(problems).toEqual([]);
    expect(all.length).toBeGreaterThanOrEqual(BUILT_IN.length);
    await expect(typesDocument(all)).toMatchFileSnapshot("../../../docs/connections.md");
  });
});
