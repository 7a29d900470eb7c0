/**
 * Which bundles a worker removes from its disk, so that years of deployments do not fill
 * it. A removed bundle costs one fetch from the database: no process reads a file here,
 * see bundle_cache.ts. Workers may share the folder.
 */
import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** How much a worker keeps. */
export interface BundleLimits {
  /** Bytes of all bundles together. */
  readonly bytes: number;
  /** Milliseconds after the last use. */
  readonly unusedMs: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export const BUNDLE_LIMITS: BundleLimits = { bytes: 1024 ** 3, unusedMs: 30 * DAY_MS };

/** A bundle that was used later is in use, and stays whatever the limits are. */
const IN_USE_MS = HOUR_MS;

/** The file whose time is that of the last use, by the clock of the file system. */
const USED = "used";

/** A bundle on the disk. */
export interface CachedBundle {
  readonly hash: string;
  readonly bytes: number;
  /** Milliseconds since its last use. */
  readonly unusedMs: number;
}

/** Those that go: unused for too long, or beyond the bytes the longest unused. Pure. */
export function bundlesToRemove(
  bundles: readonly CachedBundle[],
  limits: BundleLimits,
): readonly string[] {
  let bytes = 0;
  return bundles
    .toSorted((a, b) => a.unusedMs - b.unusedMs)
    .flatMap((one) => {
      bytes += one.bytes;
      const isOver = one.unusedMs > limits.unusedMs || bytes > limits.bytes;
      return isOver && one.unusedMs > IN_USE_MS ? [one.hash] : [];
    });
}

/** Marks a bundle as used now. */
export function markUsed(folder: string, hash: string): Promise<void> {
  return writeFile(join(folder, hash, USED), "", { mode: 0o600 });
}

/** Removes bundles beyond the limits. @param latest one that was marked as used just now */
export async function removeBundles(
  folder: string,
  latest: string,
  limits: BundleLimits,
): Promise<void> {
  const now = (await stat(join(folder, latest, USED))).mtimeMs;
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const bundles = await Promise.all(names.map((hash) => bundleAt(folder, hash, now)));
  for (const hash of bundlesToRemove(bundles.flat(), limits))
    await rm(join(folder, hash), { recursive: true, force: true });
}

/** None when another worker removes it now. */
async function bundleAt(
  folder: string,
  hash: string,
  now: number,
): Promise<readonly CachedBundle[]> {
  const path = join(folder, hash);
  const file = await stat(join(path, "bundle.mjs")).catch(() => undefined);
  const used = (await stat(join(path, USED)).catch(() => undefined)) ?? file;
  const last = used ?? (await stat(path).catch(() => undefined));
  return last ? [{ hash, bytes: file?.size ?? 0, unusedMs: now - last.mtimeMs }] : [];
}
