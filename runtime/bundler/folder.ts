/**
 * From a folder of DAG files to the versions of its DAGs: discover, bundle, inspect.
 * Unchanged files are taken from the previous load, so that one edit costs one file.
 */
import { resolve } from "node:path";
import { assetWarnings } from "./asset_warnings.ts";
import { type Bundle, bundleAll } from "./bundle.ts";
import { callWarnings, refuseCallCircles } from "./call_checks.ts";
import { Contents } from "./contents.ts";
import { type Discovery, discover } from "./discover.ts";
import { eventWarnings } from "./event_warnings.ts";
import { dagPosition, type FileFacts, taskPositions } from "./facts.ts";
import { importPlaces } from "./import_places.ts";
import {
  type Inspection,
  type Inspector,
  type InspectorOptions,
  startInspector,
} from "./inspector.ts";
import { isUnchanged } from "./pack_folder.ts";
import { ruleWarnings } from "./rule_lint.ts";
import {
  type DagVersion,
  type ImportError,
  type ImportWarning,
  refuseDuplicates,
  versionHash,
} from "./version.ts";

/** What the next load of the same folder takes over where nothing has changed. */
export interface EarlierLoad {
  readonly discovery: Discovery;
  readonly builds: ReadonlyMap<string, Build>;
}

/** The result of a load. */
export interface FolderLoad extends EarlierLoad {
  /** Absolute. */
  readonly folder: string;
  /**
   * One for each DAG id, by file. An unchanged version is the same object as in the
   * previous load.
   */
  readonly versions: readonly DagVersion[];
  readonly errors: readonly ImportError[];
  readonly warnings: readonly ImportWarning[];
}

/** What an import of a bundle gave. */
export interface Inspected {
  readonly bundle: Pick<Bundle, "bundleHash">;
  /** Hash of package and compiler settings. */
  readonly settings: string;
  /** Null when no file of it imports dagsmith. */
  readonly inspection: Inspection | null;
}

/** A DAG file that could be bundled, and its result. */
export interface Build extends Inspected {
  readonly bundle: Bundle;
  /** Hashes of all that decided what the bundle became: files, and names in folders. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly versions: readonly DagVersion[];
}

export interface LoadFolderOptions extends InspectorOptions {
  /** The last load of the same folder. */
  readonly previous?: EarlierLoad | undefined;
  /**
   * What earlier imports gave, by file. It is taken over while bundle and settings are
   * equal. Default: those of `previous`.
   */
  readonly inspected?: ReadonlyMap<string, Inspected> | undefined;
  /** An inspector of the same folder that stays open. Default: one for this load only. */
  readonly inspector?: Inspector;
}

/** A longer import delays every task that runs in a fresh process. */
const SLOW_IMPORT_MS = 1_000;

/**
 * Loads every DAG of a folder and its subfolders. A file that cannot be loaded becomes an
 * import error and does not stop the others. A file that builds no DAG (see
 * {@link Candidacy}) is a helper, and is ignored.
 * @throws DagsmithError FILE_NOT_FOUND when there is no such folder
 */
export async function loadFolder(
  folder: string,
  options: LoadFolderOptions = {},
): Promise<FolderLoad> {
  const absolute = resolve(folder);
  if (options.inspector) return load(absolute, options.inspector, options);
  const inspector = startInspector(absolute, options);
  try {
    return await load(absolute, inspector, options);
  } finally {
    await inspector.stop();
  }
}

