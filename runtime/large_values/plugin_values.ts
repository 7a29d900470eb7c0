/**
 * Large values in a bucket that a plugin of ours reaches: Google Cloud Storage, or Azure.
 * The plugin is loaded with the first value. It is not imported from here: the runtime
 * knows plugins by their names only, as DAG files do.
 *
 * An operation that misses its deadline fails, and its request goes on until the time-out
 * of the client: hooks know the signal of the worker, and none of one operation. A value
 * that is stored so late stays in the bucket: nothing refers to its name, which is random.
 */
import { type HookRef, openHook } from "../../sdk/hook.ts";
import type { ObjectBackend } from "../../sdk/objects/object_backend.ts";
import type { PluginFolder } from "../config/xcom_folder.ts";
import { loadPlugin } from "../own_modules.ts";
import { DEADLINE_MS, Operations } from "./operations.ts";
import { type LargeValues, MAX_VALUE_BYTES, pathOf } from "./store.ts";

const HOOKS = {
  gs: { plugin: "gcs", hook: "gcsHook" },
  az: { plugin: "azure", hook: "azureBlobHook" },
} as const;
/** Values are JSON; files of tasks may be anything. */
const VALUE = { contentType: "application/json" };

type StoreHook = (connectionId: string) => HookRef<{ readonly objects: ObjectBackend }>;

/** @throws DagsmithError PACKAGE_MISSING, INVALID_CONNECTION, WRONG_CONNECTION_TYPE */
export async function openPluginValues(folder: PluginFolder): Promise<Omit<LargeValues, "place">> {
  const stopped = new AbortController();
  const { plugin, hook } = HOOKS[folder.scheme];
  const found = await loadPlugin<Readonly<Record<string, StoreHook>>>(plugin);
  const ref = (found[hook] as StoreHook)(folder.connection.id);
  const client = await openHook(ref, folder.connection, { signal: stopped.signal, log: QUIET });
  return {
    ...valuesOf(client.objects, folder, stopped),
    close: () => {
      stopped.abort(new Error("the worker stops"));
      void ref.definition.close?.(client);
    },
  };
}

/** Operations of a store have no log: their errors say all. */
const quiet = (): void => undefined;
const QUIET = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function valuesOf(
  objects: ObjectBackend,
  { bucket, prefix }: PluginFolder,
  stopped: AbortController,
): Omit<LargeValues, "place" | "close"> {
  const operations = new Operations(DEADLINE_MS, (error) => error);
  stopped.signal.addEventListener("abort", () => operations.close());
  const at = (name: string) => ({ bucket, key: `${prefix}${pathOf(name)}` });
  const readRange = (name: string, from: number, length: number) =>
    operations.run(() => rangeOf(objects, at(name), { from, length }));
  const remove = (name: string) => operations.run(() => objects.delete(bucket, [at(name).key]));
  return {
    write: (name, bytes) =>
      operations.run(async () => void (await objects.put(at(name), one(bytes), VALUE))),
    writeStream: (name, bytes) => operations.runLong(() => objects.put(at(name), bytes, {}), quiet),
    read: (name) => readRange(name, 0, MAX_VALUE_BYTES),
    readRange,
    remove,
    // Both systems drop parts of an upload that died within a week, and list none of them.
    abandon: remove,
  };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Undefined when there is no such object. */
async function rangeOf(
  objects: ObjectBackend,
  at: { readonly bucket: string; readonly key: string },
  range: { readonly from: number; readonly length: number },
): Promise<Buffer | undefined> {
  const found = await objects.range(at, { ...range, etag: null });
  if (typeof found !== "string") return Buffer.from(found.buffer, found.byteOffset, found.length);
  // Names a missing bucket: its objects are unknown, and not missing.
  await objects.head(at);
  return undefined;
}
