/** Opens BigQuery: Google's client finds the login, the requests are the plugin's own. */
import { type HookContext, loadPackage } from "dagsmith";
import { endpointOf, type GoogleConfig, GoogleSession, loginOf } from "dagsmith/plugins/google";
import { BigqueryClient } from "./client.ts";
import { BigqueryJobs } from "./jobs.ts";

const REMEDIES = {
  403: "give the account of the connection the roles BigQuery Job User and BigQuery Data Editor",
  404: "check the names, and the location of the dataset",
};

export async function openBigquery(
  config: GoogleConfig,
  { signal, log }: HookContext,
): Promise<BigqueryClient> {
  const { BigQuery } = await loadPackage(
    "bigqueryHook()",
    "@google-cloud/bigquery",
    () => import("@google-cloud/bigquery"),
  );
  const apiEndpoint = endpointOf(config, "bigquery");
  const client = new BigQuery({ ...loginOf(config), apiEndpoint });
  const project = config.projectId ?? (await client.getProjectId());
  const parts = { config, remedies: REMEDIES, signal, log };
  const session = new GoogleSession({ service: "bigquery", login: client.authClient, ...parts });
  return new BigqueryClient(client, new BigqueryJobs(session, project));
}
