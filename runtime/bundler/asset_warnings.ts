/**
 * Warnings about assets that need all DAGs of a folder: DAGs that wait for an asset which
 * no DAG updates.
 */
import type { DagSpec } from "../../sdk/spec/index.ts";
import { aliasesOf, assetsOf } from "../timetable/sources/asset_condition.ts";
import type { DagVersion, ImportWarning } from "./version.ts";

/**
 * A run that never starts is hard to notice, and a URI is easily mistyped. It is no
 * error, because an asset may also be updated by the API.
 */
export function assetWarnings(versions: readonly DagVersion[]): readonly ImportWarning[] {
  const outlets = versions.flatMap(({ spec }) => spec.tasks.flatMap((task) => task.outlets));
  const written = new Set(
    outlets.map((outlet) => ("asset" in outlet ? outlet.asset : `alias ${outlet.alias}`)),
  );
  return versions.flatMap(({ file, position, spec }) => {
    const at = { file, line: position?.line ?? null };
    return [
      ...waitedFor(spec)
        .filter((name) => !written.has(name))
        .map((name) => ({
          ...at,
          code: "ASSET_WITHOUT_PRODUCER" as const,
          message: `DAG "${spec.dagId}" waits for ${name}, which no task of this folder updates. It runs only after: dag assets update ${name}`,
        })),
      ...ownAssets(spec).map((name) => ({
        ...at,
        code: "ASSET_LOOP" as const,
        message: `DAG "${spec.dagId}" waits for ${name}, which one of its own tasks updates: each of its runs creates the next.`,
      })),
    ];
  });
}

function waitedFor({ assets }: DagSpec): readonly string[] {
  return assets
    ? [...assetsOf(assets), ...[...aliasesOf(assets)].map((alias) => `alias ${alias}`)]
    : [];
}

function ownAssets({ assets, tasks }: DagSpec): readonly string[] {
  const waited = assets ? assetsOf(assets) : new Set<string>();
  return [
    ...new Set(
      tasks.flatMap(({ outlets }) =>
        outlets.flatMap((outlet) =>
          "asset" in outlet && waited.has(outlet.asset) ? [outlet.asset] : [],
        ),
      ),
    ),
  ];
}
