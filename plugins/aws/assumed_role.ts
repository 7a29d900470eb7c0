/** The credentials of a role that the login of a connection assumes, from AWS STS. */
import type { STSClientConfig } from "@aws-sdk/client-sts";
import { FailTask, loadPackage } from "dagsmith";
import { awsError } from "./aws_error.ts";
import type { AssumedRole } from "./config.ts";

/** AWS shows it next to the role in its logs. */
const SESSION_NAME = "dagsmith";

/**
 * A provider for a client of the SDK, which calls it again before the credentials end.
 * @param login how STS is reached, as the login of the connection
 * @throws with the first request: DagsmithError PACKAGE_MISSING; an Error or FailTask
 *   that names STS and the role
 */
export function roleCredentials(
  { roleArn, externalId, endpoint }: AssumedRole,
  login: () => STSClientConfig,
) {
  return async () => {
    const name = "@aws-sdk/client-sts";
    const sts = await loadPackage("assume_role_arn", name, () => import("@aws-sdk/client-sts"));
    const client = new sts.STSClient({ ...login(), ...(endpoint && { endpoint }) });
    const role = { RoleArn: roleArn, RoleSessionName: SESSION_NAME };
    const input = { ...role, ...(externalId && { ExternalId: externalId }) };
    try {
      return keyOf((await client.send(new sts.AssumeRoleCommand(input))).Credentials);
    } catch (error) {
      // As an error of the SDK, it would be read as the answer to a request of S3.
      throw awsError(`AWS STS AssumeRole ${roleArn}`, endpoint ?? "AWS STS", error);
    } finally {
      client.destroy();
    }
  };
}

interface StsCredentials {
  readonly AccessKeyId?: string | undefined;
  readonly SecretAccessKey?: string | undefined;
  readonly SessionToken?: string | undefined;
  readonly Expiration?: Date | undefined;
}

function keyOf({ AccessKeyId, SecretAccessKey, SessionToken, Expiration }: StsCredentials = {}) {
  if (!AccessKeyId || !SecretAccessKey || !SessionToken)
    throw new FailTask("AWS STS gave no credentials for assume_role_arn; check the endpoint");
  return {
    ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    ...(Expiration && { expiration: Expiration }),
  };
}
