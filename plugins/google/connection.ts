/** The connection type `google_cloud_platform`, in Airflow's fields. */
import { connectionType } from "dagsmith";
import { z } from "zod";
import type { GoogleConfig } from "./config.ts";

const KEY_FIELDS = ["client_email", "private_key"] as const;

/** The address of a service in place of Google's own. */
const endpoint = (service: string) =>
  z
    .string()
    .refine(
      (text) => /^https?:\/\//.test(text) && URL.canParse(text),
      "is not a URL that begins with http:// or https://",
    )
    .transform((url) => url.replace(/\/+$/, ""))
    .optional()
    .meta({
      title: `Endpoint of ${service}`,
      description: "A private endpoint, or an emulator: without a key, no login is sent there.",
      format: "uri",
    });

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
  api_endpoint: endpoint("Cloud Storage"),
  bigquery_api_endpoint: endpoint("BigQuery"),
});

/**
 * The connection type `google_cloud_platform`: buckets of Cloud Storage, and BigQuery.
 * @example const config = googleConnection.read(connection);
 */
export const googleConnection = connectionType({
  id: "google_cloud_platform",
  aliases: ["gcs", "gcpbigquery"],
  title: "Google Cloud",
  description: "Cloud Storage and BigQuery. Without a key, Google's client finds the login.",
  example: "google-cloud-platform://?project=lake&key_path=/etc/keys/lake.json",
  fields: fields.transform((given, { addIssue }): GoogleConfig => {
    const key = given.keyfile_dict;
    if (key && given.key_path) addIssue("has key_path and keyfile_dict: leave one of them out");
    const missing = key && KEY_FIELDS.find((name) => typeof key[name] !== "string");
    if (missing)
      addIssue(`keyfile_dict has no ${missing}: give the whole key of a service account`);
    return {
      ...(given.project && { projectId: given.project }),
      ...(given.key_path && { keyFilename: given.key_path }),
      ...(key && { credentials: key as unknown as NonNullable<GoogleConfig["credentials"]> }),
      endpoints: {
        ...(given.api_endpoint && { storage: given.api_endpoint }),
        ...(given.bigquery_api_endpoint && { bigquery: given.bigquery_api_endpoint }),
      },
    };
  }),
  test: async (config, context) => {
    const { tryGoogle } = await import("./try_google.ts");
    return tryGoogle(config, context);
  },
});