async function load(
  folder: string,
  inspector: Inspector,
  { previous, inspected = previous?.builds ?? new Map() }: LoadFolderOptions,
): Promise<FolderLoad> {
  const contents = new Contents(folder);
  const discovery = await discover(folder, previous?.discovery, contents);
  const settings = await contents.settingsHash(discovery.directories);
  const candidates = [...discovery.files].filter(
    ([, { facts }]) => facts.candidacy === "dag" || facts.candidacy === "maybe",
  );
  const kept = await unchangedBuilds(folder, previous, settings, contents);
  const changed = candidates.map(([file]) => file).filter((file) => !kept.has(file));

  await contents.readNames(discovery.directories);
  const startedAtMs = Date.now();
  const { bundles, errors } = await bundleAll(changed, folder);
  const inspections = await inspectChanged(bundles, inspector, settings, inspected);
  const built = await Promise.all(
    bundles.map(async (bundle): Promise<[string, Build]> => {
      const inputs = await contents.hashesUsedSince(
        [...bundle.inputs, ...importPlaces(bundle.inputs)],
        startedAtMs,
      );
      const inspection = inspections.get(bundle.file) ?? null;
      const facts = discovery.files.get(bundle.file)?.facts;
      return [
        bundle.file,
        {
          bundle,
          inputs,
          settings,
          inspection,
          versions: facts ? versionsOf(bundle, inspection, facts) : [],
        },
      ];
    }),
  );
  const fresh = new Map(built);
  const builds = new Map(
    candidates.flatMap(([file]) => {
      const build = fresh.get(file) ?? kept.get(file);
      return build ? [[file, build] as const] : [];
    }),
  );
  return assemble(folder, discovery, builds, errors);
}

/**
 * A file that could not be bundled is tried again each time: the missing file may exist
 * now, and is not among its known inputs.
 */
async function unchangedBuilds(
  folder: string,
  previous: EarlierLoad | undefined,
  settings: string,
  contents: Contents,
): Promise<ReadonlyMap<string, Build>> {
  const unchanged = new Map<string, Build>();
  for (const [file, build] of previous?.builds ?? []) {
    if (
      build.settings === settings &&
      (await contents.unchanged(build.inputs)) &&
      (await haveSameFolders(folder, build))
    )
      unchanged.set(file, build);
  }
  return unchanged;
}

async function haveSameFolders(folder: string, { bundle }: Build): Promise<boolean> {
  for (const packed of bundle.folders) if (!(await isUnchanged(folder, packed))) return false;
  return true;
}

/**
 * An edit that does not change the bundle needs no new inspection. Other settings do:
 * packages outside the bundle may be others.
 */
async function inspectChanged(
  bundles: readonly Bundle[],
  inspector: Inspector,
  settings: string,
  inspected: ReadonlyMap<string, Inspected>,
): Promise<ReadonlyMap<string, Inspection>> {
  const inspections = new Map<string, Inspection>();
  const unknown: Bundle[] = [];
  for (const bundle of bundles.filter(({ usesDagsmith }) => usesDagsmith)) {
    const before = inspected.get(bundle.file);
    const isEqual = before?.settings === settings && before.bundle.bundleHash === bundle.bundleHash;
    const known = isEqual ? before.inspection : null;
    if (known && !known.error) inspections.set(bundle.file, known);
    else unknown.push(bundle);
  }
  const made = await inspector.inspectAll(unknown);
  for (const [index, inspection] of made.entries()) {
    const bundle = unknown[index];
    if (bundle) inspections.set(bundle.file, inspection);
  }
  return inspections;
}

function versionsOf(
  bundle: Bundle,
  inspection: Inspection | null,
  facts: FileFacts,
): readonly DagVersion[] {
  const { file, bundleHash, code, sourceMap, folders, inputs: imports } = bundle;
  return (inspection?.specs ?? []).map((spec) => ({
    dagId: spec.dagId,
    versionHash: versionHash(bundleHash, spec.dagId),
    bundleHash,
    file,
    spec,
    position: dagPosition(file, facts, spec.dagId),
    positions: taskPositions(file, facts, spec),
    ...{ imports, folders, code, sourceMap },
  }));
}

function assemble(
  folder: string,
  discovery: Discovery,
  builds: ReadonlyMap<string, Build>,
  bundleErrors: readonly ImportError[],
): FolderLoad {
  const { versions: unique, errors: duplicates } = refuseDuplicates(
    [...builds.values()].flatMap((build) => build.versions),
  );
  const { versions, errors: circles } = refuseCallCircles(unique);
  const importErrors = [...builds].flatMap(([file, build]) =>
    importErrorOf(discovery.files.get(file)?.facts, build),
  );
  const errors = [...bundleErrors, ...importErrors, ...duplicates, ...circles];
  return {
    folder,
    versions,
    errors,
    warnings: [
      ...warningsOf(discovery, builds),
      ...assetWarnings(versions),
      ...eventWarnings(versions),
      ...callWarnings(unique),
    ],
    discovery,
    builds,
  };
}

