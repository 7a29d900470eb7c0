import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ancestorsOf, Contents } from "../../../runtime/bundler/contents.ts";
import { dagFolder, writeDagFile } from "../../support/dag-folder.ts";

test("a file written after its use began never counts as unchanged, because another text may have been used", async () => {
  const folder = await dagFolder({ "settled.ts": "1", "written.ts": "1" });
  const beganMs = Date.now();
  await utimes(join(folder, "written.ts"), new Date(beganMs + 1), new Date(beganMs + 1));
  const contents = new Contents(folder);
  expect(await contents.unchanged(await contents.hashesUsedSince(["settled.ts"], beganMs))).toBe(
    true,
  );
  expect(await contents.unchanged(await contents.hashesUsedSince(["written.ts"], beganMs))).toBe(
    false,
  );
});

test("a file that is not there has a hash of its own, which differs from that of an empty one", async () => {
  const contents = new Contents(await dagFolder({ "empty.ts": "" }));
  expect(await contents.hash("gone.ts")).toBe(await contents.hash("also/gone.ts"));
  expect(await contents.hash("gone.ts")).not.toBe(await contents.hash("empty.ts"));
});

test("the settings of a folder include those above it", async () => {
  const folder = await dagFolder({});
  const before = await new Contents(folder).settingsHash([""]);
  await writeDagFile(folder, "../package.json", "{}");
  expect(await new Contents(folder).settingsHash([""])).not.toBe(before);
  expect(ancestorsOf("/a/b/c")).toEqual(["..", "../..", "../../.."]);
});
