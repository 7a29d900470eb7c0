/** The hook of Google Cloud Storage. */
import type { Storage } from "@google-cloud/storage";
import { defineHook, type ObjectBackend } from "dagsmith";
import { googleConnection } from "dagsmith/plugins/google";
import type { BucketOptions } from "./create_bucket.ts";

/** Made by {@link gcsHook}. */
export interface Gcs {
  /**
   * The verbs that every object store has. They end with the try; tasks use them through
   * `objectStore()` of `dagsmith/plugins/objects`.
   */
  readonly objects: ObjectBackend;
  /** Creates a bucket if it is absent. One that is there stays as it is. */
  readonly createBucket: (bucket: string, options?: BucketOptions) => Promise<void>;
  /** Google's client, for everything else. */
  readonly client: Storage;
  /** Called by the hook. */
  readonly close: () => void;
}

/**
 * Google Cloud Storage, through a connection of type `google_cloud_platform`:
 * `extra.project`, `extra.key_path` or `extra.keyfile_dict` (none: Google's own default
 * chain), `extra.api_endpoint`. Needs the package @google-cloud/storage.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const { client } = await hook(gcsHook("lake"));
 * await client.bucket("lake").setMetadata({ labels: { team: "taxi" } });
 */
export const gcsHook = defineHook<Gcs>({
  types: googleConnection.ids,
  open: async (connection, context) => {
    const config = googleConnection.read(connection);
    const { openGcs } = await import("./open_gcs.ts");
    const { GcsObjects } = await import("./gcs_objects.ts");
    const { createBucket } = await import("./create_bucket.ts");
    const { client, session } = await openGcs(config, context);
    return {
      objects: new GcsObjects(session, client),
      createBucket: async (bucket, options = {}) => {
        const project = config.projectId ?? (await client.getProjectId());
        return createBucket(session, project, bucket, options);
      },
      client,
      close: () => session.close(),
    };
  },
  close: ({ close }) => close(),
});
