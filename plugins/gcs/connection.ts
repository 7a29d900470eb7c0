/** The connection type `google_cloud_platform`, in Airflow's fields. */
import { connectionType } from "dagsmith";
import { z } from "zod";
import type { GcsConfig } from "./config.ts";

const KEY_FIELDS = ["client_email", "private_key"] as const;

const fields = z.object({
  project: z.string().optional().meta({
    title: "Project",
    description: "Default: as Google's client finds it.",
  }),
  key_path: z.string().optional().meta({
    title: "Path of the key file",
    description: "On the machine of the worker. Default: the login of the machine.",
  }),
  keyfile_dict: z.record(z.string(), z.json()).optional().meta({
    title: "Key file",
    description: "The JSON of a service account's key, in place of a path.",
    writeOnly: true,
  }),
  api_endpoint: z
    .string()
    .refine(
      (text) => /^https?:\/\//.test(text) && URL.canParse(text),
      "is not a URL that begins with http:// or https://",
    )
    .optional()
    .meta({
      title: "Endpoint",
      description: "A private endpoint, or an emulator: without a key, no login is sent there.",
      format: "uri",
    }),
});

/** The connection type `google_cloud_platform`: buckets of Google Cloud Storage. */
export const gcsConnection = connectionType({
  id: "google_cloud_platform",
  aliases: ["gcs"],
  title: "Google Cloud",
  description: "Buckets of Google Cloud Storage. Without a key, Google's client finds the login.",
  example: "google-cloud-platform://?project=lake&key_path=/etc/keys/lake.json",
  fields: fields.transform((given, { addIssue }): GcsConfig => {
    const key = given.keyfile_dict;
    if (key && given.key_path) addIssue("has key_path and keyfile_dict: leave one of them out");
    const missing = key && KEY_FIELDS.find((name) => typeof key[name] !== "string");
    if (missing)
      addIssue(`keyfile_dict has no ${missing}: give the whole key of a service account`);
    return {
      ...(given.project && { projectId: given.project }),
      ...(given.key_path && { keyFilename: given.key_path }),
      ...(key && { credentials: key as unknown as NonNullable<GcsConfig["credentials"]> }),
      ...(given.api_endpoint && { endpoint: given.api_endpoint.replace(/\/+$/, "") }),
    };
  }),
  test: async (config, context) => {
    const { tryGcs } = await import("./try_gcs.ts");
    return tryGcs(config, context);
  },
});
