/**
 * The connection type `aws`, in Airflow's fields, and the fields that `redshift` shares
 * with it. Apart from the clients, which are slow to load.
 */
import { connectionType } from "dagsmith";
import { z } from "zod";
import type { AssumedRole, AwsConfig, AwsCredentials, S3Config, ServiceConfig } from "./config.ts";
import { withS3 } from "./load_sdk.ts";

/** A custom endpoint ignores the region, but requests must be signed with a region. */
const REGION_OF_CUSTOM_ENDPOINTS = "us-east-1";

export const endpoint = (title: string) =>
  z
    .string()
    .refine(isUrl, "is not a URL that begins with http:// or https://")
    .optional()
    .meta({ title, format: "uri" });

export const region = z
  .string()
  .optional()
  .meta({
    title: "Region",
    description: "Default: as the AWS SDK finds it.",
    examples: ["eu-west-1"],
  });
export const plainRegion = z
  .string()
  .optional()
  .meta({ title: "Region, older name", description: "Use region_name." });
export const accessKey = {
  aws_access_key_id: z.string().optional().meta({ title: "Access key id" }),
  aws_secret_access_key: z
    .string()
    .optional()
    .meta({ title: "Secret access key", writeOnly: true }),
  aws_session_token: z.string().optional().meta({ title: "Session token", writeOnly: true }),
};
export const role = z.string().optional().meta({
  title: "Role of COPY",
  description: "The ARN of the role with which Redshift reads S3, or default.",
});

const awsFields = z.object({
  login: z.string().optional().meta({
    title: "Access key id",
    description: "Without one, the AWS SDK finds the credentials: environment, profile, role.",
  }),
  password: z.string().optional().meta({ title: "Secret access key", writeOnly: true }),
  region_name: region,
  endpoint_url: endpoint("Endpoint of all services"),
  s3_endpoint_url: endpoint("Endpoint of S3"),
  host: z
    .string()
    .optional()
    .meta({ title: "Host", description: "An endpoint, when it is a whole URL." }),
  role_arn: role,
  assume_role_arn: z
    .string()
    .regex(/^arn:[\w-]+:iam::\d+:role\/\S+$/, "is not the ARN of a role")
    .optional()
    .meta({
      title: "Role to assume",
      description: "Its ARN: the login assumes it. Needs the package @aws-sdk/client-sts.",
    }),
  external_id: z.string().optional().meta({
    title: "External id",
    description: "What the owner of the role to assume asks for.",
  }),
  sts_endpoint_url: endpoint("Endpoint of STS, for the role to assume"),
  region: plainRegion,
  ...accessKey,
  verify: z.string().optional().meta({
    title: "CA bundle",
    description: "The path of a PEM file on the worker, or its text. Default: those of Node.",
  }),
  proxy_url: endpoint("HTTP proxy"),
  addressing_style: z.enum(["path", "virtual"]).optional().meta({
    title: "Where the bucket stands",
    description: "Default: in the path with an endpoint, else in the host's name.",
  }),
});

/** The fields of a connection of type `aws` as its hooks use them. */
interface AwsConnection {
  readonly s3: S3Config;
  /** Of all services but S3. */
  readonly services: ServiceConfig;
  readonly roleArn?: string;
  /** The region of the bucket, for COPY; none with a custom endpoint as host. */
  readonly bucketRegion?: string;
}

/** The connection type `aws`: S3, or a store that speaks its protocol. */
export const awsConnection = connectionType({
  id: "aws",
  aliases: ["s3"],
  title: "AWS",
  description: "S3, or a store that speaks its protocol; SQS and SNS.",
  example: "aws://AKIAEXAMPLE:secret@?region_name=eu-west-1",
  fields: awsFields.transform((given, { addIssue }): AwsConnection => {
    const credentials = credentialsOf(given.login, given.password, given);
    if (credentials === "half") addIssue(HALF_A_KEY);
    for (const field of ["external_id", "sts_endpoint_url"] as const)
      if (given[field] && !given.assume_role_arn)
        addIssue(`${field} belongs to assume_role_arn, which is missing`);
    const own = given.s3_endpoint_url ?? given.endpoint_url ?? hostUrl(given.host);
    const bucketRegion = hostUrl(given.host) ? undefined : (given.region_name ?? given.region);
    const way = wayOf(given);
    return {
      s3: {
        ...{ ...awsConfig(given, own, credentials), ...way },
        ...(given.addressing_style && { addressingStyle: given.addressing_style }),
      },
      services: { ...awsConfig(given, given.endpoint_url, credentials), ...way },
      ...(given.role_arn && { roleArn: given.role_arn }),
      ...(bucketRegion && { bucketRegion }),
    };
  }),
  test: async ({ s3 }, { signal }) => {
    const { tryS3 } = await withS3(() => import("./try_s3.ts"));
    return tryS3(s3, signal);
  },
});

/** What all requests go through. */
function wayOf(given: z.output<typeof awsFields>): Omit<ServiceConfig, keyof AwsConfig> {
  return {
    ...assumedRole(given),
    ...(given.verify && { verify: given.verify }),
    ...(given.proxy_url && { proxyUrl: given.proxy_url }),
  };
}

function assumedRole({
  assume_role_arn: roleArn,
  external_id: externalId,
  endpoint_url,
  sts_endpoint_url: endpoint = endpoint_url,
}: z.output<typeof awsFields>): { readonly assumedRole?: AssumedRole } {
  if (!roleArn) return {};
  return {
    assumedRole: { roleArn, ...(externalId && { externalId }), ...(endpoint && { endpoint }) },
  };
}

export const HALF_A_KEY = {
  code: "custom" as const,
  message: "an access key needs both its id (login) and its secret (password)",
  input: undefined,
};
type KeyFields = z.output<z.ZodObject<typeof accessKey>>;

/**
 * The access key; undefined leaves it to the SDK's default chain (environment, profile,
 * role of the machine).
 */
export function credentialsOf(
  login: string | undefined,
  password: string | undefined,
  { aws_access_key_id, aws_secret_access_key, aws_session_token }: KeyFields,
): AwsCredentials | "half" | undefined {
  const accessKeyId = aws_access_key_id ?? login;
  const secretAccessKey = aws_secret_access_key ?? password;
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId || !secretAccessKey) return "half";
  return {
    ...{ accessKeyId, secretAccessKey },
    ...(aws_session_token && { sessionToken: aws_session_token }),
  };
}

export function awsConfig(
  given: { readonly region_name?: string | undefined; readonly region?: string | undefined },
  own: string | undefined,
  credentials: AwsCredentials | "half" | undefined,
): AwsConfig {
  const named = given.region_name ?? given.region ?? (own && REGION_OF_CUSTOM_ENDPOINTS);
  return {
    ...(named && { region: named }),
    ...(own && { endpoint: own }),
    ...(credentials && credentials !== "half" && { credentials }),
  };
}

export function hostUrl(host: string | undefined): string | undefined {
  return host !== undefined && isUrl(host) ? host : undefined;
}

/** Whether a host is a whole URL, and so an endpoint, instead of a name. */
export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
