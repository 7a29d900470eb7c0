/** What a worker keeps of its bundles on the disk, and what it removes. */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { BundleCache } from "../../../runtime/executor/bundle_cache.ts";
import { bundlesToRemove } from "../../../runtime/executor/bundle_eviction.ts";
import { deployVersions } from "../../../runtime/store/dags/deploy.ts";
import fc from "../../support/fast_check.ts";
import { migratedDatabase, versionOf } from "../../support/migrated.ts";
import { dagSpec } from "../../support/rows.ts";

const postgres = migratedDatabase();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIMITS = { bytes: 100, unusedMs: 30 * DAY_MS };

describe("of the bundles on a disk", () => {
  test("go those that are unused for too long, and beyond the bytes the longest unused", () => {
    const bundles = [
      { hash: "old", bytes: 1, unusedMs: 31 * DAY_MS },
      { hash: "third", bytes: 60, unusedMs: 3 * DAY_MS },
      { hash: "first", bytes: 50, unusedMs: 2 * HOUR_MS },
      { hash: "second", bytes: 50, unusedMs: 2 * DAY_MS },
    ];
    expect(bundlesToRemove(bundles, LIMITS)).toEqual(["third", "old"]);
  });

  test("none goes that was used within the hour, and what stays fits unless all of it is in use", () => {
    const bundle = fc.record({
      hash: fc.uuid(),
      bytes: fc.nat(80),
      unusedMs: fc.oneof(fc.nat(2 * HOUR_MS), fc.nat(60 * DAY_MS)),
    });
    fc.assert(
      fc.property(fc.uniqueArray(bundle, { selector: ({ hash }) => hash }), (bundles) => {
        const gone = new Set(bundlesToRemove(bundles, LIMITS));
        const stays = bundles.filter(({ hash }) => !gone.has(hash));
        const inUse = bundles.filter(({ unusedMs }) => unusedMs <= HOUR_MS);
        expect(inUse.filter(({ hash }) => gone.has(hash))).toEqual([]);
        const bytes = stays.reduce((sum, one) => sum + one.bytes, 0);
        if (stays.length > inUse.length) expect(bytes).toBeLessThanOrEqual(LIMITS.bytes);
      }),
    );
  });
});

test("a worker removes bundles beyond the limits when it fetches another, and fetches them again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bundles-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const versions = ["one", "two", "three"].map((id) => versionOf(dagSpec(id)));
  await deployVersions(postgres.db, versions);
  const [one, two, three] = versions.map(({ bundleHash }) => bundleHash);
  const cache = new BundleCache(postgres.db, folder, { bytes: 1, unusedMs: DAY_MS });
  const namesOnDisk = async () => new Set(await readdir(folder));
  const codeOf = async (hash: string) =>
    createHash("sha256")
      .update((await cache.read(hash)).code)
      .digest("hex");
  await writeFile(join(folder, "another file"), "");
  const code = await codeOf(one!);
  await cache.read(two!);
  // Both were used just now: they are in use.
  expect(await namesOnDisk()).toEqual(new Set(["another file", one, two]));
  const hoursAgo = new Date(Date.now() - 2 * HOUR_MS);
  await utimes(join(folder, one!, "used"), hoursAgo, hoursAgo);
  await cache.read(three!);
  expect(await namesOnDisk()).toEqual(new Set(["another file", two, three]));
  expect(await codeOf(one!)).toBe(code);
  expect(await namesOnDisk()).toEqual(new Set(["another file", one, two, three]));
});
