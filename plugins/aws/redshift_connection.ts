/** The connection type `redshift`, in Airflow's fields. Apart from the client. */
import { connectionType, sql } from "dagsmith";
import { z } from "zod";
import type { AwsConfig } from "./config.ts";
import {
  accessKey,
  awsConfig,
  credentialsOf,
  endpoint,
  HALF_A_KEY,
  hostUrl,
  isUrl,
  plainRegion,
  region,
  role,
} from "./connection.ts";
import { withRedshift } from "./load_sdk.ts";
import type { RedshiftTarget } from "./redshift.ts";

const DEFAULT_DATABASE = "dev";

const redshiftFields = z.object({
  host: z.string().optional().meta({
    title: "Cluster",
    description: "The identifier of the cluster, or its endpoint. Serverless needs none.",
  }),
  schema: z.string().default(DEFAULT_DATABASE).meta({ title: "Database" }),
  login: z.string().optional().meta({ title: "Database user" }),
  workgroup_name: z
    .string()
    .optional()
    .meta({ title: "Workgroup", description: "Of Redshift Serverless, in place of a cluster." }),
  cluster_identifier: z
    .string()
    .optional()
    .meta({ title: "Cluster identifier", description: "When the host is not the cluster." }),
  secret_arn: z.string().optional().meta({
    title: "ARN of the login",
    description: "A secret of AWS Secrets Manager, in place of a database user.",
  }),
  region_name: region,
  endpoint_url: endpoint("Endpoint of all services"),
  redshift_endpoint_url: endpoint("Endpoint of Redshift"),
  role_arn: role,
  ...accessKey,
  region: plainRegion,
});

/** The fields of a connection of type `redshift` as its hooks use them. */
interface RedshiftConnection {
  readonly config: AwsConfig;
  readonly target: RedshiftTarget;
  readonly roleArn?: string;
}

/** The connection type `redshift`: a cluster or a workgroup, through its Data API. */
export const redshiftConnection = connectionType({
  id: "redshift",
  title: "Amazon Redshift",
  description: "A cluster or a workgroup, through its Data API.",
  example: "redshift://etl@my-cluster/prod?region_name=eu-west-1",
  fields: redshiftFields.transform((given, { addIssue }): RedshiftConnection => {
    // The login is a database user, never an access key.
    const credentials = credentialsOf(undefined, undefined, given);
    if (credentials === "half") addIssue(HALF_A_KEY);
    const target = targetOf(given);
    if (target === undefined) addIssue(NO_CLUSTER);
    const own = given.redshift_endpoint_url ?? given.endpoint_url ?? hostUrl(given.host);
    return {
      config: awsConfig(given, own, credentials),
      target: target ?? { Database: given.schema },
      ...(given.role_arn && { roleArn: given.role_arn }),
    };
  }),
  test: async ({ config, target }, { signal }) => {
    const { openRedshift } = await withRedshift(() => import("./redshift_client.ts"));
    const redshift = openRedshift(config, target, signal);
    try {
      await redshift.query(sql`select 1 as one`);
      return `Redshift, ${target.WorkgroupName ?? target.ClusterIdentifier}, database ${target.Database}`;
    } finally {
      redshift.client.destroy();
    }
  },
});

const NO_CLUSTER = {
  code: "custom" as const,
  message: "host names no cluster, and extra has neither cluster_identifier nor workgroup_name",
  input: undefined,
};

/** Undefined when the fields name neither a cluster nor a workgroup. */
function targetOf(given: z.output<typeof redshiftFields>): RedshiftTarget | undefined {
  const { workgroup_name: workgroup, secret_arn: secretArn, host, login, schema } = given;
  const cluster =
    given.cluster_identifier ?? (host === undefined || isUrl(host) ? undefined : clusterOf(host));
  if (!workgroup && !cluster) return undefined;
  return {
    Database: schema,
    ...(workgroup ? { WorkgroupName: workgroup } : cluster && { ClusterIdentifier: cluster }),
    // A secret holds the user; a workgroup derives it from the caller's identity.
    ...(secretArn ? { SecretArn: secretArn } : login && !workgroup && { DbUser: login }),
  };
}

/**
 * The identifier is the first label of an endpoint such as
 * `lake.abc123.eu-west-1.redshift.amazonaws.com`.
 */
function clusterOf(host: string): string {
  return /^([^.]+)\..*redshift\.amazonaws\.com/.exec(host)?.[1] ?? host;
}
