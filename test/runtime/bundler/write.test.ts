import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../../runtime/bundler/bundle.ts";
import { writeBundle } from "../../../runtime/bundler/write.ts";
import { dagFolder, soundDag } from "../../support/dag-folder.ts";

test("a bundle that several write at once is there once, and whole", async () => {
  const folder = await dagFolder({ "a.ts": soundDag("a") });
  const home = join(folder, "../bundles");
  const one = await bundle("a.ts", folder);
  const paths = new Set(
    await Promise.all(Array.from({ length: 20 }, () => writeBundle(home, one, folder))),
  );
  expect([...paths]).toEqual([join(home, `${one.bundleHash}.mjs`)]);
  expect(await readdir(home)).toEqual([`${one.bundleHash}.mjs`]);
});
