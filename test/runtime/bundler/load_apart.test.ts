/** A folder that is loaded in a process of its own. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { loadApart } from "../../../runtime/bundler/load_apart.ts";
import { dagFolder, soundDag } from "../../support/dag-folder.ts";
import { childrenOf } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

const isLoader = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("load_process");

/** The fifth field; the second one, the name, may hold anything. */
const groupOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[2]);

const apart = (folder: string) => loadApart({ folder, options: {} });

test("versions and errors are those of a load in this process, and the process is gone", async () => {
  const folder = await dagFolder({
    "good.ts": soundDag("good"),
    "bad.ts": soundDag("bad", "no id"),
  });
  const { versions, errors } = await loadFolder(folder);
  expect(await apart(folder)).toEqual({ versions, errors });
  expect(errors).toHaveLength(1);
  expect(childrenOf(process.pid).filter(isLoader)).toEqual([]);
});

test("Ctrl-C in the terminal does not reach the process: it leads a group of its own", async () => {
  const loading = apart(await dagFolder({ "good.ts": soundDag("good") }));
  const pid = await until("the process", async () => childrenOf(process.pid).find(isLoader));
  expect(groupOf(pid)).toBe(pid);
  await loading;
});

test("a folder that is not there is one error", async () => {
  const folder = await dagFolder({});
  await expect(apart(`${folder}/none`)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});
