/**
 * Tries a connection to Google Cloud for `dag connections test`, by the client that is
 * installed.
 */
import { type HookContext, isDagsmithError, loadPackage } from "dagsmith";
import { endpointOf, type GoogleConfig, type GoogleService, loginOf } from "./config.ts";
import { GoogleSession, type GoogleSessionParts } from "./google_session.ts";

/**
 * Lists buckets of the project. Lists datasets when only BigQuery has an address, or when
 * the client of Cloud Storage is not installed. A login that may not list them is a right
 * login.
 * @throws Error with the place and the reason
 */
export async function tryGoogle(config: GoogleConfig, context: HookContext): Promise<string> {
  if (config.endpoints.bigquery && !config.endpoints.storage) return tryBigquery(config, context);
  try {
    return await tryStorage(config, context);
  } catch (error) {
    if (!isDagsmithError(error, "PACKAGE_MISSING")) throw error;
    return tryBigquery(config, context);
  }
}

async function tryStorage(config: GoogleConfig, context: HookContext): Promise<string> {
  const { Storage } = await loadPackage(
    "The test of the connection",
    "@google-cloud/storage",
    () => import("@google-cloud/storage"),
  );
  const client = new Storage(loginOf(config));
  const project = config.projectId ?? (await client.getProjectId());
  const request = { path: "storage/v1/b", query: { project, fields: "items(name)" } };
  const count = await counted({ service: "storage", login: client.authClient, config }, context, {
    ...{ place: `GCS list buckets of ${project}`, request, list: "items" },
  });
  return lineOf("GCS", endpointOf(config, "storage"), count, `buckets of ${project}`);
}

async function tryBigquery(config: GoogleConfig, context: HookContext): Promise<string> {
  const { BigQuery } = await loadPackage(
    "The test of the connection",
    "@google-cloud/bigquery",
    () => import("@google-cloud/bigquery"),
  );
  const client = new BigQuery(loginOf(config));
  const project = config.projectId ?? (await client.getProjectId());
  const request = { path: `bigquery/v2/projects/${project}/datasets` };
  const count = await counted({ service: "bigquery", login: client.authClient, config }, context, {
    ...{ place: `BigQuery list datasets of ${project}`, request, list: "datasets" },
  });
  return lineOf("BigQuery", endpointOf(config, "bigquery"), count, `datasets of ${project}`);
}

interface Question {
  readonly place: string;
  readonly request: { readonly path: string; readonly query?: Readonly<Record<string, string>> };
  /** The name of the list in the answer. */
  readonly list: string;
}

/** How many there are; undefined when the login may not list them. */
async function counted(
  given: Pick<GoogleSessionParts, "login" | "config"> & { readonly service: GoogleService },
  { signal, log }: HookContext,
  { place, request, list }: Question,
): Promise<number | undefined> {
  const session = new GoogleSession({ ...given, remedies: {}, signal, log });
  try {
    const { status, body } = await session.send(place, { ...request, expected: [403] });
    if (status === 403) return undefined;
    const answer = JSON.parse(body.toString()) as Readonly<Record<string, readonly unknown[]>>;
    return answer[list]?.length ?? 0;
  } finally {
    session.close();
  }
}

function lineOf(
  system: string,
  endpoint: string,
  count: number | undefined,
  listed: string,
): string {
  const place = `${system} at ${new URL(endpoint).host}`;
  if (count === undefined) return `${place} takes the login, which may not list ${listed}`;
  return `${place}, ${count} ${listed}`;
}
