/** A folder as an object store: the contract of every store, and what only files have. */
import { mkdirSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { dag } from "dagsmith";
import { objectSensor, objectStore, transfer } from "dagsmith/plugins/objects";
import { runDag, runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { keysOf, storeContract } from "../../support/store_contract.ts";

async function folderStore() {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith objects-ü-"));
  return {
    below: (prefix: string) => {
      mkdirSync(join(folder, prefix), { recursive: true });
      return pathToFileURL(join(folder, prefix)).href;
    },
    missingUrl: `${pathToFileURL(folder).href}/no-such-bucket`,
    connections: {},
    server: null,
    unfinished: async () =>
      (await readdir(folder, { recursive: true })).filter((name) => name.includes("unfinished"))
        .length,
    stop: () => rm(folder, { recursive: true }),
  };
}

describe("a folder", () => {
  storeContract(folderStore, {
    ...{ largeBytes: 32 * 1024 * 1024, manyKeys: 120, keepsAttributes: false, signs: false },
    isRemote: false,
  });
});

describe("the files of a folder", () => {
  async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "dagsmith-objects-"));
    await work(folder).finally(() => rm(folder, { recursive: true }));
  }
  const refOf = (folder: string) => objectStore(pathToFileURL(folder).href);

  test("that are links are listed, but not links to folders and not unfinished files", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "a"), "x");
      await symlink(join(folder, "a"), join(folder, "link"));
      await symlink(folder, join(folder, "circle"));
      await writeFile(join(folder, ".dagsmith-unfinished-1"), "x");
      await runTask(async (context) => {
        const store = await refOf(folder).open(context);
        expect(await keysOf(store.list())).toEqual(["a", "link"]);
        expect(await keysOf(store.listFolder())).toEqual(["a", "link"]);
      });
    }));

  test.each(["a//b", "a/", "a/b", ".dagsmith-unfinished-1"])(
    "cannot have the key %j next to the key a",
    (key) =>
      withFolder(async (folder) => {
        await writeFile(join(folder, "a"), "x");
        await runTask(async (context) => {
          const store = await refOf(folder).open(context);
          await expect(store.put(key, "y")).rejects.toMatchObject({ name: "FailTask" });
          expect(await store.head("a/")).toBeNull();
          await store.delete("a/");
          expect(await store.text("a")).toBe("x");
        });
      }),
  );

  test("are waited for by more than the 1,000 that the output of the sensor names", () =>
    withFolder(async (folder) => {
      for (let index = 0; index < 1_002; index++) await writeFile(join(folder, `${index}`), "");
      const poke = async (atLeast: number) =>
        (await runTask(objectSensor({ store: refOf(folder), prefix: "", atLeast }))).output;
      expect(await poke(1_003)).toEqual({ done: false });
      expect(await poke(1_002)).toMatchObject({ done: true, value: { length: 1_000 } });
    }));

  test("go to the files of a task and back by a transfer", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "in.csv"), "a,b\n");
      const store = refOf(folder);
      const d = dag("d");
      const csv = d.task(
        "get",
        transfer({ from: { store, key: "in.csv" }, to: { file: "in.csv" } }),
      );
      d.task(
        "put",
        { inputs: { csv } },
        transfer({ from: ({ inputs }) => inputs.csv, to: { store, key: "out.csv" } }),
      );
      const [get, put] = (await runDag(d)).tasks;
      expect(get?.output).toMatchObject({ name: "in.csv", size: 4 });
      expect(put?.output).toEqual({ objects: 1, bytes: 4 });
      expect(await readFile(join(folder, "out.csv"), "utf8")).toBe("a,b\n");
    }));
});
