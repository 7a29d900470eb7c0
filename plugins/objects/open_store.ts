/** Opens the store of a URL in a task. */
import { DagsmithError, type ObjectBackend, type TaskContext } from "dagsmith";
import { BackendStore } from "./backend_store.ts";
import { folderBackend } from "./folder_backend.ts";
import type { ObjectStore } from "./object_store.ts";
import { parseStoreUrl, type StoreScheme, urlOf } from "./object_url.ts";

/** What a store needs of the context of its task. */
export type StoreContext = Pick<TaskContext, "hook" | "log" | "signal">;

/** A place for objects, made by {@link objectStore}. */
export interface ObjectStoreRef {
  /** Such as `s3://lake/raw/`. */
  readonly url: string;
  /** The id of the connection; null for a folder. */
  readonly connection: string | null;
  /** Opens the store. It ends with the try. */
  readonly open: (context: StoreContext) => Promise<ObjectStore>;
}

export interface ObjectStoreOptions {
  /**
   * Id of a connection: of type `aws` for S3, `google_cloud_platform` for GCS, `wasb` for
   * Azure. A folder needs none.
   */
  readonly connection?: string;
}

/**
 * A place for objects: a bucket of S3 or GCS, a container of Azure Blob Storage, or a
 * folder that all workers reach. The same verbs work over each of them. Airflow:
 * ObjectStoragePath.
 * @param url `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` or
 *   `file:///folder`; the prefix may be left out
 * @throws DagsmithError INVALID_ARGUMENT, at once; PACKAGE_MISSING when a task opens a
 *   store whose client is not installed
 * @example
 * const lake = objectStore("s3://lake/raw", { connection: "lake" });
 * d.task("count", async (context) => {
 *   const store = await lake.open(context);
 *   return (await store.text("trips.csv")).split("\n").length;
 * });
 */
export function objectStore(url: string, options: ObjectStoreOptions = {}): ObjectStoreRef {
  const place = parseStoreUrl(url);
  const connection = options.connection ?? null;
  refuseWrongConnection(place.scheme, connection);
  const ref: ObjectStoreRef = {
    ...{ url: urlOf(place, ""), connection },
    open: (context) => openStore(ref, context),
  };
  return ref;
}

/** The store with its backend, for code that copies between two of them. */
export async function openStore(
  { url, connection }: Pick<ObjectStoreRef, "url" | "connection">,
  context: StoreContext,
): Promise<BackendStore> {
  const place = parseStoreUrl(url);
  return new BackendStore(place, await BACKENDS[place.scheme](context, connection ?? ""));
}

type OpenBackend = (context: StoreContext, connection: string) => Promise<ObjectBackend>;

/** A plugin is loaded when a task opens a store of its system. */
const BACKENDS: Readonly<Record<StoreScheme, OpenBackend>> = {
  s3: async ({ hook }, connection) => {
    const { s3Hook } = await import("dagsmith/plugins/aws");
    return (await hook(s3Hook(connection))).objects;
  },
  gs: async ({ hook }, connection) => {
    const { gcsHook } = await import("dagsmith/plugins/gcs");
    return (await hook(gcsHook(connection))).objects;
  },
  az: async ({ hook }, connection) => {
    const { azureBlobHook } = await import("dagsmith/plugins/azure");
    return (await hook(azureBlobHook(connection))).objects;
  },
  file: async (context) => folderBackend(context),
};

function refuseWrongConnection(scheme: StoreScheme, connection: string | null): void {
  const isFolder = scheme === "file";
  if (isFolder === (connection === null)) return;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "objectStore()",
    reason: isFolder
      ? "a folder has no connection: leave the option connection out"
      : `${scheme}:// needs the id of a connection, such as { connection: "lake" }`,
  });
}
