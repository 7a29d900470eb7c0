/** A folder that is loaded in a process of its own. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadFolder } from "../../../runtime/bundler/folder.ts";
import { loadApart } from "../../../runtime/bundler/load_apart.ts";
import { dagFolder, soundDag } from "../../support/dag-folder.ts";
import { childrenOf } from "../../support/processes.ts";

const isLoader = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("load_process");

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

test("a folder that is not there is one error", async () => {
  const folder = await dagFolder({});
  await expect(apart(`${folder}/none`)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});