function importErrorOf(
  facts: FileFacts | undefined,
  { inspection }: Build,
): readonly ImportError[] {
  const error = inspection?.error;
  if (!error || !facts || (error.code === "NOT_A_DAG" && facts.candidacy === "maybe")) return [];
  return [atLikelyCause(error, facts)];
}

/** An error without a place is shown at its likely cause in the text. */
export function atLikelyCause(error: ImportError, facts: FileFacts): ImportError {
  const line = error.at ? null : likelyLine(error, facts);
  return line === null ? error : { ...error, line, at: { file: error.file, line } };
}

function likelyLine({ code }: ImportError, { dags, warnings }: FileFacts): number | null {
  if (code === "IMPORT_UNSETTLED" || code === "IMPORT_TIMEOUT")
    return warnings.find((one) => one.code === "WORK_AT_IMPORT")?.line ?? null;
  const aboutTheDag = !code.startsWith("IMPORT_") && code !== "NOT_A_DAG" && dags.length === 1;
  return aboutTheDag ? (dags[0]?.line ?? null) : null;
}

function warningsOf(
  discovery: Discovery,
  builds: ReadonlyMap<string, Build>,
): readonly ImportWarning[] {
  const imported = new Set([...builds.values()].flatMap(({ bundle }) => bundle.inputs));
  const loaded = [...builds.values()].flatMap((build) => build.versions.map(({ dagId }) => dagId));
  return [...discovery.files].flatMap(([file, { facts }]) => {
    if (facts.candidacy === "factory" && !imported.has(file))
      return [exportsAFunction(file, facts)];
    if (facts.candidacy === "unexported" && !imported.has(file))
      return [exportsNothing(file, facts)];
    if (facts.candidacy === "commonjs") return [isCommonJs(file)];
    const build = builds.get(file);
    if (!build?.inspection || (build.versions.length === 0 && facts.candidacy === "maybe"))
      return [];
    return [
      ...facts.warnings.map((warning) => ({ file, ...warning })),
      ...(build.inspection.error ? [] : notExported(file, facts, loaded)),
      ...build.bundle.warnings,
      ...ruleWarnings(build.versions, facts),
      ...slowImport(build),
    ];
  });
}

function exportsAFunction(file: string, { dags }: FileFacts): ImportWarning {
  const message =
    "The default export is a function that nothing imports. Export the DAG that it returns.";
  return { file, line: dags[0]?.line ?? null, code: "EXPORTS_A_FUNCTION", message };
}

function exportsNothing(file: string, { dags }: FileFacts): ImportWarning {
  const message =
    "The file declares a DAG but has no default export, so it is not loaded. End it with: export default …";
  return { file, line: dags[0]?.line ?? null, code: "NO_DEFAULT_EXPORT", message };
}

/** DAGs that importing the file builds, and that its default export does not hold. */
function notExported(
  file: string,
  { dags }: FileFacts,
  loaded: readonly string[],
): readonly ImportWarning[] {
  const isLoaded = (id: string | RegExp): boolean =>
    loaded.some((one) => (typeof id === "string" ? one === id : id.test(one)));
  return dags
    .filter(({ id, atImport }) => atImport && !isLoaded(id))
    .map(({ id, line }) => ({
      ...{ file, line, code: "NOT_EXPORTED" as const },
      message: `DAG ${typeof id === "string" ? `"${id}"` : "with a computed id"} is not part of the default export, so it is not loaded. Export a list: export default [first, second];`,
    }));
}

function isCommonJs(file: string): ImportWarning {
  const message =
    "CommonJS files are not loaded as DAG files. Rename it to .ts or .mjs, and end it with: export default …";
  return { file, line: 1, code: "COMMONJS_FILE", message };
}

function slowImport({ bundle, inspection }: Build): readonly ImportWarning[] {
  const importMs = inspection?.importMs ?? 0;
  if (importMs <= SLOW_IMPORT_MS) return [];
  const message = `Importing the file took ${(importMs / 1000).toFixed(1)} s. Move work and heavy imports into task bodies.`;
  return [{ file: bundle.file, line: null, code: "SLOW_IMPORT", message }];
}
