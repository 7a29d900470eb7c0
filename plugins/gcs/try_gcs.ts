/** Tries a connection to Google Cloud Storage for `dag connections test`. */
import type { HookContext } from "dagsmith";
import { endpointOf, type GcsConfig } from "./config.ts";
import { openSession } from "./open_gcs.ts";

/**
 * Lists buckets of the project. A login that may not list them is a right login.
 * @throws Error with the place and the reason
 */
export async function tryGcs(config: GcsConfig, context: HookContext): Promise<string> {
  const session = await openSession(config, context);
  const { host } = new URL(endpointOf(config));
  try {
    const project = config.projectId ?? (await session.storage.getProjectId());
    const query = { project, fields: "items(name)" };
    const request = { path: "storage/v1/b", query, expected: [403] };
    const { status, body } = await session.send(`GCS list buckets of ${project}`, request);
    if (status === 403) return `GCS at ${host} takes the login, which may not list buckets`;
    const { items = [] } = JSON.parse(body.toString()) as { readonly items?: readonly unknown[] };
    return `GCS at ${host}, ${items.length} buckets of ${project}`;
  } finally {
    session.close();
  }
}
